"""Two fedcomm servers and one of Lemmy or PieFed: its users in our groups, our members in its communities."""

import re
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.peers.users import User
from tests.scenarios.forums import Group, World, listed, ours, placed, theirs, there, until_listed
from tests.scenarios.neighbours import Member, eventually
from tests.scenarios.pressing import Browser
from tests.scenarios.stories import nothing_twice

pytestmark = pytest.mark.anyio


@pytest.mark.shows("lemmy", "piefed", theirs="join answer vote", ours="post answer vote")
async def test_a_thread_of_our_group_with_answers_and_votes_is_the_same_everywhere(world: World) -> None:
    here = await ours(world, "threads")

    thread = await here.bob.write("Which rye flour?\n\nThe coarse one never rises. @threads@a.test")
    await there(world, thread, title="Which rye flour?", community=here.uri)
    answer = await here.flora.comment(thread, "Half of it wheat.")
    await here.bob.sees(answer, content="Half of it wheat")
    reply = await here.alice.write("Or a longer rest.", answering=answer)
    await there(world, reply, parent=answer)
    await here.flora.vote(thread, 1)
    told = await here.alice.write("And what of the water?", answering=thread)  # announced to b.test, not sent besides
    await here.bob.sees(told)
    notes = await here.bob.call("GET", "/api/v1/notifications?types[]=mention")
    assert told in [each["status"]["uri"] for each in notes]
    await here.bob.act("favourite", answer)
    await here.alice.act("favourite", reply)
    await here.alice.act("favourite", thread)

    await there(world, thread, votes={here.flora.uri: 1, here.alice.uri: 1})
    await there(world, answer, votes={here.bob.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(thread, favourites_count=2, replies_count=2)
        await member.sees(answer, favourites_count=1)
        await member.sees(reply)
        await member.reads(thread, [answer, reply, told])
    await world.around.quiet()
    nothing_twice(world.forum.server)


@pytest.mark.shows("lemmy", "piefed", theirs="post")
async def test_a_page_from_elsewhere_begins_a_thread_in_our_group(world: World) -> None:
    here = await ours(world, "pages")

    page = await here.flora.post(here.uri, "Sourdough in winter", "Where do you keep it warm?")
    await here.bob.sees(page, content="Sourdough in winter")
    await here.alice.sees(page, content="Where do you keep it warm")
    answer = await here.bob.write("On top of the boiler.", answering=await placed(here.bob, page))

    await there(world, answer, parent=page, community=here.uri)
    await here.alice.sees(page, replies_count=1)


@pytest.mark.shows("lemmy", "piefed", theirs="edit delete", ours="edit delete")
@pytest.mark.parametrize("where", [ours, theirs], ids=["ours", "theirs"])
async def test_edits_and_deletions_reach_everybody(
    world: World, where: Callable[[World, str], Awaitable[Group]]
) -> None:
    here = await where(world, f"changes_{where.__name__}")
    page = await here.flora.post(here.uri, "Crust", "Hard or soft?")
    answer = await here.bob.write("Hard.", answering=await placed(here.bob, page))
    await there(world, answer)
    await here.alice.sees(answer)

    await here.flora.edit(page, "Hard or soft, and how?")
    await here.bob.edit(answer, "Hard, with steam.")
    await there(world, answer, text="with steam", edits=1)
    for member in (here.alice, here.bob):
        await member.sees(page, content="and how")
        await member.sees(answer, content="with steam")

    await here.bob.delete(answer)
    await here.flora.delete(page)
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
    await here.flora.vote(thread, 1)
    await here.alice.sees(thread, favourites_count=2)
    await here.flora.vote(thread, -1)
    await here.alice.sees(thread, favourites_count=1)
    await here.bob.act("unfavourite", thread)

    await there(world, thread, votes={here.flora.uri: -1})
    for member in (here.alice, here.bob):
        await member.sees(thread, favourites_count=0)
    await here.flora.vote(thread, 0)
    await there(world, thread, votes={})


async def test_votes_about_an_answer_on_another_server_are_counted_so(world: World) -> None:
    here = await ours(world, "changed")
    page = await here.flora.post(here.uri, "Crumb", "Open or close?")
    answer = await here.bob.write("Open.", answering=await placed(here.bob, page))
    await there(world, answer)

    await here.flora.vote(answer, -1)
    await here.flora.vote(answer, 1)
    await here.alice.sees(answer, favourites_count=1)
    await here.bob.sees(answer, favourites_count=1)
    await here.flora.vote(answer, 0)

    for member in (here.alice, here.bob):
        await member.sees(answer, favourites_count=0)


@pytest.mark.shows("lemmy", "piefed", ours="join")
async def test_our_members_take_part_in_a_community_elsewhere(world: World) -> None:
    here = await theirs(world, "warp")

    page = await here.flora.post(here.uri, "Warp drives", "Which one is quiet?")
    await here.bob.sees(page, content="Which one is quiet")
    thread = await here.alice.write(f"Impulse drives\n\nSlow but sure. @{here.handle}")
    await there(world, thread, title="Impulse drives", community=here.uri)
    answer = await here.bob.write("None of them.", answering=page)
    comment = await here.flora.comment(await there(world, answer, parent=page), "A pity.")
    await here.alice.act("favourite", page)
    await here.bob.sees(thread)

    await there(world, page, votes={here.alice.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=1, replies_count=1)
        await member.sees(comment)
        await member.reads(page, [answer, comment])
        assert sorted(await listed(member)) == sorted([page, thread])
    await here.flora.vote(answer, 1)
    await here.alice.act("unfavourite", page)
    await there(world, page, votes={})
    for member in (here.alice, here.bob):
        await member.sees(answer, favourites_count=1)
        await member.sees(page, favourites_count=0)
    await here.flora.vote(answer, 0)
    for member in (here.alice, here.bob):
        await member.sees(answer, favourites_count=0)


async def test_what_their_moderators_take_out_is_out_for_our_members_until_they_put_it_back(world: World) -> None:
    here = await theirs(world, "brig")
    spam = await here.bob.write(f"Watches\n\nVery cheap. @{here.handle}")
    await there(world, spam)
    await here.alice.sees(spam)
    await until_listed(here.alice, [spam])

    await here.flora.remove(spam, "spam")
    await until_listed(here.alice, [])
    await here.flora.restore(spam)

    await until_listed(here.alice, [spam])
    assert await here.bob.find(spam) is not None


async def test_a_member_who_moderates_a_community_elsewhere_looks_after_it_from_here(world: World) -> None:
    alice, bob, flora = (
        await world.a.member("alice_deck"),
        await world.b.member("bob_deck"),
        User(world.forum, "flora_deck"),
    )
    made = world.forum.community("deck", "Deck", flora.uri)
    made.moderators.append(bob.uri)
    for member in (alice, bob):
        await member.follow(f"deck@{world.host}")
    await world.around.quiet()
    spam = await flora.post(made.uri, "Watches", "Very cheap")
    desk, where, thread = Browser(bob), f"/c/deck@{world.host}/moderate", f"/moderate/{await bob.here(spam)}"
    begun = len(world.forum.server.received)

    assert 'value="unlock"' in await desk.press(thread, act="lock", reason="enough")
    await there(world, spam, locked=True)
    await desk.press(thread, act="unlock")
    await there(world, spam, locked=False)
    await desk.press(thread, act="pin")
    await eventually(lambda: world.forum.featured(made.uri) == [spam], "it is on top")
    await desk.press(thread, act="unpin")
    await eventually(lambda: world.forum.featured(made.uri) == [], "it is on top no more")
    await until_listed(alice, [spam])
    await desk.press(thread, act="remove", reason="an advertisement")
    await there(world, spam, removed="an advertisement")
    await until_listed(alice, [])
    assert "an advertisement" in await desk.press(where, act="restore", who=spam)
    await until_listed(alice, [spam])
    await there(world, spam, removed="")
    page = await desk.press(where, act="ban", who="@alice_deck@a.test", reason="spam")
    await eventually(lambda: made.banned == {alice.uri}, "alice is banned")
    (person,) = re.findall(r'name="id" value="(\d+)">\s*<button class="quiet" name="act" value="unban"', page)
    await desk.press(where, act="unban", id=person)
    await eventually(lambda: made.banned == set(), "alice may come back")
    await desk.press(where, act="appoint", who="@alice_deck@a.test")
    await eventually(lambda: made.moderators == [flora.uri, bob.uri, alice.uri], "alice moderates")
    await desk.press(where, act="dismiss", id=person)
    await eventually(lambda: made.moderators == [flora.uri, bob.uri], "alice moderates no more")

    await world.around.quiet()
    acts = [each for each in world.forum.server.received[begun:] if each.activity["actor"] == bob.uri]
    assert [each.outcome for each in acts] == ["taken"] * 10
    assert {each.activity["audience"] for each in acts} == {made.uri}


async def test_whoever_joins_late_finds_what_was_said_before(world: World) -> None:
    flora = User(world.forum, "flora_late")
    made = world.forum.community("late", "Late", flora.uri)
    path = made.uri.removeprefix(world.forum.server.base)
    if world.forum.software[0] == "piefed":  # 1.6.6 serves it so
        world.forum.server.content_types[f"{path}/outbox"] = "application/json"
    before = [await flora.post(made.uri, f"Thread {number}", "Was here before") for number in range(3)]
    late = await world.a.member("late")

    await late.follow(f"late@{world.host}")
    await eventually(partial(_lists, late, before), "what was said before is there")
    after = await flora.post(made.uri, "Thread 3", "Came after")

    await eventually(partial(_lists, late, [after, *before]), "what is said now comes besides")
    assert (await listed(late))[0] == after


async def _lists(member: Member, wanted: list[str]) -> bool:
    """Whether these are in the group, whatever their order: some are of the same millisecond."""
    return sorted(await listed(member)) == sorted(wanted)
