"""Answers that came before what they answer: what a group of ours takes in of them then, and what it keeps out."""

import pytest

from fedcomm import clock, curation, fetching, members, orphans
from fedcomm.jobs import nightly
from storage import jobs, posts
from storage.actors import Actor
from storage.connect import Writes, apply, rows
from storage.ids import next_id
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


def _heard(town: Town, face: Actor) -> list[str]:
    """What the reader's server, of which nothing is known, heard of posts in the group: their ids, in brackets when
    they came with their Create."""
    said = [each["object"] for each in town.evil.received if each["actor"] == face.uri and each["type"] == "Announce"]
    said = [each for each in said if isinstance(each, str) or each["type"] == "Create"]
    return [f"({each['object']['id']})" if isinstance(each, dict) else each for each in said]


async def _kept(town: Town) -> int:
    """How many activities that had their effect can still be read."""
    with town.ours.here():
        return (await rows("SELECT COUNT(*) FROM inbox_item WHERE state = 1 AND body IS NOT NULL"))[0][0]


async def _missed(town: Town, face: Actor, early: Json) -> Post:
    """The thread and its answer as two processes leave them that take both in at once."""
    with town.ours.here():
        await apply(_of(early["id"], "parent_uri = 'nothing'"))
    thread = await _begins(town, face)
    with town.ours.here():
        await apply(_of(early["id"], f"parent_uri = '{THREAD}'"))
    return thread


def _of(uri: str, change: str) -> Writes:
    writes = Writes()
    writes.add(f"UPDATE post SET {change} WHERE uri = ?", (uri,))
    return writes


async def _again(town: Town) -> None:
    """The answers in all threads are looked through once more."""
    with town.ours.here():
        writes = Writes()
        jobs.add(writes, next_id(), "announce_early", {"thread": (await town.here(THREAD)).id}, 0)
        writes.after(town.ours.app.wake_jobs.set)
        await apply(writes)
    await town.fediverse.settle()


def _inner(announce: Json) -> object:
    """The post that came with its Create."""
    said = announce["object"]
    return said.get("object") if isinstance(said, dict) else None


async def test_an_answer_that_came_early_is_in_the_group_with_its_thread(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)

    thread = await _begins(town, face)

    answer = await town.here(early["id"])
    assert (answer.parent_id, answer.thread_id, answer.group_id) == (thread.id, thread.id, thread.group_id)


async def test_who_follows_the_group_gets_an_early_answer_after_its_thread_as_it_came(town: Town) -> None:
    face = await _group(town)
    note = town.eve.note("early", inReplyTo=THREAD, cc=[town.anna.actor.uri], tag=[], **{"ext:mood": "glad"})
    create = town.eve.does("Create", note, to=note["to"], cc=note["cc"])
    await town.send(town.eve, create)
    assert await _kept(town) == 1

    await _begins(town, face)

    assert _heard(town, face) == [THREAD, f"({note['id']})"]
    (passed_on,) = [each["object"] for each in town.evil.received if note == _inner(each)]
    assert passed_on == {name: value for name, value in create.items() if name != "@context"}
    assert await _kept(town) == 0


async def test_answers_in_a_thread_that_came_from_its_end_are_passed_on_from_its_beginning(town: Town) -> None:
    face = await _group(town)
    uris = [f"https://theirs.test/notes/{number}" for number in range(3)]
    for number in (2, 1, 0):
        above = uris[number - 1] if number else THREAD
        note = town.eve.note(number, inReplyTo=above, cc=[town.anna.actor.uri])
        await town.send(town.eve, town.eve.does("Create", note, cc=note["cc"]))
    said = await town.anna.reply(await town.here(uris[2]), "So late?")
    await town.fediverse.settle()

    await _begins(town, face)

    assert _heard(town, face) == [THREAD, *(f"({uri})" for uri in (*uris, said.uri))]


async def test_what_the_group_announced_as_a_thread_of_its_own_is_not_announced_again_as_an_answer(town: Town) -> None:
    face = await _group(town)
    early = town.eve.note("early", inReplyTo=THREAD, to=[face.uri, PUBLIC])
    await town.send(town.eve, town.eve.does("Create", early, to=early["to"]))
    assert _heard(town, face) == [f"({early['id']})"]

    await _begins(town, face)
    for _time in range(2):
        await _again(town)

    assert _heard(town, face) == [f"({early['id']})", THREAD]


async def test_an_answer_that_came_into_the_group_by_a_second_create_is_announced_once(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)
    named = early | {"to": [PUBLIC, face.uri]}
    await town.send(town.eve, town.eve.does("Create", named, "second", to=named["to"]))

    await _begins(town, face)

    assert sorted(_heard(town, face)) == sorted([f"({early['id']})", THREAD])


async def test_an_answer_that_is_tied_to_its_thread_later_is_announced_once_however_often_it_is_looked_for(
    town: Town,
) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)
    await _missed(town, face, early)

    for _time in range(2):
        with town.ours.here():
            await orphans.adopt(town.ours.app)
        await town.fediverse.settle()
        await _again(town)

    assert _heard(town, face) == [THREAD, f"({early['id']})"]


@pytest.mark.parametrize("why", ["edited", "a week ago"])
async def test_of_an_early_answer_that_reads_otherwise_by_now_the_group_announces_the_id(
    town: Town, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)
    create = (await town.here(early["id"])).create_uri
    if why == "edited":
        edit = early | {"content": "<p>Better</p>", "updated": "2026-11-21T12:05:00Z"}
        await town.send(town.eve, town.eve.does("Update", edit))
    else:
        later = clock.now() + 8 * 86_400
        monkeypatch.setattr(clock, "now", lambda: later)
        with town.ours.here():
            await nightly.run(town.ours.app)
        assert await _kept(town) == 0

    await _begins(town, face)

    assert _heard(town, face) == [THREAD, create]


async def test_an_early_answer_that_was_taken_back_is_not_announced(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.eve)
    await town.send(town.eve, town.eve.does("Delete", early["id"]))

    await _begins(town, face)

    assert _heard(town, face) == [THREAD]


async def test_what_was_fetched_before_its_thread_came_is_in_no_group_until_its_author_brings_it(town: Town) -> None:
    face = await _group(town)
    early = town.eve.note("early", inReplyTo=THREAD)
    town.theirs.serve(early["id"], early)
    with town.ours.here():
        await fetching.post(town.ours.app, early["id"])

    thread = await _begins(town, face)
    fetched = await town.here(early["id"])
    await town.send(town.eve, town.eve.does("Create", early))

    assert (fetched.parent_id, fetched.group_id) == (thread.id, None)
    assert (await town.here(early["id"])).group_id == thread.group_id
    assert _heard(town, face) == [THREAD, f"({early['id']})"]


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
    assert f"({answer.uri})" not in _heard(town, face)
    assert answer.uri not in (await town.ours.get(f"/posts/{thread.id}/context"))["orderedItems"]


@pytest.mark.attack("GRP-01")
async def test_nor_do_they_when_the_answer_is_tied_to_the_thread_later(town: Town) -> None:
    face = await _group(town)
    early = await _answers(town, town.mallory)
    thread = await _missed(town, face, early)
    with town.ours.here():
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
