"""The log of what we published. Each peer has a cursor into it (storage/peers.py), so order comes by itself."""

from typing import Any

import msgspec

from storage.connect import Writes, dialect, row, rows

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
    without: tuple[str, ...] = ()  # hosts it does not go to: where it came from

    def __bool__(self) -> bool:
        return bool(self.followers or self.inboxes or self.everybody)


_SELECT = f"SELECT {', '.join(Entry.__struct_fields__)} FROM outbox "
_AUDIENCE = msgspec.json.Decoder(Audience)


def audience_of(entry: Entry) -> Audience:
    """The audience of an entry."""
    return _AUDIENCE.decode(entry.audience)


async def after(seq: int, limit: int) -> list[Entry]:
    """Entries behind `seq`, oldest first."""
    return [Entry(*found) for found in await rows(_SELECT + "WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))]


async def head() -> int:
    """The newest seq, 0 when nothing was published."""
    found = await row("SELECT MAX(seq) FROM outbox")
    return (found[0] if found else None) or 0


async def by_uri(uri: str) -> Entry | None:
    """The entry that published the activity with this id."""
    found = await row(_SELECT + "WHERE uri = ? ORDER BY seq LIMIT 1", (uri,))
    return Entry(*found) if found else None


async def newest_of(actor_id: int, before_seq: int, limit: int) -> list[Entry]:
    """What an actor published, newest first."""
    sql = _SELECT + "WHERE actor_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
    return [Entry(*found) for found in await rows(sql, (actor_id, before_seq, limit))]


async def settled(host: str, after_seq: int) -> set[int]:
    """Entries above a peer's cursor that need no delivery any more."""
    sql = "SELECT DISTINCT seq FROM delivery_note WHERE host = ? AND seq > ?"
    return {found[0] for found in await rows(sql, (host, after_seq))}


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
) -> None:
    """Put an activity into the log, in the transaction of what it speaks of."""
    if dialect() == "postgres":
        writes.add(_ONE_WRITER)
    writes.add(
        "INSERT INTO outbox (uri, actor_id, body, audience, form, thread_id, post_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (uri, actor_id, body, msgspec.json.encode(audience).decode(), form, thread_id, post_id, now_ms),
    )


def announced(writes: Writes, face: str, object_uri: str, form: str, announce_uri: str, now_ms: int) -> None:
    """Remember what a face announced, and under which id."""
    writes.add(
        "INSERT INTO announced (face, object_uri, form, announce_uri, announced_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (face, object_uri, form, announce_uri, now_ms),
    )


async def announcement(face: str, object_uri: str, form: str) -> str | None:
    """The id under which a face announced something, while it stands."""
    sql = "SELECT announce_uri FROM announced WHERE face = ? AND object_uri = ? AND form = ? AND withdrawn_at IS NULL"
    found = await row(sql, (face, object_uri, form))
    return found[0] if found else None


def note(writes: Writes, host: str, seq: int, inbox: str, status: int, answer: str, now_ms: int) -> None:
    """Note how a delivery ended that was refused, or that ended before an older one of the same peer."""
    writes.add(
        "INSERT INTO delivery_note (host, seq, inbox, status, answer, noted_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (host, seq, inbox) DO UPDATE SET status = excluded.status, answer = excluded.answer,"
        " noted_at = excluded.noted_at",
        (host, seq, inbox, status, answer[:500], now_ms),
    )


def forget_notes(writes: Writes, host: str, up_to_seq: int) -> None:
    """Drop the notes of deliveries that went well, once the cursor has passed them."""
    writes.add(
        "DELETE FROM delivery_note WHERE host = ? AND seq <= ? AND status BETWEEN 200 AND 299", (host, up_to_seq)
    )


async def forget(before_ms: int) -> int:
    """Drop entries that every live peer has passed and that are older than `before_ms`."""
    from_peers: list[tuple[Any, ...]] = await rows("SELECT MIN(cursor) FROM peer WHERE policy <> 'suspend'")
    slowest = (from_peers[0][0] if from_peers else None) or 0
    found = await rows(
        "WITH gone AS (DELETE FROM outbox WHERE seq <= ? AND created_at < ? RETURNING seq) SELECT COUNT(*) FROM gone"
        if dialect() == "postgres"
        else "DELETE FROM outbox WHERE seq <= ? AND created_at < ? RETURNING seq",
        (slowest, before_ms),
    )
    return len(found)
