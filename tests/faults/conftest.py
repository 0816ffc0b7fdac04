"""Servers as their users run them, to be mistreated; each fault on SQLite and on PostgreSQL."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.faults.crowd import Crowd
from tests.server.forking import ForkedInstance
from tests.server.running import Instance

SEEDS = int(os.environ.get("FEDCOMM_TEST_FAULT_SEEDS", "2"))  # how often a server is killed at another moment
HOSTS = int(os.environ.get("FEDCOMM_TEST_FAULT_HOSTS", "80"))  # that a post is delivered to


@pytest.fixture
def settings(dialect: str, databases: Databases) -> Iterator[dict[str, str]]:
    """Where the server keeps its data."""
    if dialect == "sqlite":
        yield {"RATE_LIMITS": "off"}
        return
    url = asyncio.run(databases.new(dialect))
    yield {"RATE_LIMITS": "off", "DATABASE_URL": url}
    databases.drop(url)


@pytest.fixture
def server(settings: dict[str, str], tmp_path: Path) -> Iterator[Instance]:
    """A try-out that is not running yet."""
    made = ForkedInstance(tmp_path, **settings)
    yield made
    made.kill()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Many other servers."""
    everybody = Crowd(HOSTS)
    yield everybody
    everybody.close()
