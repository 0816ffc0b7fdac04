"""A server that delivers, peers whose answers a test decides, and a clock that a test moves."""

from collections.abc import AsyncIterator, Callable

import pytest

from fedcomm import actors
from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import use
from tests.fedcomm.outbox.peers import Delivering, Peers


@pytest.fixture
def peers() -> Peers:
    """All other servers."""
    return Peers()


@pytest.fixture
async def app(config: Config, peers: Peers) -> AsyncIterator[App]:
    """A server over an empty database whose deliveries go to `peers`; nothing is delivered yet."""
    opened = await App.open(config, transport=peers)
    try:
        with use(opened.db):
            await actors.service(opened)
            yield opened
    finally:
        await opened.close()


@pytest.fixture
async def server(app: App, peers: Peers, pass_time: Callable[[float], None]) -> AsyncIterator[Delivering]:
    """The same, delivering."""
    delivering = Delivering(app, peers, pass_time)
    await delivering.start()
    yield delivering
    await delivering.stop()
