"""Our SQLite engine as a backend of the ORM: the same threads, the same transactions."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient

from storage.dialect import Args, reads
from storage.orm import OrmTransaction, in_their_words
from storage.session import transaction_on
from storage.sqlite_engine import SqliteEngine
from storage.sqlite_threads import change_many, durably

T = TypeVar("T")


class SqliteOrm(SqliteClient):
    """Reads go to a reader, changes to the writer, and both to the transaction this task has open."""

    def __init__(self, engine: SqliteEngine, connection_name: str, **_ignored: Any) -> None:
        BaseDBAsyncClient.__init__(self, connection_name)
        self.engine = engine
        self.filename = str(engine.path)

    async def create_connection(self, with_db: bool) -> None:
        """Nothing to do: the engine is open."""

    async def close(self) -> None:
        """Nothing to do: the engine is closed by who opened it."""

    def _in_transaction(self) -> TransactionContext:
        return OrmTransaction(self, self.engine)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        return await self._run(False, _insert, query, values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        if transaction_on(self.engine) is None:
            await self._run(False, durably, change_many, query, values)
        else:
            await self._run(False, change_many, query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[dict[str, Any]]]:
        return await self._run(reads(query), _query, query, values or ())

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.execute_query(query, values))[1]]

    async def execute_script(self, query: str) -> None:
        await self._run(False, sqlite3.Connection.executescript, query)

    async def _run(self, reading: bool, function: Callable[..., T], *args: Any) -> T:
        transaction = transaction_on(self.engine)
        with in_their_words():
            if transaction is not None:
                scope: Any = transaction.scope
                ran: T = await scope.run(function, *args)
                return ran
            if reading:
                return await self.engine.on_reader(function, *args)
            return await self.engine.on_writer(function, *args)


client_class = SqliteOrm


def _query(connection: sqlite3.Connection, sql: str, args: Args) -> tuple[int, list[Any]]:
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    found = cursor.execute(sql, args).fetchall()
    return max(cursor.rowcount, len(found)), found


def _insert(connection: sqlite3.Connection, sql: str, args: Args) -> int:
    return connection.execute(sql, args).lastrowid or 0
