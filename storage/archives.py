"""Files that members take along with all that is theirs: ordered, being made, ready for some days."""

from collections.abc import AsyncIterator

import msgspec

from storage import visible
from storage.connect import Row, Writes, execute, row, rows, value

AT_ONCE = 100
BOOST, POST = 0, 1


class Archive(msgspec.Struct, frozen=True):
    """One row of `archive`; times in ms, `done` of `total` posts, boosts and files are in it."""

    actor_id: int
    ordered_at: int
    ready_at: int | None
    failed: int
    done: int
    total: int
    key: str | None
    size: int


_COLUMNS = ", ".join(Archive.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM archive "
_OWN = "post WHERE post.author_id = ? AND post.deleted_at IS NULL"
_SAID = (
    f"SELECT post.id AS id, {POST} AS sort, post.id AS post_id, '' AS uri, post.published AS published FROM {_OWN}"
    f" AND post.id < ? UNION ALL SELECT boost.id, {BOOST}, boost.post_id, boost.uri, boost.published FROM boost"
    " WHERE boost.actor_id = ? AND boost.id < ? ORDER BY 1 DESC LIMIT ?"
)
_TOTAL = (
    f"SELECT (SELECT COUNT(*) FROM {_OWN}) + (SELECT COUNT(*) FROM boost WHERE actor_id = ?)"
    " + (SELECT COUNT(*) FROM media WHERE owner_id = ? AND key IS NOT NULL AND origin <> 'remote')"
)
_VOTED = f"""
SELECT r.created_at, post.id, post.uri FROM reaction r JOIN post ON post.id = r.post_id
WHERE r.actor_id = ? AND r.kind = ? AND (r.created_at, post.id) < (?, ?) AND {visible.TO_VIEWER}
ORDER BY r.created_at DESC, post.id DESC LIMIT ?"""
_POLLS = f"""
SELECT post.uri, poll.options, v.choice FROM poll_vote v JOIN post ON post.id = v.post_id
JOIN poll ON poll.post_id = post.id WHERE v.actor_id = ? AND {visible.TO_VIEWER} ORDER BY v.created_at, v.choice"""
_GROUPS = """
SELECT face.username, face.host, m.joined_at, r.value FROM (
 SELECT group_id FROM member WHERE actor_id = ? AND state = 'joined'
 UNION SELECT group_id FROM register WHERE property = 'role' AND subject = ? AND value IS NOT NULL) own
JOIN groups g ON g.id = own.group_id JOIN actor face ON face.id = g.actor_id AND face.deleted_at IS NULL
LEFT JOIN member m ON m.group_id = g.id AND m.actor_id = ? AND m.state = 'joined'
LEFT JOIN register r ON r.group_id = g.id AND r.property = 'role' AND r.subject = ?
ORDER BY g.id"""


async def of(actor_id: int) -> Archive | None:
    """The last that a member ordered."""
    found = await row(_SELECT + "WHERE actor_id = ?", (actor_id,))
    return Archive(*found) if found else None


async def old(before_ms: int) -> list[Archive]:
    """Those that were ordered before then."""
    return [Archive(*found) for found in await rows(_SELECT + "WHERE ordered_at < ?", (before_ms,))]


def order(writes: Writes, actor_id: int, now_ms: int) -> None:
    """Begin with another one."""
    writes.add("DELETE FROM archive WHERE actor_id = ?", (actor_id,))
    writes.add("INSERT INTO archive (actor_id, ordered_at) VALUES (?, ?)", (actor_id, now_ms))


async def progress(archive: Archive, done: int, total: int) -> None:
    """Note how far it is."""
    sql = "UPDATE archive SET done = ?, total = ? WHERE actor_id = ? AND ordered_at = ?"
    await execute(sql, (done, total, archive.actor_id, archive.ordered_at))


def ready(writes: Writes, archive: Archive, key: str, size: int, now_ms: int) -> int:
    """It lies under this key; the answer at this index is empty where it is not wanted any more."""
    return writes.returning(
        "UPDATE archive SET key = ?, size = ?, ready_at = ?, done = total WHERE actor_id = ? AND ordered_at = ?"
        " AND key IS NULL RETURNING actor_id",
        (key, size, now_ms, archive.actor_id, archive.ordered_at),
    )


async def fail(archive: Archive) -> None:
    """It could not be made."""
    sql = "UPDATE archive SET failed = 1 WHERE actor_id = ? AND ordered_at = ?"
    await execute(sql, (archive.actor_id, archive.ordered_at))


async def forget(archive: Archive) -> None:
    """It is not there any more."""
    await execute("DELETE FROM archive WHERE actor_id = ? AND ordered_at = ?", (archive.actor_id, archive.ordered_at))


async def total(actor_id: int) -> int:
    """How many posts, boosts and files somebody has."""
    return int(await value(_TOTAL, (actor_id, actor_id, actor_id)))


async def said(actor_id: int) -> AsyncIterator[list[Row]]:
    """(id, POST or BOOST, id of the post, activity of the boost, when in ms), the latest first, some at a time."""
    before = 2**62
    while found := await rows(_SAID, (actor_id, before, actor_id, before, AT_ONCE)):
        before = found[-1][0]
        yield found


async def voted(actor_id: int, kind: str) -> AsyncIterator[list[str]]:
    """The ids of posts that somebody voted on so and may see, the latest first, some at a time."""
    at, before = 2**62, 2**62
    while found := await rows(_VOTED, (actor_id, kind, at, before, *visible.args(actor_id), AT_ONCE)):
        at, before = found[-1][0], found[-1][1]
        yield [uri for _at, _id, uri in found]


async def files(actor_id: int) -> list[tuple[str, str]]:
    """(key, type) of everything that somebody sent."""
    sql = "SELECT key, mime FROM media WHERE owner_id = ? AND key IS NOT NULL AND origin <> 'remote' ORDER BY id"
    return [(found[0], found[1]) for found in await rows(sql, (actor_id,))]


async def polls(actor_id: int) -> list[tuple[str, str, int]]:
    """(id of the post, JSON list of the answers, which) of somebody's votes in polls that they may see."""
    return [(found[0], found[1], found[2]) for found in await rows(_POLLS, (actor_id, *visible.args(actor_id)))]


async def memberships(actor_id: int, uri: str) -> list[tuple[str, str, int | None, str | None]]:
    """(name, host, member since, value of the role register) of the groups in which somebody is or that they look
    after."""
    return [(found[0], found[1], found[2], found[3]) for found in await rows(_GROUPS, (actor_id, uri, actor_id, uri))]
