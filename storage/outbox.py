"""The log of what we published. Each peer has a cursor into it (storage/peers.py), so order comes by itself."""

from collections.abc import Iterable
from typing import Any

import msgspec

from storage.connect import Writes, dialect, execute, row, rows

_ONE_WRITER = "SELECT pg_advisory_xact_lock(7263554)"  # so that seq numbers become visible in their order


class Entry(msgspec.Struct, frozen=True):
    """One published activity: its bytes, whose key signs it, and for whom it is."""

    seq: int
    uri: str
    actor_id: int
    body: bytes
    audience: str
    form: str
    thread_id: int
    post_id: int | None
    created_at: int


class Audience(msgspec.Struct, frozen=True, omit_defaults=True):
    """For whom an entry is: followers of these local actors, and these inboxes."""

    followers: tuple[int, ...] = ()
    inboxes: tuple[str, ...] = ()
    everybody: bool = False  # one inbox of each server we know: Delete of an actor
    once: tuple[int, ...] = ()  # faces of groups: every server on which a member of them lives, or lived
    without: tuple[str, ...] = ()  # hosts it does not go to: where it came from
    known_to: tuple[int, ...] = ()  # local actors whose followers' hosts hear the same from these
    both: tuple[str, ...] = ()  # inboxes that hear the same from its author and a group, but for what runs there
    since: int = 0  # also servers from where one of `followers` was followed until after that time (ms)
    twin: bool = False  # of what is wrapped: it is told 'plain' as well

    def __bool__(self) -> bool:
        return bool(self.followers or self.inboxes or self.everybody or self.once)


# One statement for all, so that they stand in the log in the order in which they were published.
_TYPES = ("TEXT", "BIGINT", "BYTEA", "TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT")  # the last: of a boost
_INSERT = {
    name: "INSERT INTO outbox (uri, actor_id, body, audience, form, thread_id, post_id, created_at)"
    f" SELECT {', '.join(f'column{n}' for n in range(1, len(_TYPES)))} FROM (VALUES ({told})) AS told"
    f" WHERE column{len(_TYPES)} IS NULL OR EXISTS (SELECT 1 FROM boost WHERE id = column{len(_TYPES)})"
    for name, told in (
        ("sqlite", ", ".join("?" * len(_TYPES))),
        ("postgres", ", ".join(f"CAST(? AS {kind})" for kind in _TYPES)),
    )
}
_SELECT = f"SELECT {', '.join(Entry.__struct_fields__)} FROM outbox "
_AUDIENCE = msgspec.json.Decoder(Audience)


def audience_of(entry: Entry) -> Audience:
    """The audience of an entry."""
    return _AUDIENCE.decode(entry.audience)


def for_everybody(entry: Entry) -> bool:
    """Whether it goes to every server that is known; asked of each delivery, so nothing is read of the audience."""
    return '"everybody":true' in entry.audience


