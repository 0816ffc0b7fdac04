"""Two members with programs, and a group."""

import httpx
import pytest

import storage.actors
from fedcomm import accounts, groups
from fedcomm.app import App
from storage.actors import Actor
from tests.web.mastodon.member import Member


@pytest.fixture
async def alice(app: App, client: httpx.AsyncClient) -> Member:
    """A member."""
    return await Member.of(client, await _person(app, "alice"))


@pytest.fixture
async def bob(app: App, client: httpx.AsyncClient) -> Member:
    """Another member."""
    return await Member.of(client, await _person(app, "bob"))


@pytest.fixture
async def gardening(app: App) -> Actor:
    """The face of an open group."""
    await groups.create(app, "gardening", "Gardening", "", None, "open")
    return (await groups.named("gardening"))[1]


async def _person(app: App, name: str) -> Actor:
    """Somebody who can write: with the keys that prove what they publish."""
    account = await accounts.create(app, name, "correct horse battery")
    actor = await storage.actors.by_id(account.actor_id)
    assert actor is not None
    return actor
