"""What members here are told of: who followed, answered, boosted or voted for them."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import execute, row, rows, value
from storage.paging import Page


class Notice(msgspec.Struct, frozen=True):
    """One thing a member is told of; `post_id` is 0 when it is about no post, `report_id` when about no report."""

    id: int
    kind: str
    actor_id: int
    post_id: int
    created_at: int
    report_id: int = 0


def by_anybody_heard(table: str) -> str:
    """The condition on a row of `notification`: whoever it tells of may be seen and is neither blocked nor muted.

    Somebody who waits to be let in here is seen by nobody yet, but admins (`SHOWN`) are told of them.
    Takes `heard_args(owner)`, of which the first is 1 to have what waits for its owner's word as well, else 0.
    """
    actor = f"{table}.actor_id"
    waits = f"EXISTS (SELECT 1 FROM actor new WHERE new.id = {actor} AND new.deleted_at IS NULL)"
    return (
        f"{table}.filtered <= ? AND (({table}.kind = 'admin.sign_up' AND {waits}) OR {visible.actor(actor)})"
        f" AND {visible.told(actor)}"
    )


def heard_args(owner: int, filtered: bool) -> tuple[int, ...]:
    """The arguments of `by_anybody_heard`."""
    return (int(filtered), *visible.actor_args(owner), *visible.wanted_args(owner))


# Nothing about a post that its reader may not see (any more), nothing of an admin's business to others; of reports to
# who looks after the group they are for.
SHOWN = f"""
SELECT n.id, n.kind, n.actor_id, n.post_id, n.created_at, n.report_id FROM notification n
WHERE n.owner_id = ? AND {by_anybody_heard("n")}
AND (n.post_id = 0 OR EXISTS (SELECT 1 FROM post WHERE post.id = n.post_id AND {visible.TO_VIEWER}
 AND (n.kind <> 'mention' OR {visible.NAMES_NOBODY_UNHEARD})))
AND (n.kind NOT IN ('admin.sign_up', 'admin.report')
 OR EXISTS (SELECT 1 FROM account WHERE account.actor_id = n.owner_id
  AND account.role IN ('admin', 'moderator'))
 OR EXISTS (SELECT 1 FROM report JOIN register ON register.group_id = report.group_id
  JOIN actor me ON me.uri = register.subject WHERE report.id = n.report_id AND report.for_group = 1
  AND register.property = 'role' AND register.value IS NOT NULL AND me.id = n.owner_id))"""


async def page(
    owner: int, page: Page, kinds: Sequence[str], actor_id: int = 0, *, filtered: bool = False
) -> tuple[list[Notice], bool]:
    """Notices of these kinds, newest first, and whether there are older ones; `actor_id`: only from them.

    With `filtered` also those that wait for the owner's word.
    """
    notices = await _fetch(owner, page, page.limit + 1, kinds, actor_id, filtered)
    older, notices = len(notices) > page.limit, notices[: page.limit]
    if page.forward and notices:
        notices.reverse()
        older = bool(await _fetch(owner, page.under(notices[-1].id), 1, kinds, actor_id, filtered))
    return notices, older


async def one(owner: int, notice_id: int) -> Notice | None:
    """One notice of a member, also one that waits for their word."""
    found = await row(f"{SHOWN} AND n.id = ?", (*shown_to(owner, filtered=True), notice_id))
    return Notice(*found) if found else None


async def unread(owner: int, since: int, kinds: Sequence[str], most: int) -> int:
    """How many notices there are above `since`, at most `most`."""
    sql = f"SELECT COUNT(*) FROM ({SHOWN} AND n.kind IN (?texts) AND n.id > ? LIMIT ?) counted"
    return int(await value(sql, (*shown_to(owner), list(kinds), since, most)))


async def mentioned(post_id: int) -> set[int]:
    """Those who are told that the post names them or answers them; not where that waits for their word."""
    sql = "SELECT owner_id FROM notification WHERE post_id = ? AND kind = 'mention' AND filtered = 0"
    return {found[0] for found in await rows(sql, (post_id,))}


async def admins() -> list[int]:
    """Ids of the actors of those who run this server."""
    return [found[0] for found in await rows("SELECT actor_id FROM account WHERE role = 'admin' AND state = 'active'")]


async def looking_after() -> list[int]:
    """Ids of the actors of those who look after this server, who are told of reports and sign-ups."""
    sql = "SELECT actor_id FROM account WHERE role IN ('admin', 'moderator') AND state = 'active'"
    return [found[0] for found in await rows(sql)]


def shown_to(owner: int, *, filtered: bool = False) -> tuple[int, ...]:
    """The arguments of `SHOWN`."""
    return (owner, *heard_args(owner, filtered), *visible.args(owner), *visible.wanted_args(owner))


async def clear(owner: int) -> int:
    """Forget every notice of a member; how many there were."""
    return await execute("DELETE FROM notification WHERE owner_id = ?", (owner,))


async def dismiss(owner: int, notice_ids: Sequence[int]) -> int:
    """Forget some notices of a member; how many of them there were."""
    return await execute("DELETE FROM notification WHERE owner_id = ? AND id IN (?ints)", (owner, list(notice_ids)))


async def _fetch(
    owner: int, page: Page, limit: int, kinds: Sequence[str], actor_id: int, filtered: bool
) -> list[Notice]:
    sql = f"{SHOWN} AND n.kind IN (?texts) AND n.id < ? AND n.id > ?" + " AND n.actor_id = ?" * bool(actor_id)
    args = (
        *shown_to(owner, filtered=filtered), list(kinds), *page.bounds, *([actor_id] if actor_id else []), limit
    )  # fmt: skip
    return [Notice(*found) for found in await rows(f"{sql} ORDER BY n.id {page.order} LIMIT ?", args)]
