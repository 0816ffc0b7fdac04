"""Two fedcomm servers and a Mastodon-like one, each a server of its own, over https: what each sees of the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.databases import Databases
from tests.peers.mastodon import Habits, Mastodon, Person
from tests.pictures import picture
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually
from tests.scenarios.pressing import Browser
from tests.scenarios.stories import copies, nothing_twice

pytestmark = pytest.mark.anyio


class World(msgspec.Struct):
    """The servers of this file."""

    around: Neighbourhood
    a: Home
    b: Home
    mastodon: Mastodon
    clock: Path  # holds the seconds by which the clock of a.test is ahead

    async def failing(self) -> bool:
        """Whether a.test has noticed that the Mastodon is away."""
        return any(p["host"] == "mastodon.test" and p["failures"] for p in (await self.a.command("queue"))["peers"])

    def mona(self, name: str) -> Person:
        return self.mastodon.person(name)


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[World]:
    """One of the fedcomm servers on SQLite, the other on PostgreSQL; the Mastodon tells strangers nothing."""
    folder = tmp_path_factory.mktemp("mastodon")
    clock = folder / "clock"
    clock.write_text("0")
    async with Neighbourhood(folder, "a.test", "b.test", "mastodon.test", "quiet.test") as around:
        a = await around.home("a.test", TEST_CLOCK=str(clock))
        b = await around.home("b.test", DATABASE_URL=await databases.new("postgres"))
        yield World(around, a, b, Mastodon(await around.server("mastodon.test", secure=True)), clock)


@pytest.mark.shows("mastodon", theirs="answer vote edit delete", ours="join vote edit delete")
async def test_posts_answers_likes_edits_and_deletions_of_people_go_both_ways(world: World) -> None:
    alice, mona = await world.a.member("alice"), world.mona("mona")
    await alice.follow(mona.handle)
    await mona.follow("alice@a.test")
    await eventually(lambda: (mona.uri, alice.uri) in world.mastodon.following, "mona follows alice")

    hello = await alice.write("Hello from here")
    await eventually(lambda: hello in world.mastodon.statuses, "the post is there")
    answer = await mona.post("Hello back", answering=hello)
    like = await mona.like(hello)
    await alice.sees(hello, replies_count=1, favourites_count=1)
    await alice.act("favourite", answer)
    await alice.edit(hello, "Hello from over here")

    await eventually(lambda: world.mastodon.statuses[answer].likes == {alice.uri}, "the like is there")
    await eventually(lambda: world.mastodon.statuses[hello].edits == 1, "the edit is there")
    assert "from over here" in world.mastodon.statuses[hello].content

    await mona.edit(answer, "Hello back, alice")
    await mona.unlike(hello, like)
    await alice.act("unfavourite", answer)
    await alice.sees(answer, content="Hello back, alice")
    await alice.sees(hello, favourites_count=0)
    await eventually(lambda: world.mastodon.statuses[answer].likes == set(), "the like is taken back")

    await mona.delete(answer)
    await alice.misses(answer)
    await alice.delete(hello)
    await eventually(lambda: hello not in world.mastodon.statuses, "the post is gone")


async def joined(world: World, name: str) -> tuple[str, Member, Member, Person]:
    """A group on a.test with somebody of each server in it, when every server knows what the others run."""
    alice, bob = await world.a.member(f"alice_{name}"), await world.b.member(f"bob_{name}")
    mona = world.mona(f"mona_{name}")
    handle = await world.a.group(name, alice)
    await bob.follow(handle)
    group = await mona.follow(handle)
    await eventually(lambda: (mona.uri, group) in world.mastodon.following, "mona is in the group")
    await world.around.quiet()
    return group, alice, bob, mona


@pytest.mark.shows("mastodon", ours="post")
async def test_a_group_boosts_what_begins_threads_and_nothing_else(world: World) -> None:
    group, alice, bob, mona = await joined(world, "boosts")

    thread = await bob.write("Apples\n\nWhich ones? @boosts@a.test")
    await alice.sees(thread)
    answer = await alice.write("The red ones.", answering=thread)
    await bob.act("favourite", answer)
    await bob.sees(answer)
    await world.around.quiet()

    assert (group, thread) in world.mastodon.home(mona)
    assert world.mastodon.server.announced(group) == [("id", "taken")]
    assert answer not in world.mastodon.statuses
    assert "<strong>Apples</strong>" in world.mastodon.statuses[thread].content
    fetched = [signer for path, signer in world.mastodon.server.asked if path == f"/users/{mona.name}"]
    assert fetched and all(fetched)
    nothing_twice(world.mastodon.server)


@pytest.mark.shows("mastodon", ours="post")
async def test_who_follows_a_group_first_on_their_server_finds_its_newest_threads_and_the_next_one_nothing_twice(
    world: World,
) -> None:
    alice, mona, max_ = await world.a.member("alice_old"), world.mona("mona_old"), world.mona("max_old")
    handle = await world.a.group("old", alice)
    threads = [await alice.write(f"Loaf {number}\n\nWhich flour? @{handle}") for number in range(12)]
    answer = await alice.write("Rye.", answering=threads[-1])
    await world.around.quiet()

    group = await mona.follow(handle)
    await eventually(lambda: len(world.mastodon.home(mona)) >= 10, "the newest threads are with mona")
    await world.around.quiet()
    await max_.follow(handle)
    await world.around.quiet()
    new = await alice.write(f"Loaf 12\n\nWhich flour? @{handle}")
    await eventually(lambda: (group, new) in world.mastodon.home(max_), "the next one too")
    await world.around.quiet()

    shown = [uri for who, uri in world.mastodon.home(mona) if who == group and not uri.endswith("/retold")]
    assert sorted(shown) == sorted([*threads[2:], new]) and answer not in world.mastodon.statuses
    assert world.mastodon.server.announced(group) == [("id", "taken")] * 11
    nothing_twice(world.mastodon.server)


async def test_what_two_groups_show_their_followers_have_once_and_read_as_it_is_edited(world: World) -> None:
    second, alice, _bob, mona = await joined(world, "second")
    both = world.mona("max_both")
    orchard = await both.follow(await world.a.group("orchard", alice))
    await both.follow("second@a.test")
    await eventually(lambda: len([who for who, _whom in world.mastodon.following if who == both.uri]) == 2, "in both")

    thread = await alice.write("Pears\n\nWhich ones? @orchard@a.test @second@a.test")
    await alice.write("The green ones.", answering=thread)
    await world.around.quiet()
    assert (second, thread) in world.mastodon.home(mona)
    assert [world.mastodon.server.announced(group) for group in (orchard, second)] == [[("id", "taken")]] * 2
    assert [uri for _who, uri in world.mastodon.home(both)].count(thread) == 1, "of who follows both groups"
    await alice.edit(thread, "Pears\n\nWhich sorts? @orchard@a.test @second@a.test")
    await eventually(lambda: "Which sorts" in world.mastodon.statuses[thread].content, "the edit is there")
    await alice.delete(thread)
    await eventually(lambda: thread not in world.mastodon.statuses, "the thread is gone")
    nothing_twice(world.mastodon.server)


@pytest.mark.shows("mastodon", theirs="join post", ours="answer")
async def test_a_mention_of_the_group_begins_a_thread_and_answers_come_back_in_it(world: World) -> None:
    group, alice, bob, mona = await joined(world, "mentions")

    thread = await mona.post("Which pears keep until spring?", mentions=(group,))
    await bob.sees(thread)
    answer = await bob.write("Those that are hard in autumn.", answering=thread)
    await eventually(lambda: answer in world.mastodon.statuses, "the answer is with mona")
    thanks = await mona.answer(answer, "Thank you!")
    await alice.sees(thanks)
    await bob.sees(thanks)

    await alice.reads(thread, [answer, thanks])
    await bob.reads(thread, [answer, thanks])
    await bob.act("favourite", thread)
    await alice.sees(thread, favourites_count=1)
    await eventually(lambda: world.mastodon.statuses[thread].likes == {bob.uri}, "bob's vote is a like there")
    await bob.act("unfavourite", thread)
    await alice.sees(thread, favourites_count=0)
    await eventually(lambda: not world.mastodon.statuses[thread].likes, "and is taken back")
    assert (group, thread) in world.mastodon.home(mona)
    lists = await bob.call("GET", "/api/v1/lists")
    shown = await bob.call("GET", f"/api/v1/timelines/list/{lists[0]['id']}")
    assert [post["uri"] for post in shown] == [thread]


async def test_an_answer_that_does_not_mention_the_group_is_in_its_thread(world: World) -> None:
    group, alice, bob, mona = await joined(world, "adopted")
    thread = await alice.write("Figs\n\nDo they ripen here? @adopted")
    await eventually(lambda: thread in world.mastodon.statuses, "the thread is with mona")

    answer = await mona.post("Before a wall they do.", answering=thread)
    await bob.sees(answer)

    named = {tag["href"] for tag in (await mona.mastodon.server.fetch(answer))["tag"]}
    assert group not in named
    await bob.reads(thread, [answer])

    remark = await bob.write("Mine do.", answering=answer)
    await alice.here(remark)
    late = await mona.post("Where do you live?", answering=remark)  # that is bob's server's to know, and nobody else's
    await bob.reads(thread, [answer, remark, late])
    assert await alice.find(late) is None
    for reader in (alice, bob):
        await reader.reads(thread, [answer, remark, late])
        await reader.sees(remark, replies_count=1)
    told = [s.activity for s in world.mastodon.server.sent if late in str(s.activity)]
    assert [(each["type"], each["id"]) for each in told] == [("Create", f"{late}/activity")]


async def test_edits_and_deletions_in_a_thread_reach_everybody(world: World) -> None:
    _group, alice, bob, mona = await joined(world, "changes")
    thread = await mona.post("Which plums?", mentions=(_group,))
    await bob.sees(thread)
    answer = await alice.write("The blue ones.", answering=thread)
    await eventually(lambda: answer in world.mastodon.statuses, "the answer is with mona")

    await mona.edit(thread, "Which plums, and when?")
    await alice.edit(answer, "The blue ones, in August.")

    for member in (alice, bob):
        await member.sees(thread, content="and when")
        await member.sees(answer, content="in August")
    await eventually(lambda: world.mastodon.statuses[answer].edits == 1, "the edit is with mona")

    await alice.delete(answer)
    await mona.delete(thread)

    for member in (alice, bob):
        await member.misses(thread)
        await member.misses(answer)
    await eventually(lambda: answer not in world.mastodon.statuses, "the answer is gone with mona")


async def test_what_a_member_of_the_groups_server_edits_and_deletes_changes_where_it_was_boosted(world: World) -> None:
    _group, alice, _bob, _mona = await joined(world, "boosted")
    thread = await alice.write("Cherries\n\nSweet or sour? @boosted")
    await eventually(lambda: thread in world.mastodon.statuses, "the thread is with mona")

    await alice.edit(thread, "Cherries\n\nSweet, sour, or both? @boosted")
    await eventually(lambda: "or both" in world.mastodon.statuses[thread].content, "the edit is with mona")

    await alice.delete(thread)
    await eventually(lambda: thread not in world.mastodon.statuses, "the thread is gone with mona")
    await world.around.quiet()

    nothing_twice(world.mastodon.server)


async def test_a_like_from_a_mastodon_of_a_post_on_the_groups_server_is_counted_by_all_members(world: World) -> None:
    _group, alice, bob, mona = await joined(world, "votes")
    thread = await alice.write("Quinces\n\nWho eats them raw? @votes")
    await eventually(lambda: thread in world.mastodon.statuses, "the thread is with mona")

    like = await mona.like(thread)
    await bob.sees(thread, favourites_count=1)
    await mona.unlike(thread, like)

    await bob.sees(thread, favourites_count=0)
    await alice.sees(thread, favourites_count=0)


async def test_a_boost_of_a_members_post_counts_and_can_be_taken_back(world: World) -> None:
    alice, mona = await world.a.member("alice_boost"), world.mona("mona_boost")
    await mona.follow(f"{alice.name}@a.test")
    await eventually(lambda: (mona.uri, alice.uri) in world.mastodon.following, "mona follows alice")
    post = await alice.write("Something worth passing on")
    await eventually(lambda: post in world.mastodon.statuses, "the post is with mona")

    await mona.boost(post)

    await alice.sees(post, reblogs_count=1)


async def test_a_server_that_does_not_say_what_it_runs_is_told_of_threads_by_boosts_and_once(world: World) -> None:
    alice = await world.a.member("alice_unknown")
    await world.a.group("unknown", alice)
    server = await world.around.server("quiet.test")
    shy = Mastodon(server, Habits(software=("", "")))
    sam = shy.person("sam")
    group = await sam.follow("unknown@a.test")
    await eventually(lambda: (sam.uri, group) in shy.following, "sam is in the group")

    thread = await alice.write("Medlars\n\nWhat are they? @unknown @sam@quiet.test")
    await alice.write("@sam@quiet.test, do you know?", answering=thread)
    await alice.edit(thread, "Medlars\n\nWhat are those? @unknown @sam@quiet.test")
    await eventually(lambda: thread in shy.statuses, "the thread is with sam")
    await world.around.quiet()

    assert server.announced(group) == [("id", "taken")] and "What are those" in shy.statuses[thread].content
    nothing_twice(server)


async def test_a_rejection_of_a_follow_ends_it(world: World) -> None:
    alice, mona = await world.a.member("alice_rejected"), world.mona("mona_rejected")
    await mona.follow(f"{alice.name}@a.test")
    await alice.follow(mona.handle)

    follow = next(r.activity for r in world.mastodon.server.received if r.activity.get("object") == mona.uri)
    reject = {"id": f"{mona.uri}#rejects/1", "type": "Reject", "actor": mona.uri, "object": follow}
    assert await world.mastodon.server.deliver(mona.uri, "https://a.test/inbox", reject) == 202

    async def over() -> bool:
        found = await alice.call("GET", f"/api/v1/accounts/lookup?acct={mona.handle}")
        (how,) = await alice.call("GET", f"/api/v1/accounts/relationships?id[]={found['id']}")
        return not how["following"] and not how["requested"]

    await eventually(over, "alice does not follow mona any more")


async def test_a_private_group_tells_its_threads_to_members_there_who_answer_in_them(world: World) -> None:
    """Mastodon drops the announcement of what is not for everybody; it shows what the group says to its followers."""
    group, alice, bob, mona = await joined(world, "circle")
    await world.a.command("group.change", group="circle", changes={"visibility": "members"})
    thread = await alice.show("Currants\n\nRed or black? @circle", picture(), "Currants")
    retold = f"{thread}/retold"
    await eventually(lambda: retold in world.mastodon.statuses, "the group has told mona")
    told = world.mastodon.statuses[retold]
    assert await copies(world.a, world.mastodon.server, retold) == [200, 404]

    answer = await mona.answer(retold, "Black ones.")
    await mona.like(retold)
    await alice.sees(answer, visibility="private")
    await alice.sees(thread, favourites_count=1, replies_count=1)
    thanks = await alice.write("Thank you!", answering=answer)
    await eventually(lambda: thanks in world.mastodon.statuses, "mona has her answer")
    await alice.edit(thread, "Currants\n\nRed, black or white? @circle")
    await eventually(lambda: "or white" in world.mastodon.statuses[retold].content, "the edit is with mona")

    assert (group, retold) in world.mastodon.home(mona)
    assert not told.public and thread not in world.mastodon.statuses
    assert all(part in told.content for part in (alice.name, "<strong>Currants</strong>", thread.rpartition("/")[2]))
    await alice.reads(thread, [answer, thanks])
    await bob.sees(thanks, visibility="private")
    await alice.delete(thread)
    await eventually(lambda: retold not in world.mastodon.statuses, "the thread is gone with mona")


async def test_a_private_group_tells_answers_to_members_there_whom_they_are_for(world: World) -> None:
    """One note for each, by the group, which says who said it; it reads as it is edited, and nothing comes twice."""
    group, _alice, bob, mona = await joined(world, "ring")
    mila, mastodon = world.mona("mila_ring"), world.mastodon
    await mila.follow("ring@a.test")
    await eventually(lambda: (mila.uri, group) in mastodon.following, "mila is in the group")
    await world.a.command("group.change", group="ring", changes={"visibility": "members"})
    await world.around.quiet()  # what was said before the others know it would be for everybody to them
    thread = await mona.post("Which medlars?", mentions=(group,), private=True)
    there = await bob.sees(thread, visibility="private")
    assert there["content"].startswith("<p><em>Passed on by the group @ring@a.test;")
    answer = await bob.write("The big ones.", answering=thread)
    await eventually(lambda: len(mastodon.notified(mona)) == 1, "the group has told mona")

    (told,) = mastodon.notified(mona)
    status = mastodon.statuses[told]
    assert (status.author, status.parent, status.public) == (group, thread, False)
    assert f"@{bob.name}@b.test" in status.content and (group, told) in mastodon.home(mona)
    assert answer not in mastodon.statuses and (group, told) not in mastodon.home(mila) and not mastodon.notified(mila)
    thanks = await mona.answer(told, "Thank you!")
    await bob.reads(thread, [answer, thanks])
    assert (await bob.find(thanks) or {})["in_reply_to_id"] == await bob.here(answer)
    await bob.edit(answer, f"The big ones, @{mila.handle}, or not?")
    await eventually(lambda: mastodon.notified(mila) == [told], "mila is told what she is asked")
    assert "or not" in mastodon.statuses[told].content

    await bob.delete(answer)
    await eventually(lambda: told not in mastodon.statuses, "it is gone")
    await world.around.quiet()
    nothing_twice(mastodon.server)


async def test_who_asks_to_join_from_mastodon_is_turned_down_with_a_reason_let_in_after_all_and_welcomed_once(
    world: World,
) -> None:
    alice, mona, mila = await world.a.member("alina"), world.mona("mila"), world.mona("malik")
    browser, received, following = Browser(alice), world.mastodon.server.received, world.mastodon.following
    await world.a.group("choosy", alice)
    changes = {"join_mode": "approval", "question": "Who are you?", "rules": ["Be kind."]}
    await world.a.command("group.change", group="choosy", changes=changes)

    def answers(kind: str) -> list[str]:
        return [r.outcome for r in received if (r.activity["type"], r.activity["actor"]) == (kind, group)]

    def letters(to: Person = mona) -> list[str]:
        known = world.mastodon.statuses.values()
        return [s.content for s in known if s.author == group and to.uri in s.mentions and not s.public]

    async def asks(who: Person) -> str:
        await who.follow("choosy@a.test")
        return await alice.asked_by(who.handle)

    group = await mona.follow("choosy@a.test")
    await eventually(lambda: len(letters()) == 1, "mila is asked")
    number = await asks(mona)  # a second time, while she waits
    await browser.press("/c/choosy/requests", act="deny", id=number, reason="Which flour do you use?")
    await eventually(lambda: len(letters()) == 2 and answers("Reject") == ["taken"], "mila is turned down")
    assert "Who are you?" in letters()[0] and "Which flour do you use?" in letters()[1]
    assert (mona.uri, group) not in following and mona.handle in await browser.page("/c/choosy/requests/denied")

    await browser.press("/c/choosy/requests/denied", act="let_in", id=number)
    await eventually(lambda: len(letters()) == 3, "mila learns that she may come")
    await mona.follow("choosy@a.test")
    await world.a.restart()
    await eventually(lambda: (mona.uri, group) in following, "mila is in the group and was not asked")
    await eventually(lambda: len(letters()) == 4, "mila is welcomed")
    assert "follow it once more" in letters()[2] and "Be kind." in letters()[3] and "Welcome" in letters()[3]

    await world.a.command("group.change", group="choosy", changes={"rules": ["Be kind.", "Only rye."]})
    for _time in range(2):  # comes and goes
        await mona.unfollow(group)
        await asks(mona)
        await alice.decides(mona.handle, "authorize")
        await eventually(lambda: (mona.uri, group) in following, "mila is in the group again")
    accepted = len(answers("Accept"))
    await mona.follow("choosy@a.test")  # though she is
    await eventually(lambda: len(answers("Accept")) == accepted + 1, "and hears so")
    thread = await alice.write("Only rye\n\nNothing else. @choosy")
    await eventually(lambda: (group, thread) in world.mastodon.home(mona), "mila reads it")

    number = await asks(mila)
    await eventually(lambda: len(letters(mila)) == 1, "malik is asked")
    await world.around.cut("mastodon.test")
    await alice.decides(mila.handle, "authorize")
    await eventually(world.failing, "a.test has noticed that mastodon.test is away")
    await world.around.mend("mastodon.test")
    world.clock.write_text("120")
    await eventually(lambda: (mila.uri, group) in following, "malik is in the group all the same")
    await eventually(lambda: len(letters(mila)) == 2, "malik is welcomed")
    await world.around.quiet()
    assert len(letters()) == 4 and len(letters(mila)) == 2 and "Only rye." in letters(mila)[1]

    await browser.press("/c/choosy/moderate", act="ban", who=mona.uri, days="3", reason="Too much wheat")
    await eventually(lambda: len(letters()) == 5, "mila learns that she is banned")
    await browser.press("/c/choosy/moderate", act="unban", id=await alice.number(mona.handle))
    await eventually(lambda: len(letters()) == 6, "and that this is over")
    await world.around.quiet()
    assert "Too much wheat" in letters()[4] and "member of it again" in letters()[5] and len(letters()) == 6
    assert not [r for r in received if "Block" in str(r.activity)] and set(answers("Create")) == {"taken"}
