"""Verified activities: durable before their sender is told so, then waiting for their turn."""

from collections.abc import Collection

import msgspec

from storage.connect import Writes, execute, row, rows

NEW, DONE, WAITING, PARKED, REFUSED = range(5)
INSERT = "INSERT INTO inbox_item (id, uri_hash, signer, body, state) VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"
KEPT = "SELECT id FROM inbox_item WHERE id IN (?ints)"  # those of a batch that were new


class Item(msgspec.Struct, frozen=True):
    """One verified activity as it came; `signer` is the actor whose signature was checked."""

    id: int
    signer: str
    body: bytes
    attempts: int


_SELECT = "SELECT id, signer, body, attempts FROM inbox_item "


async def waiting(now_ms: int, after_id: int, limit: int, held: Collection[int] = ()) -> list[Item]:
    """Items to take up, in the order of arrival: new ones, and those whose time has come, without those `held`."""
    sql = (
        _SELECT + "WHERE state IN (0, 2) AND id > ? AND id NOT IN (?ints) AND body IS NOT NULL"
        " AND (next_at IS NULL OR next_at <= ?) ORDER BY id LIMIT ?"
    )
    return [Item(*found) for found in await rows(sql, (after_id, list(held), now_ms, limit))]


async def backlog() -> tuple[int, int]:
    """(items that wait, items parked for the admin to see)."""
    found = await row(
        "SELECT COUNT(CASE WHEN state IN (0, 2) THEN 1 END), COUNT(CASE WHEN state = 3 THEN 1 END)"
        " FROM inbox_item WHERE state IN (0, 2, 3)"
    )
    return (found[0], found[1]) if found else (0, 0)


async def oldest_waiting() -> int | None:
    """When the item arrived that waits longest (ms since 1970), None when none waits."""
    found = await row("SELECT MIN(id) FROM inbox_item WHERE state IN (0, 2)")
    return int(found[0]) >> 16 if found and found[0] is not None else None


def done(writes: Writes, item_ids: list[int], *, keep: bool = False) -> None:
    """The effects of these items are part of `writes`, which fail when one of the items had its effect already.

    So two that have taken up the same item cannot both give it its effect, however that came about. `keep`: how they
    read may still be asked for (`kept`).
    """
    body = "" if keep else ", body = NULL"
    writes.add(
        f"UPDATE inbox_item SET state = CASE WHEN state IN (0, 2) THEN 1 END, next_at = NULL, error = ''{body}"
        " WHERE id IN (?ints)",
        (item_ids,),
    )


async def kept(mark: bytes) -> bytes | None:
    """How an item reads that had its effect and was kept; `mark` is what it is recognised by."""
    found = await row("SELECT body FROM inbox_item WHERE uri_hash = ? AND state = 1", (mark,))
    return bytes(found[0]) if found and found[0] is not None else None


def let_go(writes: Writes, mark: bytes) -> None:
    """Nobody will ask any more how that item reads."""
    writes.add("UPDATE inbox_item SET body = NULL WHERE uri_hash = ? AND state = 1", (mark,))


async def let_go_between(first_id: int, end_id: int) -> int:
    """The same of all that were taken in from `first_id` on, before `end_id`; gives how many were kept."""
    sql = "UPDATE inbox_item SET body = NULL WHERE id >= ? AND id < ? AND state = 1 AND body IS NOT NULL"
    return await execute(sql, (first_id, end_id))


def refused(writes: Writes, item_id: int, why: str) -> None:
    """The item has no effect, for good; `why` is kept."""
    writes.add(
        "UPDATE inbox_item SET state = 4, next_at = NULL, error = ?, body = NULL WHERE id = ? AND state IN (0, 2)",
        (why[:500], item_id),
    )


async def later(item_id: int, why: str, next_ms: int, *, counted: bool = True) -> None:
    """What the item needs could not be had now: once more at `next_ms`; the attempt may count or not."""
    await execute(
        "UPDATE inbox_item SET state = 2, attempts = attempts + ?, next_at = ?, error = ? WHERE id = ?"
        " AND state IN (0, 2)",
        (int(counted), next_ms, why[:500], item_id),
    )


async def begin(item_id: int) -> None:
    """Count a try before it is made, in case the process does not live to count it (attack NET-38)."""
    await execute("UPDATE inbox_item SET attempts = attempts + 1 WHERE id = ? AND state IN (0, 2)", (item_id,))


async def survived(item_id: int) -> None:
    """The process lives after a try that `begin` counted: that was no failure of the item, whatever came of it."""
    await execute("UPDATE inbox_item SET attempts = attempts - 1 WHERE id = ? AND attempts > 0", (item_id,))


async def park(item_id: int, why: str) -> None:
    """The item fails through a fault of ours: set aside where the admin sees it."""
    sql = "UPDATE inbox_item SET state = 3, error = ? WHERE id = ? AND state IN (0, 2)"
    await execute(sql, (why[:500], item_id))


async def forget(before_id: int) -> int:
    """Drop what was settled before `before_id`; gives how many rows went."""
    return await execute("DELETE FROM inbox_item WHERE id < ? AND state IN (1, 4)", (before_id,))


class Kept(msgspec.Struct, frozen=True):
    """An item as it stands in the books: `state` is NEW, DONE, WAITING, PARKED or REFUSED; `body` may be forgotten."""

    id: int
    signer: str
    body: bytes | None
    state: int
    error: str


async def by_id(item_id: int) -> Kept | None:
    """The item with that number."""
    found = await row("SELECT id, signer, body, state, error FROM inbox_item WHERE id = ?", (item_id,))
    return (
        Kept(found[0], found[1], None if found[2] is None else bytes(found[2]), found[3], found[4]) if found else None
    )


def again(writes: Writes, item_id: int, mark: bytes, signer: str, body: bytes) -> int:
    """What has this mark waits once more as if it had just come, with this body, whatever came of it before.

    Gives the index of the answer with its number: `item_id` when nothing had the mark.
    """
    return writes.returning(
        "INSERT INTO inbox_item (id, uri_hash, signer, body, state) VALUES (?, ?, ?, ?, 0) ON CONFLICT (uri_hash)"
        " DO UPDATE SET body = excluded.body, state = 0, attempts = 0, next_at = NULL, error = '' RETURNING id",
        (item_id, mark, signer, body),
    )
