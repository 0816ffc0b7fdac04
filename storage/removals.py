"""All posts of one person in a group, out of it by a ban (or hidden while one is proposed) and back by its end."""

from storage import boosts, events
from storage.connect import Writes, rows
from storage.registers import Act

_OF_THE_ACT = "EXISTS (SELECT 1 FROM register WHERE group_id = ? AND property = ? AND subject = ? AND act_id = ?)"
_SINGLY = (
    "EXISTS (SELECT 1 FROM register WHERE group_id = post.group_id AND property IN ('removed', 'proposed')"
    " AND subject = post.uri AND value IS NOT NULL)"
)


def take_out(writes: Writes, ban: Act, author_id: int, face_id: int | None, now_ms: int) -> None:
    """What the author wrote in the group is out of it, when the ban is what counts; also the boosts by `face_id`.

    Which posts these are is kept with the act, for the public log.
    """
    counts = (ban.group_id, ban.property, ban.subject, ban.id)
    writes.add(
        "INSERT INTO act_post (act_id, post_id) SELECT CAST(? AS BIGINT), post.id FROM post WHERE author_id = ?"
        f" AND group_id = ? AND removed_at IS NULL AND deleted_at IS NULL AND {_OF_THE_ACT} ON CONFLICT DO NOTHING",
        (ban.id, author_id, ban.group_id, *counts),
    )
    if face_id is not None:
        writes.add(
            "UPDATE post SET boosts_count = boosts_count - (SELECT COUNT(*) FROM boost WHERE actor_id = ?"
            f" AND post_id = post.id) WHERE author_id = ? AND group_id = ? AND removed_at IS NULL AND {_OF_THE_ACT}",
            (face_id, author_id, ban.group_id, *counts),
        )
        condition = (
            "actor_id = ? AND post_id IN (SELECT id FROM post WHERE author_id = ?"
            f" AND group_id = ? AND removed_at IS NULL) AND {_OF_THE_ACT}"
        )
        boosts.drop(writes, condition, (face_id, author_id, ban.group_id, *counts))
    sql = (
        "UPDATE post SET removed_at = ? WHERE author_id = ? AND group_id = ? AND removed_at IS NULL"
        f" AND {_OF_THE_ACT} RETURNING id"
    )
    events.tell_each(writes, sql, (now_ms, author_id, ban.group_id, *counts), "removed")


def put_back(writes: Writes, unban: Act, author_id: int) -> None:
    """What a ban took out is in the group again; what was taken out by itself stays out."""
    writes.add(
        "UPDATE post SET removed_at = NULL WHERE author_id = ? AND group_id = ? AND removed_at IS NOT NULL"
        f" AND NOT {_SINGLY} AND {_OF_THE_ACT}",
        (author_id, unban.group_id, unban.group_id, unban.property, unban.subject, unban.id),
    )


async def standing(group_id: int, author_id: int) -> list[int]:
    """Ids of what the author began in the group and is in it, newest first (at most 500)."""
    return [
        found[0] for found in await rows(_THREADS + " AND post.removed_at IS NULL" + _NEWEST, (author_id, group_id))
    ]


async def out_by_ban(group_id: int, author_id: int) -> list[int]:
    """Ids of what the author began in the group and a ban took out, newest first (at most 500)."""
    sql = f"{_THREADS} AND post.removed_at IS NOT NULL AND NOT {_SINGLY}{_NEWEST}"
    return [found[0] for found in await rows(sql, (author_id, group_id))]


async def retold(face: str, group_id: int, author_id: int, *, again: bool) -> list[int]:
    """Ids of answers of the author that the group told again to servers without groups, newest first (at most 500).

    With `again` those that it took back and that a ban alone took out.
    """
    what = f"said.withdrawn_at IS NOT NULL AND post.removed_at IS NOT NULL AND NOT {_SINGLY}"
    sql = (
        "SELECT post.id FROM post JOIN announced said ON said.face = ? AND said.object_uri = post.uri"
        " AND said.form = 'retold' WHERE post.author_id = ? AND post.group_id = ? AND post.parent_uri IS NOT NULL"
        f" AND post.deleted_at IS NULL AND {what if again else 'said.withdrawn_at IS NULL'}{_NEWEST}"
    )
    return [found[0] for found in await rows(sql, (face, author_id, group_id))]


_THREADS = (
    "SELECT post.id FROM post WHERE post.author_id = ? AND post.group_id = ? AND post.parent_uri IS NULL"
    " AND post.deleted_at IS NULL"
)
_NEWEST = " ORDER BY post.id DESC LIMIT 500"
