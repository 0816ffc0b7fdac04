"""People in front of browsers: a stranger, members, an admin."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec
import pytest

import storage.accounts
import storage.actors
import web.app
from fedcomm import sessions
from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.web.pages.browser import Browser, client_of

Enter = Callable[[Actor], Awaitable[Browser]]


@pytest.fixture
async def browsers(app: App) -> AsyncIterator[Callable[[], Browser]]:
    """Makes browsers; none knows of another."""
    transport = httpx.ASGITransport(web.app.build(app))
    opened: list[httpx.AsyncClient] = []

    def new() -> Browser:
        opened.append(client_of(transport))
        return Browser(opened[-1])

    yield new
    for client in opened:
        await client.aclose()


@pytest.fixture
def stranger(browsers: Callable[[], Browser]) -> Browser:
    """Somebody who is not signed in."""
    return browsers()


@pytest.fixture
def enter(app: App, browsers: Callable[[], Browser]) -> Enter:
    """`await enter(actor)`: a browser in which they are signed in."""

    async def signed_in(actor: Actor) -> Browser:
        account = await storage.accounts.by_name(actor.username)
        assert account
        browser = browsers()
        browser.remember("__Host-session", await sessions.open(app, account.id, "a test"))
        return browser

    return signed_in


@pytest.fixture
def limited(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may try things too often."""
    monkeypatch.setattr(app, "config", msgspec.structs.replace(app.config, rate_limits=True))


@pytest.fixture
async def alice(app: App) -> Actor:
    """A member."""
    return await build.person("alice")


@pytest.fixture
async def admin(app: App, enter: Enter) -> Browser:
    """The browser of an admin."""
    return await enter(await build.person("ada", role="admin"))
