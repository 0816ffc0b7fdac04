"""Threads that each own a connection to one SQLite file, and what runs on them in one go."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from storage.dialect import Args, Statement, arguments, for_rows, for_sqlite
from storage.errors import IntegrityError, OperationalError, Unavailable
from storage.session import Read, Row, Steps
from storage.writes import Writes

T = TypeVar("T")
Call = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]

AT_ONCE = (64, 8)  # rows of one statement; each number makes a text of its own, which is kept prepared
REFUSED = (sqlite3.Error, OverflowError, UnicodeError)  # also numbers beyond 64 bits and half a character
_UNAVAILABLE = {  # primary result codes, https://sqlite.org/rescode.html
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}  # fmt: skip


class Threads:
    """Calls in order of arrival to the next free of some threads; one thread makes it strictly one after another.

    The first is there at once, the others when a call finds none free: a connection costs 2 ms and its own memory. The
    threads are daemons, so that a process which dies without closing them ends.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str, most: int = 1) -> None:
        self._connect = connect
        self._name = name
        self._most = most
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._free: SimpleQueue[None] = SimpleQueue()  # one for each thread that no call has been given to
        self._threads: list[threading.Thread] = []
        self._closed = False
        first = connect()
        self._free.put(None)
        self._begin(lambda: first)

    def call(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """`function(connection, *args)`, run there even when nobody waits for it any more.

        Raises:
            Unavailable: closed.
        """
        if self._closed:
            raise Unavailable("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((loop, future, function, args))
        try:
            self._free.get_nowait()
        except Empty:
            if len(self._threads) < self._most:
                self._begin(self._connect)
        return future

    def close(self) -> None:
        """Take no more calls, finish those that wait, close the connections. Blocks until then."""
        if self._closed:
            return
        self._closed = True
        threads = list(self._threads)
        for _thread in threads:
            self._calls.put(None)
        for thread in threads:
            thread.join()

    def _begin(self, connect: Callable[[], sqlite3.Connection]) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._run, args=(connect,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, connect: Callable[[], sqlite3.Connection]) -> None:
        try:
            connection = connect()
        except sqlite3.Error:  # the others do what this one was to do
            self._threads.remove(threading.current_thread())
            return
        self._serve(connection)
        connection.close()

    def _serve(self, connection: sqlite3.Connection) -> None:
        calls, free = self._calls, self._free
        while (call := calls.get()) is not None:
            loop, future, function, args = call
            result: Any = None
            failure: BaseException | None = None
            try:
                result = function(connection, *args)
            except REFUSED as error:
                failure = translated(error)
            except BaseException as error:  # whatever it is, it belongs to who called
                failure = error
            free.put(None)
            try:
                loop.call_soon_threadsafe(_settle, future, result, failure)
            except RuntimeError:  # that loop is closed, and nobody waits
                continue
            finally:
                del call, loop, future, function, args, result, failure  # not kept until the next call comes


def _settle(future: "asyncio.Future[Any]", result: Any, failure: BaseException | None) -> None:
    if future.done():  # cancelled
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def translated(error: Exception) -> OperationalError:
    """The same failure in our own words."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind: type[OperationalError] = OperationalError
    if isinstance(error, sqlite3.IntegrityError):
        kind = IntegrityError
    elif code in _UNAVAILABLE:
        kind = Unavailable
    ours = kind(str(error))
    ours.__cause__ = error
    return ours


def fetch(connection: sqlite3.Connection, sql: str, args: Args) -> list[Row]:
    """The rows of one statement."""
    return connection.execute(sql, args).fetchall()


def fetch_each(connection: sqlite3.Connection, reads: Sequence[Read]) -> list[list[Row]]:
    """The rows of several reads."""
    return [connection.execute(sql, args).fetchall() for sql, args in reads]


def fetch_together(connection: sqlite3.Connection, reads: Sequence[Read]) -> list[list[Row]]:
    """The rows of several reads, all from the same moment."""
    connection.execute("BEGIN")
    try:
        return fetch_each(connection, reads)
    finally:
        connection.execute("COMMIT")


def follow(connection: sqlite3.Connection, steps: Steps[T]) -> T:
    """What the steps return; the caller has a transaction open."""
    try:
        sql, args = next(steps)
        while True:
            statement = for_sqlite(sql)
            sql, args = steps.send(connection.execute(statement.sql, arguments(statement, args)).fetchall())
    except StopIteration as end:
        result: T = end.value
        return result


def follow_together(connection: sqlite3.Connection, steps: Steps[T]) -> T:
    """What the steps return, all of them from the same moment."""
    connection.execute("BEGIN")
    try:
        return follow(connection, steps)
    finally:
        connection.execute("COMMIT")


def change(connection: sqlite3.Connection, sql: str, args: Args) -> int:
    """How many rows one statement touched."""
    return max(connection.execute(sql, args).rowcount, 0)


def change_many(connection: sqlite3.Connection, sql: str, rows: Sequence[Args]) -> None:
    """Run a statement for each of `rows`; the caller has a transaction open."""
    connection.executemany(sql, rows)


def write(connection: sqlite3.Connection, writes: Writes) -> list[list[Row]]:
    """Run what was collected; the caller has a transaction open."""
    answers = []
    for group in writes.groups:
        statement, calls = for_sqlite(group.sql), group.calls
        rows = [arguments(statement, args) for args in calls] if statement.lists else calls
        if group.answers:
            answers.append(connection.execute(statement.sql, rows[0]).fetchall())
        elif len(rows) == 1:
            connection.execute(statement.sql, rows[0])
        else:
            _run_all(connection, statement, rows)
    return answers


def _run_all(connection: sqlite3.Connection, statement: Statement, rows: Sequence[Args]) -> None:
    """Run a statement for each of `rows`, where it can be for many at once.

    At each step of a statement another thread may take over, and 100 of them cost more in turns than in rows.
    """
    begun = 0
    for count in AT_ONCE if statement.tuple else ():
        while len(rows) - begun >= count:
            values = [value for args in rows[begun : begun + count] for value in args]
            connection.execute(for_rows(statement, count), values)
            begun += count
    if begun < len(rows):
        connection.executemany(statement.sql, rows[begun:])


def write_each(connection: sqlite3.Connection, each: Sequence[Writes]) -> list[list[list[Row]] | OperationalError]:
    """Run several collections, each whole or not at all; those that fail leave their error."""
    outcomes: list[list[list[Row]] | OperationalError] = []
    for writes in each:
        connection.execute("SAVEPOINT item")
        try:
            outcomes.append(write(connection, writes))
        except REFUSED as error:
            failure = translated(error)
            if isinstance(failure, Unavailable) or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO item")
            outcomes.append(failure)
        connection.execute("RELEASE item")
    return outcomes


def durably(connection: sqlite3.Connection, function: Callable[..., T], *args: Any) -> T:
    """`function(connection, *args)` in a transaction of its own, durable on return."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = function(connection, *args)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise
    return result


def undo(connection: sqlite3.Connection) -> None:
    """Roll back, unless SQLite has done so by itself (it does when the disk is full)."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
