"""Answers that name a group of ours and answer what its server has not seen: where they belong is found out first."""

from typing import Any

import pytest

from fedcomm import fetching
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test` with a thread by ann; mo and eve, who answer from two servers; one that follows the group."""

    def __init__(self, fediverse: Fediverse, a: Instance) -> None:
        self.fediverse, self.a = fediverse, a
        self.moes, self.eves, self.readers = (Host(fediverse, f"{name}.test") for name in ("m", "e", "f"))
        self.mo, self.eve = self.moes.actor("mo"), self.eves.actor("eve")
        self.ann: Person
        self.bread: str
        self.thread: Post

    async def answers(self, what: str, by: Face | None = None) -> Post | None:
        """Eve, or somebody else, answers a post and mentions the group, as Mastodon does; how it is known here."""
        by = by or self.eve
        tag = {"type": "Mention", "href": self.bread, "name": "@bread@a.test"}
        note = by.note("answer", inReplyTo=what, cc=[by.followers, self.bread], tag=[tag])
        await forger.send(self.fediverse, self.a, by, by.does("Create", note, cc=note["cc"]), inbox="/c/bread/inbox")
        return await self.a.post(note["id"])

    def unseen(self, **more: Any) -> Json:
        """What mo wrote and nobody sent here; his server serves it."""
        note = self.mo.note("unseen", **more)
        self.moes.serve(note["id"], note)
        return note

    def heard(self) -> list[Any]:
        """What the following server got from the group: kinds of activities, or ids."""
        said = [each["object"] for each in self.readers.received if each["actor"] == self.bread]
        return [each["type"] if isinstance(each, dict) else each for each in said]


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    a = await fediverse.instance("a.test")
    made = World(fediverse, a)
    made.ann = await a.person("ann")
    made.bread = (await a.group("bread", moderator=made.ann)).uri
    made.thread = await made.ann.post("Rye\n\nHow long? @bread")
    reader = made.readers.actor("fo")
    await forger.send(fediverse, a, reader, reader.does("Follow", made.bread))
    made.readers.received.clear()
    return made


async def test_an_answer_deep_in_a_thread_of_the_group_is_in_it_though_the_one_between_was_not_sent(
    world: World,
) -> None:
    between = world.unseen(inReplyTo=world.thread.uri)

    answer = await world.answers(between["id"])

    there = await world.a.knows(between["id"])
    assert answer is not None and (answer.parent_id, answer.thread_id) == (there.id, world.thread.id)
    assert answer.group_id == world.thread.group_id is not None
    assert world.heard() == ["Create"]


@pytest.mark.attack("ORI-23")
@pytest.mark.parametrize("first", ["what is answered", "the answer"])
async def test_an_answer_outside_of_the_group_is_not_in_it_whichever_comes_first(world: World, first: str) -> None:
    elsewhere = world.unseen(cc=[world.ann.actor.uri])
    create = world.mo.does("Create", elsewhere)

    if first == "what is answered":
        await forger.send(world.fediverse, world.a, world.mo, create)
    answer = await world.answers(elsewhere["id"])
    await forger.send(world.fediverse, world.a, world.mo, create)

    assert answer is None or answer.group_id is None
    assert (await world.a.knows(elsewhere["id"])).group_id is None
    assert world.heard() == []


@pytest.mark.parametrize("trouble", ["down", "gone", "for a few"])
async def test_an_answer_to_what_cannot_be_had_does_not_wait_for_it(world: World, trouble: str) -> None:
    unseen = world.unseen(inReplyTo=world.thread.uri)
    if trouble == "down":
        world.fediverse.wire.down.add("m.test")
    elif trouble == "gone":
        world.moes.gone(unseen["id"])
    else:
        world.unseen(inReplyTo=world.thread.uri, to=[world.mo.followers], cc=[])

    answer = await world.answers(unseen["id"])

    assert answer is not None and (answer.group_id is None) == (trouble == "for a few")
    assert world.heard() == ([] if trouble == "for a few" else ["Create"])


@pytest.mark.attack("GRP-01")
async def test_nobody_comes_into_the_group_by_answering_what_was_fetched_of_somebody_banned(world: World) -> None:
    between = world.unseen(inReplyTo=world.thread.uri)
    with world.a.here():
        await fetching.post(world.a.app, between["id"])
        face = await world.a.known("bread")
    await world.a.ban(face.actor, world.mo.uri)
    await world.fediverse.settle()
    world.readers.received.clear()

    answer = await world.answers(between["id"])

    assert answer is None or answer.group_id is None
    assert world.heard() == []


@pytest.mark.attack("GRP-01")
async def test_who_is_banned_makes_nobody_look_for_what_they_answer(world: World) -> None:
    unseen = world.unseen(inReplyTo=world.thread.uri)
    with world.a.here():
        face = await world.a.known("bread")
    await world.a.ban(face.actor, world.eve.uri)
    await world.fediverse.settle()
    world.readers.received.clear()

    answer = await world.answers(unseen["id"])

    assert answer is None or answer.group_id is None
    assert world.moes.asked == [] and world.heard() == []
