"""A fediverse for each story."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.fediverse import Fediverse
from tests.scenarios.town import Town


@pytest.fixture
async def fediverse(databases: Databases, dialect: str, anyio_backend: str) -> AsyncIterator[Fediverse]:
    """No instance yet; `await fediverse.instance("a.test")` makes one."""
    world = Fediverse(databases, dialect)
    yield world
    await world.close()


@pytest.fixture
async def town(fediverse: Fediverse) -> Town:
    """An instance with anna, and three people elsewhere."""
    ours = await fediverse.instance("ours.test")
    return Town(fediverse, ours, await ours.person("anna"))
