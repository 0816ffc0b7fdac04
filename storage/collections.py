"""What collections of actors and threads list for other servers: only what the asker may see, and counted so."""

from collections.abc import Sequence

from storage import visible
from storage.actors import COLUMNS as ACTOR
from storage.actors import Actor
from storage.connect import Args, rows, value
from storage.posts import Post

_POST = ", ".join(f"post.{name}" for name in Post.__struct_fields__)
_OPEN = "post.visibility <= 1 AND post.removed_at IS NULL"
_BY_AUTHOR = f"FROM post WHERE post.author_id = ? AND post.local = 1 AND {_OPEN} AND {visible.TO_VIEWER}"
_BY_GROUP = f"FROM post WHERE post.group_id = ? AND post.parent_uri IS NULL AND {_OPEN} AND {visible.TO_VIEWER}"
_IN_PLACE = "post.visibility NOT IN (2, 3) AND post.removed_at IS NULL"
_TO_SERVER = f"""
FROM post WHERE post.group_id = ? AND post.parent_uri IS NULL AND {_IN_PLACE} AND post.visibility <> 5
AND {visible.TO_SERVER}"""
_READABLE = "post.visibility IN (0, 1, 4) AND post.removed_at IS NULL"  # to who asks for it by itself
_INSIDE = "(CAST(? AS BIGINT) IS NULL OR post.group_id = ?)"  # of a thread in a group only what the group took in
_IN_THREAD = f"FROM post WHERE post.thread_id = ? AND {_INSIDE} AND {_READABLE} AND {visible.TO_VIEWER}"
# The same, and in a group elsewhere what it may not know of yet: it takes that in when it asks (fedcomm/completing.py).
_BESIDE_IT = """
COALESCE(post.group_id, (SELECT g.id FROM groups g WHERE g.id = CAST(? AS BIGINT) AND g.local = 0), 0)
 = COALESCE(CAST(? AS BIGINT), post.group_id, 0)"""
_BELOW = f"FROM post WHERE post.parent_id = ? AND {_BESIDE_IT} AND {_READABLE} AND {visible.TO_VIEWER}"
_PINNED = f"""
SELECT {_POST} FROM register JOIN post ON post.uri = register.subject
WHERE register.group_id = ? AND register.property = 'pinned' AND register.value IS NOT NULL
AND (post.group_id = register.group_id<beside>) AND {_IN_PLACE} AND {visible.TO_VIEWER}
ORDER BY register.clock LIMIT ?"""
_BESIDE = """ OR EXISTS (SELECT 1 FROM share WHERE share.group_id = register.group_id AND share.post_id = post.id)"""
_PINNED_INSIDE = _PINNED.replace("<beside>", "").replace(
    visible.TO_VIEWER, f"post.visibility <> 5 AND {visible.TO_SERVER}"
)
_MOST_PINNED = 100
_MOST_COUNTED = 5_000  # posts: strangers may ask for any number of counts


async def posts(author_id: int, before: int, limit: int) -> list[Post]:
    """What somebody here wrote for everybody, newest first."""
    return await _newest(_BY_AUTHOR, author_id, before, limit)


async def count_posts(author_id: int) -> int | None:
    """How much somebody here wrote for everybody (attack PRI-03); None when it is too much to count."""
    return await _count(_BY_AUTHOR, (author_id,), visible.ANYBODY)


async def threads(group_id: int, before: int, limit: int) -> list[Post]:
    """What began threads in a group, newest first."""
    return await _newest(_BY_GROUP, group_id, before, limit)


async def threads_inside(asking: int, group_id: int, before: int, limit: int) -> list[Post]:
    """What began threads in a group that is for its members, for the server of who asks, newest first."""
    sql = f"SELECT {_POST} {_TO_SERVER} AND post.id < ? ORDER BY post.id DESC LIMIT ?"
    return [Post(*row) for row in await rows(sql, (group_id, *visible.server_args(asking), before, limit))]


