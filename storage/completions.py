"""Threads whose missing answers were asked for at other servers, and what a thread consists of by id."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, execute, row, rows


class Completion(msgspec.Struct, frozen=True):
    """One row of `completion`; times in ms, `ended_at` is None while it is going on; `found` counts what came."""

    thread_id: int
    begun_at: int
    ended_at: int | None
    found: int


class Standing(msgspec.Struct, frozen=True):
    """Of the thread of a post: whether anything can be missing in it, when somebody last wrote in it, how far it is."""

    thread_id: int
    lacking: bool
    spoken_at: int
    completion: Completion | None


_SELECT = "SELECT thread_id, begun_at, ended_at, found FROM completion WHERE thread_id = ?"
# Threads that are for a few have all that was said in them. In those of our own groups an answer can be missing that
# was sent to whom it answers alone.
_LOOK = """
SELECT post.thread_id, CASE WHEN
 (post.visibility <= 1 OR (post.visibility = 4 AND place.local = 0))
 AND (COALESCE(place.local, 0) = 0 OR (place.visibility = 'public' AND place.closed_at IS NULL AND begun.locked = 0
 AND begun.removed_at IS NULL))
 AND EXISTS (SELECT 1 FROM post far WHERE far.thread_id = post.thread_id AND far.local = 0) THEN 1 ELSE 0 END,
 COALESCE(begun.last_reply_at, begun.published, post.published), c.begun_at, c.ended_at, c.found
FROM post LEFT JOIN post begun ON begun.id = post.thread_id LEFT JOIN groups place ON place.id = begun.group_id
LEFT JOIN completion c ON c.thread_id = post.thread_id WHERE post.id = ?"""


async def around(post_id: int) -> Standing | None:
    """How the thread of a post stands; None when there is no such post."""
    found = await row(_LOOK, (post_id,))
    if found is None:
        return None
    thread, lacking, spoken, begun, ended, came = found
    return Standing(thread, bool(lacking), spoken, None if begun is None else Completion(thread, begun, ended, came))


async def of(thread_id: int) -> Completion | None:
    """When the missing answers of a thread were last asked for."""
    found = await row(_SELECT, (thread_id,))
    return Completion(*found) if found else None


async def uris(thread_id: int, most: int) -> dict[str, int]:
    """ActivityPub ids of the posts of a thread, with whether they are ours, in the order of time."""
    sql = (
        "SELECT uri, local FROM post WHERE thread_id = ? AND deleted_at IS NULL AND visibility IN (0, 1, 4)"
        " ORDER BY id LIMIT ?"
    )
    return {found[0]: found[1] for found in await rows(sql, (thread_id, most))}


async def known(post_uris: Sequence[str]) -> set[str]:
    """Those of the ids that posts have here, or had."""
    sql = "SELECT uri FROM post WHERE uri IN (?texts) UNION SELECT uri FROM tombstone WHERE uri IN (?texts)"
    return {found[0] for found in await rows(sql, (list(post_uris), list(post_uris)))} if post_uris else set()


async def inside(thread_id: int, group_id: int, most: int) -> dict[str, int]:
    """As `uris`, of those posts that are in the group, and in public."""
    sql = (
        "SELECT uri, local FROM post WHERE thread_id = ? AND group_id = ? AND deleted_at IS NULL AND removed_at IS NULL"
        " AND visibility IN (0, 1) ORDER BY id LIMIT ?"
    )
    return {found[0]: found[1] for found in await rows(sql, (thread_id, group_id, most))}


async def settled(post_uris: Sequence[str], group_id: int) -> set[str]:
    """Those of the ids about which nothing is to be found out for a group of ours.

    Posts that are in a group, were sent here, are deleted, or wait for the group or were refused by it.
    """
    if not post_uris:
        return set()
    sql = (
        "SELECT uri FROM post WHERE uri IN (?texts) AND (group_id IS NOT NULL OR truth <> 'fetched'"
        " OR deleted_at IS NOT NULL) UNION SELECT uri FROM tombstone WHERE uri IN (?texts)"
        " UNION SELECT post_uri FROM held WHERE post_uri IN (?texts) AND group_id = ? AND state <> 'released'"
    )
    asked = list(post_uris)
    return {found[0] for found in await rows(sql, (asked, asked, asked, group_id))}


def begin(writes: Writes, thread_id: int, now_ms: int) -> None:
    """The missing answers of a thread are asked for from now on."""
    writes.add(
        "INSERT INTO completion (thread_id, begun_at) VALUES (?, ?) ON CONFLICT (thread_id) DO UPDATE SET"
        " begun_at = excluded.begun_at, ended_at = NULL, found = 0",
        (thread_id, now_ms),
    )


def count(writes: Writes, thread_id: int, more: int) -> None:
    """So many more answers came."""
    writes.add("UPDATE completion SET found = found + ? WHERE thread_id = ?", (more, thread_id))


def end(writes: Writes, thread_id: int, now_ms: int) -> None:
    """All were asked for that can be had now."""
    writes.add("UPDATE completion SET ended_at = ? WHERE thread_id = ?", (now_ms, thread_id))


def enter(writes: Writes, thread_id: int, group_id: int, post_uris: Sequence[str], without: Sequence[str]) -> None:
    """Answers that the thread's group elsewhere names are in it, if they are for everybody; none by those `without`."""
    writes.add(
        "UPDATE post SET group_id = ? WHERE thread_id = ? AND group_id IS NULL AND visibility <= 1 AND uri IN (?texts)"
        " AND author_id NOT IN (SELECT id FROM actor WHERE uri IN (?texts))",
        (group_id, thread_id, list(post_uris), list(without)),
    )


async def forget(before_ms: int) -> int:
    """Forget when threads were asked about that nobody opened since; gives how many."""
    return await execute("DELETE FROM completion WHERE begun_at < ?", (before_ms,))
