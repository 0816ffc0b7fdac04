"""Our PostgreSQL engine as a backend of the ORM: the same pool, the same transactions."""

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext

from storage.orm import OrmTransaction, in_their_words
from storage.postgres_engine import PostgresEngine
from storage.postgres_pool import ours
from storage.session import transaction_on


class PostgresOrm(AsyncpgDBClient):
    """Statements go to the transaction this task has open, or to a connection of the pool."""

    def __init__(self, engine: PostgresEngine, connection_name: str, **_ignored: Any) -> None:
        BaseDBAsyncClient.__init__(self, connection_name)
        self.engine = engine

    async def create_connection(self, with_db: bool) -> None:
        """Nothing to do: the engine is open."""

    async def close(self) -> None:
        """Nothing to do: the engine is closed by who opened it."""

    def _in_transaction(self) -> TransactionContext:
        return OrmTransaction(self, self.engine)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        return await self._run("fetchrow", query, *values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._run("executemany", query, values)  # atomic by itself

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[dict[Any, Any]]]:
        changes = query.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        if changes and "RETURNING" not in query.upper():
            status = await self._run("execute", query, *(values or ()))
            return int(status.rpartition(" ")[2]), []
        rows = await self._run("fetch", query, *(values or ()))
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.execute_query(query, values))[1]]

    async def execute_script(self, query: str) -> None:
        await self._run("execute", query)

    async def _run(self, verb: str, *args: Any) -> Any:
        transaction = transaction_on(self.engine)
        with in_their_words():
            if transaction is not None:
                scope: Any = transaction.scope
                with ours():
                    return await getattr(scope.connection, verb)(*args)
            async with self.engine.connection() as connection:
                return await getattr(connection, verb)(*args)


client_class = PostgresOrm
