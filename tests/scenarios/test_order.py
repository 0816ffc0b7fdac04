"""What comes in keeps its order where order matters, whatever has to be asked of peers meanwhile."""

import asyncio
from typing import Any

import pytest

from fedcomm import follows
from storage import actors
from tests.fediverse import Fediverse, Instance
from tests.forger import Face, Host, followed, post, send, together

pytestmark = pytest.mark.anyio


async def _member_of(fediverse: Fediverse) -> tuple[Instance, Host, Face]:
    """An instance with a member in a group elsewhere."""
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    cats = theirs.actor("cats", "Group")
    await followed(fediverse, await ours.person("anna"), cats)
    return ours, theirs, cats


async def _busy(instance: Instance) -> None:
    """Wait until the inbox waits for somebody."""
    async with asyncio.timeout(5):
        while not instance.waiting():  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.005)


async def _hurried(ours: Instance, by: Face, *activities: dict[str, Any]) -> list[int]:
    """Deliver in that order without waiting for effects; gives the statuses.

    Several processes can only keep the order in which things were acknowledged: what is in the air at once has none.
    """
    if len(ours.apps) == 1:
        return await together(ours, by, *activities)
    return [(await post(ours, activity, by)).status_code for activity in activities]


def _thread(host: Host, author: Face, cats: Face) -> dict[str, Any]:
    note = author.note(1, audience=cats.uri)
    host.serve(note["id"], note)
    return note


async def test_votes_that_a_group_passes_on_wait_until_the_post_has_been_fetched(fediverse: Fediverse) -> None:
    ours, theirs, cats = await _member_of(fediverse)
    elsewhere = Host(fediverse, "elsewhere.test")
    bob, carol = elsewhere.actor("bob"), theirs.actor("carol")
    note = _thread(elsewhere, bob, cats)
    opened = elsewhere.close(note["id"])

    await post(ours, cats.does("Announce", bob.does("Create", note)), cats)
    await _busy(ours)
    await post(ours, cats.does("Announce", carol.does("Like", note["id"])), cats)
    await post(ours, cats.does("Announce", carol.does("Dislike", note["id"])), cats)
    await asyncio.sleep(0.1)
    opened.set()
    await fediverse.settle()

    there = await ours.knows(note["id"])
    assert (there.likes_count, there.dislikes_count) == (0, 1)


async def test_others_have_their_turn_while_something_waits_for_a_peer(fediverse: Fediverse) -> None:
    ours, _theirs, cats = await _member_of(fediverse)
    elsewhere = Host(fediverse, "elsewhere.test")
    bob = elsewhere.actor("bob")
    note = _thread(elsewhere, bob, cats)
    opened = elsewhere.close(note["id"])

    await post(ours, cats.does("Announce", bob.does("Create", note)), cats)
    await _busy(ours)
    quick = bob.note(2, cc=["https://ours.test/users/anna"])
    await post(ours, bob.does("Create", quick), bob)
    await asyncio.sleep(0.2)

    assert await ours.post(quick["id"]) is not None
    assert await ours.post(note["id"]) is None
    opened.set()
    await fediverse.settle()
    assert await ours.knows(note["id"])


async def test_who_waits_behind_a_peer_that_is_silent_is_let_through(fediverse: Fediverse) -> None:
    ours, theirs, cats = await _member_of(fediverse)
    bob = theirs.actor("bob")
    note = _thread(theirs, bob, cats)
    opened = theirs.close(note["id"])
    await post(ours, cats.does("Announce", note["id"]), cats)
    await _busy(ours)

    await post(ours, bob.does("Create", bob.note(1, cc=["https://ours.test/users/anna"])), bob)
    theirs.serve(note["id"], {"error": "later"}, status=503)
    opened.set()
    await fediverse.settle()

    assert await ours.knows(note["id"])


