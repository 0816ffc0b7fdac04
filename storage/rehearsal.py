"""A transaction that is always taken back: what would have been changed is counted, and nothing is kept."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from storage import session
from storage.connect import current
from storage.dialect import Args
from storage.session import Read, Row, Scope, Steps, T, Transaction
from storage.writes import Writes

_CHANGE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
_WORDS = {"INSERT INTO": "added to", "UPDATE": "changed in", "DELETE FROM": "taken out of"}
Changes = Counter[tuple[str, str]]  # rows, by ("added to", table), "changed in" and "taken out of"


@asynccontextmanager
async def rehearsal() -> AsyncIterator[Changes]:
    """All that the block changes, counted by table by its end, at which none of it has been.

    Hooks that wait for the commit are never called.

    Raises:
        RuntimeError: a transaction is open already, which would be taken back as well.
    """
    engine = current().engine
    if session.transaction_on(engine) is not None:
        raise RuntimeError("a rehearsal needs a transaction of its own")
    scope = _Counting(await engine.begin())
    transaction = Transaction(engine, scope)
    token = session.opened.set(transaction)
    try:
        yield scope.changes
        await scope.write(transaction.last)
    finally:
        transaction.open = False
        session.opened.reset(token)
        await scope.rollback()


class _Counting:
    """The scope of a transaction that counts what is changed in it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.changes: Changes = Counter()

    async def rows(self, sql: str, args: Args) -> list[Row]:
        found = await self._scope.rows(sql, args)
        self._count(sql, len(found))
        return found

    async def read_many(self, reads: Sequence[Read]) -> list[list[Row]]:
        return await self._scope.read_many(reads)

    async def read_steps(self, steps: Steps[T]) -> T:
        return await self._scope.read_steps(steps)

    async def execute(self, sql: str, args: Args) -> int:
        touched = await self._scope.execute(sql, args)
        self._count(sql, touched)
        return touched

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        for args in rows:
            await self.execute(sql, args)

    async def write(self, writes: Writes) -> list[list[Row]]:
        answers = []
        for group in writes.groups:
            if group.answers:
                answers.append(await self.rows(group.sql, group.rows[0]))
            else:
                await self.execute_many(group.sql, group.calls)
        return answers

    async def commit(self) -> bool:
        raise RuntimeError("a rehearsal is never kept")

    async def rollback(self) -> None:
        await self._scope.rollback()

    def _count(self, sql: str, touched: int) -> None:
        found = _CHANGE.match(sql)
        if found is not None and touched:
            self.changes[_WORDS[found[1]], found[2]] += touched
