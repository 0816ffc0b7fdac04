"""What admins tell everybody here; the client API calls it an announcement."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, read_many, row, rows


class Bulletin(msgspec.Struct, frozen=True):
    """One row; times in ms. It is shown from `shown_at` until `ended_at`."""

    id: int
    text: str
    starts_at: int | None
    ends_at: int | None
    all_day: int
    shown_at: int
    updated_at: int
    ended_at: int | None


class Reaction(msgspec.Struct, frozen=True):
    """How many answered a bulletin with this emoji, and whether the viewer did."""

    bulletin_id: int
    name: str
    count: int
    me: int


_COLUMNS = ", ".join(Bulletin.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM bulletin "
_SHOWN = _SELECT + "WHERE shown_at <= ? AND (ended_at IS NULL OR ended_at > ?) AND (ends_at IS NULL OR ends_at > ?)"
_UNREAD = " AND NOT EXISTS (SELECT 1 FROM bulletin_read r WHERE r.bulletin_id = bulletin.id AND r.actor_id = ?)"
_READ = "SELECT bulletin_id FROM bulletin_read WHERE actor_id = ? AND bulletin_id IN (?ints)"
_REACTIONS = (
    "SELECT bulletin_id, name, COUNT(*), MAX(CASE WHEN actor_id = ? THEN 1 ELSE 0 END) FROM bulletin_reaction"
    " WHERE bulletin_id IN (?ints) GROUP BY bulletin_id, name ORDER BY bulletin_id, MIN(created_at), name"
)
_PUT = (
    f"INSERT INTO bulletin ({_COLUMNS}) VALUES ({', '.join('?' * len(Bulletin.__struct_fields__))})"
    " ON CONFLICT (id) DO UPDATE SET text = excluded.text, starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
    " all_day = excluded.all_day, updated_at = excluded.updated_at, ended_at = excluded.ended_at"
)


async def shown(now_ms: int, unread_by: int = 0) -> list[Bulletin]:
    """Those that are shown now, the newest first; with `unread_by` only those that this actor has not put away."""
    args = (now_ms, now_ms, now_ms, *([unread_by] if unread_by else []))
    sql = f"{_SHOWN}{_UNREAD if unread_by else ''} ORDER BY shown_at DESC, id DESC"
    return [Bulletin(*found) for found in await rows(sql, args)]


async def latest(limit: int) -> list[Bulletin]:
    """The newest, ended or not."""
    return [Bulletin(*found) for found in await rows(_SELECT + "ORDER BY id DESC LIMIT ?", (limit,))]


async def by_id(bulletin_id: int) -> Bulletin | None:
    """The one with this id, shown or not."""
    found = await row(_SELECT + "WHERE id = ?", (bulletin_id,))
    return Bulletin(*found) if found else None


async def around(actor_id: int, ids: Sequence[int]) -> tuple[set[int], list[Reaction]]:
    """(those that an actor has put away, what people answered to each in the order of the first)."""
    wanted = (actor_id, list(ids))
    read, reactions = await read_many([(_READ, wanted), (_REACTIONS, wanted)])
    return {found[0] for found in read}, [Reaction(*found) for found in reactions]


def put(writes: Writes, found: Bulletin) -> None:
    """Keep one, new or changed."""
    writes.add(_PUT, msgspec.structs.astuple(found))


def put_away(writes: Writes, bulletin_id: int, actor_id: int) -> None:
    """An actor has read it and does not want to see it again."""
    sql = "INSERT INTO bulletin_read (bulletin_id, actor_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
    writes.add(sql, (bulletin_id, actor_id))


def react(writes: Writes, bulletin_id: int, name: str, actor_id: int, now_ms: int) -> None:
    """An actor answers with an emoji; once is enough."""
    writes.add(
        "INSERT INTO bulletin_reaction (bulletin_id, name, actor_id, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (bulletin_id, name, actor_id, now_ms),
    )


def take_back(writes: Writes, bulletin_id: int, name: str, actor_id: int) -> None:
    """An actor answers with this no more."""
    sql = "DELETE FROM bulletin_reaction WHERE bulletin_id = ? AND name = ? AND actor_id = ?"
    writes.add(sql, (bulletin_id, name, actor_id))
