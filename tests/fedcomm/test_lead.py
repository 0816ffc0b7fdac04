"""Of several processes one leads; what it had in hand when it lost the lead, the next one settles, once."""

import asyncio

import asyncpg
import httpx
import pytest

from activitypub.errors import Unreachable
from fedcomm import accounts, actors
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.jobs import lead
from fedcomm.jobs.lead import Lead
from fedcomm.jobs.worker import Workers
from storage.connect import execute, row, use, value
from tests import build
from tests.fedcomm.test_workers import create, until

pytestmark = pytest.mark.anyio

OTHER = "UPDATE lease SET owner = 'another', until = until + 3600000 WHERE name = 'lead'"


@pytest.fixture
async def app(database_url: str, monkeypatch: pytest.MonkeyPatch) -> App:
    """A process whose peers never answer, and who looks at the lead all the time."""
    monkeypatch.setattr(lead, "RENEWAL", 0.02)

    async def silent(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise Unreachable("too late")

    config = Config(base_url="https://here.example", host="here.example", database_url=database_url)
    app = await App.open(config, transport=httpx.MockTransport(silent))
    with use(app.db):
        await actors.service(app)
    return app


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_one_of_two_leads_and_the_next_when_it_gives_the_lead_back(app: App, dialect: str) -> None:
    first, second = Lead(app), Lead(app)
    with use(app.db):
        keeping = [asyncio.create_task(one.keep()) for one in (first, second)]
        try:
            async with asyncio.timeout(10):
                await first.held.wait()
            await asyncio.sleep(0.1)
            assert second.lost.is_set()
            assert not second.held.is_set()

            keeping[0].cancel()
            await asyncio.wait(keeping[:1])
            await first.give_back()
            async with asyncio.timeout(10):
                await second.held.wait()
            assert first.lost.is_set()
        finally:
            for task in keeping:
                task.cancel()
    await app.close()


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_who_is_alone_leads_at_once_and_writes_nothing_for_it(app: App, dialect: str) -> None:
    alone = Lead(app)
    keeping = asyncio.create_task(alone.keep())
    async with asyncio.timeout(1):
        await alone.held.wait()
    keeping.cancel()
    with use(app.db):
        assert await row("SELECT * FROM lease WHERE name = 'lead'") is None
    await app.close()


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_who_cannot_renew_the_lead_in_time_does_not_lead_any_more(
    app: App, dialect: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead, "LEASE", 600)
    one = Lead(app)
    with use(app.db):
        keeping = asyncio.create_task(one.keep())
        other = await asyncpg.connect(database_url)
        try:
            async with asyncio.timeout(10):
                await one.held.wait()
                async with other.transaction():
                    await other.execute("LOCK TABLE lease")
                    await one.lost.wait()
                    assert not one.held.is_set()
                await one.held.wait()
                assert not one.lost.is_set()
        finally:
            await other.close()
            keeping.cancel()
    await app.close()


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_what_waits_for_a_peer_when_the_lead_is_lost_is_taken_up_by_who_leads_next(
    app: App, dialect: str
) -> None:
    workers = Workers(app)
    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        writer = await build.person("sam", "peer.example")
        workers.start()
        alice = "https://here.example/users/alice"
        stranger = "https://away.example/users/eve"
        await app.intake.take(stranger, *create(stranger, alice, 1))
        await until(lambda: _waits(workers))

        await execute(OTHER)
        await until(lambda: _waits_no_more(workers))
        await app.intake.take(writer.uri, *create(writer.uri, alice, 1))
        await asyncio.sleep(0.1)
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0") == 0
        assert await value("SELECT COUNT(*) FROM inbox_item WHERE state = 0") == 2

        await execute("DELETE FROM lease WHERE name = 'lead'")
        await until(lambda: _waits(workers))
        await until(_settled)
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0") == 1
    await workers.stop(1.0)
    await app.close()


async def _waits(workers: Workers) -> bool:
    return len(workers.uptake.inbox.waiting) == 1


async def _waits_no_more(workers: Workers) -> bool:
    return workers.lead.lost.is_set() and not workers.uptake.inbox.waiting


async def _settled() -> bool:
    return bool(await value("SELECT COUNT(*) FROM inbox_item WHERE state = 1"))
