"""A server on a real socket, and clients that send whatever bytes they like."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from fedcomm.listener import Listener
from fedcomm.protocol import Limits
from web.guard import Caps, Guard
from web.refusals import Receive, Scope, Send

BASE_URL = "https://groups.example"
HOST = b"Host: groups.example\r\n"


class Answer(msgspec.Struct, frozen=True):
    """One response; field names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers with what it has seen; `/early` does not read, `/slow` waits, `/broken` raises."""
    path = scope["path"]
    if path == "/broken":
        raise RuntimeError("the secret of the house")
    if path == "/slow":
        await asyncio.sleep(float(scope["query_string"] or b"3600"))
    body = b""
    while path != "/early":
        message = await receive()
        if message["type"] != "http.request":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    seen = {
        "method": scope["method"],
        "path": path,
        "scheme": scope["scheme"],
        "client": scope["client"],
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": len(body),
    }
    answer = json.dumps(seen).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


@asynccontextmanager
async def served(app: Any = None, limits: Limits = Limits(), drain: int = 5) -> AsyncIterator[int]:
    """The application (by default the mirror behind the guard) on a port of this machine."""
    bound = socket.create_server(("127.0.0.1", 0), backlog=2048)
    port = bound.getsockname()[1]
    listener = Listener(app or Guard(mirror, BASE_URL), [bound], limits, drain)
    await listener.start()
    try:
        yield port
    finally:
        await listener.stop()


def guarded(app: Any = mirror, caps: Caps = Caps(), **options: Any) -> Guard:
    """The guard around an application, under the base URL of these tests."""
    return Guard(app, BASE_URL, caps=caps, **options)


async def send(port: int, *pieces: bytes, seconds: float = 5.0, pause: float = 0.0) -> list[Answer]:
    """Send the pieces and give what came back until the server closed or `seconds` went by."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()

    async def read() -> None:
        while chunk := await reader.read(65536):
            received.extend(chunk)

    async def write() -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    reading, writing = asyncio.create_task(read()), asyncio.create_task(write())
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            await reading
    writing.cancel()
    reading.cancel()
    await asyncio.gather(reading, writing, return_exceptions=True)
    writer.close()
    return parse(bytes(received))


async def ask(port: int, request: bytes, seconds: float = 5.0) -> Answer:
    """One request that closes its connection, and its one answer."""
    (answer,) = await send(port, request, seconds=seconds)
    return answer


def get(path: str, *fields: bytes, host: bytes = HOST) -> bytes:
    """A request that asks to close the connection."""
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"GET %b HTTP/1.1\r\n%bConnection: close\r\n%b\r\n" % (path.encode("latin-1"), host, lines)


def post(path: str, body: bytes, *fields: bytes) -> bytes:
    """A request with a body of known length."""
    lines = b"".join(field + b"\r\n" for field in fields)
    head = b"POST %b HTTP/1.1\r\n%bConnection: close\r\nContent-Length: %d\r\n%b\r\n"
    return head % (path.encode("latin-1"), HOST, len(body), lines) + body


def parse(data: bytes) -> list[Answer]:
    """The responses in a stream of bytes, by their Content-Length or chunks."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if headers.get("transfer-encoding") == "chunked":
            body, data = _chunks(data)
        else:
            length = int(headers.get("content-length", 0))
            body, data = data[:length], data[length:]
        answers.append(Answer(status, headers, body))
    return answers


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            return body, data
