"""A fediverse for each story, and real servers beside those of other programs."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.fediverse import Fediverse
from tests.scenarios import forums, stories
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


@pytest.fixture(scope="package", params=list(forums.PROGRAMS))
async def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    anyio_backend: str,
) -> AsyncIterator[forums.World]:
    """Two fedcomm servers and one of Lemmy or PieFed; the same for several files, since they take seconds to start."""
    async with forums.opened(request.param, tmp_path_factory.mktemp(request.param), databases) as made:
        yield made


@pytest.fixture(scope="package")
async def street(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[stories.Street]:
    """Two fedcomm servers, beside which a story puts a server of its program; the same for several files."""
    async with stories.opened(tmp_path_factory.mktemp("street"), databases) as made:
        yield made
