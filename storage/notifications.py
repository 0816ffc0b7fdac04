"""What members here are told of: who followed, answered, boosted or voted for them."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import execute, row, rows, value
from storage.paging import Page


class Notice(msgspec.Struct, frozen=True):
    """One thing a member is told of; `post_id` is 0 when it is about no post."""

    id: int
    kind: str
    actor_id: int
    post_id: int
    created_at: int


# Nothing about a post that its reader may not see (any more), nothing from whom they blocked or muted.
_SHOWN = f"""
SELECT n.id, n.kind, n.actor_id, n.post_id, n.created_at FROM notification n
WHERE n.owner_id = ? AND {visible.actor("n.actor_id")} AND {visible.told("n.actor_id")}
AND (n.post_id = 0 OR EXISTS (SELECT 1 FROM post WHERE post.id = n.post_id AND {visible.TO_VIEWER}))"""


async def page(owner: int, page: Page, kinds: Sequence[str], actor_id: int = 0) -> tuple[list[Notice], bool]:
    """Notices of these kinds, newest first, and whether there are older ones; `actor_id`: only from them."""
    notices = await _fetch(owner, page, page.limit + 1, kinds, actor_id)
    older, notices = len(notices) > page.limit, notices[: page.limit]
    if page.forward and notices:
        notices.reverse()
        older = bool(await _fetch(owner, page.under(notices[-1].id), 1, kinds, actor_id))
    return notices, older


async def one(owner: int, notice_id: int) -> Notice | None:
    """One notice of a member."""
    found = await row(f"{_SHOWN} AND n.id = ?", (*_shown_to(owner), notice_id))
    return Notice(*found) if found else None


async def unread(owner: int, since: int, kinds: Sequence[str], most: int) -> int:
    """How many notices there are above `since`, at most `most`."""
    sql = f"SELECT COUNT(*) FROM ({_SHOWN} AND n.kind IN (?texts) AND n.id > ? LIMIT ?) counted"
    return int(await value(sql, (*_shown_to(owner), list(kinds), since, most)))


async def clear(owner: int) -> int:
    """Forget every notice of a member; how many there were."""
    return await execute("DELETE FROM notification WHERE owner_id = ?", (owner,))


async def dismiss(owner: int, notice_ids: Sequence[int]) -> int:
    """Forget some notices of a member; how many of them there were."""
    return await execute("DELETE FROM notification WHERE owner_id = ? AND id IN (?ints)", (owner, list(notice_ids)))


async def _fetch(owner: int, page: Page, limit: int, kinds: Sequence[str], actor_id: int) -> list[Notice]:
    sql = f"{_SHOWN} AND n.kind IN (?texts) AND n.id < ? AND n.id > ?" + " AND n.actor_id = ?" * bool(actor_id)
    args = (*_shown_to(owner), list(kinds), *page.bounds, *([actor_id] if actor_id else []), limit)
    return [Notice(*found) for found in await rows(f"{sql} ORDER BY n.id {page.order} LIMIT ?", args)]


def _shown_to(owner: int) -> tuple[int, ...]:
    return (owner, *visible.actor_args(owner), *visible.wanted_args(owner), *visible.args(owner))
