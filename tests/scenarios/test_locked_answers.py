"""Moderators lock an answer, as Lemmy and PieFed do: nobody but them answers anywhere below it."""

import pytest

from fedcomm import curation
from fedcomm.errors import NotAllowed
from tests.forger import PUBLIC, Json
from tests.scenarios.test_moderators import World, world

__all__ = ["world"]  # the fixture
pytestmark = pytest.mark.anyio


async def test_nobody_answers_below_an_answer_that_moderators_here_or_elsewhere_have_locked(world: World) -> None:
    fo, eve, mo = world.follower.actor("fo"), world.host.actor("eve"), world.mo
    top = await world.bo.reply(world.post, "One of them")
    deep = await world.bo.reply(top, "And another")
    beside = await world.bo.reply(world.post, "Elsewhere in the thread")
    await world.fediverse.settle()
    here: Json = {"cc": [world.bread.uri], "audience": world.bread.uri}
    lock = mo.does("Lock", top.uri, **here)

    async def answered(number: int, uri: str) -> bool:
        """Whether the group takes in what somebody elsewhere answers to a post."""
        note = fo.note(number, inReplyTo=uri, to=[PUBLIC, world.bread.uri], audience=world.bread.uri)
        await world.send(fo.does("Create", note), fo)
        found = await world.a.post(note["id"])
        return found is not None and found.group_id is not None

    forged = await world.send(eve.does("Lock", top.uri, **here), eve)
    assert forged == [] and not (await world.a.knows(top.uri)).locked and await answered(1, deep.uri)
    (told,) = await world.send(lock, mo)
    assert (told["type"], told["object"]["type"], told["object"]["object"]) == ("Announce", "Lock", top.uri)
    assert (await world.a.knows(top.uri)).locked and not (await world.now()).locked
    for number, post in enumerate((top, deep), 2):
        assert not await answered(number, post.uri)
        with pytest.raises(NotAllowed, match="below it"):
            await world.bo.reply(post, "Once more")
    assert await answered(4, beside.uri) and await world.bo.reply(beside, "Here it goes on")
    assert await world.ann.reply(deep, "Enough of this")
    await world.fediverse.settle()

    (told,) = await world.send(mo.does("Undo", lock, **here), mo)
    assert told["object"]["type"] == "Undo" and await answered(5, deep.uri) and await world.bo.reply(top, "Again")
    await world.fediverse.settle()
    heard = len(world.follower.received)
    with world.a.here():
        await curation.lock(world.a.app, world.ann.actor, top.id, "Enough")
    await world.fediverse.settle()
    (told,) = world.follower.received[heard:]
    assert (told["object"]["type"], told["object"]["object"]) == ("Lock", top.uri) and not await answered(6, deep.uri)


async def test_what_came_before_the_word_of_a_moderator_below_a_locked_answer_is_not_in_the_group(
    world: World,
) -> None:
    fo, mo = world.follower.actor("fo"), world.mo
    here: Json = {"cc": [world.bread.uri], "audience": world.bread.uri}
    group: Json = {"to": [PUBLIC, world.bread.uri], "audience": world.bread.uri}
    top = await world.bo.reply(world.post, "One of them")
    await world.fediverse.settle()
    await world.send(mo.does("Lock", top.uri, **here), mo)
    found = []
    for number, above in enumerate((top.uri, world.post.uri)):
        word = mo.note(f"word-{number}", inReplyTo=above, **group)
        early = fo.note(f"early-{number}", inReplyTo=word["id"], to=[PUBLIC, world.bread.uri, world.ann.actor.uri])
        await world.send(fo.does("Create", early, to=early["to"]), fo)
        await world.send(mo.does("Create", word), mo)
        found.append((await world.a.knows(word["id"]), await world.a.knows(early["id"])))

    (word, below), (_other, beside) = found
    assert below.parent_id == word.id and word.group_id == beside.group_id == world.post.group_id
    assert below.group_id is None
