"""Threads that a group elsewhere has no more, because its server moved them into another one or into none."""

from typing import Any

import msgspec
import pytest

from storage.connect import rows
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, followed, send

pytestmark = pytest.mark.anyio
TOPIC = "https://theirs.test/topic/1"
PLACES = """
SELECT a.username, g.threads_count, (SELECT COUNT(*) FROM talk t WHERE t.group_id = g.id),
(SELECT COUNT(*) FROM talk t WHERE t.group_id = g.id AND t.people = 1 AND t.shared = 0),
(SELECT COUNT(*) FROM post p WHERE p.group_id = g.id)
FROM groups g JOIN actor a ON a.id = g.actor_id WHERE a.username <> 'secret' ORDER BY a.username"""


class Forum(msgspec.Struct):
    """Two groups of one server, both followed here, a thread with one answer in the first; eve is of another server."""

    fediverse: Fediverse
    ours: Instance
    anna: Person
    cats: Face
    dogs: Face
    bob: Face
    eve: Face
    thread: str

    async def says(self, by: Face, kind: str, **more: Any) -> None:
        """Somebody says that the thread is somewhere else."""
        await send(self.fediverse, self.ours, by, by.does(kind, TOPIC, **more))

    async def places(self) -> dict[str, tuple[int, ...]]:
        """Of each group: how many threads it says to have, lists, lists as its own with one who answered; posts."""
        with self.ours.here():
            return {name: tuple(counts) for name, *counts in await rows(PLACES)}

    async def moves(self, by: Face, origin: Face, target: str) -> dict[str, tuple[int, ...]]:
        """Somebody says that the thread went from a group to another; gives where it is then."""
        await self.says(by, "Move", origin=origin.uri, target=target)
        return await self.places()


@pytest.fixture
async def forum(fediverse: Fediverse) -> Forum:
    """anna follows the cats and the dogs; bob has begun a thread among the cats, and carl answered."""
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob, carl = await ours.person("anna"), theirs.actor("bob"), theirs.actor("carl")
    cats, dogs = theirs.actor("cats", "Group"), theirs.actor("dogs", "Group")
    for group in (cats, dogs):
        await followed(fediverse, anna, group)
    begun = bob.note(1, audience=cats.uri, context=TOPIC)
    answer = carl.note(2, audience=cats.uri, context=TOPIC, inReplyTo=begun["id"])
    for note in (begun, answer):
        theirs.serve(note["id"], note)
        await send(fediverse, ours, cats, cats.does("Announce", note["id"]))
    eve = Host(fediverse, "evil.test").actor("eve")
    made = Forum(fediverse, ours, anna, cats, dogs, bob, eve, begun["id"])
    assert await made.places() == {"cats": (1, 1, 1, 2), "dogs": (0, 0, 0, 0)}
    return made


async def test_a_thread_goes_with_its_answers_where_its_server_says(forum: Forum) -> None:
    there, gone = {"cats": (0, 0, 0, 0), "dogs": (1, 1, 1, 2)}, {"cats": (0, 0, 0, 0), "dogs": (0, 0, 0, 0)}
    assert await forum.moves(forum.bob, forum.cats, forum.dogs.uri) == there
    assert await forum.moves(forum.bob, forum.cats, forum.dogs.uri) == there  # again, when it is not there any more
    said = forum.dogs.note(3, audience=forum.dogs.uri, inReplyTo=forum.thread, attributedTo=forum.bob.uri)
    forum.bob.host.serve(said["id"], said)
    await send(forum.fediverse, forum.ours, forum.dogs, forum.dogs.does("Announce", said["id"]))
    assert (await forum.places())["dogs"][3] == 3, "it is the other group that takes answers in now"

    unknown = forum.bob.host.actor("birds", "Group")  # which was never asked for
    assert (await forum.moves(forum.bob, forum.dogs, unknown.uri))["birds"][:2] == (1, 1)
    assert await forum.moves(forum.bob, unknown, "https://theirs.test/c/none") == gone | {"birds": (0, 0, 0, 0)}
    assert (await forum.ours.knows(forum.thread)).deleted_at is None


async def test_a_thread_that_a_group_has_no_more_is_in_none(forum: Forum) -> None:
    await forum.says(forum.bob, "Remove", target=forum.cats.uri)

    assert await forum.places() == {"cats": (0, 0, 0, 0), "dogs": (0, 0, 0, 0)}
    assert (await forum.ours.knows(forum.thread)).group_id is None


async def test_nobody_else_says_where_a_thread_is(forum: Forum) -> None:
    """Only the server of the group from which it goes, and only into a group of the same server or one of ours."""
    before = await forum.places()
    elsewhere = forum.eve.host.actor("wolves", "Group")
    await followed(forum.fediverse, forum.anna, elsewhere)
    before |= {"wolves": (0, 0, 0, 0)}
    for by, origin, target in (
        (forum.eve, forum.cats, elsewhere.uri),
        (forum.eve, elsewhere, forum.dogs.uri),
        (forum.bob, forum.cats, elsewhere.uri),
        (forum.bob, forum.dogs, elsewhere.uri),
    ):
        assert await forum.moves(by, origin, target) == before
    await forum.says(forum.eve, "Remove", target=forum.cats.uri)
    assert await forum.places() == before


async def test_a_thread_comes_into_a_group_of_ours_only_by_who_may_bring_it(forum: Forum) -> None:
    ours = await forum.ours.group("rye", moderator=forum.anna)
    post = await forum.anna.post(f"Flour\n\n@rye@{forum.ours.host}")
    await forum.says(forum.bob, "Move", origin=ours.uri, target=forum.cats.uri)
    await send(
        forum.fediverse, forum.ours, forum.bob,
        forum.bob.does("Move", post.uri, origin=ours.uri, target=forum.cats.uri),
    )  # fmt: skip
    assert (await forum.places())["rye"][3] == 1, "from ours only our own take something away"

    assert (await forum.moves(forum.bob, forum.cats, ours.uri))["rye"][:2] == (1, 1), "bob is no member"
    await send(forum.fediverse, forum.ours, forum.bob, forum.bob.does("Follow", ours.uri))
    assert (await forum.ours.knows(forum.thread)).group_id is None
    again = forum.bob.note(4, audience=forum.dogs.uri, context="https://theirs.test/topic/4")
    forum.bob.host.serve(again["id"], again)
    await send(forum.fediverse, forum.ours, forum.dogs, forum.dogs.does("Announce", again["id"]))
    moved = forum.bob.does("Move", again["context"], origin=forum.dogs.uri, target=ours.uri)
    await send(forum.fediverse, forum.ours, forum.bob, moved)
    assert await forum.places() == {"cats": (0, 0, 0, 0), "dogs": (0, 0, 0, 0), "rye": (1, 2, 0, 1)}
