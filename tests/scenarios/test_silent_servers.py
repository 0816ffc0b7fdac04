"""Servers that take a question and never answer: who makes us ask them waits alone, and takes little."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fedcomm import inbox
from fedcomm.inbox import line
from storage.connect import execute, rows
from tests.forger import Face, post
from tests.scenarios.neighbours import eventually
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

SILENT = "https://evil.test/silent"


@pytest.fixture
async def silence(town: Town) -> AsyncIterator[asyncio.Event]:
    """Whatever begins with SILENT is not answered before the event that is given."""
    known = town.evil._answer
    spoken = asyncio.Event()

    async def answer(request):  # type: ignore[no-untyped-def]
        if str(request.url).startswith(SILENT):
            await spoken.wait()
        return await known(request)

    town.fediverse.wire.hosts["evil.test"] = answer
    yield spoken
    spoken.set()


async def _asks(town: Town, by: Face, number: int) -> None:
    """Something that cannot be understood without asking the silent server."""
    said = by.does("Create", f"{SILENT}/{number}")
    assert (await post(town.ours, said, by)).status_code == 202


@pytest.mark.attack("NET-21")
async def test_who_makes_us_ask_a_silent_server_lets_others_have_their_turn(town: Town, silence: asyncio.Event) -> None:
    others = [town.evil.actor(f"mallory{number}") for number in range(3)]
    for number in range(2 * inbox.FETCHES):
        await _asks(town, others[number % 3], number)
    note = town.bob.note(7)
    town.theirs.serve(note["id"], note)

    await post(town.ours, town.bob.does("Create", note["id"]), town.bob)

    async def known() -> bool:
        return await town.ours.post(note["id"]) is not None

    await eventually(known, "bob's note is known")

    assert not silence.is_set()
    assert len([url for url in town.evil.asked if url.startswith(SILENT)]) == 0
    silence.set()
    await town.fediverse.settle()
    assert len({url for url in town.evil.asked if url.startswith(SILENT)}) == 2 * inbox.FETCHES


@pytest.mark.attack("NET-37")
@pytest.mark.parametrize("most", ["items", "bytes"])
async def test_no_more_items_wait_for_silent_servers_in_memory_than_have_room(
    town: Town, silence: asyncio.Event, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    await town.send(town.mallory, town.mallory.does("Like", "https://ours.test/posts/1"))
    monkeypatch.setattr(line, *(("MAX_HELD", 3) if most == "items" else ("MAX_BYTES", 600)))

    for number in range(8):
        await _asks(town, town.mallory, number)

    async def put_off() -> bool:
        return bool(await _put_off(town))

    await eventually(put_off, "something waits in the database")
    waiting = town.ours.waiting()
    silence.set()
    for _ in range(4):
        await town.fediverse.settle()
        await _now(town)

    assert 1 <= waiting <= 3
    asked = {url for url in town.evil.asked if url.startswith(SILENT)}
    assert len(asked) == 8  # late, but all of them were understood
    assert await _put_off(town) == []


@pytest.mark.attack("NET-11")
async def test_an_item_does_not_ask_for_ever(
    town: Town, silence: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "PATIENCE", 0.1)

    await _asks(town, town.mallory, 1)
    await town.fediverse.settle()

    (why,) = await _put_off(town)
    assert "too long" in why


async def _put_off(town: Town) -> list[str]:
    """Why items wait in the database."""
    with town.ours.here():
        return [found[0] for found in await rows("SELECT error FROM inbox_item WHERE state = 2 AND next_at IS NOT NULL"
                                                 " AND error <> ''")]  # fmt: skip


async def _now(town: Town) -> None:
    """Whatever is to be tried again later is tried now."""
    with town.ours.here():
        await execute("UPDATE inbox_item SET next_at = 0 WHERE state = 2")
    town.ours.overflow()
