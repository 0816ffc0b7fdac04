"""Connections to PostgreSQL that outlive the test: a new one takes 30 ms of the processor, most of it the server's."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import pytest

from storage import postgres_connection

MOST = 4  # of one kind to one database
_Place = tuple[str, str]  # URL and the name that the connection has for PostgreSQL


class Kept:
    """What `storage.postgres_connection` makes and ends, while it is `in_use`.

    Who closes a connection to a database that is used again leaves it here, for the next who opens one there. That one
    gets it as if it were new, but for what it has prepared: no transaction, lock, setting or listening is left.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, room: Callable[[str], int]) -> None:
        self._loop = loop
        self._room = room  # for how many in all, when one to that URL comes; none if nobody uses it again
        self._idle: dict[_Place, list[Any]] = defaultdict(list)
        self._places: WeakKeyDictionary[Any, _Place] = WeakKeyDictionary()
        self._connect, self._end = postgres_connection.connect, postgres_connection.end

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Connections are made and ended here."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(postgres_connection, "connect", self.connect)
            patch.setattr(postgres_connection, "end", self.end)
            yield

    async def connect(self, url: str, name: str) -> Any:
        """One that was left, or a new one."""
        here = asyncio.get_running_loop() is self._loop
        left = self._idle[url, name] if here else []
        while left:
            connection = left.pop()
            try:
                await connection.reset(timeout=5)
                return connection
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
        made = await self._connect(url, name)
        if here:
            self._places[made] = url, name
        return made

    async def end(self, connection: Any, seconds: float) -> None:
        """Keep it, if it can be of use."""
        place = self._places.get(connection)
        if place is None or connection.is_closed() or not self._has_room(place):
            self._places.pop(connection, None)
            return await self._end(connection, seconds)
        self._idle[place].append(connection)

    def backends(self, url: str) -> list[int]:
        """Process ids of PostgreSQL behind those that are kept for this database."""
        return [one.get_server_pid() for one in self._at(url) if not one.is_closed()]

    def files(self) -> set[int]:
        """Of all that are kept."""
        kept = [one for idle in self._idle.values() for one in idle if not one.is_closed()]
        return {one._transport.get_extra_info("socket").fileno() for one in kept}  # the driver shows it nowhere

    def leave(self, url: str) -> None:
        """Keep none to this database."""
        for connection in self._at(url):
            connection.terminate()
            self._places.pop(connection, None)
        for place in [place for place in self._idle if place[0] == url]:
            del self._idle[place]

    def close(self) -> None:
        """Keep none."""
        for url in {url for url, _name in self._idle}:
            self.leave(url)

    def _has_room(self, place: _Place) -> bool:
        return len(self._idle[place]) < MOST and sum(map(len, self._idle.values())) < self._room(place[0])

    def _at(self, url: str) -> list[Any]:
        return [one for place, idle in self._idle.items() if place[0] == url for one in idle]
