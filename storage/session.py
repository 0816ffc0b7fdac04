"""Which transaction this task has open, if any; what an engine offers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from storage.dialect import Args
from storage.errors import OperationalError
from storage.writes import Writes

Row = tuple[Any, ...]
Read = tuple[str, Args]
Hook = Callable[[], Awaitable[None] | None]
Closing = Callable[[], Awaitable[None]]
T = TypeVar("T")
Steps = Generator[Read, list[Row], T]  # yields a read, is sent its rows, and returns what came of all of them

_log = logging.getLogger(__name__)


class Target(Protocol):
    """Where statements go: a transaction, or an engine, to which each is a transaction of its own."""

    async def rows(self, sql: str, args: Args) -> list[Row]: ...
    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]: ...
    async def read_steps(self, steps: Steps[T]) -> T: ...
    async def execute(self, sql: str, args: Args) -> int: ...
    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None: ...


class Scope(Target, Protocol):
    """An open transaction of an engine: statements in it, then one of the two ends."""

    async def write(self, writes: Writes) -> list[list[Row]]: ...
    async def commit(self) -> bool:
        """Make it durable; True when the waiting task was cancelled meanwhile."""
        ...

    async def rollback(self) -> None: ...


class Engine(Target, Protocol):
    """One database, however it is reached."""

    @property
    def dialect(self) -> str: ...
    async def apply(self, writes: Writes) -> list[list[Row]]: ...
    async def apply_each(self, each: Sequence[Writes]) -> list[list[list[Row]] | OperationalError]: ...
    async def begin(self) -> Scope: ...
    async def close(self) -> None: ...


class Transaction:
    """A transaction and the task that opened it; what waits for its commit."""

    __slots__ = ("closing", "engine", "failed", "hooks", "last", "open", "scope", "task")

    def __init__(self, engine: Engine, scope: Scope) -> None:
        self.engine = engine
        self.scope = scope
        self.task = asyncio.current_task()
        self.hooks: list[Hook] = []
        self.last = Writes()  # what is to be written before the commit, after all else
        self.closing: list[Closing] = []  # what is to be asked and written after that
        self.open = True
        self.failed = False  # a block that joined it raised


opened: ContextVar[Transaction | None] = ContextVar("fedcomm_transaction", default=None)


def transaction_on(engine: Engine) -> Transaction | None:
    """The transaction this task has open on that engine.

    Raises:
        RuntimeError: it was opened by another task, which started this one before it ended.
    """
    transaction = opened.get()
    if transaction is None or not transaction.open or transaction.engine is not engine:
        return None
    if transaction.task is not asyncio.current_task():
        raise RuntimeError("a task started inside a transaction may not use the database before it has ended")
    return transaction


async def settled(future: "asyncio.Future[Any]") -> bool:
    """Wait to the very end of it; True when this task was cancelled meanwhile (which is the caller's to pass on)."""
    cancelled = False
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError:
            cancelled = True
    future.result()
    return cancelled


@asynccontextmanager
async def block(engine: Engine) -> AsyncIterator[None]:
    """A transaction on `engine` around the block, or the one this task has open already.

    Raises:
        OperationalError: a block that joined it failed, and who caught that went on: nothing of it was kept.
    """
    joined = transaction_on(engine)
    if joined is not None:
        try:
            yield
        except BaseException:
            joined.failed = True
            raise
        return
    transaction = Transaction(engine, await engine.begin())
    token = opened.set(transaction)
    try:
        yield
        if transaction.failed:
            raise OperationalError("a part of this transaction failed: nothing of it was kept")
        if transaction.last:
            await transaction.scope.write(transaction.last)
        for closing in transaction.closing:
            await closing()
    except BaseException:
        await transaction.scope.rollback()
        raise
    else:
        cancelled = await transaction.scope.commit()
    finally:
        transaction.open = False
        opened.reset(token)
    await run_hooks(transaction.hooks)
    if cancelled:
        raise asyncio.CancelledError


async def run_hooks(hooks: Sequence[Hook]) -> None:
    """Call each in turn. One that fails is logged: what was committed stays so, and the others still run."""
    for hook in hooks:
        try:
            waiting = hook()
            if waiting is not None:
                await waiting
        except Exception:  # whose work it is cannot undo anything any more
            _log.exception("a hook after a commit failed")
