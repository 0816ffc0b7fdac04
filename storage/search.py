"""Finding people, groups and tags that are known here by a part of their name."""

from storage import visible
from storage.connect import rows

_HIGH = "\U0010ffff"
_ACCOUNTS = f"""
SELECT a.id FROM actor a
WHERE ((a.username_key >= ? AND a.username_key < ? AND a.host LIKE ? ESCAPE '!')
 OR (a.host = '' AND LOWER(a.name) LIKE ? ESCAPE '!')
 OR (LOWER(a.name) LIKE ? ESCAPE '!' AND EXISTS
  (SELECT 1 FROM follow WHERE follow.follower_id = ? AND follow.target_id = a.id)))
AND a.kind <> 'Application' AND a.uri <> '' AND ({visible.actor("a.id")}
 OR (a.username_key = ? AND a.host = ? AND a.deleted_at IS NULL AND a.suspended_at IS NULL
  AND EXISTS (SELECT 1 FROM block WHERE block.actor_id = ? AND block.target_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM block WHERE block.actor_id = a.id AND block.target_id = ?)))"""
# Of groups for this server alone who is not signed in learns nothing.
_FOR_ALL = """
 AND NOT EXISTS (SELECT 1 FROM groups place WHERE place.actor_id = a.id AND place.visibility = 'local')"""
_ORDER = " ORDER BY a.username_key <> ?, a.host <> '', a.followers_count DESC, a.id LIMIT ? OFFSET ?"
_FOLLOWED = """
 AND EXISTS (SELECT 1 FROM follow mine
  WHERE mine.follower_id = ? AND mine.target_id = a.id AND mine.state = 'accepted')"""


async def actors(viewer: int, text: str, limit: int, offset: int = 0, *, followed: bool = False) -> list[int]:
    """Ids of actors whose handle begins with `text` (`name`, `@name`, `!group@host`), or whose name contains it.

    The name itself counts only for those of here and those the viewer follows: others may call themselves anything.
    Whom the viewer blocks is found by the whole handle alone, so that the block can be lifted.
    """
    wanted = text.strip().lstrip("@!").lower()
    if not wanted or "\0" in wanted:
        return []
    name, _, host = wanted.partition("@")
    within = f"%{_escaped(wanted)}%"
    args: list[object] = [name, name + _HIGH, f"{_escaped(host)}%", within, within, viewer, *visible.actor_args(viewer)]
    args += (name, host, viewer, viewer)
    sql = _ACCOUNTS if viewer else _ACCOUNTS + _FOR_ALL
    if followed:
        sql += _FOLLOWED
        args.append(viewer)
    return [found[0] for found in await rows(sql + _ORDER, (*args, name, limit, offset))]


def matching(text: str) -> tuple[str, tuple[str, ...]]:
    """The condition that a row `a` of `actor` is of this name, or a part of it, or of that handle; with its arguments.

    Everybody is, where nothing is asked for. Who may be found so is the caller's business.
    """
    wanted = text.strip().lstrip("@").lower().replace("\0", "")
    name, at, host = wanted.partition("@")
    if at:
        return "(a.username_key = ? AND a.host LIKE ? ESCAPE '!')", (name, f"{_escaped(host)}%")
    if not wanted:
        return "1 = 1", ()
    within = f"%{_escaped(wanted)}%"
    columns = ("LOWER(a.name)", "a.username_key", "a.host")
    conditions = [f"{column} LIKE ? ESCAPE '!'" for column in columns]
    return f"({' OR '.join(conditions)})", (within,) * len(columns)


async def tags(text: str, limit: int, offset: int = 0) -> list[str]:
    """Names of tags that begin with `text`, with or without '#'."""
    wanted = text.strip().lstrip("#").lower()
    if not wanted or "\0" in wanted or not all(character.isalnum() or character == "_" for character in wanted):
        return []
    sql = "SELECT name FROM tag WHERE name >= ? AND name < ? ORDER BY name LIMIT ? OFFSET ?"
    return [found[0] for found in await rows(sql, (wanted, wanted + _HIGH, limit, offset))]


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
