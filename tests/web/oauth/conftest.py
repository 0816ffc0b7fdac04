"""A member with a browser."""

import httpx
import pytest

from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.web.oauth.browser import Browser


@pytest.fixture
async def alice(app: App) -> Actor:
    """A member."""
    return await build.person("alice")


@pytest.fixture
async def browser(app: App, client: httpx.AsyncClient, alice: Actor) -> Browser:
    """The browser in which alice is signed in."""
    return await Browser(client).signed_in(app, "alice")
