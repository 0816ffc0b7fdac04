"""The schema is the same in both databases."""

import pytest

from storage import migrate
from storage.connect import Database, use
from tests.databases import Databases
from tests.storage import schema

pytestmark = pytest.mark.anyio


async def test_both_databases_have_the_same_schema(databases: Databases) -> None:
    seen = []
    for dialect in ("sqlite", "postgres"):
        url = await databases.new(dialect)
        database = await Database.open(url)
        with use(database):
            asked = (schema.tables, schema.uniques, schema.references, schema.indexes)
            seen.append([await question(database) for question in asked])
        await database.close()
        databases.drop(url)

    for on_sqlite, on_postgres in zip(*seen, strict=True):
        assert on_sqlite == on_postgres
        assert on_sqlite


async def test_keys_that_order_rows_by_id_are_the_rows_own_on_sqlite(databases: Databases) -> None:
    url = await databases.new("sqlite")
    database = await Database.open(url)
    with use(database):
        found = await schema.rows(
            "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c"
            " WHERE t.type = 'table' AND c.name = 'id' AND c.pk = 1 AND upper(c.type) <> 'INTEGER'"
        )
    await database.close()
    databases.drop(url)

    assert found == []  # BIGINT would be a second index: pages take 3.1 times as long


async def test_every_released_schema_still_applies(database: Database) -> None:
    assert [step.number for step in migrate.read(migrate.FOLDER / database.dialect)] == [
        number for (number,) in await schema.rows("SELECT number FROM schema_migration ORDER BY number")
    ]
