"""TLS in front of a server that speaks plain HTTP, as an admin's reverse proxy has it."""

import asyncio
import contextlib
import ssl

CHUNK = 65_536


class Front:
    """Listens on an address and port of this machine and hands everything on, both ways, without looking at it."""

    def __init__(self, context: ssl.SSLContext, address: str, port: int, behind: tuple[str, int]) -> None:
        self._context, self._place, self._behind = context, (address, port), behind
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """From now on it can be reached."""
        self._server = await asyncio.start_server(self._take, *self._place, ssl=self._context)

    async def stop(self) -> None:
        """It can be reached no more; connections that were kept end too."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(*self._behind)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
        finally:
            writer.close()
            inner_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
