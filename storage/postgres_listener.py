"""Hearing what other processes on the same PostgreSQL tell, and knowing when something may have been missed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextvars import Context
from typing import Any

import asyncpg

from storage import postgres_connection
from storage.postgres_pool import ours

_log = logging.getLogger(__name__)
_CHANNEL = "fedcomm"
_CUT_OFF = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # seconds between attempts to be connected again
_CLOSING = 2.0  # seconds that an end waits for the database


class PostgresListener:
    """One connection that listens for as long as the process runs, through restarts of the database."""

    def __init__(self, url: str, heard: Callable[[str], None], missed: Callable[[], None]) -> None:
        self._url = url
        self._heard = heard
        self._missed = missed
        self._connection: Any = None
        self._lost = asyncio.Event()
        self._asking = asyncio.Lock()
        self._connecting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listening.

        Raises:
            Unavailable: nobody answers there.
        """
        with ours():
            await self._listen()
        self._task = asyncio.get_running_loop().create_task(self._stay(), context=Context())

    async def heard_all(self) -> bool:
        """Whether everything that was told before now has been heard: the database says it before it answers this."""
        async with self._asking:
            connection = self._connection
            if connection.is_closed():
                return False
            try:
                await connection.execute("SELECT 1", timeout=2)
            except _CUT_OFF:  # also when it ends at this moment, of which the driver says nothing
                connection.terminate()
                self._ended(connection)
                return False
            return not self._lost.is_set()

    async def close(self) -> None:
        """Listen no more."""
        # Cut off while it connects, the driver would leave a failure behind that nobody asks for.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await self._connecting.acquire()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None and not self._connection.is_closed():
            self._connection.remove_termination_listener(self._ended)
            await postgres_connection.end(self._connection, _CLOSING)

    async def _listen(self) -> None:
        connection = await postgres_connection.connect(self._url, "fedcomm listener")
        self._connection = connection
        connection.add_termination_listener(self._ended)
        await connection.add_listener(_CHANNEL, self._notified)

    def _ended(self, connection: Any) -> None:
        if connection is self._connection:
            self._lost.set()

    def _notified(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        self._heard(payload)

    async def _stay(self) -> None:
        while True:
            await self._lost.wait()
            self._lost.clear()
            await self._return()
            self._missed()

    async def _return(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._connecting:
                    await self._listen()
                return
            except _CUT_OFF as error:
                _log.warning("listening to PostgreSQL failed error=%s again_in=%.1fs", type(error).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
