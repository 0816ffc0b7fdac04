"""Threads that go from one group into another, or into none, with what their group took in of them."""

from storage import groups, shares, talks
from storage.connect import Writes, row, rows
from storage.counting import hold
from storage.posts import COLUMNS, Post

_NAMED = f"""
SELECT {", ".join("post." + name.strip() for name in COLUMNS.split(","))} FROM talk JOIN post ON post.id = talk.id
WHERE talk.group_id = ? AND talk.shared = 0 AND post.group_id = talk.group_id AND (post.context = ? OR post.uri = ?)
AND post.deleted_at IS NULL ORDER BY post.id LIMIT 1"""


async def thread(group_id: int, uri: str) -> Post | None:
    """What began a thread of the group, by its own id or that of the whole thread (`context`)."""
    found = await row(_NAMED, (group_id, uri, uri))
    return Post(*found) if found else None


async def within(thread_id: int, group_id: int) -> list[int]:
    """What the group took in of a thread (at most 5,000)."""
    sql = "SELECT id FROM post WHERE thread_id = ? AND group_id = ? ORDER BY id LIMIT 5000"
    return [found[0] for found in await rows(sql, (thread_id, group_id))]


async def left(group_id: int, since_ms: int, limit: int) -> list[int]:
    """Threads that moderators moved out of a group into others since then and that are still there, latest first."""
    sql = (
        "SELECT post.id FROM register r JOIN act a ON a.id = r.act_id JOIN post ON post.uri = r.subject"
        " WHERE r.group_id = ? AND r.property = 'moved' AND r.value IS NOT NULL AND a.recorded_at > ?"
        " AND post.group_id <> r.group_id AND post.deleted_at IS NULL ORDER BY a.id DESC LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (group_id, since_ms, limit))]


def move(writes: Writes, begun: Post, old: int, new: int | None) -> None:
    """A thread with all that its group took in of it is in another group from now on, or in none.

    What the old group called it (flairs) stays behind; who answers in it counts as before.
    """
    hold(writes, "post", begun.id)
    hold(writes, "talk", begun.id)
    writes.add("UPDATE post SET group_id = ? WHERE thread_id = ? AND group_id = ?", (new, begun.id, old))
    writes.add("DELETE FROM post_flair WHERE post_id = ?", (begun.id,))
    if new is not None:
        shares.drop(writes, new, begun.id)  # where it stood beside others it is at home now
    talks.whole(writes, begun.id)
    writes.add(
        "UPDATE groups SET threads_count = CASE WHEN threads_count > 0 THEN threads_count - 1 ELSE 0 END WHERE id = ?",
        (old,),
    )
    if new is not None:
        groups.count_post(writes, new, begun.published, starter=True)