async def after(seq: int, limit: int) -> list[Entry]:
    """Entries behind `seq`, oldest first."""
    return [Entry(*found) for found in await rows(_SELECT + "WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))]


async def between(seq: int, last: int) -> list[Entry]:
    """Entries behind `seq` and up to `last`, oldest first."""
    sql = _SELECT + "WHERE seq > ? AND seq <= ? ORDER BY seq"
    return [Entry(*found) for found in await rows(sql, (seq, last))]


async def some(seqs: list[int]) -> list[Entry]:
    """Those of the entries that the log still has."""
    return [Entry(*found) for found in await rows(_SELECT + "WHERE seq IN (?ints)", (seqs,))] if seqs else []


async def next_after(seq: int) -> int | None:
    """The number of the next entry behind `seq`, if there is one."""
    found = await row("SELECT MIN(seq) FROM outbox WHERE seq > ?", (seq,))
    return found[0] if found else None


async def head() -> int:
    """The newest seq, 0 when nothing was published."""
    found = await row("SELECT MAX(seq) FROM outbox")
    return (found[0] if found else None) or 0


async def read_up_to() -> int:
    """Up to which entry everybody it goes to is known to have a cursor, as `put_read` noted it."""
    found = await row("SELECT value FROM meta WHERE key = 'outbox_read'")
    return int(found[0]) if found else 0


def put_read(writes: Writes, seq: int) -> None:
    """Every peer that an entry up to `seq` goes to has a cursor."""
    writes.add(
        "INSERT INTO meta (key, value) VALUES ('outbox_read', ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (str(seq),),
    )


async def by_uri(uri: str) -> Entry | None:
    """The entry that published the activity with this id."""
    found = await row(_SELECT + "WHERE uri = ? ORDER BY seq LIMIT 1", (uri,))
    return Entry(*found) if found else None


async def all_of(uri: str) -> list[Entry]:
    """All entries that published the activity with this id: who is named later gets it later."""
    return [Entry(*found) for found in await rows(_SELECT + "WHERE uri = ? ORDER BY seq", (uri,))]


async def inboxes_told(actor_id: int, post_id: int) -> set[str]:
    """The single inboxes to which an actor sent anything about a post, as far back as the log goes."""
    sql = "SELECT DISTINCT audience FROM outbox WHERE actor_id = ? AND post_id = ?"
    found = await rows(sql, (actor_id, post_id))
    return {inbox for (audience,) in found for inbox in _AUDIENCE.decode(audience).inboxes}


async def seqs_of(uri: str) -> list[int]:
    """Where in the log the activity with this id stands; one that went out in several forms stands there more often."""
    return [found[0] for found in await rows("SELECT seq FROM outbox WHERE uri = ?", (uri,))]


async def settled(host: str, after_seq: int) -> dict[int, set[str]]:
    """What above a peer's cursor needs no delivery any more: inboxes by entry, '' for all of them."""
    found: dict[int, set[str]] = {}
    sql = "SELECT seq, inbox FROM delivery_note WHERE host = ? AND seq > ?"
    for seq, inbox in await rows(sql, (host, after_seq)):
        found.setdefault(seq, set()).add(inbox)
    return found


async def announced(actor_id: int, post_ids: list[int], most_bytes: int) -> list[tuple[int, bytes]]:
    """(post id, body) of what a group's actor announced about posts, oldest first, as far back as the log goes."""
    sql = (
        "SELECT post_id, body FROM outbox WHERE post_id IN (?ints) AND actor_id = ? AND form = 'wrapped'"
        " AND LENGTH(body) <= ? ORDER BY seq"
    )
    return [(found[0], bytes(found[1])) for found in await rows(sql, (post_ids, actor_id, most_bytes))]


async def outdated(entries: Iterable[Entry]) -> set[int]:
    """Those of the entries that speak of a post which was deleted since; what takes something back never is."""
    asked = [entry for entry in entries if entry.post_id is not None and not _takes_back(entry.body)]
    if not asked:
        return set()
    posts = list({entry.post_id for entry in asked})
    there = {
        found[0] for found in await rows("SELECT id FROM post WHERE id IN (?ints) AND deleted_at IS NULL", (posts,))
    }
    return {entry.seq for entry in asked if entry.post_id not in there}


def publish(
    writes: Writes,
    *,
    uri: str,
    actor_id: int,
    body: bytes,
    audience: Audience,
    now_ms: int,
    form: str = "",
    thread_id: int = 0,
    post_id: int | None = None,
    boost: int | None = None,
) -> None:
    """Put an activity into the log, in the transaction of what it speaks of.

    `boost` is one that it tells of: when there is none of that number, since another came first, nothing is told.
    """
    if dialect() == "postgres":
        writes.at_last(_ONE_WRITER)
    told = uri, actor_id, body, msgspec.json.encode(audience).decode(), form, thread_id, post_id, now_ms
    writes.at_last(_INSERT[dialect()], (*told, boost))


def note(writes: Writes, host: str, seq: int, inbox: str, status: int, answer: str, now_ms: int) -> None:
    """Note how a delivery ended that was not taken; `inbox` '' stands for all of the peer's."""
    writes.add(
        "INSERT INTO delivery_note (host, seq, inbox, status, answer, noted_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (host, seq, inbox) DO UPDATE SET status = excluded.status, answer = excluded.answer,"
        " noted_at = excluded.noted_at",
        (host, seq, inbox, status, answer[:500], now_ms),
    )


async def forget_notes(before_ms: int) -> int:
    """Drop notes that are older than `before_ms` and not needed by a peer that lags."""
    return await execute(
        "DELETE FROM delivery_note WHERE noted_at < ? AND seq <= (SELECT COALESCE(MIN(cursor), 0) FROM peer)",
        (before_ms,),
    )


async def forget(before_ms: int) -> int:
    """Drop entries that every peer has passed and that are older than `before_ms`; the newest stays.

    A peer that has not answered for a month is passed (fedcomm/outbox/lanes.py), so none keeps them for ever.
    """
    return await execute(
        "DELETE FROM outbox WHERE created_at < ? AND seq <= (SELECT COALESCE(MIN(cursor), 0) FROM peer)"
        " AND seq < (SELECT MAX(seq) FROM outbox)",
        (before_ms,),
    )


def _takes_back(body: bytes) -> bool:
    """Whether it is a Delete or an Undo, also one that a group passes on."""
    try:
        found: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    while isinstance(found, dict):
        if found.get("type") in ("Delete", "Undo"):
            return True
        found = found.get("object")
    return False
