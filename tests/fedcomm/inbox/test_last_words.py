"""An item that kills the process does so a few times only."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.inbox import ATTEMPTS, flag
from fedcomm.jobs.worker import Workers
from storage import inbox
from storage.connect import Database, Writes, apply, execute, rows, value
from storage.ids import next_id
from tests import build

pytestmark = pytest.mark.anyio

BOB = "https://theirs.test/users/bob"


class Killed(BaseException):
    """As if the process had been killed at this point."""


async def _nobody_answers(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody answers", request=request)


@pytest.fixture
async def app(database: Database, database_url: str) -> AsyncIterator[App]:
    """An instance that knows bob, who lives elsewhere, and a post of anna."""
    settings = Config(base_url=build.BASE, host="home.test", database_url=database_url, test_mode=True)
    opened = await App.open(settings, transport=httpx.MockTransport(_nobody_answers))
    anna = await build.person("anna")
    await build.post(anna)
    await build.follow(anna, await build.person("bob", "theirs.test"))
    yield opened
    await opened.close()


async def _left(kind: str, thing: str) -> None:
    """Something that an earlier process took in and did not get to."""
    item_id = next_id()
    body = {"id": f"https://theirs.test/{item_id}", "type": kind, "actor": BOB, "object": thing}
    writes = Writes()
    row = (item_id, item_id.to_bytes(16, "big"), BOB, msgspec.json.encode(body))
    writes.add_many(inbox.INSERT, [row])
    await apply(writes)


async def _live(app: App) -> bool:
    """One life of a process, until nothing is left or it is killed; whether it lived."""
    uptake = Workers(app).uptake
    await execute("UPDATE inbox_item SET next_at = NULL")  # as so much later that nobody holds it any more
    try:
        while items := await uptake._from_database(0):
            await uptake._carefully(items)
    except Killed:
        return False
    while uptake.inbox.waiting:
        await asyncio.wait(uptake.inbox.waiting)
    return True


@pytest.mark.attack("NET-38")
async def test_what_kills_the_process_is_set_aside_after_some_lives(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def kill(*_anything: object) -> None:
        raise Killed

    post = await value("SELECT uri FROM post")
    monkeypatch.setattr(flag, "write", kill)
    await _left("Flag", f"{build.BASE}/users/anna")
    await _left("Like", post)

    lives = 1
    while not await _live(app):
        lives += 1
        assert lives < 20

    assert lives == ATTEMPTS + 1
    assert await rows("SELECT state, error FROM inbox_item ORDER BY id") == [
        (inbox.PARKED, "it was begun too often without an end"),
        (inbox.DONE, ""),
    ]
    assert await value("SELECT likes_count FROM post") == 1


async def test_what_waits_for_a_peer_is_counted_once(app: App) -> None:
    await _left("Announce", "https://theirs.test/notes/1")

    assert await _live(app)

    assert await rows("SELECT attempts FROM inbox_item") == [(1,)]


async def test_what_no_life_ended_over_is_not_counted(app: App) -> None:
    post = await value("SELECT uri FROM post")
    await _left("Like", post)
    await _left("Arrive", post)

    assert await _live(app)

    assert await rows("SELECT state, attempts FROM inbox_item ORDER BY id") == [(inbox.DONE, 0), (inbox.REFUSED, 0)]
