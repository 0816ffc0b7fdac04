"""Threads of which members want to hear nothing.

The post that began the thread is kept: where that is now, the mute holds, also when the thread becomes part of another.
"""

from storage.connect import execute

MOST = 1_000  # of one member


def among(posts: str) -> str:
    """The ids of those of the posts (a query for ids) in threads that a member has muted. Takes the member."""
    return f"""SELECT post.id FROM thread_mute JOIN post root ON root.id = thread_mute.root_id
 JOIN post ON post.thread_id = root.thread_id WHERE thread_mute.owner_id = ? AND post.id IN ({posts})"""


def muted(owner: str, post: str) -> str:
    """The condition that a member has muted the thread of a post; both are columns with their ids."""
    return (
        "EXISTS (SELECT 1 FROM thread_mute JOIN post root ON root.id = thread_mute.root_id JOIN post said"
        f" ON said.thread_id = root.thread_id WHERE thread_mute.owner_id = {owner} AND said.id = {post})"
    )


async def mute(owner_id: int, thread_id: int, now_ms: int) -> None:
    """Hear nothing more of a thread; the oldest mutes beyond `MOST` end."""
    sql = "INSERT INTO thread_mute (owner_id, root_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    await execute(sql, (owner_id, thread_id, now_ms))
    old = (
        "DELETE FROM thread_mute WHERE owner_id = ? AND root_id IN (SELECT root_id FROM thread_mute"
        " WHERE owner_id = ? ORDER BY created_at DESC, root_id DESC LIMIT 1000000 OFFSET ?)"
    )
    await execute(old, (owner_id, owner_id, MOST))


async def unmute(owner_id: int, thread_id: int) -> None:
    """Hear of a thread again."""
    sql = (
        "DELETE FROM thread_mute WHERE owner_id = ?"
        " AND root_id IN (SELECT root.id FROM post root WHERE root.thread_id = ?)"
    )
    await execute(sql, (owner_id, thread_id))
