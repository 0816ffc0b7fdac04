"""What people elsewhere do to people here: follow, block, boost, vote, and take it back in any of the known ways."""

from typing import Any

import pytest

from fedcomm import domain_blocks
from storage.connect import rows, value
from storage.posts import Post
from tests.fediverse import Person
from tests.forger import Face, followed, get
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

WAYS = ("whole", "by id", "without what it was about")


def _undo(face: Face, done: dict[str, Any], way: str) -> dict[str, Any]:
    if way == "by id":
        return face.does("Undo", done["id"])
    if way == "whole":
        return face.does("Undo", done)
    return face.does("Undo", {"id": done["id"], "type": done["type"], "actor": face.uri})


async def _follows(town: Town) -> list[tuple[str, str, str]]:
    sql = (
        "SELECT a.username, t.username, f.state FROM follow f JOIN actor a ON a.id = f.follower_id"
        " JOIN actor t ON t.id = f.target_id ORDER BY a.username"
    )
    with town.ours.here():
        return await rows(sql)


@pytest.mark.parametrize("way", WAYS[:2])
async def test_who_follows_is_let_in_and_can_leave(town: Town, way: str) -> None:
    follow = town.bob.does("Follow", town.anna.actor.uri)
    await town.send(town.bob, follow)
    answered = town.theirs.received[-1]
    began = await _follows(town)

    await town.send(town.bob, _undo(town.bob, follow, way))

    assert (answered["type"], answered["object"]["id"]) == ("Accept", follow["id"])
    assert began == [("bob", "anna", "accepted")]
    assert await _follows(town) == []
    with town.ours.here():
        assert await value("SELECT followers_count FROM actor WHERE id = ?", (town.anna.actor.id,)) == 0


async def test_who_asks_twice_is_answered_twice_and_follows_once(town: Town) -> None:
    for _time in range(2):
        await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))

    assert [thing["type"] for thing in town.theirs.received] == ["Accept", "Accept"]
    assert await _follows(town) == [("bob", "anna", "accepted")]


async def test_a_rejection_ends_what_was_granted_before(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.bob)
    asked = next(thing for thing in town.theirs.received if thing["type"] == "Follow")

    await town.send(town.bob, town.bob.does("Reject", asked))

    assert await _follows(town) == []


async def test_who_blocks_a_whole_server_has_nothing_to_do_with_anybody_there(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.bob)
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))
    assert len(await _follows(town)) == 2
    before = len(town.theirs.received)

    with town.ours.here():
        await domain_blocks.block(town.ours.app, town.anna.actor, town.theirs.name)
    await town.fediverse.settle()
    told = town.theirs.received[before:]
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))

    assert sorted(thing["type"] for thing in told) == ["Reject", "Undo"]
    assert {thing["object"]["type"] for thing in told} == {"Follow"}
    assert town.theirs.received[-1]["type"] == "Reject" and await _follows(town) == []


async def test_a_follow_from_a_server_is_answered_again_once_the_block_is_lifted(town: Town) -> None:
    with town.ours.here():
        await domain_blocks.block(town.ours.app, town.anna.actor, town.theirs.name)
        await domain_blocks.unblock(town.ours.app, town.anna.actor, town.theirs.name)

    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))

    assert town.theirs.received[-1]["type"] == "Accept" and len(await _follows(town)) == 1


async def test_a_block_ends_following_both_ways_and_hides_each_from_the_other(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.bob)
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))
    await town.written()
    mine = await town.anna.post("By anna")
    path = mine.uri.removeprefix("https://ours.test")
    block = town.bob.does("Block", town.anna.actor.uri, to=[town.anna.actor.uri])

    await town.send(town.bob, block)
    blocked = await get(town.ours, path, town.bob)
    ended, home = await _follows(town), await town.anna.home()
    await town.send(town.bob, town.bob.does("Undo", block))

    assert (ended, [post for post in home if post.author_id != town.anna.actor.id]) == ([], [])
    assert blocked.status_code == 404
    assert (await get(town.ours, path, town.bob)).status_code == 200


async def test_who_is_blocked_does_not_get_in_again(town: Town) -> None:
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))
    mine = await town.anna.post("By anna")
    await town.anna.block(town.bob.uri)
    await town.fediverse.settle()

    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri), town.bob.does("Like", mine.uri))
    await town.send(town.bob, town.bob.does("Create", town.bob.note(1, inReplyTo=mine.uri, cc=[town.anna.actor.uri])))

    assert await _follows(town) == []
    assert town.theirs.received[-1]["type"] == "Reject"
    assert (await town.ours.knows(mine.uri)).likes_count == 0
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM notification WHERE kind <> 'follow'") == 0


@pytest.mark.parametrize("way", WAYS)
async def test_a_boost_is_shown_to_followers_and_told_to_the_author_until_it_is_taken_back(
    town: Town, way: str
) -> None:
    bert: Person = await town.ours.person("bert")
    await followed(town.fediverse, bert, town.bob)
    mine = await town.anna.post("By anna")
    boost = town.bob.does("Announce", mine.uri, cc=[town.bob.followers])

    await town.send(town.bob, boost, town.bob.does("Announce", mine.uri))
    shown = await bert.home()
    with town.ours.here():
        told = await rows("SELECT kind FROM notification WHERE owner_id = ?", (town.anna.actor.id,))
    counted = (await town.ours.knows(mine.uri)).boosts_count
    await town.send(town.bob, _undo(town.bob, boost, way))

    assert ([post.uri for post in shown], told, counted) == ([mine.uri], [("reblog",)], 1)
    assert await bert.home() == []
    assert (await town.ours.knows(mine.uri)).boosts_count == 0


@pytest.mark.parametrize("way", WAYS[:2])
@pytest.mark.parametrize("kind", ["Like", "Dislike", "EmojiReact"])
async def test_a_vote_counts_until_it_is_taken_back(town: Town, kind: str, way: str) -> None:
    mine = await town.anna.post("By anna")
    vote = town.bob.does(kind, mine.uri, content="🍐")

    def counts(post: Post) -> int:
        return post.dislikes_count if kind == "Dislike" else post.likes_count

    await town.send(town.bob, vote)
    counted = counts(await town.ours.knows(mine.uri))
    await town.send(town.bob, _undo(town.bob, vote, way))

    assert counted == 1
    assert counts(await town.ours.knows(mine.uri)) == 0


async def test_a_boost_of_what_nobody_here_has_is_fetched_with_what_it_answers(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.bob)
    first, second = town.mallory.note(1), town.mallory.note(2, inReplyTo="https://evil.test/notes/1")
    for note in (first, second):
        town.evil.serve(note["id"], note)

    await town.send(town.bob, town.bob.does("Announce", second["id"]))

    there = await town.here(second["id"])
    assert there.parent_id == (await town.here(first["id"])).id
    assert [post.uri for post in await town.anna.home()] == [second["id"]]
