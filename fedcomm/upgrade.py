"""One connection once it speaks WebSocket: uvicorn's protocol with the limits and deadlines it lacks.

What is measured of uvicorn 0.54 with websockets 17: a handshake that cannot be read is never answered nor closed, empty
fragments pile up without end, pings are answered into the buffer of who reads nothing, and what is on its way to a
client that is gone stays there.
"""

import asyncio
from time import monotonic
from typing import Any, cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

MOST_BYTES = 8192  # of one message of a client
HEAD_BYTES = 7168  # of the request that asks for it: the library takes no longer lines
_MOST_FRAGMENTS = 32
_REFUSAL = b'{"error":"This is not a valid WebSocket handshake."}'


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a WebSocket is waited for, in seconds."""

    handshake: float = 15.0
    ping: float = 30.0  # between two pings, and until one must have been answered
    unread: float = 60.0  # in which a client takes nothing
    closing: float = 10.0  # to take the last bytes of a closed connection


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """RFC 6455 for strangers: everything a connection can take from the server has an end."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        patience: Patience = Patience(),
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.patience = patience
        self._begun = monotonic()
        self._stuck: float | None = None  # since when the client takes nothing, or is closed

    def data_received(self, data: bytes) -> None:
        """Read frames; what is no handshake is refused."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\n"
            length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(_REFUSAL)
            self.transport.write(head + length + _REFUSAL)
            self.transport.close()

    async def send(self, message: Any) -> None:
        """What the application answers; a refusal completes the handshake too, and is no fault to be logged."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def handle_cont(self, event: Any) -> None:
        """Go on with a message."""
        if len(self.frames) >= _MOST_FRAGMENTS:
            self.transport.abort()
            return
        super().handle_cont(event)

    def pause_writing(self) -> None:
        """Who does not read is not heard either: each answer to a ping would be kept for them."""
        super().pause_writing()
        self._stuck = monotonic()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """They read again."""
        super().resume_writing()
        self._stuck = None
        if not self.read_paused:
            self.transport.resume_reading()

    def sweep(self, now: float) -> None:
        """Cut the connection off when its time is up (seconds of `time.monotonic`)."""
        transport = cast("asyncio.Transport | None", self.transport)
        if transport is None:
            return
        if transport.is_closing():
            self._stuck = self._stuck or now
            if now - self._stuck > self.patience.closing:
                transport.abort()
        elif (self._stuck is not None and now - self._stuck > self.patience.unread) or (
            not self.handshake_complete and now - self._begun > self.patience.handshake
        ):
            transport.abort()
