"""A copy of a SQLite database while it is in use."""

import asyncio
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from storage.connect import Database
from storage.errors import OperationalError, Unavailable
from storage.generation import MARK


async def save(database: Database, target: Path) -> int:
    """Write the whole database to `target` as it is at one moment, durable on return; gives the size in bytes.

    Readable by the owner only: it holds password hashes and private keys. Nobody waits for it meanwhile.

    Raises:
        OperationalError: PostgreSQL, which has its own tools.
        Unavailable: no room, no right, or `target` is there already.
    """
    if database.path is None:
        raise OperationalError("only SQLite is copied this way: use pg_dump for PostgreSQL")
    return await asyncio.to_thread(_save, database.path, target)


def _save(source: Path, target: Path) -> int:
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            raise FileExistsError(f"{target} is there already")
        part.unlink(missing_ok=True)  # left by a process that died
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))  # SQLite takes an empty file for none
        _copy(source, part)
        sync(part)
        part.rename(target)
        sync(target.parent)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            part.unlink()
        raise Unavailable(f"cannot save the database to {target}: {error}") from error


def _copy(source: Path, part: Path) -> None:
    connection = sqlite3.connect(source, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("VACUUM INTO ?", (str(part),))
    finally:
        connection.close()
    _mark(part)


def _mark(part: Path) -> None:
    """Whoever opens the copy in place of the database shall know that it is one (`storage.generation`)."""
    connection = sqlite3.connect(part, isolation_level=None)
    try:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone():
            connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')", (MARK,))
    finally:
        connection.close()


def sync(path: Path) -> None:
    """What was written to this file, or the names in this folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
