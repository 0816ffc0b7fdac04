"""The schema is brought forward whole steps at a time, and never from a state that is not ours."""

import asyncio
import os
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage import migrate
from storage.connect import Database, execute, rows, use, value
from storage.errors import MigrationError
from tests.databases import Databases
from tests.storage.processes import started

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
FIRST = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL); -- a comment; with a semicolon\n"
SECOND = "CREATE TABLE a (id BIGINT PRIMARY KEY, b TEXT);\nINSERT INTO a VALUES (1, 'x;y'), (2, 'it''s');\n"


@pytest.fixture
async def database(databases: Databases, dialect: str) -> AsyncIterator[Database]:
    """A database with nothing in it."""
    url = await databases.empty(dialect)
    opened = await Database.open(url)
    with use(opened):
        yield opened
    await opened.close()
    databases.drop(url)


@pytest.fixture
def folder(tmp_path: Path, dialect: str) -> Path:
    """Where migrations of the test's own lie, with two to begin with."""
    (tmp_path / "migrations" / dialect).mkdir(parents=True)
    put(tmp_path / "migrations", dialect, "0001_first", FIRST)
    put(tmp_path / "migrations", dialect, "0002_second", SECOND)
    return tmp_path / "migrations"


def put(folder: Path, dialect: str, name: str, sql: str) -> None:
    (folder / dialect / f"{name}.sql").write_text(sql)


async def state(database: Database) -> tuple[list[int], bool]:
    """Which steps are recorded; whether table `a` is there."""
    recorded = await database.has("schema_migration")
    numbers = (
        [number for (number,) in await rows("SELECT number FROM schema_migration ORDER BY number")] if recorded else []
    )
    return numbers, await database.has("a")


async def test_what_is_missing_is_applied_once(database: Database, folder: Path) -> None:
    assert await migrate.run(database, folder=folder) == ["0001_first", "0002_second"]
    assert await migrate.run(database, folder=folder) == []

    assert await rows("SELECT b FROM a ORDER BY id") == [("x;y",), ("it's",)]
    assert await rows("SELECT number, name FROM schema_migration ORDER BY 1") == [(1, "first"), (2, "second")]


async def test_a_step_that_fails_leaves_the_steps_before_it(database: Database, folder: Path, dialect: str) -> None:
    put(folder, dialect, "0003_third", "CREATE TABLE c (id BIGINT);\nINSERT INTO nothing VALUES (1);\n")

    with pytest.raises(MigrationError, match=r"0003_third: .*nothing"):
        await migrate.run(database, folder=folder)

    assert await state(database) == ([1, 2], True)
    assert not await database.has("c")
    put(folder, dialect, "0003_third", "CREATE TABLE c (id BIGINT);\n")
    assert await migrate.run(database, folder=folder) == ["0003_third"]


async def test_a_file_changed_since_it_was_applied_is_refused(database: Database, folder: Path, dialect: str) -> None:
    await migrate.run(database, folder=folder)
    put(folder, dialect, "0002_second", SECOND.replace("\n", "\r\n"))
    assert await migrate.run(database, folder=folder) == []  # line ends are not text
    put(folder, dialect, "0002_second", SECOND + "CREATE TABLE sly (id BIGINT);")
    put(folder, dialect, "0003_third", "CREATE TABLE c (id BIGINT);")

    with pytest.raises(MigrationError, match="0002_second is not what was applied"):
        await migrate.run(database, folder=folder)

    assert not await database.has("c")


async def test_a_newer_schema_is_refused(database: Database, folder: Path, dialect: str) -> None:
    await migrate.run(database, folder=folder)
    (folder / dialect / "0002_second.sql").unlink()

    with pytest.raises(MigrationError, match="newer fedcomm"):
        await migrate.run(database, folder=folder)
    with pytest.raises(MigrationError, match="newer fedcomm"):
        await migrate.pending(database, folder=folder)


