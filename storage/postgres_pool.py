"""Connections to one PostgreSQL that are used in turn.

The driver's own pool costs 30 µs a query more: it wraps connections and asks the server to forget what they did.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Any

import asyncpg

from storage import postgres_connection
from storage.errors import Collision, IntegrityError, OperationalError, Unavailable

CLEARING_SECONDS = 5.0  # for a cancelled statement to be over
_COLLISIONS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a lock that is not to be had, a database that lets nobody in
    asyncpg.ReadOnlySQLTransactionError, asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError, asyncpg.InternalClientError,
    OSError, TimeoutError,
)  # fmt: skip
_FORBIDDEN = (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)  # the second: a trigger of ours


class Pool:
    """At most so many connections, made when they are needed; who comes when all are in use waits in line."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._open = 0
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()  # for a connection, or None: room to make one
        self._clearing: set[asyncio.Future[None]] = set()
        self._closed = False
        self._dropped = asyncio.Event()

    async def acquire(self) -> Any:
        """A connection with no transaction open; `release` it.

        Raises:
            Unavailable: closed. Whatever the driver raises when it cannot connect.
        """
        connection = None
        while connection is None:
            if self._closed:
                raise Unavailable("the database is closed")
            if self._idle:
                connection = self._idle.pop()
            elif self._open < self._size:
                connection = await self._made()
            else:
                connection = await self._turn()
            if connection is not None and connection.is_closed():
                self._drop(connection)
                connection = None
        return connection

    def release(self, connection: Any, failure: BaseException | None = None) -> None:
        """It is not used any more, and ready for others once what was under way on it is over."""
        if connection.is_in_transaction() or isinstance(failure, (asyncio.CancelledError, TimeoutError)):
            clearing = asyncio.ensure_future(self._clear(connection))
            self._clearing.add(clearing)
            clearing.add_done_callback(self._clearing.discard)
        elif self._closed or connection.is_closed():
            self._drop(connection)
        elif not self._pass_on(connection):
            self._idle.append(connection)

    async def close(self, seconds: float) -> None:
        """Give out no more, wait that long for those in use, and close all."""
        self._closed = True
        while self._pass_on(None):
            pass
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            await postgres_connection.end(connection, seconds)
        try:
            async with asyncio.timeout(seconds):
                while self._open:
                    self._dropped.clear()
                    await self._dropped.wait()
        except TimeoutError:
            return  # who still holds one finds it closed with the process

    async def _made(self) -> Any:
        """A new connection; when we are cancelled meanwhile, it is for who comes next."""
        self._open += 1
        making = asyncio.ensure_future(self._connect())
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._take_in)
            raise

    def _take_in(self, making: "asyncio.Future[Any]") -> None:
        if not making.cancelled() and making.exception() is None:
            self.release(making.result())

    async def _clear(self, connection: Any) -> None:
        """Wait for what was cancelled to be over, and roll back."""
        try:
            await connection.execute("ROLLBACK", timeout=CLEARING_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            self._drop(connection)
        else:
            self.release(connection)

    def _drop(self, connection: Any) -> None:
        connection.terminate()
        self._open -= 1
        self._dropped.set()
        self._pass_on(None)

    async def _connect(self) -> Any:
        try:
            return await postgres_connection.connect(self._url, "fedcomm")
        except BaseException:
            self._open -= 1
            self._pass_on(None)
            raise

    async def _turn(self) -> Any:
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():  # it came as we left
                given = waiting.result()
                if given is None:
                    self._pass_on(None)
                else:
                    self.release(given)
            raise

    def _pass_on(self, connection: Any) -> bool:
        """Whether somebody waited for it."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return True
        return False


class Borrowed:
    """A connection for the block, or up to its end the one that is given; failures are told in our own words."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool, connection: Any = None) -> None:
        self._pool = pool
        self._connection = connection

    async def __aenter__(self) -> Any:
        if self._connection is None:
            with ours():
                self._connection = await self._pool.acquire()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.release(self._connection, error)
        if error is not None:
            _raise_ours(error)


class ours:
    """`with ours()`: the driver's failures in our own words."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            _raise_ours(error)


def _raise_ours(error: BaseException) -> None:
    _forget_values(error)
    kind: type[OperationalError]
    if isinstance(error, _FORBIDDEN):
        kind = IntegrityError
    elif isinstance(error, _COLLISIONS):
        kind = Collision
    elif isinstance(error, _UNAVAILABLE):
        kind = Unavailable
    elif isinstance(error, asyncpg.InterfaceError):  # wrong arguments, or closed
        kind = OperationalError if isinstance(error, ValueError) else Unavailable
    elif isinstance(error, asyncpg.PostgresError):
        kind = OperationalError
    else:
        return
    raise kind(str(error) or type(error).__name__) from error


def _forget_values(error: BaseException) -> None:
    """What was not taken may be anybody's words, and what is said of it gets into logs (attack PRI-27).

    PostgreSQL shows the whole row ("Failing row contains …"), the driver the value.
    """
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    if isinstance(error, asyncpg.DataError | asyncpg.InterfaceError):
        error.args = (str(error).partition(": ")[0],)
        error.__cause__ = error.__context__ = None
