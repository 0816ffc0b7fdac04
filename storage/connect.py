"""The database in use: opened, asked, changed, each change whole or not at all.

SQL is written once for both databases (`storage.dialect`). Inside `transaction()` all that a task asks and changes
goes to its transaction; outside, reads go to a reader and every change is a transaction of its own.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from contextvars import ContextVar, Token
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from storage import generation, ids, session
from storage.dialect import Args
from storage.errors import OperationalError
from storage.ids import IdSource
from storage.session import Closing, Engine, Hook, Read, Row, Steps
from storage.sqlite_engine import SqliteEngine
from storage.subscribers import Subscribers
from storage.writes import Writes

__all__ = [
    "Args", "Database", "Hook", "Read", "Row", "Steps", "Writes", "after_commit", "apply", "apply_each", "at_end",
    "current", "dialect", "execute", "execute_many", "in_transaction", "read_many", "read_steps", "row", "rows",
    "transaction", "use", "value", "write",
]  # fmt: skip

T = TypeVar("T")

_KEEP_FLOOR = (
    "INSERT INTO meta (key, value) VALUES ('id_floor', ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    " WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)"
)
_current: ContextVar["Database"] = ContextVar("fedcomm_database")
_running: set[asyncio.Future[None]] = set()  # hooks that were due at once


class Database:
    """One open database. What acts on it does so inside `use(database)`."""

    def __init__(self, url: str, engine: Engine, slot: int, now: Callable[[], int]) -> None:
        self.url = url
        self.engine = engine
        self.ids = IdSource(slot, now)
        self.subscribers = Subscribers()
        self.closers: list[Callable[[], Any]] = []  # called, and waited for, before closing, the latest first
        self.generation = 0  # raised by a restore, so that ids and heights jump
        self.orm: Any = None
        self._migrated = False
        self._heard_all: Callable[[], Awaitable[bool]] | None = None

    @classmethod
    async def open(cls, url: str, *, slot: int = 0, now: Callable[[], int] = ids.now_ms) -> "Database":
        """Open what the URL names: `sqlite:///absolute/path` (made if absent) or `postgres://user:password@host/name`.

        `now` gives milliseconds since 1970; `slot` is what ids carry until another is claimed.

        Raises:
            Unavailable: it cannot be reached or opened.
            OperationalError: too old, or a URL of neither kind, or the driver is not installed.
        """
        scheme = url.partition(":")[0]
        if scheme == "sqlite":
            engine: Engine = SqliteEngine(path_of(url))
        elif scheme in ("postgres", "postgresql"):
            engine = _postgres("engine").PostgresEngine(url)
        else:
            raise OperationalError(f"a database URL begins with sqlite: or postgres:, not {scheme}:")
        database = cls(url, engine, slot, now)
        try:
            await database._begin()
        except BaseException:
            await engine.close()
            raise
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgres`."""
        return self.engine.dialect

    @property
    def path(self) -> Path | None:
        """The file, for SQLite."""
        return self.engine.path if isinstance(self.engine, SqliteEngine) else None

    async def refresh(self) -> None:
        """Take over what the database knows of itself: its generation, and how high ids have been.

        A copy that was put back begins a generation of its own.
        """
        self._migrated = await self.has("meta")
        if self._migrated:
            found: dict[str, str] = dict(await self.engine.rows("SELECT key, value FROM meta", ()))
            self.generation = int(found.get("generation", "0"))
            self.ids.raise_floor(int(found.get("id_floor", "0")))
            if generation.MARK in found:
                self.generation = await generation.advance(self.engine, found, self.ids)

    async def has(self, table: str) -> bool:
        """Whether there is such a table."""
        known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if self.path is None:
            known = "SELECT 1 WHERE to_regclass(?) IS NOT NULL"
        return bool(await self.engine.rows(known, (table,)))

    async def call_on_writer(self, function: Callable[[Any], T]) -> T:
        """`function(sqlite3.Connection)` on the writer, outside any transaction; for SQLite's own commands."""
        if not isinstance(self.engine, SqliteEngine):
            raise OperationalError("only SQLite has a writer")
        _outside(self.engine)
        return await self.engine.on_writer(function)

    async def heard_all(self) -> bool:
        """Whether what other processes told before now has been heard (storage/bus.py)."""
        return self._heard_all is None or await self._heard_all()

    async def close(self) -> None:
        """Finish what was begun and close; how high ids have been is written down."""
        while self.closers:
            waiting = self.closers.pop()()
            if waiting is not None:
                await waiting
        if self._migrated:
            with suppress(OperationalError):  # worth trying, no reason to stay open
                await self.engine.execute(_KEEP_FLOOR, (str(self.ids.last),))
        await self.engine.close()

    async def _begin(self) -> None:
        if self.dialect == "postgres":
            engine: Any = self.engine
            await engine.start()
            listener = _postgres("listener").PostgresListener(self.url, self.subscribers.received, self.subscribers.gap)
            await listener.start()
            self.closers.append(listener.close)
            self._heard_all = listener.heard_all
        if "tortoise.models" in sys.modules:  # some module declares a model
            self.orm = await importlib.import_module("storage.orm").context(self.engine)
        await self.refresh()


class use:
    """Everything below acts on this database inside the block, in this task and those it starts there.

    Every request does this, and a class is half as dear as a generator.
    """

    __slots__ = ("_before", "_database", "_models")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before: tuple[Token[Database], Token[IdSource]] | None = None
        self._models: AbstractContextManager[None] | None = None

    def __enter__(self) -> Database:
        database = self._database
        self._before = _current.set(database), ids.source.set(database.ids)
        if database.orm is not None:
            self._models = importlib.import_module("storage.orm").use(database.orm)
            self._models.__enter__()
        return database

    def __exit__(self, *error: Any) -> None:
        if self._models is not None:
            self._models.__exit__(*error)
        if self._before is not None:
            _current.reset(self._before[0])
            ids.source.reset(self._before[1])