async def test_a_database_of_another_program_is_refused(database: Database, folder: Path) -> None:
    await execute("CREATE TABLE wp_posts (id BIGINT)")

    with pytest.raises(MigrationError, match="another program"):
        await migrate.run(database, folder=folder)

    assert not await database.has("schema_migration")


@pytest.mark.parametrize("name", ["3_third", "0003-third", "0004_fourth", "0002_again"])
async def test_misnamed_files_are_refused(database: Database, folder: Path, dialect: str, name: str) -> None:
    put(folder, dialect, name, "CREATE TABLE c (id BIGINT);")

    with pytest.raises(MigrationError):
        await migrate.run(database, folder=folder)


async def test_a_step_may_not_end_its_own_transaction(database: Database, folder: Path, dialect: str) -> None:
    put(folder, dialect, "0003_third", "CREATE TABLE c (id BIGINT); COMMIT; CREATE TABLE d (id BIGINT);")

    with pytest.raises(MigrationError):
        await migrate.run(database, folder=folder)

    assert (await state(database))[0] == [1, 2]
    assert not await database.has("d") or dialect == "postgres"


async def test_two_processes_that_migrate_at_once_do_not_meet(databases: Databases, folder: Path, dialect: str) -> None:
    url = await databases.empty(dialect)
    opened = [await Database.open(url) for _ in range(3)]

    applied = await asyncio.gather(*(migrate.run(database, folder=folder) for database in opened))

    assert sorted(name for names in applied for name in names) == ["0001_first", "0002_second"]
    for database in opened:
        await database.close()
    databases.drop(url)


async def test_a_database_that_another_process_makes_meanwhile_is_no_other_programs(
    databases: Databases, folder: Path, dialect: str
) -> None:
    url = await databases.empty(dialect)
    late, other = [await Database.open(url) for _ in range(2)]
    rows_of, done = late.engine.rows, []

    async def overtaken(sql: str, args: Any) -> Any:
        found = await rows_of(sql, args)
        if not done:
            done.extend(await migrate.run(other, folder=folder))
        return found

    late.engine.rows = overtaken  # type: ignore[method-assign]

    assert await migrate.run(late, folder=folder) == [] and done == ["0001_first", "0002_second"]
    for database in (late, other):
        await database.close()
    databases.drop(url)


async def test_the_real_steps_apply(database: Database, dialect: str) -> None:
    assert await migrate.run(database) == [str(each) for each in migrate.read(migrate.FOLDER / dialect)]
    assert await migrate.pending(database) == []


def test_both_databases_have_the_same_steps() -> None:
    names = [[str(step) for step in migrate.read(migrate.FOLDER / dialect)] for dialect in ("sqlite", "postgres")]

    assert names[0] == names[1] != []


