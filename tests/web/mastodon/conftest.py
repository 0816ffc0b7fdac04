"""Two members with programs, and a group."""

import httpx
import pytest

from fedcomm import groups
from fedcomm.app import App
from storage.actors import Actor
from tests.people import person
from tests.web.mastodon.member import Member


@pytest.fixture
async def alice(app: App, client: httpx.AsyncClient) -> Member:
    """A member."""
    return await Member.of(client, await person(app, "alice"))


@pytest.fixture
async def bob(app: App, client: httpx.AsyncClient) -> Member:
    """Another member."""
    return await Member.of(client, await person(app, "bob"))


@pytest.fixture
async def gardening(app: App) -> Actor:
    """The face of an open group."""
    await groups.create(app, "gardening", "Gardening", "", None, "open")
    return (await groups.named("gardening"))[1]
