"""What is Lemmy's own: the forms it takes, the ids it asks for, its bans, and what comes to it late or twice."""

import msgspec
import pytest

from tests.peers.server import PUBLIC, Dropped, Json
from tests.peers.users import User
from tests.pictures import picture
from tests.scenarios.forums import World, answers_with, arrived, ours, theirs, there
from tests.scenarios.neighbours import eventually
from tests.scenarios.pressing import Browser
from tests.scenarios.stories import copies, nothing_twice

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("world", ["lemmy"], indirect=True)]


async def test_lemmy_gets_activities_only_and_takes_every_one(world: World) -> None:
    here = await ours(world, "forms")

    thread = await here.alice.write("Spelt\n\nOld or new sorts? @forms")
    answer = await here.bob.write("Old ones.", answering=await arrived(here.bob, thread))
    await there(world, answer)
    await here.alice.edit(thread, "Spelt\n\nOld or new sorts, then? @forms")
    await here.alice.act("favourite", answer)
    await here.alice.act("unfavourite", answer)
    await here.alice.delete(thread)
    await there(world, thread, deleted=True)
    await world.around.quiet()

    announced = world.forum.server.announced(here.uri)
    assert [kind for kind, _ in announced] == ["Create", "Create", "Update", "Like", "Undo", "Delete"]
    assert {outcome for _, outcome in announced} == {"taken"}
    nothing_twice(world.forum.server)


async def test_the_ids_of_what_our_group_announces_lead_to_it(world: World) -> None:
    here = await ours(world, "ids")
    thread = await here.alice.write("Rye\n\nOr wheat? @ids")
    answer = await here.bob.write("Both.", answering=await arrived(here.bob, thread))
    await there(world, answer)

    announced = [r.activity for r in world.forum.server.received if r.activity["actor"] == here.uri]
    creates = [a["object"] for a in announced if a["type"] == "Announce"]
    for create, uri in zip(creates, (thread, answer), strict=True):
        found = await world.forum.server.fetch(create["id"])
        assert (found["type"], found["actor"]) == ("Create", create["actor"])
        assert found["object"]["id"] == create["object"]["id"] == uri
    for announce in announced:
        if announce["type"] == "Announce":
            assert (await world.forum.server.fetch(announce["id"]))["object"]["id"] == announce["object"]["id"]


async def test_what_was_written_while_lemmy_was_away_comes_in_order_and_once(world: World) -> None:
    here = await ours(world, "away")
    await world.around.cut("lemmy.test")
    written = [await here.alice.write(f"Day {day}\n\nIt rained. @away") for day in range(3)]
    written.append(await here.bob.write("Here too.", answering=await arrived(here.bob, written[0])))
    await here.alice.sees(written[-1])
    written.append(await here.alice.write("It stopped.", answering=written[-1]))

    await eventually(world.failing, "a.test has noticed that lemmy.test is away")
    await world.around.mend("lemmy.test")
    world.clock.write_text("120")
    await there(world, written[-1])
    await world.around.quiet()

    announced = [r.activity["object"] for r in world.forum.server.received if r.activity["actor"] == here.uri]
    came = [create["object"]["id"] for create in announced if create["type"] == "Create"]
    thread = [written[0], *written[3:]]
    assert [uri for uri in came if uri in thread] == thread  # threads may overtake each other, two are sent at once
    assert sorted(came) == sorted(written)


async def test_whom_our_group_bans_lemmy_is_told_of_and_nothing_more_of_theirs_is_passed_on(world: World) -> None:
    here = await ours(world, "bans")
    page = await here.flora.post(here.uri, "Watches", "Very cheap")
    await here.bob.sees(page)
    password = "correct horse battery"
    await world.a.command("account.create", name="warden", password=password, email="", role="admin")

    await world.a.command("group.ban", group="bans", actor=here.flora.uri)
    await world.around.quiet()
    comment = await here.flora.comment(page, "Cheaper still")
    await here.flora.vote(page, 1)
    await world.around.quiet()

    assert world.forum.server.announced(here.uri).count(("Block", "taken")) == 1
    assert not _answers(world, here.uri, "Create")  # it shows the ban itself
    assert await here.bob.find(comment) is None
    await here.bob.sees(page, favourites_count=0, replies_count=0)


async def test_whom_lemmys_moderators_ban_is_told_so_and_may_post_again_when_they_lift_it(world: World) -> None:
    here = await theirs(world, "lounge")
    page = await here.flora.post(here.uri, "Lounge", "Who comes?")

    await here.flora.ban(here.uri, here.bob.uri, "noise")
    await answers_with(here.bob, page, 403)
    begun, _ = await here.bob.attempt("POST", "/api/v1/statuses", status="Watches\n\nCheap @lounge@lemmy.test")
    await here.alice.write("I do.", answering=page)
    await here.flora.unban(here.uri, here.bob.uri)
    await answers_with(here.bob, page, 200)

    assert begun == 403


async def test_a_second_copy_of_the_same_comment_is_one_comment(world: World) -> None:
    here = await theirs(world, "echo")
    page = await here.flora.post(here.uri, "Echo", "Is there one?")
    answer = await here.alice.write("There is.", answering=await arrived(here.alice, page))
    await there(world, answer)

    comment = await here.flora.comment(answer, "There is.")  # Lemmy tells the author, and the community tells everybody
    await here.alice.sees(comment)
    await world.around.quiet()

    await here.alice.reads(page, [answer, comment])
    await here.alice.sees(answer, replies_count=1)
    copies = [
        s
        for s in world.forum.server.sent
        if comment in msgspec.json.encode(s.activity).decode() and "a.test" in s.inbox
    ]
    assert len(copies) >= 2 and {sent.status for sent in copies} == {202}