@on_sqlite
async def test_a_copy_is_made_before_an_old_database_is_changed(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    await migrate.run(database, folder=folder, backups=tmp_path / "copies")
    assert not (tmp_path / "copies").exists()  # there was nothing to copy
    put(folder, "sqlite", "0003_third", "DELETE FROM a;")

    await migrate.run(database, folder=folder, backups=tmp_path / "copies")

    (copy,) = (tmp_path / "copies").iterdir()
    assert copy.name.startswith("before-0003-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    old = sqlite3.connect(copy)
    assert old.execute("SELECT COUNT(*) FROM a").fetchall() == [(2,)]
    old.close()
    assert await value("SELECT COUNT(*) FROM a") == 0


@on_sqlite
async def test_without_a_copy_nothing_is_changed(database: Database, folder: Path, tmp_path: Path) -> None:
    await migrate.run(database, folder=folder)
    put(folder, "sqlite", "0003_third", "DELETE FROM a;")
    (tmp_path / "copies").write_text("a file where the folder should be")

    with pytest.raises(MigrationError, match="no copy could be made"):
        await migrate.run(database, folder=folder, backups=tmp_path / "copies")

    assert await value("SELECT COUNT(*) FROM a") == 2


@on_sqlite
async def test_a_table_that_is_rebuilt_keeps_its_children(database: Database, folder: Path) -> None:
    children = "CREATE TABLE child (id INTEGER PRIMARY KEY, a_id BIGINT REFERENCES a (id) ON DELETE CASCADE);"
    put(folder, "sqlite", "0003_third", children + "INSERT INTO child VALUES (7, 1);")
    rebuild = (
        "CREATE TABLE new_a (id BIGINT PRIMARY KEY, b TEXT NOT NULL);"
        "INSERT INTO new_a SELECT id, b FROM a; DROP TABLE a; ALTER TABLE new_a RENAME TO a;"
    )
    put(folder, "sqlite", "0004_fourth", rebuild)

    await migrate.run(database, folder=folder)

    assert await rows("SELECT id, a_id FROM child") == [(7, 1)]
    assert await database.call_on_writer(lambda writer: writer.execute("PRAGMA foreign_keys").fetchone()) == (1,)


@on_sqlite
async def test_a_step_that_orphans_rows_is_undone(database: Database, folder: Path) -> None:
    put(
        folder,
        "sqlite",
        "0003_third",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, a_id BIGINT REFERENCES a (id));",
    )
    put(folder, "sqlite", "0004_fourth", "INSERT INTO child VALUES (7, 1); DELETE FROM a;")

    with pytest.raises(MigrationError, match="rows of child"):
        await migrate.run(database, folder=folder)

    assert await value("SELECT COUNT(*) FROM a") == 2


@on_sqlite
async def test_triggers_stay_whole(database: Database, folder: Path) -> None:
    trigger = (
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 'one; two' WHERE id = new.id;"
        " DELETE FROM a WHERE id = 1; END;\nINSERT INTO a VALUES (3, 'z');"
    )
    put(folder, "sqlite", "0003_third", trigger)

    await migrate.run(database, folder=folder)

    assert await rows("SELECT id, b FROM a ORDER BY id") == [(2, "it's"), (3, "one; two")]


def test_a_script_without_an_end_is_refused() -> None:
    assert list(migrate.statements("SELECT 1;\n-- nothing more\n")) == ["SELECT 1;"]
    with pytest.raises(MigrationError, match="without an end"):
        list(migrate.statements("SELECT 1; SELECT 2"))


MIGRATES = """
import asyncio, sys
from pathlib import Path
from storage import migrate
from storage.connect import Database
async def main():
    database = await Database.open(sys.argv[1])
    print("open", flush=True)
    await migrate.run(database, folder=Path(sys.argv[2]))
    print("done", flush=True)
    await database.close()
asyncio.run(main())
"""


async def test_killed_in_the_middle_leaves_before_or_after(databases: Databases, folder: Path, dialect: str) -> None:
    series = {
        "sqlite": "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i+1 FROM n WHERE i < 40000) SELECT i, 1 FROM n",
        "postgres": "SELECT i, 1 FROM generate_series(1, 40000) AS n(i)",
    }
    slow = "".join(
        f"CREATE TABLE s{step} (id BIGINT, b BIGINT); INSERT INTO s{step} {series[dialect]};\n" for step in range(8)
    )
    put(folder, dialect, "0003_slow", slow)
    for attempt in range(4):
        url = await databases.empty(dialect)
        process = started(MIGRATES, url, str(folder))
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        await asyncio.sleep(0.02 + attempt * 0.08)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()

        database = await Database.open(url)
        with use(database):
            if dialect == "postgres":  # the other end of the killed process's connection may live a moment longer
                await rows("SELECT pg_advisory_xact_lock(?)", (migrate.LOCK,))
            numbers, _ = await state(database)
            tables = [await database.has(f"s{step}") for step in range(8)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert tables == [3 in numbers] * 8
            await migrate.run(database, folder=folder)
            assert await value("SELECT COUNT(*) FROM s7") == 40_000
        await database.close()
        databases.drop(url)
