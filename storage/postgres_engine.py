"""PostgreSQL for a server: statements and transactions on a pool of connections."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from storage.dialect import Args, for_postgres
from storage.errors import Collision, OperationalError, Unavailable
from storage.postgres_pool import Borrowed, Pool, ours
from storage.session import Read, Row, Steps, settled
from storage.writes import Writes

T = TypeVar("T")

OLDEST = 15
CONNECTIONS = 10
ATTEMPTS = 4  # of changes that collided with somebody else's
CLOSING_SECONDS = 5.0


class PostgresEngine:
    """One database on a server. Every call outside a transaction takes a connection of the pool for its time."""

    dialect = "postgres"

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._pool = Pool(url, connections)

    async def start(self) -> None:
        """Connected.

        Raises:
            Unavailable: nobody answers there, or not to us.
            OperationalError: a server older than PostgreSQL 15, or a database that is not UTF-8.
        """
        async with self.connection() as connection:
            version = connection.get_server_version()
            if version.major < OLDEST:
                raise OperationalError(f"PostgreSQL {version.major} is too old: {OLDEST} or newer is needed")
            encoding = await connection.fetchval("SHOW server_encoding")
            if encoding != "UTF8":
                raise OperationalError(f"the database has the encoding {encoding}: UTF8 is needed")

    async def rows(self, sql: str, args: Args) -> list[Row]:
        async with self.connection() as connection:
            return await _rows(connection, sql, args)

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        async with self.connection() as connection:
            return [await _rows(connection, sql, args) for sql, args in reads]

    async def read_steps(self, steps: Steps[T]) -> T:
        async with self.connection() as connection:
            return await _follow(connection, steps)

    async def execute(self, sql: str, args: Args) -> int:
        async with self.connection() as connection:
            return _touched(await connection.execute(for_postgres(sql).sql, *args))

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        async def run(connection: Any) -> None:
            await connection.executemany(for_postgres(sql).sql, rows)

        await self._durably(run)

    async def apply(self, writes: Writes) -> list[list[Row]]:
        async def run(connection: Any) -> list[list[Row]]:
            return await _write(connection, writes)

        return await self._durably(run)

    async def apply_each(self, each: Sequence[Writes]) -> list[list[list[Row]] | OperationalError]:
        async def run(connection: Any) -> list[list[list[Row]] | OperationalError]:
            return [await _write_alone(connection, writes) for writes in each]

        return await self._durably(run)

    async def begin(self) -> "PostgresScope":
        with ours():
            connection = await self._pool.acquire()
            try:
                await connection.execute("BEGIN")
            except BaseException as error:
                self._pool.release(connection, error)
                raise
        return PostgresScope(self._pool, connection)

    def connection(self) -> Borrowed:
        """`async with`: a connection of the pool, with no transaction open."""
        return Borrowed(self._pool)

    async def close(self) -> None:
        await self._pool.close(CLOSING_SECONDS)

    async def _durably(self, run: Callable[[Any], Awaitable[T]]) -> T:
        """What `run` does in a transaction of its own; once more when it collided with another."""
        for attempt in range(ATTEMPTS):
            try:
                async with self.connection() as connection:
                    await connection.execute("BEGIN")
                    result = await run(connection)
                    await connection.execute("COMMIT")
                return result
            except Collision:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")


class PostgresScope:
    """A transaction on a connection of its own; calls of one task follow each other."""

    def __init__(self, pool: Pool, connection: Any) -> None:
        self._pool = pool
        self.connection = connection

    async def rows(self, sql: str, args: Args) -> list[Row]:
        with ours():
            return await _rows(self.connection, sql, args)

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        with ours():
            return [await _rows(self.connection, sql, args) for sql, args in reads]

    async def read_steps(self, steps: Steps[T]) -> T:
        with ours():
            return await _follow(self.connection, steps)

    async def execute(self, sql: str, args: Args) -> int:
        with ours():
            return _touched(await self.connection.execute(for_postgres(sql).sql, *args))

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        with ours():
            await self.connection.executemany(for_postgres(sql).sql, rows)

    async def write(self, writes: Writes) -> list[list[Row]]:
        with ours():
            return await _write(self.connection, writes)

    async def script(self, sql: str, seconds: float) -> None:
        """Several statements, as they are, within that time."""
        with ours():
            await self.connection.execute(sql, timeout=seconds)
            if not self.connection.is_in_transaction():
                raise OperationalError("the script ends its own transaction")

    async def commit(self) -> bool:
        return await settled(asyncio.ensure_future(self._commit()))

    async def rollback(self) -> None:
        if await settled(asyncio.ensure_future(self._rollback())):
            raise asyncio.CancelledError

    async def _commit(self) -> None:
        async with self._ending() as connection:
            if await connection.execute("COMMIT") != "COMMIT":  # PostgreSQL says ROLLBACK, and no error
                raise OperationalError("an earlier statement of this transaction failed: nothing of it was kept")

    async def _rollback(self) -> None:
        if self.connection.is_closed():
            self._pool.release(self.connection)
            return
        async with self._ending() as connection:
            await connection.execute("ROLLBACK")

    def _ending(self) -> Borrowed:
        return Borrowed(self._pool, self.connection)


async def _rows(connection: Any, sql: str, args: Args) -> list[Row]:
    return [tuple(record) for record in await connection.fetch(for_postgres(sql).sql, *args)]


async def _follow(connection: Any, steps: Steps[T]) -> T:
    try:
        sql, args = next(steps)
        while True:
            sql, args = steps.send(await _rows(connection, sql, args))
    except StopIteration as end:
        result: T = end.value
        return result


async def _write(connection: Any, writes: Writes) -> list[list[Row]]:
    answers = []
    for group in writes.groups:
        if group.answers:
            answers.append(await _rows(connection, group.sql, group.rows[0]))
            continue
        calls = group.calls
        if len(calls) == 1:
            await connection.execute(for_postgres(group.sql).sql, *calls[0])
        else:
            await connection.executemany(for_postgres(group.sql).sql, calls)
    return answers


async def _write_alone(connection: Any, writes: Writes) -> list[list[Row]] | OperationalError:
    await connection.execute("SAVEPOINT item")
    try:
        with ours():
            answers = await _write(connection, writes)
    except (Unavailable, Collision):
        raise
    except OperationalError as error:
        await connection.execute("ROLLBACK TO SAVEPOINT item")
        return error
    await connection.execute("RELEASE SAVEPOINT item")
    return answers


def _touched(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