async def pinned_inside(asking: int, group_id: int) -> list[Post]:
    """As `pinned`, in a group that is for its members, for the server of who asks."""
    found = await rows(_PINNED_INSIDE, (group_id, *visible.server_args(asking), _MOST_PINNED))
    return [Post(*row) for row in found]


async def count_threads(group_id: int) -> int | None:
    """How many threads of a group everybody may see; None when they are too many to count."""
    return await _count(_BY_GROUP, (group_id,), visible.ANYBODY)


async def thread(viewer: int, root: Post, after: int, limit: int) -> list[tuple[int, str]]:
    """(id, ActivityPub id) of the posts of a thread, in the order of time, behind the one with the id `after`."""
    return await _oldest(_IN_THREAD, viewer, root, after, limit)


async def count_thread(viewer: int, root: Post) -> int | None:
    """How many posts of a thread the viewer may see; None when they are too many to count."""
    return await _count(_IN_THREAD, (root.id, root.group_id, root.group_id), viewer)


async def replies(viewer: int, post: Post, after: int, limit: int) -> list[tuple[int, str]]:
    """(id, ActivityPub id) of the direct answers to a post, in the order of time, behind the one with that id."""
    return await _oldest(_BELOW, viewer, post, after, limit)


async def count_replies(viewer: int, post: Post) -> int | None:
    """How many direct answers to a post the viewer may see; None when they are too many to count."""
    return await _count(_BELOW, (post.id, post.group_id, post.group_id), viewer)


async def pinned(group_id: int, viewer: int = visible.ANYBODY, *, beside: bool = False) -> list[Post]:
    """The pinned threads of a group that the viewer may see, in the order in which they were pinned.

    Also of those that it shows `beside` its own; other servers would pin these in the group in which they began.
    """
    found = await rows(
        _PINNED.replace("<beside>", _BESIDE if beside else ""), (group_id, *visible.args(viewer), _MOST_PINNED)
    )
    return [Post(*row) for row in found]


async def face_of(group_id: int) -> str | None:
    """The id of the face of one of our groups; None of others, for which this server cannot speak (FEP-fe34)."""
    sql = "SELECT a.uri FROM groups g JOIN actor a ON a.id = g.actor_id WHERE g.id = ? AND g.local = 1"
    found = await rows(sql, (group_id,))
    return found[0][0] if found else None


async def admins() -> list[Actor]:
    """Who runs this server, the first of them first."""
    names = ", ".join(f"a.{name}" for name in ACTOR.split(", "))
    sql = (
        f"SELECT {names} FROM actor a JOIN account c ON c.actor_id = a.id WHERE c.role = 'admin' AND c.state = 'active'"
        " ORDER BY a.id"
    )
    return [Actor(*row) for row in await rows(sql)]


async def _newest(of: str, owner_id: int, before: int, limit: int) -> list[Post]:
    sql = f"SELECT {_POST} {of} AND post.id < ? ORDER BY post.id DESC LIMIT ?"
    return [Post(*row) for row in await rows(sql, (owner_id, *visible.args(visible.ANYBODY), before, limit))]


async def _oldest(of: str, viewer: int, post: Post, after: int, limit: int) -> list[tuple[int, str]]:
    sql = f"SELECT post.id, post.uri {of} AND post.id > ? ORDER BY post.id LIMIT ?"
    args = (post.id, post.group_id, post.group_id, *visible.args(viewer), after, limit)
    found: Sequence[tuple[int, str]] = await rows(sql, args)
    return [(row[0], row[1]) for row in found]


async def _count(of: str, about: Args, viewer: int) -> int | None:
    sql = f"SELECT COUNT(*) FROM (SELECT 1 {of} LIMIT ?) AS counted"
    found = int(await value(sql, (*about, *visible.args(viewer), _MOST_COUNTED + 1)))
    return found if found <= _MOST_COUNTED else None
