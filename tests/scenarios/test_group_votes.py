"""Votes and echoes: one voice for each person, and nothing goes round in circles."""

import asyncio
import gc
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from fedcomm import clock, fetching, group_profile, limits, reactions
from fedcomm.errors import Invalid
from fedcomm.group_profile import Change
from fedcomm.inbox.hand import Hand
from storage.actors import Actor
from storage.connect import execute, rows
from storage.posts import Post
from storage.writes import Writes
from tests import forger
from tests.fediverse import Fediverse, Instance
from tests.forger import PUBLIC, Host, Json

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test` with a thread by ann, and a server that votes."""

    def __init__(self, fediverse: Fediverse, a: Instance, bread: Actor, post: Post) -> None:
        self.fediverse, self.a, self.bread, self.post = fediverse, a, bread, post
        self.host = Host(fediverse, "e.test")

    async def votes(self) -> tuple[int, int]:
        """Likes and dislikes."""
        found = await self.a.knows(self.post.uri)
        return found.likes_count, found.dislikes_count


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everything in its place."""
    a = await fediverse.instance("a.test")
    ann = await a.person("ann")
    bread = await a.group("bread", moderator=ann)
    post = await ann.post("Rye @bread@a.test")
    await fediverse.settle()
    return World(fediverse, a, bread, post)


@pytest.mark.attack("GRP-11")
async def test_one_person_has_one_vote_the_last_one(world: World) -> None:
    eve, mal = world.host.actor("eve"), world.host.actor("mal")
    uri = world.post.uri
    first, second = eve.does("Like", uri), eve.does("Like", uri)
    down = eve.does("Dislike", uri)
    counts = []

    for activity, by in (
        (first, eve),
        (second, eve),
        (down, eve),
        (mal.does("Undo", down), mal),
        (eve.does("Undo", first), eve),
        (eve.does("EmojiReact", uri, content="🍞"), eve),
    ):
        await forger.send(world.fediverse, world.a, by, activity)
        counts.append(await world.votes())

    assert counts == [(1, 0), (1, 0), (0, 1), (0, 1), (0, 1), (1, 0)]


async def test_votes_leave_nothing_to_the_collector_of_garbage(world: World) -> None:
    """What one of them held is free at once: a flood of votes spent a seventh of its time on looking for circles."""
    eve, uri = world.host.actor("eve"), world.post.uri
    up, boost = eve.does("Like", uri), eve.does("Announce", uri)
    await forger.send(world.fediverse, world.a, eve, eve.does("Like", uri))
    gc.collect()
    gc.disable()
    try:
        for activity in (up, eve.does("Dislike", uri), eve.does("Undo", up), boost, eve.does("Undo", boost)):
            await forger.send(world.fediverse, world.a, eve, activity)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kept = [each for each in gc.garbage if isinstance(each, Hand | Writes)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()

    assert kept == []


@pytest.mark.parametrize(("votes", "kept"), [("up", (1, 0)), ("none", (0, 0)), ("both", (1, 1))])
async def test_votes_that_a_group_has_switched_off_are_refused_here_and_passed_over_from_elsewhere(
    world: World, votes: str, kept: tuple[int, int]
) -> None:
    reader, bo = world.host.actor("reader"), await world.a.person("bo")
    eve, mal = Host(world.fediverse, "m.test").actor("eve"), Host(world.fediverse, "n.test").actor("mal")
    await forger.send(world.fediverse, world.a, reader, reader.does("Follow", world.bread.uri))
    with world.a.here():
        await group_profile.change(world.a.app, "bread", Change(votes=votes))
    await world.fediverse.settle()
    heard = len(world.host.received)

    await forger.send(world.fediverse, world.a, eve, eve.does("Like", world.post.uri))
    await forger.send(world.fediverse, world.a, mal, mal.does("Dislike", world.post.uri))

    passed_on = [each["object"]["type"] for each in world.host.received[heard:]]
    assert await world.votes() == kept
    assert passed_on == ["Like", "Dislike"][: sum(kept)]
    for vote, there in ((reactions.like, votes != "none"), (reactions.dislike, votes == "both")):
        with world.a.here(), nullcontext() if there else pytest.raises(Invalid, match="no votes"):
            await vote(world.a.app, bo.actor, world.post.id)


@pytest.mark.attack("GRP-11")
@pytest.mark.attack("GRP-13")
async def test_a_server_with_many_new_people_has_not_many_votes(world: World) -> None:
    """Who looks after the group hears of it, once."""
    for number in range(36):
        voter = world.host.actor(f"v{number}")
        await forger.post(world.a, voter.does("Like", world.post.uri), voter)
    await world.fediverse.settle()

    assert await world.votes() == (30, 0)
    ours = await world.a.person("bo")
    await ours.like(world.post)  # members here are not limited
    assert await world.votes() == (31, 0)
    with world.a.here():
        told = await rows("SELECT content FROM post WHERE author_id = ? AND visibility = 3", (world.bread.id,))
    assert len(told) == 1 and world.host.name in told[0][0] and f"@ann/{world.post.id}" in told[0][0]


async def test_what_many_of_one_server_vote_counts_later_in_their_order_and_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, ticks, ahead = clock.now, time.monotonic, [0.0]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: ticks() + ahead[0]))
    for app in world.a.apps:
        app.vote_limit = limits.VoteLimit(most=2, known=3, waiting=9, window=60.0)
    old = [world.host.actor(f"o{number}") for number in range(4)]
    new = [world.host.actor(f"n{number}") for number in range(4)]
    with world.a.here():
        for each in old:
            await fetching.actor(world.a.app, each.uri)
        await execute("UPDATE actor SET created_at = created_at - 86400000 WHERE host = ?", (world.host.name,))
    votes = [(each, each.does("Like", world.post.uri)) for each in (*new, *old)]
    for voter, vote in votes:
        await forger.post(world.a, vote, voter)
    changed, taken = new[2].does("Dislike", world.post.uri), new[3].does("Undo", votes[3][1])
    await forger.post(world.a, taken, new[3])
    await forger.post(world.a, changed, new[2])  # waits behind their own first vote
    await world.fediverse.settle()
    assert await world.votes() == (5, 0)  # two who are new, three who are known

    async with asyncio.timeout(20):
        while await world.votes() != (6, 1):
            ahead[0] += 10.0
            world.a.overflow()
            await world.fediverse.settle()
    full = limits.VoteLimit(most=1, waiting=1)
    assert full.seconds(1, "e.test", "first", known=False) == 0.0
    assert full.seconds(2, "", "ours", known=False) == 0.0
    assert (full.seconds(1, "e.test", "second", known=False) or 0.0) > limits.WINDOW  # after the others of its time
    assert full.seconds(1, "e.test", "third", known=False) is None
    assert full.seconds(1, "f.test", "other", known=False) == full.seconds(2, "e.test", "elsewhere", known=False) == 0.0


@pytest.mark.attack("GRP-13")
@pytest.mark.attack("GRP-01")
async def test_nobody_speaks_through_a_group_by_taking_back_or_changing_the_same_thing_again_and_again(
    world: World,
) -> None:
    reader, eve = Host(world.fediverse, "r.test").actor("reader"), world.host.actor("eve")
    await forger.send(world.fediverse, world.a, reader, reader.does("Follow", world.bread.uri))
    note = eve.note("1", to=[world.bread.uri, PUBLIC])
    world.host.serve(note["id"], note)
    await forger.send(world.fediverse, world.a, eve, eve.does("Create", note, to=note["to"]))
    heard = reader.host.received

    async def passed_on(kind: str, *said: Json) -> int:
        before = len(heard)
        for each in said:
            await forger.post(world.a, each, eve)
        await world.fediverse.settle()
        return sum(isinstance(each["object"], dict) and each["object"]["type"] == kind for each in heard[before:])

    undone = [eve.does("Undo", eve.does("Like", world.post.uri)) for _ in range(limits.VOTES + 6)]
    changed = [
        eve.does("Update", note | {"content": f"<p>{at}</p>", "updated": f"2026-01-01T00:00:{at:02}Z"}, to=note["to"])
        for at in range(limits.EDITS + 6)
    ]
    assert await passed_on("Undo", *undone) == limits.VOTES
    assert await passed_on("Update", *changed) == limits.EDITS
    assert (await world.a.knows(note["id"])).content == f"<p>{limits.EDITS - 1}</p>"  # as all others read it
    await world.a.ban(world.bread, eve.uri)
    for app in world.a.apps:
        app.undo_limit = limits.ServerLimit(9, limits.WINDOW)
    assert await passed_on("Undo", eve.does("Undo", eve.does("Like", world.post.uri))) == 0


@pytest.mark.attack("GRP-11")
async def test_what_a_post_says_of_its_own_votes_counts_nothing(world: World) -> None:
    eve = world.host.actor("eve")
    many = {"type": "Collection", "totalItems": 9_999}
    note = eve.note("1", to=[world.bread.uri, PUBLIC], likes=many, shares=many, replies={**many, "id": f"{eve.uri}/r"})
    world.host.serve(note["id"], note)

    await forger.send(world.fediverse, world.a, eve, eve.does("Create", note))

    found = await world.a.knows(note["id"])
    assert (found.likes_count, found.boosts_count, found.replies_count) == (0, 1, 0)  # the boost is the group's


@pytest.mark.attack("GRP-04")
@pytest.mark.attack("GRP-12")
async def test_what_a_group_elsewhere_makes_of_our_announcements_is_not_announced_again(world: World) -> None:
    wine = Host(world.fediverse, "g.test").actor("wine", "Group")
    await forger.send(world.fediverse, world.a, wine, wine.does("Follow", world.bread.uri))
    await forger.followed(world.fediverse, await world.a.person("cy"), wine)  # else nobody would listen to it
    eve = world.host.actor("eve")
    note = eve.note("1", to=[world.bread.uri, PUBLIC])
    world.host.serve(note["id"], note)
    await forger.send(world.fediverse, world.a, eve, eve.does("Create", note, to=note["to"]))
    heard: list[Json] = [each for each in wine.host.received if each["type"] == "Announce"]
    assert heard

    altered = {**note, "content": "<p>Buy watches</p>", "updated": "2026-11-22T00:00:00Z"}
    echoes = [
        *(wine.does("Announce", each) for each in heard),
        *(wine.does("Announce", each["object"]) for each in heard),
        wine.does("Announce", note["id"]),
        wine.does("Announce", world.post.uri),
        wine.does("Announce", eve.does("Create", altered)),
        wine.does("Announce", eve.does("Update", altered)),
    ]
    await forger.send(world.fediverse, world.a, wine, *echoes)

    again = [each for each in wine.host.received if each["type"] == "Announce"]
    assert [each["id"] for each in again] == [each["id"] for each in heard]
    assert "watches" not in (await world.a.knows(note["id"])).content
