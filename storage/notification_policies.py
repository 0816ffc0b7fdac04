"""From whom members want to hear, and who waits to be heard.

What keeps notices back is in `storage.telling`. Who waits is known by their actor's id.
"""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, execute, read_many, row, rows
from storage.notifications import by_anybody_heard, heard_args
from storage.paging import Page

MOST_COUNTED = 100  # of those who wait, as on Mastodon


class Policy(msgspec.Struct, frozen=True):
    """What is done with notices of whom: 0 they are shown, 1 they wait, 2 there are none (`storage.telling`)."""

    not_following: int = 0
    not_followers: int = 0
    new_accounts: int = 0
    private_mentions: int = 0
    bots: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """Somebody of whom notices wait; `last_id` is the latest notice and `last_post_id` its post, 0 for none."""

    actor_id: int
    count: int
    first_at: int
    last_at: int
    last_id: int
    last_post_id: int


_COLUMNS = ", ".join(Policy.__struct_fields__)
_WAITING = f"""
SELECT n.actor_id, COUNT(*), MIN(n.created_at), MAX(n.created_at), MAX(n.id), MAX(n.post_id) FROM notification n
WHERE n.owner_id = ? AND n.filtered = 1 AND {by_anybody_heard("n")}"""


async def of(owner: int) -> Policy:
    """What a member wants."""
    found = await row(f"SELECT {_COLUMNS} FROM notification_policy WHERE owner_id = ?", (owner,))
    return Policy(*found) if found else Policy()


async def put(owner: int, policy: Policy) -> None:
    """A member wants this from now on."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in Policy.__struct_fields__)
    sql = (
        f"INSERT INTO notification_policy (owner_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (owner_id) DO UPDATE SET {changes}"
    )
    await execute(sql, (owner, *msgspec.structs.astuple(policy)))


async def summary(owner: int) -> tuple[int, int]:
    """(how many wait, how many notices of theirs), at most `MOST_COUNTED` of those who wait."""
    found = await rows(f"{_WAITING} GROUP BY n.actor_id LIMIT ?", (owner, *heard_args(owner, True), MOST_COUNTED))
    return len(found), sum(count for _actor, count, *_more in found)


async def waiting(owner: int, page: Page) -> tuple[list[Waiting], bool]:
    """Who waits, by the latest notice, the latest first, and whether there are older ones."""

    async def fetch(page: Page, limit: int) -> list[Waiting]:
        sql = f"{_WAITING} GROUP BY n.actor_id HAVING MAX(n.id) < ? AND MAX(n.id) > ? ORDER BY 5 {page.order} LIMIT ?"
        return [Waiting(*found) for found in await rows(sql, (owner, *heard_args(owner, True), *page.bounds, limit))]

    found = await fetch(page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await fetch(page.under(found[-1].last_id), 1))
    return found, older


async def one(owner: int, actor_id: int) -> Waiting | None:
    """Somebody who waits."""
    found = await row(f"{_WAITING} AND n.actor_id = ? GROUP BY n.actor_id", (owner, *heard_args(owner, True), actor_id))
    return Waiting(*found) if found else None


async def among(owner: int, actor_ids: Sequence[int]) -> set[int]:
    """Those of the actors who wait, or were let in."""
    wait, let_in = (
        "SELECT actor_id FROM notification WHERE owner_id = ? AND filtered = 1 AND actor_id IN (?ints)",
        "SELECT actor_id FROM notification_permission WHERE owner_id = ? AND actor_id IN (?ints)",
    )
    return {
        found[0] for answer in await read_many([(sql, (owner, list(actor_ids))) for sql in (wait, let_in)])
        for found in answer
    }  # fmt: skip


def let_in(writes: Writes, owner: int, actor_id: int, now_ms: int) -> None:
    """What waits of somebody is shown, and what comes from them is."""
    writes.add(
        "INSERT INTO notification_permission (owner_id, actor_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (owner, actor_id, now_ms),
    )
    writes.add("UPDATE notification SET filtered = 0 WHERE owner_id = ? AND actor_id = ?", (owner, actor_id))


def dismiss(writes: Writes, owner: int, actor_id: int) -> None:
    """Forget what waits of somebody."""
    writes.add("DELETE FROM notification WHERE owner_id = ? AND actor_id = ? AND filtered = 1", (owner, actor_id))