async def test_each_of_a_list_of_votes_counts_for_itself(fediverse: Fediverse) -> None:
    ours, theirs, cats = await _member_of(fediverse)
    bob, carol, dora = theirs.actor("bob"), theirs.actor("carol"), Host(fediverse, "elsewhere.test").actor("dora")
    note = _thread(theirs, bob, cats)
    await send(fediverse, ours, cats, cats.does("Announce", bob.does("Create", note)))

    votes = [
        carol.does("Like", note["id"]),
        carol.does("Like", "https://theirs.test/notes/never"),
        dora.does("Like", note["id"]),
        bob.does("Dislike", note["id"]),
    ]
    await send(fediverse, ours, cats, cats.does("Announce", votes))

    there = await ours.knows(note["id"])
    assert (there.likes_count, there.dislikes_count) == (2, 1)


async def test_a_vote_that_comes_before_its_post_counts_once_the_post_is_there(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob, carol = await ours.person("anna"), theirs.actor("bob"), theirs.actor("carol")
    note = bob.note(1, cc=[anna.actor.uri])

    await send(fediverse, ours, carol, carol.does("Like", note["id"]))
    await send(fediverse, ours, bob, bob.does("Create", note))

    assert (await ours.knows(note["id"])).likes_count == 1


@pytest.mark.attack("ORI-23", "SIG-05")
async def test_a_vote_that_was_taken_back_before_its_post_came_does_not_count(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob, carol = await ours.person("anna"), theirs.actor("bob"), theirs.actor("carol")
    note = bob.note(1, cc=[anna.actor.uri])
    like = carol.does("Like", note["id"])
    boost = carol.does("Announce", note["id"])

    await send(fediverse, ours, carol, carol.does("Undo", like), carol.does("Undo", boost))
    await send(fediverse, ours, bob, bob.does("Create", note))
    await send(fediverse, ours, carol, like, boost)

    there = await ours.knows(note["id"])
    assert (there.likes_count, there.boosts_count) == (0, 0)


async def test_who_says_yes_and_writes_at_once_is_followed_already(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob = await ours.person("anna"), theirs.actor("bob")
    await anna.follow(bob.uri)
    await fediverse.settle()
    asked = theirs.received[-1]
    await post(ours, bob.does("Like", "https://ours.test/posts/1"), bob)  # so that the key is known

    accept = bob.does("Accept", {name: asked[name] for name in ("id", "type", "actor", "object")})
    statuses = await _hurried(ours, bob, accept, *[bob.does("Create", bob.note(number)) for number in range(3)])
    await fediverse.settle()

    assert statuses == [202] * 4
    assert len(await anna.home()) == 3


async def test_who_leaves_and_writes_at_once_writes_from_outside(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob = await ours.person("anna"), theirs.actor("bob")
    club = await ours.group("club", moderator=anna, join_mode="approval")
    follow = bob.does("Follow", club.uri)
    await send(fediverse, ours, bob, follow)
    with ours.here():
        follower = await actors.by_uri(bob.uri)
        assert follower is not None
        await follows.accept(ours.app, club, follower.id)
    note = bob.note(1, to=[club.uri, "https://www.w3.org/ns/activitystreams#Public"], audience=club.uri)

    await _hurried(ours, bob, bob.does("Undo", follow), bob.does("Create", note))
    await fediverse.settle()

    found = await ours.post(note["id"])
    assert found is None or found.group_id is None


async def test_one_voter_whose_server_is_away_does_not_keep_the_votes_of_others(fediverse: Fediverse) -> None:
    ours, theirs, cats = await _member_of(fediverse)
    bob, carol = theirs.actor("bob"), theirs.actor("carol")
    away = Host(fediverse, "away.test").actor("dora")
    note = _thread(theirs, bob, cats)
    await send(fediverse, ours, cats, cats.does("Announce", bob.does("Create", note)))
    fediverse.wire.down.add("away.test")

    votes = [away.does("Like", note["id"]), carol.does("Like", note["id"])]
    await send(fediverse, ours, cats, cats.does("Announce", votes))

    assert (await ours.knows(note["id"])).likes_count == 1
