"""Posts that are to be published later; each is gone from here in the moment in which it is published."""

import msgspec

from storage.connect import Writes, row, rows, value
from storage.counting import hold
from storage.paging import Page


class Scheduled(msgspec.Struct, frozen=True):
    """One row of `scheduled_post`; `publish_at` in ms, `refused` is why it was not published when its time came."""

    id: int
    account_id: int
    actor_id: int
    draft: str
    publish_at: int
    refused: str
    created_at: int


_SELECT = f"SELECT {', '.join(Scheduled.__struct_fields__)} FROM scheduled_post "


async def by_id(scheduled_id: int) -> Scheduled | None:
    """The post that waits under this id."""
    found = await row(_SELECT + "WHERE id = ?", (scheduled_id,))
    return Scheduled(*found) if found else None


async def of(account_id: int, page: Page) -> tuple[list[Scheduled], bool]:
    """A member's, the latest made first, and whether there are older ones."""

    async def fetch(page: Page, limit: int) -> list[Scheduled]:
        sql = f"{_SELECT} WHERE account_id = ? AND id < ? AND id > ? ORDER BY id {page.order} LIMIT ?"
        return [Scheduled(*found) for found in await rows(sql, (account_id, *page.bounds, limit))]

    found = await fetch(page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await fetch(page.under(found[-1].id), 1))
    return found, older


async def all_of(actor_id: int) -> list[Scheduled]:
    """Everything of a member's that waits, what comes first first."""
    return [
        Scheduled(*found) for found in await rows(_SELECT + "WHERE actor_id = ? ORDER BY publish_at, id", (actor_id,))
    ]


async def count(account_id: int, since_ms: int, before_ms: int, but: int = 0) -> int:
    """How many of a member's posts wait to be published in this time, one of them not counted."""
    sql = "SELECT COUNT(*) FROM scheduled_post WHERE account_id = ? AND publish_at >= ? AND publish_at < ? AND id <> ?"
    return int(await value(sql, (account_id, since_ms, before_ms, but)))


def insert(writes: Writes, new: Scheduled) -> None:
    """Keep a post until its time comes."""
    columns = ", ".join(Scheduled.__struct_fields__)
    writes.add(
        f"INSERT INTO scheduled_post ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(new)
    )  # fmt: skip


def move(writes: Writes, scheduled_id: int, publish_at: int) -> None:
    """It is to be published then."""
    writes.add("UPDATE scheduled_post SET publish_at = ?, refused = '' WHERE id = ?", (publish_at, scheduled_id))


def refuse(writes: Writes, scheduled_id: int, why: str) -> None:
    """It was not published, and waits for what its author makes of it."""
    writes.add("UPDATE scheduled_post SET refused = ? WHERE id = ?", (why, scheduled_id))


def take(writes: Writes, waiting: Scheduled, post_id: int, now_ms: int) -> None:
    """It becomes this post; the whole transaction fails when it was taken, moved or deleted meanwhile.

    Its mark among the keys of requests has no account then, which no such mark can have. No program can send its key:
    headers have no line ends.
    """
    hold(writes, "scheduled_post", waiting.id)
    writes.add(
        "INSERT INTO idempotency (account_id, key, post_id, created_at) VALUES"
        " ((SELECT account_id FROM scheduled_post WHERE id = ? AND publish_at = ?), ?, ?, ?)",
        (waiting.id, waiting.publish_at, f"\nscheduled:{waiting.id}", post_id, now_ms),
    )
    delete(writes, waiting.id)


def delete(writes: Writes, scheduled_id: int) -> None:
    """It waits no more."""
    writes.add("DELETE FROM scheduled_post WHERE id = ?", (scheduled_id,))
