"""Servers that say exactly the bytes they are told, and remember what they were asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """One request as it came in; names of headers are lower-case."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only header of that name, None when it is absent."""
        values = [value for each, value in self.headers if each == name]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


# What to say: bytes; or, from the request, bytes (None: hang up); or freely, on the stream.
Speech = bytes | Callable[[Asked], bytes | None] | Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A server on an address; `asked` are the requests, `connections` how often somebody connected."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.open = 0
        self.asked: list[Asked] = []
        self.writers: list[asyncio.StreamWriter] = []


@asynccontextmanager
async def listening(
    speech: Speech, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    """A server while the block runs."""
    listener = Listener()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.connections += 1
        listener.open += 1
        listener.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, RuntimeError):  # uvloop: "closed"
            while (asked := await _read(reader)) is not None:
                listener.asked.append(asked)
                if not await _speak(speech, asked, writer):
                    break
        listener.open -= 1
        writer.close()

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for writer in listener.writers:
            writer.transport.abort()


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A well-formed answer; `content_type` stands for `Content-Type`."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    method, target, _ = first.split(" ")
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    return Asked(method, target, headers, await reader.readexactly(length))


async def _speak(speech: Speech, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    if isinstance(speech, bytes):
        said: object = speech
    elif asyncio.iscoroutinefunction(speech):
        await speech(asked, writer)
        return True
    else:
        said = speech(asked)  # type: ignore[call-arg]
    if said is None:
        return False
    assert isinstance(said, bytes)
    writer.write(said)
    await writer.drain()
    return True
