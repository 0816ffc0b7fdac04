"""Migrated databases for tests: each is, or is as, a copy of one that was migrated once."""

import asyncio
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from storage import migrate
from storage.connect import Database
from tests.kept import Kept
from tests.postgres import Postgres, server
from tests.reuse import Template, Used

KEPT, KEPT_ELSEWHERE = 24, 4  # connections, to a server of our own and to one that several processes share


class Databases:
    """Makes databases in both dialects; PostgreSQL is only started when one of its own is asked for."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.kept = Kept(loop, self._room)
        self._folder = folder
        self._running = ExitStack()
        self._server: Postgres | None = None
        self._migrated: Path | None = None  # an SQLite database to copy
        self._used: Used | None = None
        self._sweeper = ThreadPoolExecutor(1)
        self._dropped: list[Future[None]] = []
        self._count = 0

    async def new(self, dialect: str) -> str:
        """The URL of a new database with the newest schema and nothing in it."""
        if dialect == "sqlite":
            if self._migrated is None:
                self._migrated = Path((await self._template(dialect)).removeprefix("sqlite://"))
            self._count += 1
            return f"sqlite://{shutil.copy(self._migrated, self._folder / f'{self._count}.db')}"
        if self._used is None:
            name = (await self._template(dialect)).rsplit("/", 1)[1]
            self._used = Used(self._postgres(), await Template.of(self._postgres(), name), self._known)
        return self._postgres().of(await self._used.take())

    async def copy(self, url: str) -> str:
        """The URL of a new database with all that is in another one, which nobody has open."""
        if url.startswith("sqlite:"):
            self._count += 1
            path = shutil.copy(url.removeprefix("sqlite://"), self._folder / f"{self._count}.db")
            return f"sqlite://{path}"
        name = url.rsplit("/", 1)[1]
        self.kept.leave(url)
        if self._used is not None:
            await self._used.leave(name)
        return self._postgres().of(await self._postgres().create(name))

    async def empty(self, dialect: str) -> str:
        """The URL of a new database without any schema."""
        if dialect == "sqlite":
            self._count += 1
            return f"sqlite://{self._folder / f'{self._count}.db'}"
        return self._postgres().of(await self._postgres().create())

    def drop(self, url: str) -> None:
        """The database is not needed any more. What PostgreSQL cannot use again it drops, which nobody waits for."""
        if url.startswith("sqlite:"):
            for end in ("", "-wal", "-shm"):
                Path(url.removeprefix("sqlite://") + end).unlink(missing_ok=True)
        else:
            name = url.rsplit("/", 1)[1]
            if self._used is not None and self._used.give_back(name):
                return
            self._dropped.append(self._sweeper.submit(asyncio.run, self._postgres().drop(name)))

    def close(self) -> None:
        """Whatever was made is gone, and so is the server if it is our own."""
        self.kept.close()
        if self._used is not None:
            self._used.close()
        if self._used is not None and self._postgres().folder is None:
            for name in self._used.names:
                self._dropped.append(self._sweeper.submit(asyncio.run, self._postgres().drop(name)))
        for dropped in self._dropped:
            dropped.result()
        self._sweeper.shutdown()
        self._running.close()

    def _room(self, url: str) -> int:
        if self._used is None or not self._used.has(url.rsplit("/", 1)[1]):
            return 0
        return KEPT if self._postgres().folder is not None else KEPT_ELSEWHERE

    def _known(self, name: str) -> list[int]:
        return self.kept.backends(self._postgres().of(name))

    def _postgres(self) -> Postgres:
        if self._server is None:
            self._server = self._running.enter_context(server())
        return self._server

    async def _template(self, dialect: str) -> str:
        url = await self.empty(dialect)
        database = await Database.open(url)
        await migrate.run(database)
        await database.close()
        return url
