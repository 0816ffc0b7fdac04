"""Stories of what waits for an answer in a group: answers from any server count, those of programs do not."""

from typing import Any

import pytest

from fedcomm import clock, curation, greeters, members, unanswered
from fedcomm.errors import Conflict
from storage import groups
from storage import unanswered as stored
from storage.actors import Actor
from storage.connect import rows, value
from storage.paging import Page
from storage.visible import ANYBODY
from tests.fediverse import Fediverse, Person
from tests.forger import Face
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


async def asked(town: Town, face: Actor, by: Face, slug: object, **more: Any) -> str:
    """Somebody elsewhere begins a thread in the group; its id."""
    note = by.note(slug, f"<p>Question {slug}</p>", cc=[by.followers, face.uri], **more)
    await town.send(by, by.does("Create", note))
    return str(note["id"])


async def answered(town: Town, by: Face, to: str, whom: Face, slug: object) -> str:
    """An answer as Mastodon writes it, which does not name the group; its id."""
    note = by.note(slug, "<p>Like this</p>", cc=[by.followers, whom.uri], inReplyTo=to)
    await town.send(by, by.does("Create", note))
    return str(note["id"])


async def waiting(town: Town) -> list[str]:
    """What waits in the group, by what it says."""
    with town.ours.here():
        found = await groups.here()
        queue = await stored.queue(ANYBODY, found[0].id, 0, 40)
        return [await value("SELECT content FROM post WHERE id = ?", (each.id,)) for each in queue]


async def told(town: Town, who: Person) -> list[tuple[int, str]]:
    """What somebody was told of, latest first: ids, and what the post says."""
    sql = (
        "SELECT n.id, p.content FROM notification n JOIN post p ON p.id = n.post_id WHERE n.owner_id = ?"
        " AND n.kind = 'status' ORDER BY n.id DESC"
    )
    with town.ours.here():
        return [(found[0], found[1]) for found in await rows(sql, (who.actor.id,))]


async def test_a_newcomers_thread_waits_until_a_person_of_any_server_answers(town: Town) -> None:
    face = await town.ours.group("rye", moderator=town.anna)
    robot = town.evil.actor("robot", "Service")
    thread = await asked(town, face, town.bob, "first")
    post = await town.here(thread)

    assert await waiting(town) == ["<p>Question first</p>"]
    ((first, said),) = await told(town, town.anna)
    assert said == "<p>Question first</p>"

    await answered(town, robot, thread, town.bob, "beep")
    await answered(town, town.bob, thread, town.bob, "and")
    assert await waiting(town) == ["<p>Question first</p>"]
    with town.ours.here():
        await greeters.remind(town.ours.app, post.id)
    ((again, _said),) = await told(town, town.anna)
    assert again > first

    answer = await answered(town, town.mallory, thread, town.bob, "answer")
    assert await waiting(town) == []
    with town.ours.here():
        await greeters.remind(town.ours.app, post.id)
    assert [each[0] for each in await told(town, town.anna)] == [again]

    there = await town.here(answer)
    with town.ours.here():
        await curation.remove(town.ours.app, town.anna.actor, there.id)
    assert await waiting(town) == ["<p>Question first</p>"]
    with town.ours.here():
        await curation.restore(town.ours.app, town.anna.actor, there.id)
        assert await waiting(town) == []
        await members.ban(town.ours.app, "rye", town.mallory.uri, town.anna.actor, remove=True)
    assert await waiting(town) == ["<p>Question first</p>"]
    with town.ours.here():
        await members.unban(town.ours.app, "rye", town.mallory.uri, town.anna.actor)
    assert await waiting(town) == []
    await town.send(town.mallory, town.mallory.does("Delete", answer))
    assert await waiting(town) == ["<p>Question first</p>"]
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM job WHERE name = 'remind_greeters'") == 1


async def test_greeters_are_told_of_the_first_thread_alone_and_newcomers_stand_first(town: Town) -> None:
    face = await town.ours.group("rye", moderator=town.anna)
    for number in range(5):
        await asked(town, face, town.eve, number, published=f"2026-11-2{number}T12:00:00Z")
    await asked(town, face, town.bob, "late", published="2026-11-26T12:00:00Z")
    robot = town.evil.actor("feed", "Application")
    await asked(town, face, robot, "feed")

    assert [said for _id, said in await told(town, town.anna)] == ["<p>Question late</p>", "<p>Question 0</p>"]
    assert await waiting(town) == [f"<p>Question {each}</p>" for each in (0, 1, 2, "late", 3, 4)]


async def test_answers_that_come_before_the_thread_count_when_it_comes(town: Town) -> None:
    face = await town.ours.group("rye", moderator=town.anna)
    early = town.mallory.note(
        "early", cc=[town.anna.actor.uri, town.bob.uri], inReplyTo=f"https://{town.theirs.name}/notes/late"
    )
    await town.send(town.mallory, town.mallory.does("Create", early))

    await asked(town, face, town.bob, "late")

    assert await waiting(town) == []


async def test_who_takes_a_thread_keeps_it_from_others_for_an_hour(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    greta, anna, bob = [await a.person(name) for name in ("greta", "anna", "bob")]
    face = await a.group("rye", moderator=greta)
    await fediverse.join(face, greta, anna, bob)
    post = await bob.post("How wet is it? @rye")
    with a.here():
        group = await groups.by_actor(face.id)
        assert group
        await unanswered.take(a.app, anna.actor, group, post.id)
        with pytest.raises(Conflict):
            await unanswered.take(a.app, greta.actor, group, post.id)
        await unanswered.take(a.app, anna.actor, group, post.id)
        await unanswered.give_back(a.app, greta.actor, group, post.id)
        (case,) = await stored.queue(ANYBODY, group.id, 0, 10)
        assert case.taken_by == anna.actor.id
        assert await stored.take(group.id, post.id, greta.actor.id, (case.taken_until or 0) + 1)
        await unanswered.give_back(a.app, greta.actor, group, post.id)
        (case,) = await stored.queue(ANYBODY, group.id, 0, 10)
        assert case.taken_by is None
    await anna.reply(post, "Very")
    with a.here():
        with pytest.raises(Conflict):
            await unanswered.take(a.app, greta.actor, group, post.id)
        assert [each.title for each in await unanswered.queues(a.app, greta.actor)] == ["Unanswered · Rye"]
        assert await unanswered.queues(a.app, anna.actor) == []


async def test_a_question_waits_from_an_hour_on_and_who_asked_is_told_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    greta = await town.ours.person("greta")
    face = await town.ours.group("rye", moderator=greta)
    await town.fediverse.join(face, town.anna)
    for number in range(3):
        await town.anna.post(f"Bread number {number} @rye")
    question = await town.anna.post("Why is it so wet? @rye")
    with town.ours.here():
        (queue,) = await unanswered.queues(town.ours.app, greta.actor)
        before = [each.post_id for each in (await stored.newest(greta.actor.id, queue.group.id, Page())).entries]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 3_700)
    with town.ours.here():
        after = [each.post_id for each in (await stored.newest(greta.actor.id, queue.group.id, Page())).entries]

    await answered(town, town.mallory, question.uri, town.bob, "wet")

    assert question.id not in before and after == [question.id, *before] and len(before) == 3
    with town.ours.here():
        left = [each.post_id for each in (await stored.newest(greta.actor.id, queue.group.id, Page())).entries]
        told = await rows("SELECT kind FROM notification WHERE owner_id = ?", (town.anna.actor.id,))
    assert left == before and told == [("mention",)]
