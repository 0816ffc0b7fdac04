"""Two fedcomm servers and a Lemmy-like one: its users in our groups, our members in its communities."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.databases import Databases
from tests.peers.forum import Forum, Post
from tests.peers.lemmy import Lemmy
from tests.peers.users import User
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually

pytestmark = pytest.mark.anyio


class World(msgspec.Struct):
    """The servers of this file."""

    around: Neighbourhood
    a: Home
    b: Home
    lemmy: Forum
    clock: Path  # holds the seconds by which the clock of a.test is ahead


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[World]:
    """One of the fedcomm servers on SQLite, the other on PostgreSQL."""
    folder = tmp_path_factory.mktemp("lemmy")
    clock = folder / "clock"
    clock.write_text("0")
    async with Neighbourhood(folder, "a.test", "b.test", "lemmy.test") as around:
        a = await around.home("a.test", DATABASE_URL=await databases.new("postgres"), TEST_CLOCK=str(clock))
        b = await around.home("b.test")
        yield World(around, a, b, Forum(await around.server("lemmy.test", taken=200), Lemmy()), clock)


class Ours(msgspec.Struct):
    """A group on a.test with somebody of each server in it."""

    group: str
    alice: Member
    bob: Member
    lena: User


async def ours(world: World, name: str) -> Ours:
    alice, bob = await world.a.member(f"alice_{name}"), await world.b.member(f"bob_{name}")
    handle = await world.a.group(name, alice)
    await bob.follow(handle)
    lena = User(world.lemmy, f"lena_{name}")
    group = await lena.join(handle)
    await eventually(lambda: lena.uri in world.lemmy.joined.get(group, ()), "lena is in the group")
    await world.around.quiet()
    return Ours(group, alice, bob, lena)


class Theirs(msgspec.Struct):
    """A community of the Lemmy-like server with somebody of each server in it; lena moderates it."""

    community: str
    alice: Member
    bob: Member
    lena: User


async def theirs(world: World, name: str) -> Theirs:
    lena = User(world.lemmy, f"lena_{name}")
    made = world.lemmy.community(name, name.capitalize(), lena.uri)
    alice, bob = await world.a.member(f"alice_{name}"), await world.b.member(f"bob_{name}")
    for member in (alice, bob):
        await member.follow(f"{name}@lemmy.test")
    await world.around.quiet()
    return Theirs(made.uri, alice, bob, lena)


async def there(world: World, uri: str, **wanted: Any) -> Post:
    """The post at the Lemmy-like server, once it looks so; of texts a part is enough."""

    def looks() -> bool:
        post = world.lemmy.posts.get(uri)
        if post is None:
            return False
        seen = msgspec.structs.asdict(post)
        return all(v in seen[n] if isinstance(v, str) else seen[n] == v for n, v in wanted.items())

    await eventually(looks, f"{uri} at lemmy.test shows {wanted}, but is {world.lemmy.posts.get(uri)}")
    return world.lemmy.posts[uri]


def outcomes(world: World, group: str) -> list[tuple[str, str]]:
    """What a group of ours announced to the Lemmy-like server, as (kind of the inner thing, outcome), in order."""
    found = [
        r for r in world.lemmy.server.received if r.activity["type"] == "Announce" and r.activity["actor"] == group
    ]
    return [
        (r.activity["object"]["type"] if isinstance(r.activity["object"], dict) else "id", r.outcome) for r in found
    ]


async def test_a_thread_of_our_group_with_answers_and_votes_is_the_same_everywhere(world: World) -> None:
    here = await ours(world, "threads")

    thread = await here.bob.write("Which rye flour?\n\nThe coarse one never rises. @threads@a.test")
    await there(world, thread, title="Which rye flour?", community=here.group)
    answer = await here.lena.comment(thread, "Half of it wheat.")
    await here.bob.sees(answer, content="Half of it wheat")
    reply = await here.alice.write("Or a longer rest.", answering=answer)
    await there(world, reply, parent=answer)
    await here.lena.vote(thread, 1)
    await here.bob.act("favourite", answer)
    await here.alice.act("favourite", reply)
    await here.alice.act("favourite", thread)

    likers = {here.lena.uri: 1, here.alice.uri: 1}
    await there(world, thread, votes=likers)
    await there(world, answer, votes={here.bob.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(thread, favourites_count=2, replies_count=1)
        await member.sees(answer, favourites_count=1)
        await member.sees(reply)
        assert await member.thread(thread) == [answer, reply]


async def test_a_page_from_lemmy_begins_a_thread_in_our_group(world: World) -> None:
    here = await ours(world, "pages")

    page = await here.lena.post(here.group, "Sourdough in winter", "Where do you keep it warm?")
    await here.bob.sees(page, content="Sourdough in winter")
    await here.alice.sees(page, content="Where do you keep it warm")
    answer = await here.bob.write("On top of the boiler.", answering=page)

    await there(world, answer, parent=page, community=here.group)
    await here.alice.sees(page, replies_count=1)


async def test_edits_and_deletions_reach_everybody(world: World) -> None:
    here = await ours(world, "changes")
    page = await here.lena.post(here.group, "Crust", "Hard or soft?")
    await here.bob.sees(page)
    answer = await here.bob.write("Hard.", answering=page)
    await there(world, answer)

    await here.lena.edit(page, "Hard or soft, and how?")
    await here.bob.edit(answer, "Hard, with steam.")
    await there(world, answer, text="with steam", edits=1)
    for member in (here.alice, here.bob):
        await member.sees(page, content="and how")
        await member.sees(answer, content="with steam")

    await here.bob.delete(answer)
    await here.lena.delete(page)
    await there(world, answer, deleted=True)
    for member in (here.alice, here.bob):
        await member.misses(page)
        await member.misses(answer)


async def test_votes_down_and_votes_taken_back_are_counted_so(world: World) -> None:
    here = await ours(world, "votes")
    thread = await here.alice.write("Caraway\n\nIn every bread? @votes")
    await there(world, thread)
    await here.bob.sees(thread)

    await here.bob.act("favourite", thread)
    await here.lena.vote(thread, 1)
    await here.alice.sees(thread, favourites_count=2)
    await here.lena.vote(thread, -1)
    await here.alice.sees(thread, favourites_count=1)
    await here.bob.act("unfavourite", thread)

    await there(world, thread, votes={here.lena.uri: -1})
    for member in (here.alice, here.bob):
        await member.sees(thread, favourites_count=0)
    await here.lena.vote(thread, 0)
    await there(world, thread, votes={})


@pytest.mark.attack("SIG-35")  # taken: the script verifies each by itself, with the key that it fetched
async def test_lemmy_gets_activities_only_and_takes_every_one(world: World) -> None:
    here = await ours(world, "forms")

    thread = await here.alice.write("Spelt\n\nOld or new sorts? @forms")
    answer = await here.bob.write("Old ones.", answering=await _arrived(here.bob, thread))
    await there(world, answer)
    await here.alice.edit(thread, "Spelt\n\nOld or new sorts, then? @forms")
    await here.alice.act("favourite", answer)
    await here.alice.act("unfavourite", answer)
    await here.alice.delete(thread)
    await there(world, thread, deleted=True)
    await world.around.quiet()

    told = outcomes(world, here.group)
    assert [kind for kind, _ in told] == ["Create", "Create", "Update", "Like", "Undo", "Delete"]
    assert {outcome for _, outcome in told} == {"taken"}


async def test_the_ids_of_what_our_group_announces_lead_to_it(world: World) -> None:
    here = await ours(world, "ids")
    thread = await here.alice.write("Rye\n\nOr wheat? @ids")
    answer = await here.bob.write("Both.", answering=await _arrived(here.bob, thread))
    await there(world, answer)

    announced = [r.activity for r in world.lemmy.server.received if r.activity["actor"] == here.group]
    creates = [a["object"] for a in announced if a["type"] == "Announce"]
    for create, uri in zip(creates, (thread, answer), strict=True):
        found = await world.lemmy.server.fetch(create["id"])
        assert (found["type"], found["actor"]) == ("Create", create["actor"])
        assert found["object"]["id"] == create["object"]["id"] == uri
    for announce in announced:
        if announce["type"] == "Announce":
            assert (await world.lemmy.server.fetch(announce["id"]))["object"]["id"] == announce["object"]["id"]


async def test_what_was_written_while_lemmy_was_away_comes_in_order_and_once(world: World) -> None:
    here = await ours(world, "away")
    await world.around.cut("lemmy.test")
    written = [await here.alice.write(f"Day {day}\n\nIt rained. @away") for day in range(3)]
    written.append(await here.bob.write("Here too.", answering=await _arrived(here.bob, written[0])))
    await here.alice.sees(written[-1])
    written.append(await here.alice.write("It stopped.", answering=written[-1]))

    async def failing() -> bool:
        return any(p["host"] == "lemmy.test" and p["failures"] for p in (await world.a.command("queue"))["peers"])

    await eventually(failing, "a.test has noticed that lemmy.test is away")
    await world.around.mend("lemmy.test")
    world.clock.write_text("120")
    await there(world, written[-1])
    await world.around.quiet()

    told = [r.activity["object"] for r in world.lemmy.server.received if r.activity["actor"] == here.group]
    came = [create["object"]["id"] for create in told if create["type"] == "Create"]
    thread = [written[0], *written[3:]]
    assert [uri for uri in came if uri in thread] == thread  # threads may overtake each other, two are sent at once
    assert sorted(came) == sorted(written)


async def test_our_members_take_part_in_a_community_of_lemmy(world: World) -> None:
    here = await theirs(world, "warp")

    page = await here.lena.post(here.community, "Warp drives", "Which one is quiet?")
    await here.bob.sees(page, content="Which one is quiet")
    thread = await here.alice.write("Impulse drives\n\nSlow but sure. @warp@lemmy.test")
    await there(world, thread, title="Impulse drives", community=here.community)
    answer = await here.bob.write("None of them.", answering=page)
    comment = await here.lena.comment(answer, "A pity.")
    await here.alice.act("favourite", page)
    await here.bob.sees(thread)

    await there(world, answer, parent=page)
    await there(world, page, votes={here.alice.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=1, replies_count=1)
        await member.sees(comment)
        assert await member.thread(page) == [answer, comment]
        shown = await member.call(
            "GET", f"/api/v1/timelines/list/{(await member.call('GET', '/api/v1/lists'))[0]['id']}"
        )
        assert sorted(post["uri"] for post in shown) == sorted([page, thread])


async def test_edits_and_deletions_in_a_community_of_lemmy_go_both_ways(world: World) -> None:
    here = await theirs(world, "shields")
    page = await here.lena.post(here.community, "Shields", "Up or down?")
    answer = await here.bob.write("Up.", answering=await _arrived(here.bob, page))
    await there(world, answer)
    await here.alice.sees(answer)

    await here.lena.edit(page, "Up, down, or halfway?")
    await here.bob.edit(answer, "Up, always.")
    await there(world, answer, text="always", edits=1)
    for member in (here.alice, here.bob):
        await member.sees(page, content="halfway")
        await member.sees(answer, content="always")

    await here.bob.delete(answer)
    await here.lena.delete(page)
    await there(world, answer, deleted=True)
    for member in (here.alice, here.bob):
        await member.misses(answer)
        await member.misses(page)


async def test_what_lemmys_moderators_take_out_is_out_for_our_members_until_they_put_it_back(world: World) -> None:
    here = await theirs(world, "brig")
    spam = await here.bob.write("Watches\n\nVery cheap. @brig@lemmy.test")
    await there(world, spam)
    await here.alice.sees(spam)

    await here.lena.remove(spam, "spam")
    await eventually_listed(here.alice, [])
    await here.lena.restore(spam)

    await eventually_listed(here.alice, [spam])
    assert await here.bob.find(spam) is not None


async def test_whom_our_group_bans_lemmy_is_told_of_and_nothing_more_of_theirs_is_passed_on(world: World) -> None:
    here = await ours(world, "bans")
    page = await here.lena.post(here.group, "Watches", "Very cheap")
    await here.bob.sees(page)
    password = "correct horse battery"
    await world.a.command("account.create", name="warden", password=password, email="", role="admin")

    await world.a.command("group.ban", group="bans", actor=here.lena.uri)
    await world.around.quiet()
    comment = await here.lena.comment(page, "Cheaper still")
    await here.lena.vote(page, 1)
    await world.around.quiet()

    blocks = [kind for kind, outcome in outcomes(world, here.group) if (kind, outcome) == ("Block", "taken")]
    assert blocks == ["Block"]
    assert await here.bob.find(comment) is None
    await here.bob.sees(page, favourites_count=0, replies_count=0)


async def test_whom_lemmys_moderators_ban_is_told_so_and_may_post_again_when_they_lift_it(world: World) -> None:
    here = await theirs(world, "lounge")
    page = await here.lena.post(here.community, "Lounge", "Who comes?")
    number = await here.bob.here(page)

    async def answered(status: int) -> None:
        async def so() -> bool:
            got, _ = await here.bob.attempt("POST", "/api/v1/statuses", status="Me.", in_reply_to_id=number)
            return got == status

        await eventually(so, f"an answer is met with {status}")

    await here.lena.ban(here.community, here.bob.uri, "noise")
    await answered(403)
    begun, _ = await here.bob.attempt("POST", "/api/v1/statuses", status="Watches\n\nCheap @lounge@lemmy.test")
    await here.alice.write("I do.", answering=page)
    await here.lena.unban(here.community, here.bob.uri)
    await answered(200)

    assert begun == 403


async def test_a_second_copy_of_the_same_comment_is_one_comment(world: World) -> None:
    here = await theirs(world, "echo")
    page = await here.lena.post(here.community, "Echo", "Is there one?")
    answer = await here.alice.write("There is.", answering=await _arrived(here.alice, page))
    await there(world, answer)

    comment = await here.lena.comment(answer, "There is.")  # Lemmy tells the author, and the community tells everybody
    await here.alice.sees(comment)
    await world.around.quiet()

    assert await here.alice.thread(page) == [answer, comment]
    await here.alice.sees(answer, replies_count=1)
    copies = [
        s
        for s in world.lemmy.server.sent
        if comment in msgspec.json.encode(s.activity).decode() and "a.test" in s.inbox
    ]
    assert len(copies) >= 2 and {sent.status for sent in copies} == {202}


async def _arrived(member: Member, uri: str) -> str:
    await member.sees(uri)
    return uri


async def eventually_listed(member: Member, wanted: list[str]) -> None:
    """Until the list of the member's one group shows these threads."""
    (group,) = await member.call("GET", "/api/v1/lists")
    seen: list[str] = []

    async def listed() -> bool:
        seen[:] = [post["uri"] for post in await member.call("GET", f"/api/v1/timelines/list/{group['id']}")]
        return seen == wanted

    await eventually(listed, f"{member.name} sees {wanted} in the group, but {seen}")
