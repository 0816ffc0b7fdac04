"""A fediverse for each story."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.fediverse import Fediverse


@pytest.fixture
async def fediverse(databases: Databases, dialect: str, anyio_backend: str) -> AsyncIterator[Fediverse]:
    """No instance yet; `await fediverse.instance("a.test")` makes one."""
    world = Fediverse(databases, dialect)
    yield world
    await world.close()
