"""Threads that a group shows beside its own; each is also a boost by the group's face."""

from collections.abc import Sequence
from typing import Any

import msgspec

from storage import talks
from storage.connect import Writes, row, rows
from storage.groups import Group


class Showing(msgspec.Struct, frozen=True):
    """A group that shows a thread beside its own; its moderators may have `locked` it there, or pinned it."""

    group: Group
    locked: bool
    pinned: bool


_SET = """CASE WHEN EXISTS (SELECT 1 FROM register r WHERE r.group_id = s.group_id AND r.property = '{}'
 AND r.subject = post.uri AND r.value IS NOT NULL) THEN 1 ELSE 0 END"""
OF_THREADS = (
    f"SELECT s.post_id, {_SET.format('locked')}, {_SET.format('pinned')},"
    f" {', '.join('g.' + name for name in Group.__struct_fields__)} FROM share s JOIN post ON post.id = s.post_id"
    " JOIN groups g ON g.id = s.group_id WHERE s.post_id IN (?ints) ORDER BY s.shared_at, s.group_id"
)


async def showing(post_id: int) -> list[Showing]:
    """The groups that show a thread beside their own, the first to do so first."""
    return [read(found) for found in await rows(OF_THREADS, ([post_id],))]


async def of_thread(post_id: int) -> list[Group]:
    """As `showing`, the groups alone."""
    return [each.group for each in await showing(post_id)]


def read(found: Sequence[Any]) -> Showing:
    """A row that `OF_THREADS` found."""
    return Showing(Group(*found[3:]), bool(found[1]), bool(found[2]))


async def by(group_id: int, post_id: int) -> int | None:
    """Who shared a thread into a group; None when nobody did."""
    found = await row("SELECT shared_by FROM share WHERE group_id = ? AND post_id = ?", (group_id, post_id))
    return found[0] if found else None


async def by_author(group_id: int, author_id: int) -> list[int]:
    """The threads of somebody that a group shows beside its own (at most 500)."""
    sql = (
        "SELECT post.id FROM share JOIN post ON post.id = share.post_id"
        " WHERE share.group_id = ? AND post.author_id = ? ORDER BY post.id DESC LIMIT 500"
    )
    return [found[0] for found in await rows(sql, (group_id, author_id))]


async def of_group(group_id: int) -> list[int]:
    """The threads that a group shows beside its own (at most 500)."""
    return [found[0] for found in await rows("SELECT post_id FROM share WHERE group_id = ? LIMIT 500", (group_id,))]


async def unsettled(author_id: int) -> list[tuple[int, int]]:
    """(thread, group) where a group of ours shows a thread of somebody, and boosts what was taken out where it began,
    or does not boost what is there (at most 500)."""
    sql = (
        "SELECT post.id, g.id FROM share s JOIN post ON post.id = s.post_id JOIN groups g ON g.id = s.group_id"
        " LEFT JOIN boost b ON b.actor_id = g.actor_id AND b.post_id = post.id"
        " WHERE post.author_id = ? AND g.local = 1 AND post.deleted_at IS NULL"
        " AND (post.removed_at IS NULL) = (b.id IS NULL) LIMIT 500"
    )
    return [(found[0], found[1]) for found in await rows(sql, (author_id,))]


async def count(group_id: int, actor_id: int) -> int:
    """How many threads somebody has shared into a group."""
    found = await row("SELECT COUNT(*) FROM share WHERE group_id = ? AND shared_by = ?", (group_id, actor_id))
    return int(found[0]) if found else 0


def put(writes: Writes, group_id: int, post_id: int, shared_by: int, now_ms: int) -> None:
    """A group shows a thread beside its own; once is enough."""
    writes.add(
        "INSERT INTO share (group_id, post_id, shared_by, shared_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (group_id, post_id, shared_by, now_ms),
    )
    talks.show(writes, post_id, group_id, now_ms)


def drop(writes: Writes, group_id: int, post_id: int) -> None:
    """A group shows a thread no more."""
    talks.hide(writes, post_id, group_id)
    writes.add("DELETE FROM share WHERE group_id = ? AND post_id = ?", (group_id, post_id))
