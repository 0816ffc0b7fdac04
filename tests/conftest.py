"""What every test can ask for: the event loop and databases of its own; and the count of what was skipped."""

import gc
from collections.abc import AsyncIterator, Iterator
from itertools import cycle

import pytest
from argon2 import PasswordHasher

from activitypub import keys
from activitypub.keys import PrivateKey
from fedcomm import actors, passwords
from storage import sqlite_engine
from storage.connect import Database, use
from tests.corpus import ABSENT
from tests.databases import Databases

POOL = 32


gc.disable()  # until all is collected: nothing of that goes, and to look through it again and again takes seconds


def pytest_collection_finish() -> None:
    """Look for garbage from now on, and only in what the tests leave."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def keys_from_a_pool() -> Iterator[None]:
    """Actors of ours that a test makes in its own process take turns with real RSA keys: a new one takes 50 ms.

    There are far more than a test has actors. Forgers and peers make their own.
    """
    turns, made = cycle(range(POOL)), list[PrivateKey]()

    def next_key() -> PrivateKey:
        turn = next(turns)
        if turn == len(made):
            made.append(keys.make_rsa())
        return made[turn]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actors, "KEYS", tuple((next_key if e == "main-key" else m, e) for m, e in actors.KEYS))
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_that_cost_little() -> Iterator[None]:
    """Members whom a test makes in its own process have real hashes, which take 0.1 ms and not 30."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=128, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def durable() -> Iterator[str]:
    """How SQLite is told to survive a power cut. What a test opens in its own process does not wait for the disk: a
    commit takes 0.02 ms there and not 2.
    """
    name = "synchronous"
    real = sqlite_engine._PRAGMAS[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sqlite_engine._PRAGMAS, name, "OFF")
        yield real


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes migrated databases, for tests that need several."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each test that asks runs once on SQLite and once on PostgreSQL."""
    return str(request.param)


@pytest.fixture
async def database_url(dialect: str, databases: Databases, anyio_backend: str) -> AsyncIterator[str]:
    """A migrated database that nobody has opened."""
    url = await databases.new(dialect)
    yield url
    databases.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, open and in use."""
    opened = await Database.open(database_url)
    try:
        with use(opened):
            yield opened
    finally:
        await opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was not tested for want of the documents of other programs."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if ABSENT in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} corpus tests skipped: {ABSENT}")
