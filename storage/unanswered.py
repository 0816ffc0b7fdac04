"""Threads in which nobody but their author has said anything: what waits for an answer in a group."""

from collections.abc import Sequence

import msgspec

from storage import timelines, visible
from storage.connect import current, execute, row, rows
from storage.paging import Page
from storage.timelines import Found

AFTER = 3_600_000  # ms that a thread waits before it is among these; those of newcomers are at once
TAKEN_FOR = 3_600_000  # ms


class Waiting(msgspec.Struct, frozen=True):
    """A thread that waits; `at` is its place, `taken_by` who has said that they will answer it, until `taken_until`."""

    at: int
    id: int
    newcomer: int
    taken_by: int | None
    taken_until: int | None


# The place of a thread: newcomers first, then by age. It is what the index `talk_queue` is made of.
_PLACE = "(talk.since + (1 - talk.newcomer) * 2305843009213693952)"
_WAITS = "talk.group_id = ? AND talk.waiting = 1 AND (talk.newcomer = 1 OR talk.<at> < ?) AND post.locked = 0"
_QUEUE = f"""
SELECT {_PLACE}, talk.id, talk.newcomer, talk.taken_by, talk.taken_until FROM talk CROSS JOIN post
WHERE post.id = talk.id AND {_PLACE} > ? AND {_WAITS.replace("<at>", "since")} AND {visible.READ}
ORDER BY {_PLACE} LIMIT ?"""
_NEWEST = f"""
SELECT talk.id, talk.id, 0 FROM talk CROSS JOIN post WHERE post.id = talk.id AND talk.id < ? AND talk.id > ?
AND {_WAITS.replace("<at>", "id")} AND {visible.READ}"""


async def queue(viewer: int, group_id: int, after: int, limit: int) -> list[Waiting]:
    """What waits in a group behind a place: newcomers first, the longest wait first."""
    found = await rows(_QUEUE, (after, group_id, _before(), *visible.reading(viewer), limit))
    return [Waiting(*each) for each in found]


async def newest(viewer: int, group_id: int, page: Page) -> Found:
    """The same as a list that clients page through, which is the newest first."""
    return await timelines.paged(viewer, page, _NEWEST, (group_id, _before(), *visible.reading(viewer)))


async def waits(thread_id: int) -> bool:
    """Whether a thread is among these now."""
    sql = "SELECT 1 FROM talk WHERE id = ? AND shared = 0 AND waiting = 1 AND (newcomer = 1 OR id < ?)"
    return await row(sql, (thread_id, _before())) is not None


async def take(group_id: int, thread_id: int, actor_id: int, now_ms: int) -> bool:
    """Somebody says that they will answer; False when another has said so, or nothing waits."""
    sql = (
        "UPDATE talk SET taken_by = ?, taken_until = ? WHERE id = ? AND group_id = ? AND waiting = 1"
        " AND (taken_by IS NULL OR taken_by = ? OR taken_until <= ?)"
    )
    return bool(await execute(sql, (actor_id, now_ms + TAKEN_FOR, thread_id, group_id, actor_id, now_ms)))


async def give_back(group_id: int, thread_id: int, actor_id: int) -> None:
    """Who has said that they will answer says no more so."""
    sql = "UPDATE talk SET taken_by = NULL, taken_until = NULL WHERE id = ? AND group_id = ? AND taken_by = ?"
    await execute(sql, (thread_id, group_id, actor_id))


async def greeted(uri: str, group_ids: Sequence[int]) -> set[int]:
    """Those of the groups in which somebody was named as who greets; `uri` as JSON."""
    sql = "SELECT group_id FROM register WHERE group_id IN (?ints) AND property = 'greeter' AND value = ?"
    return {found[0] for found in await rows(sql, (list(group_ids), uri))}


def _before() -> int:
    return (current().ids.now() - AFTER) << 16
