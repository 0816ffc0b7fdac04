"""Floods and poison in the inbox: they cost little, and stop nobody else."""

import asyncio
from typing import Any

import pytest

from fedcomm import inbox, queue, recording
from fedcomm.inbox import flag
from storage import actors
from storage.connect import execute, rows, value
from tests.fediverse import Instance
from tests.forger import Face, post
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.mark.attack("NET-22")
async def test_a_flood_of_deletions_of_what_nobody_knows_asks_nobody_and_leaves_little(town: Town) -> None:
    await town.send(town.eve, town.eve.does("Like", "https://ours.test/posts/1"))
    asked = len(town.theirs.asked)

    for number in range(100):
        unknown = {"id": f"https://theirs.test/notes/{number}", "type": "Tombstone"}
        assert (await post(town.ours, town.eve.does("Delete", unknown), town.eve)).status_code == 202
    strangers = [Face(town.evil, f"stranger{number}", "Person", town.mallory.key) for number in range(30)]
    for face in strangers:
        assert (await post(town.ours, face.does("Delete", face.uri), face)).status_code == 202
    await town.fediverse.settle()

    assert len(town.theirs.asked) == asked
    assert len(town.evil.asked) <= len(strangers)  # each key once, and it is not there
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM actor WHERE host = 'evil.test'") == 0
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0") == 0
        assert await value("SELECT COUNT(*) FROM inbox_item WHERE body IS NOT NULL") == 0
        assert await value("SELECT COUNT(*) FROM tombstone WHERE kind = 'post'") == 0


@pytest.mark.attack("NET-38")
async def test_an_item_that_always_fails_is_set_aside_and_stops_nothing(town: Town) -> None:
    await town.written()
    with town.ours.here():
        await execute("ALTER TABLE report RENAME TO report_away")
    try:
        poison = town.bob.does("Flag", [town.anna.actor.uri], content="Poison")
        assert (await post(town.ours, poison, town.bob)).status_code == 202
        for _attempt in range(4):
            await town.fediverse.settle()
            await _now(town.ours)
        await town.send(town.eve, town.eve.does("Like", "https://theirs.test/notes/1"))
    finally:
        with town.ours.here():
            await execute("ALTER TABLE report_away RENAME TO report")

    with town.ours.here():
        parked = await rows("SELECT state, error FROM inbox_item WHERE state = 3")
    assert (await town.here()).likes_count == 1
    assert len(parked) == 1
    assert "report" in parked[0][1]
    assert (await _queue(town.ours))["inbox_parked"] == 1


async def _now(instance: Instance) -> None:
    """Whatever is to be tried again later is tried now."""
    with instance.here():
        await execute("UPDATE inbox_item SET next_at = 0 WHERE state = 2")
    instance.overflow()


async def _queue(instance: Instance) -> dict[str, Any]:
    with instance.here():
        return await queue.state(instance.app)


@pytest.mark.attack("NET-38")
async def test_an_item_that_hangs_is_set_aside_and_the_next_have_their_turn(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.written()
    hanging = asyncio.Event()
    monkeypatch.setattr(inbox, "SECONDS", 0.05)
    monkeypatch.setattr(flag, "write", lambda _writes: hanging.wait())

    for _attempt in range(4):
        await post(town.ours, town.bob.does("Flag", [town.anna.actor.uri], name="hanging"), town.bob)
        await town.fediverse.settle()
        await _now(town.ours)
    await town.send(town.eve, town.eve.does("Like", "https://theirs.test/notes/1"))

    assert (await town.here()).likes_count == 1
    assert (await _queue(town.ours))["inbox_parked"] == 1


@pytest.mark.attack("GRP-16", "GRP-23")
async def test_a_flood_of_reports_ends_and_leaves_room_for_those_of_others(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flag, "MAX_A_DAY", 5)
    await town.ours.group("club", moderator=await town.ours.person("moritz"))
    thread = await town.anna.post("A question @club@ours.test")

    for number in range(8):
        by = (town.bob, town.eve)[number % 2]
        await town.send(by, by.does("Flag", [town.anna.actor.uri, thread.uri], content=f"{number}"))
    forged = await post(town.ours, town.bob.does("Flag", [town.anna.actor.uri]), town.mallory)
    asked = [*town.theirs.asked]
    for unknown in ("https://ours.test/posts/404", "https://theirs.test/notes/404", "https://ours.test/users/nobody"):
        await town.send(town.mallory, town.mallory.does("Flag", [unknown], content="It is not there"))
    await town.send(town.mallory, town.mallory.does("Flag", [town.anna.actor.uri], content="Mine"))

    assert town.theirs.asked == asked
    assert forged.status_code == 401
    with town.ours.here():
        counts = await rows(
            "SELECT a.host, COUNT(*) FROM report r JOIN actor a ON a.id = r.reporter_id GROUP BY a.host"
        )
        anna = await actors.by_id(town.anna.actor.id)
        ban = await rows("SELECT 1 FROM register WHERE property = 'ban'")
    assert dict(counts) == {"theirs.test": 5, "evil.test": 1}
    now = await town.ours.knows(thread.uri)  # nobody is taken out because many say so
    assert (now.removed_at, now.deleted_at, anna and anna.limited_at, anna and anna.gone, ban) == (
        None,
        None,
        None,
        False,
        [],
    )


@pytest.mark.attack("GRP-01")
async def test_who_is_banned_from_a_group_reports_nothing_of_it(town: Town) -> None:
    club = await town.ours.group("club", moderator=town.anna)
    thread = await town.anna.post("A question @club@ours.test")
    await town.ours.ban(club, town.bob.uri)

    for by in (town.bob, town.eve):
        await town.send(by, by.does("Flag", [thread.uri], content="Bad"))

    with town.ours.here():
        found = await rows("SELECT a.uri FROM report r JOIN actor a ON a.id = r.reporter_id")
    assert found == [(town.eve.uri,)]


@pytest.mark.attack("NET-16")
async def test_a_post_that_names_thousands_asks_nobody_and_tells_a_few(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MAX_TOLD", 3)
    members = [town.anna, *[await town.ours.person(f"anna{number}") for number in range(5)]]
    strangers = [f"https://evil.test/users/{number}" for number in range(4_000)]
    named = [*(member.actor.uri for member in members), *strangers]
    note = town.mallory.note(
        1,
        tag=[{"type": "Mention", "href": uri, "name": "@you"} for uri in named],
        to=["https://www.w3.org/ns/activitystreams#Public", *named, *(f"{uri}/again" for uri in strangers)],
    )
    await town.send(town.mallory, town.mallory.does("Like", "https://ours.test/posts/1"))
    asked = len(town.evil.asked)

    await town.send(town.mallory, town.mallory.does("Create", note))

    there = await town.here(note["id"])
    assert len(town.evil.asked) == asked
    with town.ours.here():
        told = await rows("SELECT owner_id FROM notification WHERE kind = 'mention' AND post_id = ?", (there.id,))
        mentions = await value("SELECT COUNT(*) FROM mention WHERE post_id = ?", (there.id,))
    assert len(told) == 3 and mentions <= len(members)
