"""What members take along when they go elsewhere: whom they follow, block and mute, their lists and bookmarks."""

from storage import visible
from storage.connect import Row, rows

_FOLLOWING = """
SELECT a.username, a.host, f.reblogs, f.notify, f.languages FROM follow f JOIN actor a ON a.id = f.target_id
WHERE f.follower_id = ? AND f.state = 'accepted' AND a.deleted_at IS NULL ORDER BY f.id DESC"""
_BLOCKED = """
SELECT a.username, a.host FROM block b JOIN actor a ON a.id = b.target_id
WHERE b.actor_id = ? AND a.deleted_at IS NULL ORDER BY b.created_at DESC, a.id"""
_MUTED = """
SELECT a.username, a.host, m.notifications FROM mute m JOIN actor a ON a.id = m.target_id
WHERE m.actor_id = ? AND (m.expires_at IS NULL OR m.expires_at > ?) AND a.deleted_at IS NULL
ORDER BY m.created_at DESC, a.id"""
_LISTS = """
SELECT list.title, a.username, a.host FROM list JOIN list_entry e ON e.list_id = list.id
JOIN actor a ON a.id = e.actor_id WHERE list.owner_id = ? AND a.deleted_at IS NULL ORDER BY list.id, a.id"""
_BOOKMARKS = f"""
SELECT post.uri FROM bookmark b JOIN post ON post.id = b.post_id
WHERE b.actor_id = ? AND {visible.TO_VIEWER} ORDER BY b.created_at DESC, post.id DESC"""


async def following(actor_id: int) -> list[Row]:
    """(username, host, whether boosts are shown, whether posts are told of, languages) of whom somebody follows."""
    return await rows(_FOLLOWING, (actor_id,))


async def blocked(actor_id: int) -> list[Row]:
    """(username, host) of whom somebody blocks."""
    return await rows(_BLOCKED, (actor_id,))


async def muted(actor_id: int, now_ms: int) -> list[Row]:
    """(username, host, whether also notifications stay away) of whom somebody mutes."""
    return await rows(_MUTED, (actor_id, now_ms))


async def hosts(actor_id: int) -> list[Row]:
    """(host,) of the servers that somebody blocks."""
    return await rows("SELECT host FROM domain_block WHERE actor_id = ? ORDER BY id DESC", (actor_id,))


async def lists(actor_id: int) -> list[Row]:
    """(title, username, host) of everybody in each list of somebody."""
    return await rows(_LISTS, (actor_id,))


async def bookmarks(viewer: int) -> list[Row]:
    """(id,) of the posts that the viewer has bookmarked and may still see."""
    return await rows(_BOOKMARKS, (viewer, *visible.args(viewer)))
