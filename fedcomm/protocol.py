"""One connection: uvicorn's protocol with the limits and deadlines it lacks.

What is measured of uvicorn 0.54 with httptools: silent connections, half-sent heads and unread bodies stay open for
ever, heads of 8 MB and 5,000 fields are taken, trailers are added to the fields the application has already read, and
a request with `Upgrade` loses its body, which is then parsed as the next request.
"""

import asyncio
import re
from collections.abc import Iterable
from time import monotonic
from typing import Any, cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from fedcomm.upgrade import HEAD_BYTES, GuardedWebSocket, Patience


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection may take: seconds, bytes and numbers."""

    silent: float = 10.0  # seconds until the first byte of a new connection
    head: float = 10.0  # seconds from the first to the last byte of a request's head
    idle: float = 25.0  # seconds between two requests
    leftover: float = 5.0  # seconds for the rest of a body that nobody reads any more
    unread: float = 60.0  # seconds in which a client takes nothing of its answer
    closing: float = 30.0  # seconds to take the last bytes of a closed connection
    fields: int = 100
    head_bytes: int = 32_768  # of the target and all fields
    pipelined: int = 32  # requests waiting for the answer to an earlier one
    leftover_bytes: int = 1_048_576
    framing_bytes: int = 65_536  # of chunk sizes, extensions and trailers beyond what the data can explain
    sockets: Patience = Patience()
    connections: int = 4096  # above it the longest silent ones have to go


_SLICE = 65_536  # bytes given to the parser at once: no more of a hostile head is ever kept
_TARGET = re.compile(rb"/[!\"$-~]*")  # origin-form without `#` (RFC 9112 §3.2.1)
_IDLE, _HEAD, _BODY, _ANSWER, _LEFTOVER = range(5)


class _Cork:
    """Holds the head of an answer until its body comes: one packet and one system call for both.

    uvloop writes at once what it is given. A head whose body takes longer is sent without it.
    """

    __slots__ = ("_fresh", "_held", "_loop", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self._fresh = True  # the next answer has not begun
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            if len(data) > _SLICE:
                self._transport.writelines((held, data))
            else:
                self._transport.write(held + data)
        elif self._fresh and not data.startswith(b"HTTP/1.1 100 "):
            self._fresh = False
            self._held = data
            self._loop.call_soon(self.flush)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def end(self) -> None:
        """The answer is whole."""
        self.flush()
        self._fresh = True

    def close(self) -> None:
        self.flush()
        self._transport.close()


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 for strangers: everything a connection can take from the server has an end."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        limits: Limits = Limits(),
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self._phase = _IDLE
        self._since = monotonic()  # of the phase
        self._served = False  # has a request ever come
        self._owed = 0  # answers
        self._fed = 0  # bytes of this head or body given to the parser
        self._data = 0  # bytes of this body without its framing
        self._mark = 0  # bytes a head that begins now has at most; 0 = not known
        self._unsure = False  # whether the length of this head must be added up
        self._refusal: tuple[int, str] | None = None
        self._deaf = False  # nothing more is read
        self._stuck: float | None = None  # since when the client takes nothing

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._cork = _Cork(transport, self.loop)
        if len(self.connections) > self.limits.connections and not make_room(self.connections):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if len(data) <= _SLICE:
            self._feed(data)
            return
        for offset in range(0, len(data), _SLICE):
            self._feed(data[offset : offset + _SLICE])

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = monotonic()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stuck = None

    # What the parser calls

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._enter(_HEAD)
        self._fed = self._mark
        self._unsure = not self._mark
        self._mark = 0

    def on_headers_complete(self) -> None:
        refusal = self._objection()
        if refusal is not None:
            self._refusal = refusal
            raise ValueError(refusal[1])
        super().on_headers_complete()
        if self.parser.should_upgrade() and self._should_upgrade():
            self._deaf = True  # what comes next is for the other protocol
            return
        self.cycle.transport = cast(asyncio.Transport, self._cork)
        self.headers = self.headers.copy()  # trailers come here, not to the application
        self._served = True
        self._owed += 1
        self._enter(_BODY)
        self._fed = self._data = 0
        if self.parser.should_upgrade():
            self._deaf = True  # it may speak the other protocol already
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._data += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        self._enter(_IDLE if self.cycle.response_complete else _ANSWER)

    # What uvicorn calls

    def on_response_complete(self) -> None:
        self._cork.end()
        super().on_response_complete()
        self._owed -= 1
        if self._owed:
            return
        if self._refusal is not None:
            self._answer_refusal()
        elif self._phase == _BODY:
            self._enter(_LEFTOVER)
            self._fed = 0
        else:
            self._enter(_IDLE if self._phase == _ANSWER else self._phase)

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed, after the answers that are still owed for earlier requests."""
        self._deaf = True
        self._refusal = self._refusal or (400, "This is not a valid HTTP request.")
        cycle = self.cycle
        if self._owed and cycle.more_body and not cycle.response_complete:
            if self._owed == 1:  # it is the bad one that is being answered
                cycle.disconnected = True  # as far as the application is concerned
                cycle.message_event.set()
                self._answer_refusal(too_late=cycle.response_started)
                return
            self.pipeline.popleft()  # the bad one has not begun
            self._owed -= 1
        if not self._owed:
            self._answer_refusal()

    # What the sweep calls

    def overdue(self, now: float) -> bool:
        """Whether the other side has had its time (seconds of `time.monotonic`)."""
        since, limits, phase = self.waiting_since, self.limits, self._phase
        if since is None:
            return False
        if phase == _IDLE:
            return now - since > (limits.idle if self._served else limits.silent)
        return now - since > (limits.head if phase == _HEAD else limits.leftover)

    def sweep(self, now: float) -> None:
        """Close or cut off the connection when its time is up."""
        transport = self.transport
        if transport.is_closing():
            self._stuck = self._stuck or now
            if now - self._stuck > self.limits.closing:
                transport.abort()
        elif self._stuck is not None and now - self._stuck > self.limits.unread:
            transport.abort()
        elif self.overdue(now):
            transport.close()

    @property
    def waiting_since(self) -> float | None:
        """Since when the other side lets us wait; None while we are the ones to act."""
        return self._since if self._phase == _LEFTOVER or not self._owed else None

    # Inside

    def _feed(self, data: bytes) -> None:
        size = len(data)
        self._fed += size
        if self._deaf:
            if self._phase == _LEFTOVER and self._fed > self.limits.leftover_bytes:
                self.transport.close()
            return
        if self.transport.is_closing():
            return
        self._mark = size if self._phase == _IDLE else 0
        super().data_received(data)
        phase = self._phase
        if phase == _HEAD:
            if self._fed > self.limits.head_bytes:
                self._refuse(431, "The head of the request is too large.")
        elif phase == _BODY:
            if self._fed > self.limits.framing_bytes + 8 * self._data:
                self._refuse(400, "The request has more framing than content.")
        elif phase == _LEFTOVER and self._fed > self.limits.leftover_bytes:
            self.transport.close()

    def _should_upgrade(self) -> bool:
        return bool(self.parser.get_method() == b"GET" and super()._should_upgrade())

    def _objection(self) -> tuple[int, str] | None:
        headers, limits = self.headers, self.limits
        if not _TARGET.fullmatch(self.url):
            return 400, "The target of the request must be a path without fragment."
        if len(headers) > limits.fields:
            return 431, f"The request has more than {limits.fields} header fields."
        if self._unsure or self._fed > limits.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in headers)
            if size > limits.head_bytes:
                return 431, "The head of the request is too large."
        if self.parser.get_http_version() not in ("1.1", "1.0"):
            return 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        if len(self.pipeline) >= limits.pipelined:
            return 400, "Too many requests wait for an answer on this connection."
        if self.parser.should_upgrade() and any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers
        ):
            return 400, "A request that asks for another protocol must not have a body."
        if self.parser.should_upgrade() and self._should_upgrade():
            return self._objection_to_upgrade()
        return None

    def _objection_to_upgrade(self) -> tuple[int, str] | None:
        if self._owed:
            return 400, "Another protocol can be asked for when nothing else is being answered."
        if self.parser.get_http_version() != "1.1":
            return 400, "WebSocket needs HTTP/1.1."
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            return 431, "The head of the request is too large."
        return None

    def _refuse(self, status: int, sentence: str) -> None:
        self._refusal = self._refusal or (status, sentence)
        self.send_400_response(sentence)

    def _answer_refusal(self, too_late: bool = False) -> None:
        if self._refusal is None or self.transport.is_closing():
            return
        if too_late:
            self.transport.close()
            return
        status, sentence = self._refusal
        body = msgspec.json.encode({"error": sentence})
        head = b"content-type: application/json; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(
            body
        )
        date = [b"%b: %b\r\n" % pair for pair in self.server_state.default_headers]
        self.transport.write(b"".join((STATUS_LINE[status], *date, head, b"\r\n", body)))
        self.transport.write_eof()  # closing at once could destroy the answer: RFC 9112 §9.6
        self._refusal = None
        self._enter(_LEFTOVER)
        self._fed = 0

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._since = monotonic()


def sweep(connections: Iterable[Any]) -> None:
    """Close every connection whose time is up; to be called about once a second."""
    now = monotonic()
    for connection in list(connections):
        if isinstance(connection, (GuardedProtocol, GuardedWebSocket)):
            connection.sweep(now)


def make_room(connections: Iterable[Any], share: float = 0.1) -> int:
    """Close those that have been silent longest, a share of all; says how many went."""
    silent = [each for each in connections if isinstance(each, GuardedProtocol) and each.waiting_since is not None]
    silent.sort(key=lambda each: each.waiting_since or 0.0)
    for connection in silent[: max(1, int(len(silent) * share))]:
        connection.transport.abort()
    return len(silent)
