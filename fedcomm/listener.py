"""The server in the running event loop: accepts connections on sockets that are bound already, and lets them end."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import Server

from fedcomm import pauses
from fedcomm.protocol import GuardedProtocol, Limits, sweep
from fedcomm.upgrade import MOST_BYTES, GuardedWebSocket


class Listener:
    """An ASGI application on sockets that are bound already, in the running event loop.

    Signals are the caller's business. `drain` is how many seconds requests have left when it stops.
    """

    def __init__(self, app: Any, sockets: Sequence[socket.socket], limits: Limits = Limits(), drain: int = 30) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # strangers can cause its warnings at will
        config = Config(
            app,
            http=cast(Any, partial(GuardedProtocol, limits=limits)),
            ws=cast(Any, partial(GuardedWebSocket, patience=limits.sockets)),
            ws_max_size=MOST_BYTES,
            ws_ping_interval=limits.sockets.ping,
            ws_ping_timeout=limits.sockets.ping,
            ws_per_message_deflate=False,  # 10 times the memory of a connection
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(limits.idle) + 1,  # our own sweep comes first
            timeout_graceful_shutdown=drain,
        )
        self._server = _Server(config)
        self._sockets = list(sockets)
        self._pause = min(1.0, limits.silent / 4, limits.idle / 4)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Accept connections.

        Raises:
            OSError: a socket cannot be listened on.
        """
        serving = asyncio.create_task(self._server.serve(self._sockets))
        self._tasks = [serving, asyncio.create_task(self._sweep())]
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait((serving, up), return_when=asyncio.FIRST_COMPLETED)
        if not up.done():
            up.cancel()
            await self.stop()

    async def stop(self) -> None:
        """Accept nothing more and let what has begun come to its end."""
        self._server.stop()
        serving, sweeping = self._tasks
        try:
            await serving
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            sweep(self._server.server_state.connections)


class _Server(Server):
    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self._end = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._end.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Once a second the `Date` of the answers; uvicorn's own loop wakes ten times as often."""
        while not await self.on_tick(0):
            await pauses.until(self._end, 1.0)

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()  # uvicorn would raise the signal again at the end, and the process die of it