async def test_a_private_group_and_lemmy_tell_each_other_what_only_members_read(world: World) -> None:
    here = await ours(world, "circle")
    await world.a.command("group.change", group="circle", changes={"visibility": "members"})
    await world.around.quiet()
    world.forum.server.actors.pop(here.uri)  # it hears of changes from people only, and asks anew within a day
    world.forum.server.received.clear()

    thread = await here.alice.show("Currants\n\nRed or black? @circle", picture(), "Currants")
    await there(world, thread, title="Currants")
    assert await copies(world.a, world.forum.server, thread) == [200, 404]
    answer = await here.flora.comment(thread, "Black ones.")
    await here.alice.sees(answer, visibility="private")
    page = await here.flora.post(here.uri, "Gooseberries", "Who has some?")
    await here.bob.sees(page, visibility="private")
    await here.alice.act("favourite", page)
    await there(world, page, votes={f"{here.alice.uri}": 1})
    await here.alice.edit(thread, "Currants\n\nRed, black or white? @circle")
    await there(world, thread, edits=1)
    await here.alice.delete(thread)
    await there(world, thread, deleted=True)
    await world.around.quiet()

    announced = world.forum.server.announced(here.uri)
    assert {outcome for _, outcome in announced} == {"taken"} and "id" not in [kind for kind, _ in announced]
    assert not any(PUBLIC in str(r.activity) for r in world.forum.server.received if r.activity["type"] == "Announce")
    with pytest.raises(Dropped):
        await world.forum.server.fetch(thread.replace(thread.split("/")[-1], "1"))


async def test_nobody_waits_for_ever_neither_for_our_group_nor_for_theirs(world: World) -> None:
    alice, fern = await world.a.member("alice_asked"), User(world.forum, "fern")
    handle = await world.a.group("asked", alice)
    browser, joined_ = Browser(alice), world.forum.joined
    changes = {"join_mode": "approval", "question": "Who are you?", "rules": ["Be kind."]}
    await world.a.command("group.change", group="asked", changes=changes)
    group = await fern.join(handle)
    number = await alice.asked_by("fern@lemmy.test")
    await fern.join(handle)  # a second time, while they wait
    await browser.press("/c/asked/requests", act="deny", id=number, reason="Which flour?")
    await eventually(lambda: len(_answers(world, group, "Reject")) == 1, "fern is turned down")
    assert _answers(world, group, "Reject")[0]["summary"] == "Which flour?"

    await browser.press("/c/asked/requests/denied", act="let_in", id=number)
    await fern.join(handle)
    await world.a.restart()
    await eventually(lambda: fern.uri in joined_.get(group, ()), "fern is in the group and was not asked")
    await fern.leave(group)
    await fern.join(handle)
    await alice.asked_by("fern@lemmy.test")
    await world.around.cut("lemmy.test")
    await alice.decides("fern@lemmy.test", "authorize")
    await eventually(world.failing, "a.test has noticed that lemmy.test is away")
    await world.around.mend("lemmy.test")
    world.clock.write_text("240")
    await eventually(lambda: fern.uri in joined_[group], "fern is in the group again all the same")
    page = await fern.post(group, "Rye", "Who has some?")
    await alice.sees(page)  # joining was their yes to the rules, which no message could show them
    await world.around.quiet()
    assert not _answers(world, group, "Create")  # Lemmy takes no messages of groups

    community = world.forum.community("slow", "Slow", fern.uri)
    community.asks = True
    found = await alice.call("GET", "/api/v2/search?resolve=true&type=accounts&q=@slow@lemmy.test")
    path = f"/api/v1/accounts/{found['accounts'][0]['id']}/follow"
    assert (await alice.call("POST", path))["requested"]
    await eventually(lambda: alice.uri in community.waiting, "alice waits")
    first = community.waiting[alice.uri]["id"]
    world.clock.write_text("360")

    async def asks_again() -> bool:  # under another id
        return (await alice.call("POST", path))["requested"] and community.waiting[alice.uri]["id"] != first

    await eventually(asks_again, "alice asks again")
    await world.forum.let_in(community, alice.uri)

    async def joined() -> bool:
        (how,) = await alice.call("GET", f"/api/v1/accounts/relationships?id[]={found['accounts'][0]['id']}")
        return bool(how["following"])

    await eventually(joined, "alice is in theirs")


def _answers(world: World, group: str, kind: str) -> list[Json]:
    """What a group of ours itself said of that kind to the scripted server, which took it."""
    taken = [r.activity for r in world.forum.server.received if r.outcome == "taken"]
    return [said for said in taken if (said["type"], said["actor"]) == (kind, group)]


async def test_of_a_thread_in_two_groups_lemmy_hears_from_the_one_in_which_it_began_and_once(world: World) -> None:
    first, second = await ours(world, "first"), await ours(world, "second")
    await second.alice.follow(first.handle)
    alone = await world.a.group("alone", second.alice)  # nobody of Lemmy is in it

    thread = await second.alice.write("Rye and Riesling\n\nDo they go together? @first @second")
    answer = await first.bob.write("They do.", answering=await arrived(first.bob, thread))
    await there(world, answer)
    unseen = await second.alice.write(f"Told to few\n\nBut in two groups. @{alone} @second")
    await second.alice.write("Still to few.", answering=unseen)
    await world.around.quiet()

    _status, feed = await second.alice.attempt("GET", "/c/second/feed.json")
    assert {"Rye and Riesling", "Told to few"} <= {item["title"] for item in feed["items"]}
    assert world.forum.server.announced(first.uri) == [("Create", "taken"), ("Create", "taken")]
    assert world.forum.server.announced(second.uri) == [] and unseen not in world.forum.posts
    nothing_twice(world.forum.server)  # also in the stories before this one
