"""What collections of actors and threads list for other servers."""

from storage import visible
from storage.actors import COLUMNS as ACTOR
from storage.actors import Actor
from storage.connect import rows
from storage.posts import Post

LONGEST = 1_000  # posts of one thread that a collection lists
_POST = ", ".join(f"post.{name}" for name in Post.__struct_fields__)
_BY_AUTHOR = (
    f"SELECT {_POST} FROM post WHERE post.author_id = ? AND post.id < ? AND post.local = 1"
    f" AND post.visibility <= 1 AND {visible.TO_VIEWER} ORDER BY post.id DESC LIMIT ?"
)
_THREADS = (
    f"SELECT {_POST} FROM post JOIN groups ON groups.id = post.group_id"
    f" WHERE groups.actor_id = ? AND post.id < ? AND post.parent_uri IS NULL AND post.removed_at IS NULL"
    f" AND {visible.TO_VIEWER} ORDER BY post.id DESC LIMIT ?"
)
_THREAD = (
    f"SELECT post.uri FROM post WHERE post.thread_id = ? AND post.visibility <= 1 AND post.removed_at IS NULL"
    f" AND {visible.TO_VIEWER} ORDER BY post.id LIMIT ?"
)
_REPLIES = (
    f"SELECT post.uri FROM post WHERE post.parent_id = ? AND post.visibility <= 1 AND post.removed_at IS NULL"
    f" AND {visible.TO_VIEWER} ORDER BY post.id LIMIT ?"
)


async def posts(author_id: int, before: int, limit: int) -> list[Post]:
    """What somebody here wrote for everybody, newest first."""
    found = await rows(_BY_AUTHOR, (author_id, before, *visible.args(visible.ANYBODY), limit))
    return [Post(*row) for row in found]


async def threads(face_id: int, before: int, limit: int) -> list[Post]:
    """What began threads in the group with this face, newest first."""
    found = await rows(_THREADS, (face_id, before, *visible.args(visible.ANYBODY), limit))
    return [Post(*row) for row in found]


async def count_threads(face_id: int) -> int:
    """How many threads the group with this face has."""
    found = await rows("SELECT threads_count FROM groups WHERE actor_id = ?", (face_id,))
    return found[0][0] if found else 0


async def thread(viewer: int, root_id: int) -> list[str]:
    """Ids of the posts of a thread, in the order of time."""
    return [row[0] for row in await rows(_THREAD, (root_id, *visible.args(viewer), LONGEST))]


async def replies(viewer: int, post_id: int) -> list[str]:
    """Ids of the direct answers to a post, in the order of time."""
    return [row[0] for row in await rows(_REPLIES, (post_id, *visible.args(viewer), LONGEST))]


async def pinned(group_id: int) -> list[str]:
    """Ids of the pinned threads of a group."""
    sql = "SELECT subject FROM register WHERE group_id = ? AND property = 'pinned' AND value IS NOT NULL ORDER BY clock"
    return [row[0] for row in await rows(sql, (group_id,))]


async def face_of(group_id: int) -> str | None:
    """The id of the actor by which this server speaks of a group."""
    found = await rows("SELECT a.uri FROM groups g JOIN actor a ON a.id = g.actor_id WHERE g.id = ?", (group_id,))
    return found[0][0] if found else None


async def admins() -> list[Actor]:
    """Who runs this server."""
    names = ", ".join(f"a.{name}" for name in ACTOR.split(", "))
    sql = (
        f"SELECT {names} FROM actor a JOIN account c ON c.actor_id = a.id WHERE c.role = 'admin' AND c.state = 'active'"
    )
    return [Actor(*row) for row in await rows(sql)]
