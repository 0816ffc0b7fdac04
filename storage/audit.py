"""What admins and moderators of this server did: a log that only grows, each entry with the hash of the one before."""

import hashlib
from collections.abc import Sequence
from functools import partial

import msgspec

from storage.connect import Row, at_end, dialect, execute_many, row, rows, transaction

GENESIS = bytes(32)
_LOCK = 0x66656463_61756474  # any number that nothing else here locks


class Wanted(msgspec.Struct, frozen=True):
    """Which entries are asked for: of whom, of what (or of all that begins so: "account."), about what contains a text,
    between two times (ms since 1970, both within); what is empty or 0 is any.
    """

    actor: str = ""
    act: str = ""
    subject: str = ""
    since: int = 0
    until: int = 0


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


class Told(msgspec.Struct, frozen=True):
    """What an entry says."""

    at: int
    actor: str
    act: str
    subject: str
    detail: str


async def append(at: int, actor: str, act: str, subject: str, detail: str) -> None:
    """Add an entry; belongs in the transaction of the act it tells of."""
    await append_all([Told(at, actor, act, subject, detail)])


async def append_all(several: Sequence[Told]) -> None:
    """Add entries one after the other, at the end of the transaction: from there on all others who add some wait."""
    async with transaction():
        at_end(partial(_append, several))


async def take_turn() -> None:
    """Until the end of the transaction no other process adds to the log: two must not follow the same entry."""
    if dialect() == "postgres":
        await row("SELECT pg_advisory_xact_lock(?)", (_LOCK,))


async def newest(limit: int = 50, before: int | None = None, wanted: Wanted = Wanted()) -> list[Entry]:
    """The last entries that are asked for, newest first; `before` is the id of the last one seen."""
    conditions, args = _asked(wanted)
    sql = f"SELECT {_COLUMNS} FROM audit WHERE id < ?{conditions} ORDER BY id DESC LIMIT ?"
    return [_entry(found) for found in await rows(sql, (before or 2**62, *args, limit))]


async def after(number: int, limit: int = 500, wanted: Wanted = Wanted()) -> list[Entry]:
    """The entries that follow the one with that number, oldest first."""
    conditions, args = _asked(wanted)
    sql = f"SELECT {_COLUMNS} FROM audit WHERE id > ?{conditions} ORDER BY id LIMIT ?"
    return [_entry(found) for found in await rows(sql, (number, *args, limit))]


async def acts() -> list[str]:
    """Every kind of act that is in the log, by name."""
    return [found[0] for found in await rows("SELECT DISTINCT act FROM audit ORDER BY act")]


async def begun() -> int | None:
    """When its first entry was written (ms since 1970)."""
    found = await row("SELECT at FROM audit ORDER BY id LIMIT 1")
    return found[0] if found else None


async def head() -> Entry | None:
    """The last entry, None in an empty log.

    Who keeps its number and hash elsewhere can tell when the end of the log was cut off.
    """
    return next(iter(await newest(1)), None)


async def last_of(act: str, subject: str) -> Entry | None:
    """The last entry about somebody of whom that was done."""
    sql = f"SELECT {_COLUMNS} FROM audit WHERE act = ? AND subject = ? ORDER BY id DESC LIMIT 1"
    found = await row(sql, (act, subject))
    return _entry(found) if found else None


async def first_broken(last: int | None = None) -> int | None:
    """The number of the first entry that was changed or put in, or that was taken out; None when all is well.

    `last`: looks at so many of the newest entries only.
    """
    number, previous = 0, GENESIS
    newest_of_all = await head()
    if last is not None and newest_of_all is not None and newest_of_all.id > last:
        number = newest_of_all.id - last
        before = await after(number - 1, 1)
        if not before or before[0].id != number:
            return number
        previous = before[0].hash
    while entries := await after(number):
        for entry in entries:
            if entry.id != number + 1 or not follows(entry, previous):
                return number + 1
            number, previous = entry.id, entry.hash
    return None


def follows(entry: Entry, previous: bytes) -> bool:
    """Whether an entry is as it was written, after the one with that hash."""
    wanted = _digest(entry.id, entry.at, entry.actor, entry.act, entry.subject, entry.detail, previous)
    return (entry.previous, entry.hash) == (previous, wanted)


async def _append(several: Sequence[Told]) -> None:
    await take_turn()
    last = await head()
    number, previous = (last.id, last.hash) if last else (0, GENESIS)
    added: list[tuple[int | str | bytes, ...]] = []
    for told in several:
        number += 1
        fields = (number, told.at, told.actor, told.act, told.subject, told.detail, previous)
        previous = _digest(*fields)
        added.append((*fields, previous))
    await execute_many(f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", added)


def _asked(wanted: Wanted) -> tuple[str, tuple[int | str, ...]]:
    text = wanted.subject.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    by_kind = "SUBSTR(act, 1, LENGTH(?)) = ?" if wanted.act.endswith(".") else "act = ?"
    asked: list[tuple[str, tuple[int | str, ...]]] = [
        ("LOWER(actor) = ?", (wanted.actor.lower(),) if wanted.actor else ()),
        (by_kind, (wanted.act,) * by_kind.count("?") if wanted.act else ()),
        ("LOWER(subject) LIKE ? ESCAPE '!'", (f"%{text}%",) if text else ()),
        ("at >= ?", (wanted.since,) if wanted.since else ()),
        ("at <= ?", (wanted.until,) if wanted.until else ()),
    ]
    used = [(sql, args) for sql, args in asked if args]
    return "".join(f" AND {sql}" for sql, _ in used), tuple(arg for _, args in used for arg in args)


def _entry(found: Row) -> Entry:
    return Entry(*(*found[:-2], bytes(found[-2]), bytes(found[-1])))


def _digest(*parts: int | str | bytes) -> bytes:
    """Of the fields as an array in canonical JSON (RFC 8785): it has whole numbers and strings, bytes as base64."""
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
