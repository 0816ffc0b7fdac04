"""Boosts: who passed a post on. A group passes on what begins a thread in it."""

import msgspec

from storage import events
from storage.connect import Writes, row, rows
from storage.counting import hold
from storage.dialect import Args


class Boost(msgspec.Struct, frozen=True):
    """One row of `boost`; `published` in ms."""

    id: int
    uri: str
    actor_id: int
    post_id: int
    visibility: int
    published: int


COLUMNS = ", ".join(Boost.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM boost "

_INSERT = f"INSERT INTO boost ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_INSERT_STANDING = (
    f"INSERT INTO boost ({COLUMNS}) SELECT CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), post.id,"
    " CAST(? AS SMALLINT), CAST(? AS BIGINT) FROM post WHERE post.id = ? AND removed_at IS NULL ON CONFLICT DO NOTHING"
)

_FORGET = "DELETE FROM notification WHERE kind = 'reblog' AND actor_id = ? AND post_id = ?"


async def of(actor_id: int, post_id: int) -> Boost | None:
    """The boost of a post by an actor."""
    found = await row(_SELECT + "WHERE actor_id = ? AND post_id = ?", (actor_id, post_id))
    return Boost(*found) if found else None


async def of_all(actor_id: int, post_ids: list[int]) -> dict[int, Boost]:
    """The boosts of these posts by an actor, by post."""
    found = await rows(_SELECT + "WHERE actor_id = ? AND post_id IN (?ints)", (actor_id, post_ids))
    return {each[3]: Boost(*each) for each in found}


def insert(writes: Writes, boost: Boost, *, standing: bool = False) -> None:
    """Add the boost and count it; a second one of the same post by the same actor changes nothing.

    `standing`: one of a post that is out of its group by then is none.
    """
    hold(writes, "post", boost.post_id)
    writes.add(
        "UPDATE post SET boosts_count = boosts_count + 1"
        " - (SELECT COUNT(*) FROM boost WHERE post_id = ? AND actor_id = ?)"
        f" WHERE id = ?{' AND removed_at IS NULL' if standing else ''}",
        (boost.post_id, boost.actor_id, boost.post_id),
    )
    if standing:
        made = boost.id, boost.uri, boost.actor_id, boost.visibility, boost.published, boost.post_id
        writes.add(_INSERT_STANDING, made)
    else:
        writes.add(_INSERT, msgspec.structs.astuple(boost))
    events.tell(writes, "boost", boost.id)


def remove_where_removed(writes: Writes, actor_id: int, post_id: int) -> None:
    """Take the boost of a post by an actor back when the post is out of its group."""
    hold(writes, "post", post_id)
    out = "EXISTS (SELECT 1 FROM post out WHERE out.id = ? AND out.removed_at IS NOT NULL)"
    place = (actor_id, post_id, post_id)
    writes.add(
        "UPDATE post SET boosts_count = boosts_count - (SELECT COUNT(*) FROM boost WHERE actor_id = ? AND post_id = ?)"
        " WHERE id = ? AND removed_at IS NOT NULL",
        place,
    )
    writes.add(f"DELETE FROM home_entry WHERE boosted_by = ? AND post_id = ? AND {out}", place)
    drop(writes, f"actor_id = ? AND post_id = ? AND {out}", place)


def drop(writes: Writes, condition: str, args: Args) -> None:
    """Forget the boosts that meet a condition, and tell whoever looks on; what they count is the caller's business."""
    sql = f"DELETE FROM boost WHERE {condition} RETURNING id, actor_id"
    events.tell_each(writes, sql, args, "unboost")


def remove(writes: Writes, boost: Boost) -> None:
    """Take the boost back, from home timelines too."""
    hold(writes, "post", boost.post_id)
    writes.add(
        "UPDATE post SET boosts_count = boosts_count - (SELECT COUNT(*) FROM boost WHERE id = ?) WHERE id = ?",
        (boost.id, boost.post_id),
    )
    writes.add("DELETE FROM boost WHERE id = ?", (boost.id,))
    writes.add("DELETE FROM home_entry WHERE id = ? AND boosted_by = ?", (boost.id, boost.actor_id))
    writes.add(_FORGET, (boost.actor_id, boost.post_id))
    events.tell(writes, "unboost", boost.id, boost.actor_id)
