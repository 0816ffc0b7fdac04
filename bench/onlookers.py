"""Clients that look on: many WebSockets in one event loop, with as little Python as possible."""

import asyncio
import base64
import os
import time
from collections.abc import Sequence

SECONDS = 60.0  # for all to be let in, and for all to be told something


class Onlookers:
    """So many connections to the streaming API, each with its token and an address of its own behind a proxy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._all: list[_Onlooker] = []
        self.told = 0  # messages that all of them together were sent
        self.last = 0.0  # when the last one was (time.perf_counter)

    async def come(self, tokens: Sequence[str], query: str) -> None:
        """One more for each token.

        Raises:
            TimeoutError: not all were let in.
        """
        loop = asyncio.get_running_loop()
        for token in tokens:
            request = _handshake(self._port, token, query, len(self._all))
            _, one = await loop.create_connection(
                lambda request=request: _Onlooker(self, request), "127.0.0.1", self._port
            )
            self._all.append(one)
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*(each.let_in.wait() for each in self._all))

    async def wait(self, messages: int) -> bool:
        """Until they were told so many messages; whether they were."""
        end = time.perf_counter() + SECONDS
        while self.told < messages and time.perf_counter() < end:  # noqa: ASYNC110 (frames are counted in another task)
            await asyncio.sleep(0.005)
        return self.told == messages

    def leave(self) -> None:
        """All of them go."""
        for each in self._all:
            each.leave()


class _Onlooker(asyncio.Protocol):
    """Counts frames by their lengths (RFC 6455 §5.2) and looks into none of them."""

    def __init__(self, crowd: Onlookers, request: bytes) -> None:
        self._crowd = crowd
        self._request = request
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.let_in = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.let_in.is_set():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found or not head.startswith(b"HTTP/1.1 101"):
                return
            self._buffer = rest
            self.let_in.set()
        while (size := _size(self._buffer)) and len(self._buffer) >= size:
            if self._buffer[0] & 15 == 1:
                self._crowd.told += 1
                self._crowd.last = time.perf_counter()
            self._buffer = self._buffer[size:]

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _same(one: _Onlooker) -> _Onlooker:
    return one


def _size(data: bytes) -> int:
    """The length of the frame that begins here; 0 when that is not known yet."""
    if len(data) < 2:
        return 0
    length = data[1] & 127
    if length < 126:
        return 2 + length
    if length == 126:
        return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0
    return 10 + int.from_bytes(data[2:10], "big") if len(data) >= 10 else 0


def _handshake(port: int, token: str, query: str, number: int) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /api/v1/streaming?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"X-Forwarded-For: 198.18.{number // 200}.{number % 200 + 1}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
