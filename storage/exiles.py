"""Bans of somebody from all groups of a server elsewhere: from which, and where they hold."""

from storage.connect import rows

_GROUPS = """SELECT g.id FROM groups g JOIN actor face ON face.id = g.actor_id AND face.host = ?
WHERE g.id IN (SELECT group_id FROM post WHERE author_id = ? AND group_id IS NOT NULL
UNION SELECT group_id FROM member WHERE actor_id = ? AND state <> 'left'
UNION SELECT joined.id FROM follow f JOIN groups joined ON joined.actor_id = f.target_id WHERE f.follower_id = ?)
ORDER BY COALESCE(g.last_active_at, 0) DESC, g.id LIMIT ?"""
_BANNED = """SELECT r.group_id FROM register r JOIN groups g ON g.id = r.group_id
JOIN actor face ON face.id = g.actor_id AND face.host = ?
WHERE r.subject = ? AND r.property = 'ban' AND r.value LIKE '%"site":true%' ORDER BY r.group_id"""


async def groups_of(host: str, actor_id: int, limit: int) -> list[int]:
    """The groups of a server in which somebody is or has written, the last used first."""
    return [found[0] for found in await rows(_GROUPS, (host, actor_id, actor_id, actor_id, limit))]


async def banned_from(host: str, uri: str) -> list[int]:
    """The groups of a server from which it has banned somebody as a site, with that ban still the one that counts."""
    return [found[0] for found in await rows(_BANNED, (host, uri))]
