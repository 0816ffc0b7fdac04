"""What people show on top of their profiles."""

from collections.abc import Sequence

from storage import visible
from storage.connect import Writes, rows, value
from storage.counting import hold
from storage.posts import Post

_COUNT = (
    "SELECT COUNT(*) FROM pin JOIN post ON post.id = pin.post_id WHERE pin.actor_id = ? AND post.deleted_at IS NULL"
)
_PIN = f"""
INSERT INTO pin (actor_id, post_id, created_at) SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)
WHERE ({_COUNT}) < ? ON CONFLICT DO NOTHING"""
_OF = f"""
SELECT {", ".join(f"post.{name}" for name in Post.__struct_fields__)} FROM pin JOIN post ON post.id = pin.post_id
WHERE pin.actor_id = ? AND {visible.TO_VIEWER} ORDER BY pin.created_at DESC, post.id DESC LIMIT ?"""
_MOST = 100  # read, however many somebody may have


async def pinned(actor_id: int, post_id: int) -> bool:
    """Whether somebody has pinned the post."""
    return bool(await rows("SELECT 1 FROM pin WHERE actor_id = ? AND post_id = ?", (actor_id, post_id)))


async def count(actor_id: int) -> int:
    """How many posts somebody has pinned."""
    return int(await value(_COUNT, (actor_id,)))


async def of(viewer: int, actor_id: int) -> list[Post]:
    """What somebody has pinned and the viewer may see, the latest first."""
    return [Post(*found) for found in await rows(_OF, (actor_id, *visible.args(viewer), _MOST))]


def pin(writes: Writes, actor_id: int, post_id: int, most: int, now_ms: int) -> None:
    """Pin a post, unless there are `most` already."""
    hold(writes, "actor", actor_id)
    writes.add(_PIN, (actor_id, post_id, now_ms, actor_id, most))


def replace(writes: Writes, actor_id: int, post_ids: Sequence[int], now_ms: int) -> None:
    """These are what somebody elsewhere has pinned, the first on top."""
    writes.add("DELETE FROM pin WHERE actor_id = ?", (actor_id,))
    for place, post_id in enumerate(post_ids):
        writes.add(
            "INSERT INTO pin (actor_id, post_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (actor_id, post_id, now_ms - place),
        )


def unpin(writes: Writes, actor_id: int, post_id: int) -> None:
    """Pin it no more."""
    writes.add("DELETE FROM pin WHERE actor_id = ? AND post_id = ?", (actor_id, post_id))
