"""What admins and moderators of this server did: a log that only grows, each entry with the hash of the one before."""

import hashlib

import msgspec

from storage.connect import dialect, execute, row, rows, transaction

GENESIS = bytes(32)
_LOCK = 0x66656463_61756474  # any number that nothing else here locks


class Entry(msgspec.Struct, frozen=True):
    """One act: who did what to whom; `detail` is JSON."""

    id: int
    at: int
    actor: str
    act: str
    subject: str
    detail: str
    previous: bytes
    hash: bytes


_COLUMNS = ", ".join(Entry.__struct_fields__)


async def append(at: int, actor: str, act: str, subject: str, detail: str) -> None:
    """Add an entry; belongs in the transaction of the act it tells of."""
    async with transaction():
        if dialect() == "postgres":
            await row("SELECT pg_advisory_xact_lock(?)", (_LOCK,))  # two processes must not follow the same entry
        last = await row("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")
        number, previous = (last[0] + 1, bytes(last[1])) if last else (1, GENESIS)
        digest = _digest(number, at, actor, act, subject, detail, previous)
        sql = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        await execute(sql, (number, at, actor, act, subject, detail, previous, digest))


async def newest(limit: int = 50, before: int | None = None) -> list[Entry]:
    """The last entries, newest first; `before` is the id of the last one seen."""
    sql = f"SELECT {_COLUMNS} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"
    return [Entry(*found) for found in await rows(sql, (before or 2**62, limit))]


async def last_of(act: str, subject: str) -> Entry | None:
    """The last entry about somebody of whom that was done."""
    sql = f"SELECT {_COLUMNS} FROM audit WHERE act = ? AND subject = ? ORDER BY id DESC LIMIT 1"
    found = await row(sql, (act, subject))
    return Entry(*found) if found else None


async def first_broken() -> int | None:
    """The number of the first entry that was changed, or before which one was taken out; None when all is well."""
    number, previous = 0, GENESIS
    while entries := await rows(f"SELECT {_COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT 500", (number,)):
        for found in entries:
            entry = Entry(*found)
            wanted = _digest(entry.id, entry.at, entry.actor, entry.act, entry.subject, entry.detail, previous)
            if (entry.id, bytes(entry.previous), bytes(entry.hash)) != (number + 1, previous, wanted):
                return number + 1
            number, previous = entry.id, wanted
    return None


def _digest(*parts: int | str | bytes) -> bytes:
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