def current() -> Database:
    """The database in use.

    Raises:
        RuntimeError: there is none.
    """
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError("no database is in use here: this must run inside storage.connect.use(database)") from None


def dialect() -> str:
    """`sqlite` or `postgres`: which database is in use."""
    return current().engine.dialect


async def rows(sql: str, args: Args = ()) -> list[Row]:
    """All rows of a statement; also those of `INSERT … RETURNING` and its like."""
    return await _target().rows(sql, args)


async def row(sql: str, args: Args = ()) -> Row | None:
    """The first row, if there is one."""
    found = await _target().rows(sql, args)
    return found[0] if found else None


async def value(sql: str, args: Args = ()) -> Any:
    """The first column of the first row; None when there is no row."""
    found = await _target().rows(sql, args)
    return found[0][0] if found else None


async def read_many(reads: Sequence[Read]) -> list[list[Row]]:
    """The rows of each of several reads in one hop, on SQLite from one moment (PostgreSQL: on one connection)."""
    return await _target().read_many(reads)


async def read_steps(steps: Steps[T]) -> T:
    """What the steps return: reads of which each may need what the ones before it found; in one hop, as `read_many`.

    On SQLite they run on another thread, where no database is in use: what they need of it is asked for before.
    """
    return await _target().read_steps(steps)


async def execute(sql: str, args: Args = ()) -> int:
    """Run a statement; gives how many rows it touched."""
    return await _target().execute(sql, args)


async def execute_many(sql: str, many: Sequence[Args]) -> None:
    """Run a statement once for each of the arguments in `many`, all or nothing."""
    await _target().execute_many(sql, many)


async def apply(writes: Writes) -> list[list[Row]]:
    """Make these changes in one transaction of their own; durable on return. Gives what `Writes.returning` asked for.

    Raises:
        RuntimeError: inside a transaction, which could only wait for itself; `write` is for there.
    """
    engine = current().engine
    _outside(engine)
    writes.end()
    if not writes:
        return []
    answers = await engine.apply(writes)
    await session.run_hooks(writes.hooks_after(answers))
    return answers


async def apply_each(each: Sequence[Writes]) -> list[list[list[Row]] | OperationalError]:
    """As `apply` for several at once, but each is made whole or, when the database refuses it, not at all.

    Gives for each its answers or why it was refused. For the one bad item that made a whole batch fail.
    """
    engine = current().engine
    _outside(engine)
    for writes in each:
        writes.end()
    outcomes = await engine.apply_each(each)
    for writes, outcome in zip(each, outcomes, strict=True):
        if not isinstance(outcome, OperationalError):
            await session.run_hooks(writes.hooks_after(outcome))
    return outcomes


async def write(writes: Writes) -> list[list[Row]]:
    """Make these changes inside the transaction that is open.

    Raises:
        RuntimeError: none is.
    """
    opened = session.transaction_on(current().engine)
    if opened is None:
        raise RuntimeError("no transaction is open: `apply` makes changes in one of their own")
    answers = await opened.scope.write(writes)
    opened.hooks.extend(writes.hooks_after(answers))
    if writes.last is not None:
        opened.last.merge(writes.last)
    return answers


def transaction() -> AbstractAsyncContextManager[None]:
    """All or nothing around the block; joins the one this task has open. Never wait for a peer in it.

    Raises:
        Collision: on PostgreSQL, when another transaction stood in the way.
    """
    return session.block(current().engine)


def in_transaction() -> bool:
    """Whether this task, or one that started it, has a transaction open: then nothing may wait for a peer."""
    opened = session.opened.get()
    return opened is not None and opened.open


def after_commit(hook: Hook) -> None:
    """Call `hook`, and wait for it if it is async, once the open transaction is durable; without one, at once."""
    opened = session.transaction_on(current().engine)
    if opened is not None:
        opened.hooks.append(hook)
        return
    waiting = hook()
    if waiting is not None:
        running = asyncio.ensure_future(waiting)
        _running.add(running)
        running.add_done_callback(_running.discard)


def at_end(closing: Closing) -> None:
    """Do this as the last of the open transaction: for what everybody waits for and no single statement can do.

    As `Writes.at_last`, behind which it comes.

    Raises:
        RuntimeError: no transaction is open.
    """
    opened = session.transaction_on(current().engine)
    if opened is None:
        raise RuntimeError("no transaction is open")
    opened.closing.append(closing)


def path_of(url: str) -> Path:
    """The file that a `sqlite:` URL names."""
    parts = urlsplit(url)
    if parts.netloc or not parts.path or parts.query or parts.fragment:
        raise OperationalError(f"a SQLite database is named like sqlite:///absolute/path, not {url}")
    return Path(unquote(parts.path))


def _target() -> session.Target:
    """Where statements of this task go: its open transaction, or the database in use."""
    engine = current().engine
    opened = session.transaction_on(engine)
    return engine if opened is None else opened.scope


def _outside(engine: Engine) -> None:
    if session.transaction_on(engine) is not None:
        raise RuntimeError("inside a transaction this would wait for that transaction to end")


def _postgres(part: str) -> Any:
    try:
        return importlib.import_module(f"storage.postgres_{part}")
    except ModuleNotFoundError as error:
        raise OperationalError("PostgreSQL needs the package asyncpg: pip install 'fedcomm[postgres]'") from error
