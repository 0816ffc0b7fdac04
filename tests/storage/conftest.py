"""A table to try things on."""

import pytest

from storage.connect import Database, execute


@pytest.fixture
async def things(database: Database) -> Database:
    """A database with the table `thing` and one that points at it."""
    await execute(
        "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT UNIQUE, flag SMALLINT NOT NULL DEFAULT 0, body TEXT)"
    )
    await execute("CREATE TABLE part (id BIGINT PRIMARY KEY, thing_id BIGINT NOT NULL REFERENCES thing (id))")
    return database
