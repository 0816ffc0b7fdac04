"""Keeps bytes under keys of its own making: in a folder.

It can be asked to put, read, tell the size, delete and list what is old. Keys are random and relative, such as
`3f/9c51e0…`; nothing a stranger says becomes part of a path.
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TypeVar

from storage.backup import sync
from storage.errors import Unavailable
from storage.session import settled

T = TypeVar("T")

CHUNK = 262_144  # bytes read at once
_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}")


class Blobs:
    """The files of one folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes | AsyncIterator[bytes]) -> str:
        """Keep it; gives its key. Durable on return, and never there in part.

        Raises:
            Unavailable: no room or no right. What the iterator raises passes through, and nothing is kept.
        """
        key = secrets.token_hex(16)
        key = f"{key[:2]}/{key[2:]}"
        part = self._folder / "part" / secrets.token_hex(16)
        try:
            with await _in_thread(_begin, part) as file:
                if isinstance(content, bytes):
                    await _in_thread(_write, file, content)
                else:
                    async for chunk in content:
                        await _in_thread(_write, file, chunk)
                await _in_thread(_finish, file, part, self._folder / key)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        return key

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` to before `end`, in chunks.

        Raises:
            FileNotFoundError: nothing is kept under this key, or it is none of ours.
        """
        with await _in_thread(_open, self._path(key)) as file:
            while end is None or start < end:
                wanted = CHUNK if end is None else min(CHUNK, end - start)
                chunk = await _in_thread(os.pread, file.fileno(), wanted, start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk

    async def size(self, key: str) -> int:
        """How many bytes.

        Raises:
            FileNotFoundError: as `read`.
        """
        return (await _in_thread(os.lstat, self._path(key))).st_size

    async def delete(self, key: str) -> None:
        """Forget it; nothing happens when it is not there.

        Raises:
            FileNotFoundError: not a key of ours.
        """
        path = self._path(key)
        await _in_thread(lambda: path.unlink(missing_ok=True))

    async def old(self, before: float) -> AsyncIterator[list[str]]:
        """The keys of what was put before that time (seconds since 1970), folder by folder.

        What was begun before it and never finished is deleted on the way.
        """
        for folder in await _in_thread(_folders, self._folder):
            names = await _in_thread(_old, folder, before)
            if folder.name == "part":
                for name in names:
                    await _in_thread(_remove, folder / name)
            else:
                yield [key for key in (f"{folder.name}/{name}" for name in names) if _KEY.fullmatch(key)]

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise FileNotFoundError("not a key of ours")
        return self._folder / key


async def _in_thread(function: Callable[..., T], *args: object) -> T:
    """Waits for the thread to the very end: what it works on may be closed only then."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        if await settled(running):
            raise asyncio.CancelledError
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(f"the folder of files: {error}") from error
    return running.result()


def _begin(part: Path) -> FileIO:
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileIO(part, "xb", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _write(file: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _finish(file: FileIO, part: Path, path: Path) -> None:
    os.fsync(file.fileno())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part.rename(path)
    for folder in (path.parent, path.parent.parent):
        sync(folder)


def _folders(folder: Path) -> list[Path]:
    return sorted(found for found in folder.iterdir() if found.is_dir()) if folder.is_dir() else []


def _old(folder: Path, before: float) -> list[str]:
    return [found.name for found in os.scandir(folder) if found.stat(follow_symlinks=False).st_mtime < before]


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _open(path: Path) -> FileIO:
    return FileIO(path, "rb", opener=_private)
