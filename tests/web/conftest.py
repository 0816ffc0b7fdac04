"""A whole app without a network, and a client that speaks to it as programs and browsers do."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import web.app
from activitypub import keys
from fedcomm import passes
from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import use
from tests import build
from tests.web.client import Nowhere


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """The settings of the instance under test."""
    host = build.BASE.partition("://")[2]
    return Config(base_url=build.BASE, host=host, data_dir=tmp_path, database_url=database_url, rate_limits=False)


@pytest.fixture
async def app(config: Config) -> AsyncIterator[App]:
    """The app; its database is in use, so that tests can make rows."""
    opened = await App.open(config, transport=Nowhere())
    try:
        with use(opened.db):
            passes.begin(keys.make_ed25519())  # as each process of a server does when it starts
            yield opened
    finally:
        await opened.close()


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the web room of the app, without a token."""
    transport = httpx.ASGITransport(web.app.build(app))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as opened:
        yield opened
