"""The door for commands: a socket in the data directory, open to the server's own user alone.

One request and one answer a connection, each a line of JSON: `{"command": "account.create", "args": {…}}`, and
`{"ok": {…}}` or `{"error": "Conflict", "message": "…"}`.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from fedcomm import errors

NAME = "admin.sock"
WORKER = "admin.worker.sock"  # of a server that only works, beside one that only answers requests
MAX_LINE = 1_048_576  # bytes of a request or an answer
REQUEST_SECONDS = 10.0  # for the request to arrive, not for its answer

Run = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

_log = logging.getLogger(__name__)
_KINDS: dict[str, type[errors.AppError]] = {
    kind.__name__: kind for kind in (errors.NotFound, errors.NotAllowed, errors.Invalid, errors.Conflict)
}


class NoServer(Exception):
    """Nobody listens at the door of this data directory."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    command: str
    args: dict[str, Any]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it: `ok`, or the name of an error and its sentence."""

    ok: dict[str, Any] | None = None
    error: str = ""
    message: str = ""
    fix: str = ""


@contextlib.asynccontextmanager
async def serving(data_dir: Path, run: Run, name: str = NAME) -> AsyncIterator[None]:
    """Commands are taken and given to `run` as long as the block lasts. For whoever holds the directory's lock."""
    listener = _listen(data_dir, name)
    server = await asyncio.start_unix_server(
        lambda reader, writer: _serve(reader, writer, run), sock=listener, limit=MAX_LINE
    )
    try:
        yield
    finally:
        server.close()
        (data_dir / name).unlink(missing_ok=True)


async def ask(data_dir: Path, command: str, args: dict[str, Any]) -> dict[str, Any]:
    """What a running server answers to a command, however long it takes.

    Raises:
        NoServer: none is running.
        AppError: what the server says no with, or that it did not answer.
    """
    reader, writer = await _connect(data_dir)
    try:
        writer.write(msgspec.json.encode(Request(command, args)) + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if not line.endswith(b"\n"):
        raise errors.Conflict("the server did not answer; its log says more, also whether the command was carried out")
    answer = msgspec.json.decode(line, type=Answer)
    if answer.ok is None:
        raise _KINDS.get(answer.error, errors.AppError)(answer.message, fix=answer.fix)
    return answer.ok


async def _connect(data_dir: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for name in (NAME, WORKER):
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), _short(data_dir, name) as path:
            return await asyncio.open_unix_connection(path, limit=MAX_LINE)
    raise NoServer


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, run: Run) -> None:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            line = await reader.readline()
        answer = await _answer(msgspec.json.decode(line, type=Request), run)
        writer.write(msgspec.json.encode(answer) + b"\n")
        await writer.drain()
    except (TimeoutError, ValueError, RecursionError, ConnectionError) as error:
        _log.info("command not understood", extra={"reason": str(error)})
    finally:
        writer.close()


async def _answer(request: Request, run: Run) -> Answer:
    try:
        return Answer(ok=await run(request.command, request.args))
    except errors.AppError as error:
        return Answer(error=type(error).__name__, message=str(error), fix=error.fix)


def _listen(data_dir: Path, name: str) -> socket.socket:
    (data_dir / name).unlink(missing_ok=True)  # left over by a process that was killed: the lock is ours
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)  # from its first moment on the socket is for its owner alone
    try:
        with _short(data_dir, name) as path:
            listener.bind(path)
    finally:
        os.umask(before)
    listener.listen()
    return listener


@contextlib.contextmanager
def _short(data_dir: Path, name: str) -> Iterator[str]:
    """A name of the socket that fits into the 107 bytes the system has for it, however long the folder's is."""
    path = str(data_dir / name)
    if len(path.encode()) < 100 or not Path("/proc/self/fd").exists():
        yield path
        return
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{name}"
    finally:
        os.close(folder)
