"""Clients that look on: real sockets to a real listener, in front of a whole app."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect

import web.app
from fedcomm.app import App
from fedcomm.listener import Listener
from fedcomm.protocol import Limits
from storage import events
from tests import build
from tests.web.client import Nowhere
from web.app import Application
from web.guard import Guard

HOST = build.BASE.partition("://")[2]
PATIENCE = 5.0  # seconds for what should come at once


class Place:
    """A server that listens: its port, and what it runs."""

    def __init__(self, port: int, application: Application, listener: Listener) -> None:
        self.port = port
        self.application = application
        self.listener = listener

    async def caught_up(self) -> None:
        """Wait until this server has heard what happened before now, so that it tells only of what comes."""
        await events.sent()
        await self.application.app.db.heard_all()

    def socket(self, token: str = "", query: str = "", **options: Any) -> "Opening":
        """A WebSocket; the token is given as browsers have to."""
        options = {"subprotocols": [token], **options} if token else options
        url = f"ws://{HOST}/api/v1/streaming{query}"
        options |= {"host": "127.0.0.1", "port": self.port, "proxy": None, "compression": None}
        return Opening(self, connect(url, **options))

    @asynccontextmanager
    async def source(self, path: str, token: str) -> AsyncIterator["Source"]:
        """An event source that has been answered; "" = no token in a header."""
        await self.caught_up()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"GET /api/v1/streaming/{path} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}\r\n"
        writer.write(head.encode())
        try:
            yield Source((await reader.readuntil(b"\r\n\r\n")).decode(), reader)
        finally:
            writer.close()


class Opening:
    """A WebSocket that is about to be opened, by `await` or `async with`."""

    def __init__(self, place: Place, opening: connect) -> None:
        self._place = place
        self._opening = opening

    def __await__(self) -> Generator[Any, None, ClientConnection]:
        return self._open().__await__()

    async def __aenter__(self) -> ClientConnection:
        self._connection = await self._open()
        return self._connection

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.close()

    async def _open(self) -> ClientConnection:
        await self._place.caught_up()
        return await self._opening


class Source:
    """The other end of an event source."""

    def __init__(self, head: str, reader: asyncio.StreamReader) -> None:
        self.head = head
        self.status = int(head.split()[1])
        self._reader = reader

    async def piece(self) -> str:
        """The next chunk; "" at the end."""
        async with asyncio.timeout(PATIENCE):
            size = int(await self._reader.readline() or b"0", 16)
            return (await self._reader.readexactly(size + 2))[:-2].decode()

    async def body(self) -> str:
        """The whole answer, where it is no stream."""
        length = re.search(r"(?im)^content-length: (\d+)", self.head)
        assert length, self.head
        return (await self._reader.readexactly(int(length[1]))).decode()


@asynccontextmanager
async def listening(app: App, limits: Limits = Limits()) -> AsyncIterator[Place]:
    """The app behind its guard on a port of this machine."""
    application = web.app.build(app)
    bound = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener = Listener(Guard(application, app.base_url), [bound], limits, 5)
    await listener.start()
    try:
        yield Place(bound.getsockname()[1], application, listener)
    finally:
        await application.close()
        await listener.stop()


@asynccontextmanager
async def listening_apart(app: App) -> AsyncIterator[Place]:
    """The app as a server; on PostgreSQL another process serves it, which hears what happens in the first."""
    if app.db.dialect != "postgres":
        async with listening(app) as place:
            yield place
        return
    other = await App.open(app.config, transport=Nowhere())
    try:
        async with listening(other) as place:
            yield place
    finally:
        await other.close()


def leaving(application: Application) -> ASGIApp:
    """The application for clients that leave an event source as soon as they are let in."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        let_in = asyncio.Event()

        async def received() -> Message:
            if not scope["path"].startswith("/api/v1/streaming"):
                return await receive()
            await let_in.wait()
            return {"type": "http.disconnect"}

        async def sent(message: Message) -> None:
            await send(message)
            let_in.set()

        await application(scope, received, sent)

    return asked


async def said(connection: ClientConnection) -> Any:
    """The next message."""
    async with asyncio.timeout(PATIENCE):
        return json.loads(await connection.recv())


async def event(connection: ClientConnection) -> tuple[list[str], str, Any]:
    """Stream, event and payload of the next message."""
    found = await said(connection)
    payload = found.get("payload")
    return found["stream"], found["event"], json.loads(payload) if payload else payload


async def nothing(connection: ClientConnection, seconds: float = 0.3) -> bool:
    """Whether nothing more comes."""
    try:
        async with asyncio.timeout(seconds):
            await connection.recv()
    except TimeoutError:
        return True
    return False


async def subscribe(connection: ClientConnection, stream: str, **about: str) -> None:
    """Look at a stream, and wait until the server has heard of it."""
    await connection.send(json.dumps({"type": "subscribe", "stream": stream, **about}))
    await heard(connection)


async def heard(connection: ClientConnection) -> None:
    """Wait until the server has done what it was told: it answers an unknown order after all before it."""
    await connection.send(json.dumps({"type": "?"}))
    answer = await said(connection)
    assert answer["status"] == 400, answer
