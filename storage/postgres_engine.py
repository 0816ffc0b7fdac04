"""PostgreSQL for a server: a pool of connections, and one that listens for what other processes tell."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncpg

from storage.dialect import Args, for_postgres
from storage.errors import Collision, IntegrityError, OperationalError, Unavailable
from storage.session import Read, Row, settled
from storage.writes import Writes

T = TypeVar("T")

OLDEST = 15
POOL = 10
STATEMENTS = 512  # prepared ones a connection keeps
ATTEMPTS = 4  # of changes that collided with somebody else's
COMMAND_SECONDS = 60.0
_SETTINGS = {"application_name": "fedcomm", "jit": "off", "timezone": "UTC"}
_COLLISIONS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError, asyncpg.ReadOnlySQLTransactionError, asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError, asyncpg.InternalClientError,
    OSError, TimeoutError,
)  # fmt: skip
_FORBIDDEN = (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)  # the second: a trigger of ours


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is not asked to forget its session when it returns to the pool (35 → 25 µs a query)."""

    def get_reset_query(self) -> str:
        """Nothing: statements of ours leave no state behind."""
        return ""


class PostgresEngine:
    """One database on a server. Every call outside a transaction takes a connection of the pool for its time."""

    dialect = "postgres"

    def __init__(self, url: str, pool: Any) -> None:
        self.url = url
        self.pool = pool

    @classmethod
    async def open(cls, url: str, connections: int = POOL) -> "PostgresEngine":
        """Connected.

        Raises:
            Unavailable: nobody answers there, or not to us.
            OperationalError: a server older than PostgreSQL 15, or a database that is not UTF-8.
        """
        with ours():
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=connections, connection_class=Connection, init=_prepare,
                statement_cache_size=STATEMENTS, max_cached_statement_lifetime=0, command_timeout=COMMAND_SECONDS,
                server_settings=_SETTINGS,
            )  # fmt: skip
        engine = cls(url, pool)
        try:
            await engine._check()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def rows(self, sql: str, args: Args) -> list[Row]:
        async with self.connection() as connection:
            return await _rows(connection, sql, args)

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        async with self.connection() as connection:
            return [await _rows(connection, sql, args) for sql, args in reads]

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
            connection = await self.pool.acquire()
            try:
                await connection.execute("BEGIN")
            except BaseException:
                await self.pool.release(connection)
                raise
        return PostgresScope(self.pool, connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool, with no transaction open."""
        with ours():
            connection = await self.pool.acquire()
            try:
                yield connection
            finally:
                await self.pool.release(connection)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()

    async def _durably(self, run: Callable[[Any], Awaitable[T]]) -> T:
        """What `run` does in a transaction of its own; once more when it collided with another."""
        for attempt in range(ATTEMPTS):
            try:
                async with self.connection() as connection:
                    await connection.execute("BEGIN")
                    try:
                        result = await run(connection)
                        await connection.execute("COMMIT")
                    except BaseException:
                        await _undo(connection)
                        raise
                return result
            except Collision:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _check(self) -> None:
        async with self.connection() as connection:
            version = connection.get_server_version()
            if version.major < OLDEST:
                raise OperationalError(f"PostgreSQL {version.major} is too old: {OLDEST} or newer is needed")
            encoding = await connection.fetchval("SHOW server_encoding")
            if encoding != "UTF8":
                raise OperationalError(f"the database has the encoding {encoding}: UTF8 is needed")


class PostgresScope:
    """A transaction on a connection of its own; calls of one task follow each other."""

    def __init__(self, pool: Any, connection: Any) -> None:
        self._pool = pool
        self.connection = connection

    async def rows(self, sql: str, args: Args) -> list[Row]:
        with ours():
            return await _rows(self.connection, sql, args)

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        with ours():
            return [await _rows(self.connection, sql, args) for sql, args in reads]

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
        with ours():
            try:
                if await self.connection.execute("COMMIT") != "COMMIT":  # PostgreSQL says ROLLBACK, and no error
                    raise OperationalError("an earlier statement of this transaction failed: nothing of it was kept")
            finally:
                await self._pool.release(self.connection)

    async def _rollback(self) -> None:
        with ours():
            try:
                await _undo(self.connection)
            finally:
                await self._pool.release(self.connection)


@contextmanager
def ours() -> Iterator[None]:
    """The driver's failures in our own words."""
    try:
        yield
    except _FORBIDDEN as error:
        raise IntegrityError(str(error)) from error
    except _COLLISIONS as error:
        raise Collision(str(error)) from error
    except _UNAVAILABLE as error:
        raise Unavailable(str(error) or type(error).__name__) from error
    except asyncpg.InterfaceError as error:
        kind = OperationalError if isinstance(error, ValueError) else Unavailable  # wrong arguments, or closed
        raise kind(str(error)) from error
    except asyncpg.PostgresError as error:
        raise OperationalError(str(error)) from error


async def _prepare(connection: Any) -> None:
    """Sums come as int, as from SQLite; other fractions as float."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")


def _number(text: str) -> int | float:
    return float(text) if "." in text or "N" in text else int(text)


async def _rows(connection: Any, sql: str, args: Args) -> list[Row]:
    return [tuple(record) for record in await connection.fetch(for_postgres(sql).sql, *args)]


async def _write(connection: Any, writes: Writes) -> list[list[Row]]:
    answers = []
    for group in writes.groups:
        if group.answers:
            answers.append(await _rows(connection, group.sql, group.rows[0]))
        elif len(group.rows) == 1:
            await connection.execute(for_postgres(group.sql).sql, *group.rows[0])
        else:
            await connection.executemany(for_postgres(group.sql).sql, group.rows)
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


async def _undo(connection: Any) -> None:
    if connection.is_closed():
        return
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


def _touched(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
