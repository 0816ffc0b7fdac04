"""Brings the schema to where this version of the software needs it: plain SQL files, each applied once and whole."""

import hashlib
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from storage import backup
from storage.connect import Database
from storage.errors import MigrationError, OperationalError

FOLDER = Path(__file__).parent / "migrations"
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
LOCK = 4_707_199_521_884  # of PostgreSQL, for whoever migrates
_LONGEST = 86_400.0  # seconds one file may take
_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_migration"
    " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"
)
_APPLIED = "SELECT number, name, checksum FROM schema_migration ORDER BY number"


class Migration(msgspec.Struct, frozen=True):
    """One file: `0007_polls.sql` has number 7 and name `polls`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Of its text, whatever its line ends."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


async def run(database: Database, *, folder: Path = FOLDER, backups: Path | None = None) -> list[str]:
    """Apply what is missing; gives the names of what was applied. A process killed meanwhile leaves each whole or out.

    A SQLite database that is not new is copied into `backups` first (`backups/` beside it, if not said).

    Raises:
        MigrationError: made by newer software, or by another program; a file has changed since it was applied; a
            statement fails; the copy cannot be made.
    """
    wanted = read(folder / database.dialect)
    waiting = await pending(database, folder=folder)
    if not waiting:
        return []
    if database.path is not None and not await _fresh(database):
        place = backups if backups is not None else database.path.parent / "backups"
        await _saved(database, place / _own(f"before-{waiting[0].number:04}", database.ids.now()))
    applied = []
    for migration in waiting:
        try:
            if await _apply(database, migration, wanted):
                applied.append(str(migration))
        except OperationalError as error:
            raise MigrationError(f"{migration}: {error}") from error
    await database.refresh()
    return applied


async def pending(database: Database, *, folder: Path = FOLDER) -> list[Migration]:
    """What is not applied yet.

    Raises:
        MigrationError: as `run`.
    """
    wanted = read(folder / database.dialect)
    fresh = await _fresh(database)  # asked first: between two questions another process may make all tables
    if await database.has("schema_migration"):
        return _missing(wanted, await database.engine.rows(_APPLIED, ()))
    if not fresh:
        raise MigrationError("this database has tables of another program: give fedcomm one of its own")
    return wanted


def read(folder: Path) -> list[Migration]:
    """The files of a folder in their order.

    Raises:
        MigrationError: a name of another form, or a number missing or twice.
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named like 0007_polls.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"the migrations in {folder} are not numbered 1, 2, 3 …")
    return found


def statements(sql: str) -> Iterator[str]:
    """The single statements of a script as SQLite reads it: triggers stay whole."""
    collected = ""
    for piece in sql.split(";")[:-1]:
        collected += piece + ";"
        if sqlite3.complete_statement(collected):
            yield collected
            collected = ""
    rest = collected + sql.rpartition(";")[2]
    if re.sub(r"--[^\n]*", "", rest).strip():
        raise MigrationError(f"a statement without an end: {rest.strip()[:80]}")


def _missing(wanted: Sequence[Migration], applied: Sequence[tuple[Any, ...]]) -> list[Migration]:
    known = {migration.number: migration for migration in wanted}
    for number, name, checksum in applied:
        ours = known.get(number)
        if ours is None:
            raise MigrationError(
                f"this database was made by a newer fedcomm (its schema has {number:04}_{name},"
                f" this version knows {len(wanted)} steps): install that version or a later one"
            )
        if ours.checksum != checksum or ours.name != name:
            raise MigrationError(f"{ours} is not what was applied to this database: its file has been changed")
    done = {number for number, _name, _checksum in applied}
    if done != set(range(1, len(done) + 1)):
        raise MigrationError(f"this database lacks a step before {max(done):04}: it was not made by a release")
    return [migration for migration in wanted if migration.number not in done]


async def _fresh(database: Database) -> bool:
    if database.path is not None:
        sql = "SELECT COUNT(*) FROM sqlite_master WHERE name <> 'schema_migration' AND name NOT LIKE 'sqlite_%'"
    else:
        sql = "SELECT COUNT(*) FROM pg_tables WHERE tablename <> 'schema_migration' AND schemaname = current_schema()"
    ((count,),) = await database.engine.rows(sql, ())
    return not count


def _own(name: str, now: int) -> str:
    """A name that nobody else takes, also not who migrates the same database in this moment."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000))
    return f"{name}-{moment}-{secrets.token_hex(3)}.sqlite"


async def _saved(database: Database, target: Path) -> None:
    try:
        await backup.save(database, target)
    except OperationalError as error:
        raise MigrationError(f"the schema stays as it is, since no copy could be made before: {error}") from error


async def _apply(database: Database, migration: Migration, wanted: Sequence[Migration]) -> bool:
    """Whether it was still missing once we were alone."""
    record = (migration.number, migration.name, migration.checksum, database.ids.now())
    if database.path is not None:
        alone = partial(_on_sqlite, migration=migration, wanted=wanted, record=record)
        missing: bool = await database.call_on_writer(alone)
        return missing
    scope: Any = await database.engine.begin()
    try:
        await scope.rows("SELECT pg_advisory_xact_lock(?)", (LOCK,))
        await scope.execute(_TABLE, ())
        if migration not in _missing(wanted, await scope.rows(_APPLIED, ())):
            await scope.rollback()
            return False
        await scope.script(migration.sql, _LONGEST)
        await scope.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)", record)
    except BaseException:
        await scope.rollback()
        raise
    await scope.commit()
    return True


def _on_sqlite(
    connection: sqlite3.Connection, migration: Migration, wanted: Sequence[Migration], record: tuple[Any, ...]
) -> bool:
    connection.execute("PRAGMA foreign_keys = OFF")  # a table rebuilt must not take its children with it
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_TABLE)
        if migration not in _missing(wanted, connection.execute(_APPLIED).fetchall()):
            return False
        for statement in statements(migration.sql):
            connection.execute(statement)
            if not connection.in_transaction:
                raise MigrationError(f"{migration} ends its own transaction")
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise MigrationError(f"{migration} leaves rows of {broken[0][0]} without what they point at")
        connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)", record)
        connection.execute("COMMIT")
        return True
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA foreign_keys = ON")
