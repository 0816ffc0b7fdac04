"""What every test can ask for: the event loop and databases of its own; and the count of what was skipped."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from jinja2 import FileSystemBytecodeCache

from activitypub.keys import PrivateKey
from fedcomm import actors, app, passwords
from storage import sqlite_engine
from storage.connect import Database, use
from tests import rsa_keys
from tests.corpus import ABSENT
from tests.databases import Databases
from tests.loop import LastingLoop
from web import templates

sys.modules["sniffio"] = None  # type: ignore[assignment]  # httpx looks for it at each request: not there takes 0.2 ms
gc.disable()  # until all is collected: nothing of that goes, and to look through it again and again takes seconds


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make thorough` what is marked so: all of it, or on the database that the mark names."""
    if os.environ.get("FEDCOMM_TEST_THOROUGH"):
        return
    left = {
        item for item in items for mark in item.iter_markers("thorough") if all(name in item.name for name in mark.args)
    }
    config.hook.pytest_deselected(items=list(left))
    items[:] = [item for item in items if item not in left]


def pytest_collection_finish() -> None:
    """Look for garbage from now on, and only in what the tests leave."""
    gc.freeze()
    gc.set_threshold(50_000, 25, 25)  # as the server
    gc.enable()


@pytest.fixture(scope="session")
def loop() -> Iterator[LastingLoop]:
    """On which one test after the other runs."""
    lasting = LastingLoop()
    yield lasting
    lasting.run_until_complete(asyncio.sleep(0))  # what was cut off goes
    lasting.finish()


@pytest.fixture(scope="session")
def anyio_backend(loop: LastingLoop) -> tuple[str, dict[str, Any]]:
    """Async tests run on asyncio, as the server does."""
    return "asyncio", {"loop_factory": lambda: loop}


@pytest.fixture(scope="session")
def kept_for_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of a run; what is in it may be older than the run."""
    folder = tmp_path_factory.getbasetemp().parent / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def keys_from_a_pool(kept_for_all: Path) -> Iterator[None]:
    """Actors of ours that a test makes in its own process take turns with real RSA keys: a new one takes 50 ms."""
    rsa_keys.keep_in(kept_for_all)
    turns = rsa_keys.in_turn()

    def next_key() -> PrivateKey:
        return next(turns)

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
def jobs_that_are_begun_soon() -> Iterator[None]:
    """Jobs are looked for 10 ms after they were added and not 100, for which most stories would wait at each turn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "JOBS_SECONDS", 0.01)
        yield


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(kept_for_all: Path) -> None:
    """By one process for all: each of the 54 takes 20 to 60 ms."""
    templates._environment.bytecode_cache = FileSystemBytecodeCache(str(kept_for_all))


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
def databases(tmp_path_factory: pytest.TempPathFactory, loop: LastingLoop) -> Iterator[Databases]:
    """Makes migrated databases, for tests that need several."""
    made = Databases(tmp_path_factory.mktemp("databases"), loop)
    loop.spared = made.kept.files
    with made.kept.in_use():
        yield made
    loop.spared = frozenset
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
