"""One client that looks on: what it looks at, and what waits for it, bounded in bytes."""

import asyncio
from collections import deque

import msgspec

from fedcomm import oauth
from web.auth import Viewer
from web.streaming.channels import Channel

MOST_WAITING = 262_144  # bytes for a client that takes them too slowly; beyond it the client is dropped
MOST_CHANNELS = 100  # of one connection
GOING_AWAY, NOT_ALLOWED, TOO_SLOW = 1001, 1008, 1013  # RFC 6455 §7.4.1, and the registry of close codes

_text = msgspec.json.Encoder().encode


class Onlooker:
    """A connection. `event_source` says which of the two wire forms it takes."""

    __slots__ = ("_end", "_frames", "_size", "_wake", "address", "channels", "code", "event_source", "viewer")

    def __init__(self, viewer: Viewer, address: str, *, event_source: bool) -> None:
        self.viewer = viewer
        self.address = address
        self.event_source = event_source
        self.channels: dict[Channel, bytes] = {}  # with its name in frames, as JSON
        self.code = 0  # why it ended; 0 = it has not
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._end = asyncio.Event()

    def may(self, scope: str) -> bool:
        """Whether their program has the scope."""
        return oauth.covers(self.viewer.scopes, scope)

    def put(self, frame: bytes) -> None:
        """Have it sent soon; who has too much waiting is dropped, and slows nobody down."""
        if self.code:
            return
        self._size += len(frame)
        if self._size > MOST_WAITING:
            self.end(TOO_SLOW)
            return
        self._frames.append(frame)
        self._wake.set()

    def end(self, code: int) -> None:
        """Nothing more comes; what waits is thrown away."""
        if not self.code:
            self.code = code
            self._frames.clear()
            self._wake.set()
            self._end.set()

    async def ended(self) -> None:
        """Wait for the end."""
        await self._end.wait()

    async def next(self) -> bytes:
        """The next frame, once there is one; b"" at the end."""
        while not self._frames:
            if self.code:
                return b""
            self._wake.clear()
            await self._wake.wait()
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame


def for_sockets(label: bytes, event: str, text: bytes) -> bytes:
    """A message of a WebSocket; `text` is the payload, which is a string there, b"" = there is none."""
    if not text:
        return b'{"stream":%b,"event":"%b"}' % (label, event.encode())
    inner = _text(text.decode())
    return b'{"stream":%b,"event":"%b","payload":%b}' % (label, event.encode(), inner)


def for_event_sources(event: str, text: bytes) -> bytes:
    """A message of an event source (HTML: "Server-sent events"); JSON has no line ends of its own.

    One without data would not be told to its program; Mastodon writes `undefined` there.
    """
    return b"event: %b\ndata: %b\n\n" % (event.encode(), text or b"undefined")


def label(names: tuple[str, ...]) -> bytes:
    """What frames call a stream."""
    return _text(names)
