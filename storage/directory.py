"""The directory of groups, of here and elsewhere: what each is about, in which languages, how lively it is."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import Writes, rows

WEEK = 7 * 86_400_000  # ms
MANY = 3  # members here of a group elsewhere, after which it is nobody's own affair that it is known here


class Sought(msgspec.Struct, frozen=True):
    """Which groups, for whom; '' and False mean any. `scout` is the id of who follows groups for everybody, or 0."""

    viewer: int = visible.ANYBODY
    scout: int = 0
    words: str = ""
    topic: str = ""
    language: str = ""
    here: bool = False
    newest: bool = False  # first, else those in which somebody wrote last


_ACTIVE = "COALESCE(g.last_active_at, g.created_at)"
# Those of other servers that are followed for everybody, by the viewer, or by several: who joined what is not told.
_KNOWN = f"""(EXISTS (SELECT 1 FROM follow f WHERE f.target_id = g.actor_id AND f.state = 'accepted'
  AND f.follower_id IN (?, ?))
 OR (SELECT COUNT(*) FROM follow f JOIN account c ON c.actor_id = f.follower_id
  WHERE f.target_id = g.actor_id AND f.state = 'accepted') >= {MANY})"""
_LISTED = f"""((g.visibility = 'public' AND COALESCE(g.listed, 1) = 1 AND (g.local = 1 OR {_KNOWN}))
 OR (g.visibility = 'local' AND COALESCE(g.listed, 1) = 1 AND CAST(? AS BIGINT) <> 0)
 OR (g.visibility = 'members' AND g.local = 1 AND (COALESCE(g.listed, 0) = 1 OR EXISTS (SELECT 1 FROM member m
  WHERE m.group_id = g.id AND m.actor_id = ? AND m.state = 'joined'))))"""
_FROM = f"""
FROM groups g JOIN actor a ON a.id = g.actor_id
WHERE g.closed_at IS NULL AND g.estranged_at IS NULL AND a.moved_to_id IS NULL
AND {visible.actor("a.id")} AND {visible.wanted("a.id")} AND {_LISTED}"""
_WORDS = (
    " AND (LOWER(a.name) LIKE ? ESCAPE '!' OR a.username_key LIKE ? ESCAPE '!' OR a.host LIKE ? ESCAPE '!'"
    " OR LOWER(a.summary) LIKE ? ESCAPE '!')"
)
_TOPIC = " AND EXISTS (SELECT 1 FROM group_topic t WHERE t.group_id = g.id AND t.name = ?)"
_LANGUAGE = " AND EXISTS (SELECT 1 FROM group_language l WHERE l.group_id = g.id AND l.code = ?)"
_UNANSWERED = """
SELECT post.group_id, COUNT(*) FROM post WHERE post.group_id IN (?ints) AND post.parent_uri IS NULL
AND post.replies_count = 0 AND post.visibility <= 1 AND post.deleted_at IS NULL AND post.removed_at IS NULL
AND post.locked = 0 AND post.id > ? GROUP BY post.group_id"""


async def find(sought: Sought, limit: int, offset: int) -> list[int]:
    """Ids of the groups that are sought and that the viewer may find."""
    narrowed, args = _narrowed(sought)
    order = "g.created_at DESC, g.id DESC" if sought.newest else f"{_ACTIVE} DESC, g.id DESC"
    found = await rows(f"SELECT g.id {_FROM}{narrowed} ORDER BY {order} LIMIT ? OFFSET ?", (*args, limit, offset))
    return [each[0] for each in found]


async def topics(sought: Sought, limit: int) -> list[str]:
    """What most of these groups are about."""
    narrowed, args = _narrowed(sought)
    sql = (
        f"SELECT t.name, COUNT(*) FROM group_topic t WHERE t.group_id IN (SELECT g.id {_FROM}{narrowed})"
        " GROUP BY t.name ORDER BY 2 DESC, t.name LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (*args, limit))]


async def languages(sought: Sought, limit: int) -> list[str]:
    """What is spoken in most of these groups."""
    narrowed, args = _narrowed(sought)
    sql = (
        f"SELECT l.code, COUNT(*) FROM group_language l WHERE l.group_id IN (SELECT g.id {_FROM}{narrowed})"
        " GROUP BY l.code ORDER BY 2 DESC, l.code LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (*args, limit))]


async def about(group_ids: Sequence[int]) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What groups are about, and which languages are spoken in them, by group; () where it is not told."""
    if not group_ids:
        return {}
    ids = (list(group_ids),)
    named = await rows("SELECT group_id, name FROM group_topic WHERE group_id IN (?ints) ORDER BY name", ids)
    spoken = await rows("SELECT group_id, code FROM group_language WHERE group_id IN (?ints) ORDER BY code", ids)
    return {
        group_id: (
            tuple(name for each, name in named if each == group_id),
            tuple(code for each, code in spoken if each == group_id),
        )
        for group_id in group_ids
    }


async def unanswered(group_ids: Sequence[int], now_ms: int) -> dict[int, int]:
    """How many threads of this week nobody has answered yet, in public groups, by group."""
    found = await rows(_UNANSWERED, (list(group_ids), (now_ms - WEEK) << 16)) if group_ids else []
    return {each[0]: each[1] for each in found}


async def listed(group_id: int) -> int | None:
    """Whether the group is to be shown in directories; None when nobody has said so."""
    found = await rows("SELECT listed FROM groups WHERE id = ?", (group_id,))
    return found[0][0] if found else None


def learn(writes: Writes, face_id: int, names: Sequence[str], codes: Sequence[str], unlisted: bool) -> None:
    """What a group elsewhere says of itself replaces what it said before."""
    _replace(writes, "group_topic", "name", face_id, names)
    _replace(writes, "group_language", "code", face_id, codes)
    writes.add("UPDATE groups SET listed = ? WHERE actor_id = ?", (0 if unlisted else None, face_id))


def change_topics(writes: Writes, face_id: int, names: Sequence[str]) -> None:
    """What a group of ours is about."""
    _replace(writes, "group_topic", "name", face_id, names)


def change_languages(writes: Writes, face_id: int, codes: Sequence[str]) -> None:
    """Which languages are spoken in a group of ours."""
    _replace(writes, "group_language", "code", face_id, codes)


def _replace(writes: Writes, table: str, column: str, face_id: int, values: Sequence[str]) -> None:
    writes.add(f"DELETE FROM {table} WHERE group_id = (SELECT id FROM groups WHERE actor_id = ?)", (face_id,))
    for value in dict.fromkeys(values):
        writes.add(
            f"INSERT INTO {table} (group_id, {column}) SELECT g.id, CAST(? AS TEXT) FROM groups g"
            " WHERE g.actor_id = ? ON CONFLICT DO NOTHING",
            (value, face_id),
        )


def _narrowed(sought: Sought) -> tuple[str, tuple[object, ...]]:
    viewer = sought.viewer
    args: list[object] = [*visible.actor_args(viewer), *visible.wanted_args(viewer)]
    args += [viewer, sought.scout, viewer, viewer]
    sql = " AND g.local = 1" * sought.here
    if sought.words:
        plain = sought.words.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        sql, args = sql + _WORDS, args + [f"%{plain}%"] * 4
    if sought.topic:
        sql, args = sql + _TOPIC, [*args, sought.topic]
    if sought.language:
        sql, args = sql + _LANGUAGE, [*args, sought.language]
    return sql, tuple(args)
