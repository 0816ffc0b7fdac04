"""PostgreSQL databases used one after the other: to empty one takes 2 ms, to make one 150."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

import asyncpg
import msgspec

from tests.postgres import Postgres

T = TypeVar("T")

USES = 200  # after which a database goes: nobody sweeps what was deleted in it
_SCHEMA = (
    "SELECT max(oid), count(*), (SELECT count(*) FROM pg_attribute),"
    " (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O') FROM pg_class"
)
_EMPTY = "CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {}; END $$"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND pid <> ALL($1)"
)


class Template(msgspec.Struct, frozen=True):
    """A migrated database that others are copied from: what stands in it, and what its schema is."""

    name: str
    rows: dict[str, list[Any]]  # of the tables that are not empty
    schema: tuple[Any, ...]
    emptying: str

    @classmethod
    async def of(cls, server: Postgres, name: str) -> Self:
        """What there is to know about it."""
        connection = await asyncpg.connect(server.of(name))
        try:
            tables = [found[0] for found in await connection.fetch("SELECT tablename FROM pg_tables"
                                                                   " WHERE schemaname = 'public'")]  # fmt: skip
            sequences = await connection.fetch("SELECT sequencename, start_value FROM pg_sequences"
                                               " WHERE schemaname = 'public'")  # fmt: skip
            rows = {table: await connection.fetch(f'SELECT * FROM "{table}"') for table in tables}
            schema = tuple(await connection.fetchrow(_SCHEMA))
        finally:
            await connection.close()
        emptying = "; ".join(
            [f'DELETE FROM public."{table}"' for table in tables]
            + [f"PERFORM setval('public.\"{name}\"', {start}, false)" for name, start in sequences]
        )
        return cls(name, {table: found for table, found in rows.items() if found}, schema, emptying)


class Used:
    """Databases that were copied from a template and are not needed any more.

    A connection to each stays open, in a thread of its own since not all tests have the same event loop: a new one
    knows nothing of the tables yet, and takes 17 ms of the processor to empty them, where one that did it before
    takes 2.
    """

    def __init__(self, server: Postgres, template: Template, known: Callable[[str], list[int]]) -> None:
        self._server = server
        self._template = template
        self._known = known  # process ids of PostgreSQL that may be connected to a database, by its name
        self._free: deque[str] = deque()
        self._uses: dict[str, int] = {}
        self._connections: dict[str, asyncpg.Connection] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="used databases", daemon=True).start()

    async def take(self) -> str:
        """The name of a database that is as the template: a used one, or a new one."""
        return await self._there(self._take())

    async def leave(self, name: str) -> None:
        """Nobody is connected to it from here."""
        await self._there(self._leave(name))

    @property
    def names(self) -> list[str]:
        """Of all of them, and of the template."""
        return [*self._uses, self._template.name]

    def has(self, name: str) -> bool:
        """Whether that database is one of these."""
        return name in self._uses

    def give_back(self, name: str) -> bool:
        """Whether that database is one of these; it may be used again then."""
        if self.has(name):
            self._free.append(name)
        return self.has(name)

    def close(self) -> None:
        """Connect no more."""
        for name in list(self._connections):
            asyncio.run_coroutine_threadsafe(self._leave(name), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _there(self, doing: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(doing, self._loop))

    async def _take(self) -> str:
        while self._free:
            name = self._free.popleft()
            if self._uses[name] < USES and await self._renewed(name):
                self._uses[name] += 1
                return name
            await self._leave(name)
            await self._server.drop(name)
        name = await self._server.create(self._template.name)
        self._uses[name] = 1
        return name

    async def _leave(self, name: str) -> None:
        if connection := self._connections.pop(name, None):
            await connection.close()

    async def _renewed(self, name: str) -> bool:
        """Whether it could be made what it was.

        Not so when somebody else is connected still, when its schema is another, and with an account that is no
        superuser.
        """
        try:
            connection = await self._connected(name)
            others = await connection.fetchval(_OTHERS, self._known(name))
            if others or tuple(await connection.fetchrow(_SCHEMA)) != self._template.schema:
                return False
            await connection.execute("SELECT pg_temp.empty()")
            for table, rows in self._template.rows.items():
                await connection.copy_records_to_table(table, records=rows, columns=list(rows[0].keys()))
            return True
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False

    async def _connected(self, name: str) -> Any:
        connection = self._connections.get(name)
        if connection is None or connection.is_closed():
            connection = self._connections[name] = await asyncpg.connect(self._server.of(name))
            # No trigger fires and no reference is checked meanwhile: the log of admins' acts refuses to be emptied.
            await connection.execute("SET session_replication_role = replica")
            # A function remembers how all this is done; each statement anew takes three times as long.
            await connection.execute(_EMPTY.format(self._template.emptying))
        return connection
