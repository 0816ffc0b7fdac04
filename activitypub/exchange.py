"""One connection to a peer: writes a request, reads the answer, with every limit a hostile peer would test."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
import msgspec

from activitypub.errors import Malformed, Unreachable

MAX_HEADERS = 100
MAX_HEAD_BYTES = 65_536  # status line, header lines and trailers
_SWITCHING, _FINAL, _ELSEWHERE = 101, 200, 300  # statuses; what is below 200 only announces the answer
_BODILESS = (204, 304)
_LINE_EXTRA = 4  # bytes of a header line besides name and value: colon, space, line end
_CHUNK_EXTRA = 8  # times the body: a chunk of one byte takes six
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"content-encoding"))


class Reply(msgspec.Struct, frozen=True):
    """What a peer answered; names of headers are lower-case. A body that was not asked for may be cut off."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Limits(msgspec.Struct, frozen=True):
    """How one answer is read."""

    body_bytes: int
    first_byte_seconds: float  # after the request was written
    done_by: float  # on the clock of the event loop
    whole: bool  # the body is what was asked for: too long or encoded, and the answer is worth nothing


class Stale(Exception):
    """The connection ended before anything was answered; peers close those they have not used for a while."""


class Connection(asyncio.Protocol):
    """An open connection with at most one request on it.

    One timer serves the first byte, the whole answer and the idle time: it is set anew only when it would fire too
    late, so that a busy connection costs no timer at all (an `asyncio.timeout` is 4 µs each time).
    """

    __slots__ = (
        "_answered", "_body", "_deadline", "_encoded", "_error", "_head_bytes", "_headers", "_in_body", "_limits",
        "_loop", "_on_end", "_parser", "_peer", "_received", "_size", "_status", "_timer", "_timer_at", "_transport",
        "_until_end", "_waiter", "_whole", "usable",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: str, on_end: Callable[["Connection"], None]) -> None:
        self.usable = False  # open, and nothing is under way or left over from the last answer
        self._loop = loop
        self._peer = peer
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[Reply] | None = None
        self._limits = Limits(0, 0, 0, True)
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._answered = False
        self._received = 0
        self._head_bytes = 0
        self._reset()

    def send(self, request: bytes, limits: Limits) -> asyncio.Future[Reply]:
        """Write a request; the future brings the answer.

        It raises:
            Stale: the peer closed before it answered a byte.
            Unreachable: it broke off or took too long.
            Malformed: it does not speak HTTP, or exceeds a limit.
        """
        self._waiter = waiter = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            waiter.set_exception(Stale())
            return waiter
        self._answered = False
        self._received = 0
        self._head_bytes = 0
        self._limits = limits
        self.usable = False
        self._transport.write(request)
        self._watch(min(self._loop.time() + limits.first_byte_seconds, limits.done_by))
        return waiter

    def keep(self, seconds: float) -> None:
        """Close by itself when it is not used for so long."""
        self._watch(self._loop.time() + seconds)

    def abort(self) -> None:
        """Close at once, without a word to the peer."""
        self.usable = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.abort()  # bytes that answer nothing would be read as the next answer
            return
        if not self._answered:
            self._answered = True
            self._deadline = self._limits.done_by
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(self._error or Malformed(f"{self._peer} does not answer in HTTP."))
        if self._waiter is not None:
            self._count(len(data))

    def eof_received(self) -> None:
        if self._waiter is not None and self._until_end:
            self._complete(usable=False)
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered:
            self._fail(Unreachable(f"{self._peer} broke off."))
        else:
            self._fail(Stale())
        self._transport = None
        self._on_end(self)

    # httptools calls these

    def on_message_begin(self) -> None:
        if self._waiter is None:
            self.abort()  # an answer more than was asked for
        self._reset()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value) + _LINE_EXTRA)
        if self._in_body:
            return  # a trailer
        self._headers.append((name.lower(), value))
        if len(self._headers) > MAX_HEADERS:
            self._refuse(f"{self._peer} answers with more than {MAX_HEADERS} headers.")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status == _SWITCHING:
            self._refuse(f"{self._peer} changes the protocol unasked.")
        if self._status < _FINAL:
            return
        self._in_body = True
        self._whole = self._limits.whole and self._status < _ELSEWHERE
        framing = {name: value.strip().lower() for name, value in self._headers if name in _FRAMING}
        transfer = framing.get(b"transfer-encoding")
        length = framing.get(b"content-length")
        if transfer is not None and (transfer != b"chunked" or length is not None):
            self._refuse(f"{self._peer} answers in a form that can be read in two ways.")
        if length is not None and self._whole and int(length) > self._limits.body_bytes:
            self._refuse_size()
        self._until_end = transfer is None and length is None and self._status not in _BODILESS
        self._check_encoding(framing.get(b"content-encoding", b""))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= self._limits.body_bytes:
            self._body.append(body)
        elif self._whole:
            self._refuse_size()
        elif self._waiter is not None:
            self._body.append(body[: self._limits.body_bytes - self._size])
            self._complete(usable=False)

    def on_message_complete(self) -> None:
        if self._status >= _FINAL and self._waiter is not None:
            self._complete(usable=self._parser.should_keep_alive())

    # within

    def _reset(self) -> None:
        self._error: Malformed | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._status = 0
        self._in_body = False
        self._until_end = False
        self._encoded = False
        self._whole = True

    def _check_encoding(self, encoding: bytes) -> None:
        # `identity` is what was asked for. Unpacking would mean to bound what a kilobyte can become.
        self._encoded = encoding not in (b"", b"identity")
        if self._encoded and self._whole:
            self._refuse(f"{self._peer} answers in an encoding that was not asked for.")
        if self._encoded:
            self._headers = [header for header in self._headers if header[0] != b"content-encoding"]

    def _grow(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(f"{self._peer} answers with more than {MAX_HEAD_BYTES} bytes of headers.")

    def _count(self, size: int) -> None:
        # What the parser holds back and tells nobody: a header line, trailer or chunk extension without an end.
        self._received += size
        most = MAX_HEAD_BYTES + (self._limits.body_bytes * _CHUNK_EXTRA if self._in_body else 0)
        if self._received > most:
            self._fail(Malformed(f"{self._peer} answers with more around the body than in it."))

    def _refuse_size(self) -> None:
        self._refuse(f"{self._peer} answers with more than {self._limits.body_bytes} bytes.")

    def _refuse(self, message: str) -> None:
        self._error = Malformed(message)
        self._fail(self._error)
        raise self._error

    def _complete(self, *, usable: bool) -> None:
        waiter, self._waiter = self._waiter, None
        self.usable = usable
        if waiter is not None and not waiter.done():
            body = b"" if self._encoded else b"".join(self._body)
            waiter.set_result(Reply(self._status, self._headers, body))
        if not usable:
            self.abort()

    def _fail(self, error: Exception) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        self.abort()

    def _watch(self, when: float) -> None:
        self._deadline = when
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._watch(self._deadline)
        elif self._waiter is not None:
            self._fail(Unreachable(f"{self._peer} took too long to answer."))
        else:
            self.abort()
