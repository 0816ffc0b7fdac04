"""Answers that came before what they answer: what a group of ours takes in of them then, and what it keeps out."""

import pytest

from fedcomm import curation, members, orphans
from storage import posts
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.posts import Post
from tests.forger import PUBLIC, Face, Json
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

THREAD = "https://theirs.test/notes/thread"


async def _group(town: Town) -> Actor:
    """A group of ours, which a reader's server follows."""
    face = await town.ours.group("bread", moderator=town.anna)
    reader = town.evil.actor("reader")
    await town.send(reader, reader.does("Follow", face.uri))
    return face


async def _answers(town: Town, who: Face, **more: object) -> Json:
    """An answer to a thread that is not there yet; it comes because it names anna."""
    note = who.note("early", inReplyTo=THREAD, cc=[town.anna.actor.uri, who.followers], **more)
    await town.send(who, who.does("Create", note, to=note["to"], cc=note["cc"]))
    return note


async def _begins(town: Town, face: Actor) -> Post:
    """The thread, which the group takes in."""
    note = town.bob.note("thread", to=[face.uri, PUBLIC])
    await town.send(town.bob, town.bob.does("Create", note, to=note["to"]))
    thread = await town.here(THREAD)
    assert thread.group_id is not None
    return thread


async def test_an_answer_that_came_early_is_in_the_group_with_its_thread(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)

    thread = await _begins(town, face)

    answer = await town.here(early["id"])
    assert (answer.parent_id, answer.thread_id, answer.group_id) == (thread.id, thread.id, thread.group_id)


@pytest.mark.attack("GRP-01")
async def test_who_is_banned_does_not_get_into_the_group_by_answering_before_there_is_a_thread(town: Town) -> None:
    face = await _group(town)
    await _answers(town, town.mallory)
    with town.ours.here():
        await members.ban(town.ours.app, "bread", town.mallory.uri, town.anna.actor)
    await town.fediverse.settle()

    thread = await _begins(town, face)

    answer = await town.here("https://evil.test/notes/early")
    assert (answer.parent_id, answer.group_id) == (thread.id, None)
    assert answer.uri not in (await town.ours.get(f"/posts/{thread.id}/context"))["orderedItems"]


@pytest.mark.attack("GRP-01")
async def test_nor_do_they_when_the_answer_is_tied_to_the_thread_later(town: Town) -> None:
    face = await _group(town)
    thread = await _begins(town, face)
    early = await _answers(town, town.mallory)
    with town.ours.here():
        posts.change(writes := Writes(), (await town.here(early["id"])).id, parent_id=None, group_id=None)
        writes.add("UPDATE post SET thread_id = id WHERE uri = ?", (early["id"],))
        await apply(writes)  # as two processes leave it that take both in at once
        await members.ban(town.ours.app, "bread", town.mallory.uri, town.anna.actor)

        await orphans.adopt(town.ours.app)

    answer = await town.here(early["id"])
    assert (answer.parent_id, answer.group_id) == (thread.id, None)


@pytest.mark.attack("GRP-15")
async def test_nobody_answers_in_a_locked_thread_by_answering_what_comes_after(town: Town) -> None:
    face = await _group(town)
    thread = await _begins(town, face)
    with town.ours.here():
        await curation.lock(town.ours.app, town.anna.actor, thread.id)
    early = town.mallory.note("early", inReplyTo="https://evil.test/notes/between", to=[face.uri, PUBLIC])
    await town.send(town.mallory, town.mallory.does("Create", early, to=early["to"]))
    assert (await town.here(early["id"])).group_id == thread.group_id  # it begins a thread, as far as anybody knows

    between = town.mallory.note("between", inReplyTo=THREAD, to=[face.uri, PUBLIC])
    await town.send(town.mallory, town.mallory.does("Create", between, to=between["to"]))

    assert [(await town.here(note["id"])).group_id for note in (early, between)] == [None, None]
    assert (await town.ours.get(f"/posts/{thread.id}/context"))["orderedItems"] == [THREAD]


@pytest.mark.attack("PRI-05")
@pytest.mark.attack("GRP-20")
async def test_an_answer_for_followers_never_gets_into_the_group_and_nor_does_what_is_said_to_it(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve, to=[])
    thread = await _begins(town, face)
    town.evil.received.clear()

    said = await town.anna.reply(await town.here(early["id"]), "Between us")
    await town.fediverse.settle()

    assert (await town.here(early["id"])).group_id is None
    assert said.group_id is None
    assert town.evil.received == []
    assert thread.group_id is not None


@pytest.mark.attack("PRI-05")
@pytest.mark.attack("GRP-20")
async def test_what_was_written_for_a_few_enters_no_group_when_it_is_sent_again_for_all(town: Town) -> None:
    face = await _group(town)
    note = town.eve.note("secret", to=[town.anna.actor.uri], cc=[])
    await town.send(town.eve, town.eve.does("Create", note, to=note["to"]))
    town.evil.received.clear()

    again = note | {"to": [PUBLIC, face.uri]}
    await town.send(town.eve, town.eve.does("Create", again, to=again["to"]))

    assert (await town.here(note["id"])).group_id is None
    assert town.evil.received == []


@pytest.mark.attack("PRI-05")
async def test_an_answer_to_what_is_not_for_everybody_is_in_no_group_even_if_that_is(town: Town) -> None:
    face = await _group(town)
    thread = await _begins(town, face)
    note = town.eve.note("secret", to=[town.anna.actor.uri], cc=[])
    await town.send(town.eve, town.eve.does("Create", note, to=note["to"]))
    with town.ours.here():
        posts.change(writes := Writes(), (await town.here(note["id"])).id, group_id=thread.group_id)
        await apply(writes)
    town.evil.received.clear()

    said = await town.anna.reply(await town.here(note["id"]), "Between us")
    await town.fediverse.settle()

    assert (said.group_id, said.visibility) == (None, posts.DIRECT)
    assert town.evil.received == []
