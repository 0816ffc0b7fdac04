"""SQLite for a server: one writer and several readers, each with a connection and a thread of its own.

One connection for everything made every reader wait for an open transaction (251 ms behind one of 300 ms; 0.8 ms
here), and transactions that begin by reading fail at once when two of them meet.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from storage import sqlite_threads
from storage.dialect import Args, arguments, for_sqlite
from storage.errors import OperationalError, Unavailable
from storage.session import Read, Row, Steps, settled
from storage.sqlite_threads import Threads
from storage.writes import Writes

T = TypeVar("T")

OLDEST = (3, 40, 0)  # RETURNING, upsert and JSON as we use them; Debian 12 has 3.40.1
READERS = 3
_PRAGMAS = {
    "busy_timeout": "5000",  # ms, for the commands and backups of other processes
    "journal_mode": "WAL",
    "synchronous": "FULL",  # what was acknowledged survives a power cut; with group commit it costs nothing
    "foreign_keys": "ON",
    "journal_size_limit": "67108864",  # bytes the log keeps between checkpoints instead of growing anew
    "wal_autocheckpoint": "4000",  # pages of 4 KiB
    "mmap_size": "134217728",  # bytes
    "temp_store": "MEMORY",
}
_WRITER_CACHE, _READER_CACHE = -16384, -6144  # KiB


class SqliteEngine:
    """One file. Reads see what was committed before they began and wait for nobody."""

    dialect = "sqlite"

    def __init__(self, path: Path, readers: int = READERS) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise OperationalError(f"SQLite {sqlite3.sqlite_version} is too old: 3.40 or newer is needed")
        self.path = path
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # its log and index take over this mode
            self._writer = Threads(partial(_writer, path), "sqlite-writer")
            self._readers = Threads(partial(_reader, path), "sqlite-reader", readers)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"cannot open {path}: {error}") from error
        self._turn = asyncio.Lock()  # whose turn it is to put a transaction on the writer's thread

    async def rows(self, sql: str, args: Args) -> list[Row]:
        statement = for_sqlite(sql)
        if statement.reads:
            return await self._readers.call(sqlite_threads.fetch, statement.sql, arguments(statement, args))
        return await self.on_writer(sqlite_threads.fetch, statement.sql, arguments(statement, args))

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        return await self._readers.call(sqlite_threads.fetch_together, _reads(reads))

    async def read_steps(self, steps: Steps[T]) -> T:
        return await self._readers.call(sqlite_threads.follow_together, steps)

    async def execute(self, sql: str, args: Args) -> int:
        statement = for_sqlite(sql)
        return await self.on_writer(sqlite_threads.change, statement.sql, arguments(statement, args))

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        await self._durably(sqlite_threads.change_many, *_many(sql, rows))

    async def apply(self, writes: Writes) -> list[list[Row]]:
        return await self._durably(sqlite_threads.write, writes)

    async def apply_each(self, each: Sequence[Writes]) -> list[list[list[Row]] | OperationalError]:
        return await self._durably(sqlite_threads.write_each, each)

    async def begin(self) -> "SqliteScope":
        await self._turn.acquire()
        return SqliteScope(self._writer, self._turn)

    async def on_writer(self, function: Callable[..., T], *args: Any) -> T:
        """`function(connection, *args)` on the writer's thread, outside any transaction."""
        async with self._turn:
            running = self._writer.call(function, *args)
        return await running  # the thread keeps the order: the next in turn need not wait for us

    async def on_reader(self, function: Callable[..., T], *args: Any) -> T:
        """`function(connection, *args)` on a thread that can only read."""
        return await self._readers.call(function, *args)

    async def close(self) -> None:
        async with self._turn:
            await asyncio.to_thread(self._readers.close)
            await asyncio.to_thread(self._writer.close)

    async def _durably(self, function: Callable[..., T], *args: Any) -> T:
        return await self.on_writer(sqlite_threads.durably, function, *args)


class SqliteScope:
    """A transaction on the writer. It begins with its first statement, and fails with one that fails.

    SQLite would go on after that, PostgreSQL does not: so neither does here.
    """

    def __init__(self, writer: Threads, turn: asyncio.Lock) -> None:
        self._writer = writer
        self._turn = turn
        self._begun = False
        self._failed = False

    async def rows(self, sql: str, args: Args) -> list[Row]:
        statement = for_sqlite(sql)
        return await self.run(sqlite_threads.fetch, statement.sql, arguments(statement, args))

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        return await self.run(sqlite_threads.fetch_each, _reads(reads))

    async def read_steps(self, steps: Steps[T]) -> T:
        return await self.run(sqlite_threads.follow, steps)

    async def execute(self, sql: str, args: Args) -> int:
        statement = for_sqlite(sql)
        return await self.run(sqlite_threads.change, statement.sql, arguments(statement, args))

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        await self.run(sqlite_threads.change_many, *_many(sql, rows))

    async def write(self, writes: Writes) -> list[list[Row]]:
        return await self.run(sqlite_threads.write, writes)

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """`function(connection, *args)` inside the transaction."""
        return await self._writer.call(self._step, function, args)

    async def commit(self) -> bool:
        running = self._end(self._commit)
        return await settled(running)

    async def rollback(self) -> None:
        running = self._end(sqlite_threads.undo)
        if await settled(running):
            raise asyncio.CancelledError

    def _end(self, function: Callable[[sqlite3.Connection], None]) -> "asyncio.Future[None]":
        try:
            return self._writer.call(function)
        finally:
            self._turn.release()  # what comes next on that thread comes after it

    def _step(self, connection: sqlite3.Connection, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        if not self._begun:
            connection.execute("BEGIN IMMEDIATE")
            self._begun = True
        if self._failed or not connection.in_transaction:
            raise OperationalError("an earlier statement of this transaction failed: it can only be rolled back")
        try:
            return function(connection, *args)
        except sqlite_threads.REFUSED:
            self._failed = True
            raise

    def _commit(self, connection: sqlite3.Connection) -> None:
        if not self._begun:
            return
        if self._failed or not connection.in_transaction:
            sqlite_threads.undo(connection)
            raise OperationalError("an earlier statement of this transaction failed: nothing of it was kept")
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            sqlite_threads.undo(connection)
            raise


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the file with our settings, for whichever one thread uses it."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for name, setting in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {setting}")
    return connection


def _writer(path: Path) -> sqlite3.Connection:
    connection = connected(path)
    connection.execute(f"PRAGMA cache_size = {_WRITER_CACHE}")
    return connection


def _reader(path: Path) -> sqlite3.Connection:
    connection = connected(path)
    connection.execute(f"PRAGMA cache_size = {_READER_CACHE}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _reads(reads: Sequence[Read]) -> list[Read]:
    prepared = []
    for sql, args in reads:
        statement = for_sqlite(sql)
        prepared.append((statement.sql, arguments(statement, args)))
    return prepared


def _many(sql: str, rows: Sequence[Args]) -> tuple[str, Sequence[Args]]:
    statement = for_sqlite(sql)
    return statement.sql, [arguments(statement, args) for args in rows] if statement.lists else rows
