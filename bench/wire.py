"""The load: many requests, made ready before, over a few kept connections, with as little Python as possible."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import httptools
import msgspec

SECONDS = 60.0  # for all of a load


class Answered(msgspec.Struct, frozen=True):
    """What became of a load: each status with its number, and how long each answer took, in seconds."""

    statuses: dict[int, int]
    seconds: list[float]

    def all(self, status: int) -> bool:
        """Whether there was no other status."""
        return set(self.statuses) <= {status}


async def send_all(port: int, requests: Sequence[bytes], connections: int) -> Answered:
    """Send every request; each connection has one under way at a time."""
    load = _Load(requests)
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Sender(load), "127.0.0.1", port))[1]
        for _ in range(min(connections, len(requests)))
    ]
    for each in opened:
        each.next()
    try:
        async with asyncio.timeout(SECONDS):
            await load.done
    except TimeoutError:
        raise TimeoutError(f"{load.left} of {len(requests)} requests were not answered in {SECONDS:.0f} s") from None
    finally:
        for each in opened:
            each.close()
    return Answered(load.statuses, load.seconds)


class _Load:
    def __init__(self, requests: Sequence[bytes]) -> None:
        self.waiting = iter(requests)
        self.left = len(requests)
        self.statuses: dict[int, int] = {}
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class _Sender(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._begun = 0.0
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def next(self) -> None:
        request = next(self._load.waiting, None)
        if request is not None and self._transport is not None:
            self._busy = True
            self._begun = time.perf_counter()
            self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._busy = False
        self._load.answered(self._parser.get_status_code(), time.perf_counter() - self._begun)
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy and not self._load.done.done():
            with suppress(asyncio.InvalidStateError):
                self._load.done.set_exception(ConnectionError(f"the server closed a connection: {exc}"))
