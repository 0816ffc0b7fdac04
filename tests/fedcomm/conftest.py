"""A server without its web side, for tests of the services: `app`, and `clock` to let time pass."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from activitypub.errors import Unreachable
from fedcomm import actors
from fedcomm import clock as fedcomm_clock
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.jobs import worker
from storage.connect import use
from tests.fedcomm.several import Another, Answer


async def _nobody_answers(request: httpx.Request) -> httpx.Response:
    raise Unreachable(f"there is no other server in this test: {request.url}")


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """The settings of `app`."""
    return Config(base_url="https://here.example", host="here.example", database_url=database_url, data_dir=tmp_path)


@pytest.fixture
async def app(config: Config) -> AsyncIterator[App]:
    """A server with an empty database, once on SQLite and once on PostgreSQL."""
    opened = await App.open(config, transport=httpx.MockTransport(_nobody_answers))
    try:
        with use(opened.db):
            yield opened
    finally:
        await opened.close()


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`pass_time(seconds)`: so much later it is from then on, for the whole process."""
    ahead = [0.0]
    real = fedcomm_clock.now
    monkeypatch.setattr(fedcomm_clock, "now", lambda: real() + ahead[0])

    def wait(seconds: float) -> None:
        ahead[0] += seconds

    return wait


@pytest.fixture
async def another(database_url: str, anyio_backend: str) -> AsyncIterator[Another]:
    """`await another()`: one more process on the database, working (all in this one, with nothing in common)."""
    opened: list[tuple[App, worker.Workers]] = []

    async def begin(answer: Answer = _nobody_answers) -> App:
        config = Config(base_url="https://here.example", host="here.example", database_url=database_url)
        app = await App.open(config, transport=httpx.MockTransport(answer))
        app.db.ids.hold(len(opened) + 1, 3600 + asyncio.get_running_loop().time())
        with use(app.db):
            await actors.service(app)
            opened.append((app, worker.start(app)))
        return app

    yield begin
    for app, workers in opened:
        await workers.stop(2.0)
        await app.close()
