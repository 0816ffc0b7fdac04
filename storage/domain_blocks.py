"""Servers of which a member wants to read nothing; `visible.wanted` is what asks this table."""

import msgspec

from storage.connect import Writes, read_many, row, rows, value
from storage.paging import Page


class Hosts(msgspec.Struct, frozen=True):
    """A page of host names, the latest first; `cursors` as the `Link` header has them."""

    names: list[str]
    cursors: tuple[int, ...]
    older: bool


class Tie(msgspec.Struct, frozen=True):
    """A follow or request between a member and somebody elsewhere."""

    actor_id: int
    outward: bool  # the member's; else that of the other


async def covers(actor_id: int, host: str) -> bool:
    """Whether the member blocks that server."""
    sql = "SELECT 1 FROM domain_block WHERE actor_id = ? AND host = ?"
    return bool(host) and await row(sql, (actor_id, host)) is not None


async def count(actor_id: int) -> int:
    """How many servers the member blocks."""
    return int(await value("SELECT COUNT(*) FROM domain_block WHERE actor_id = ?", (actor_id,)))


async def of(actor_id: int, page: Page) -> Hosts:
    """The servers that the member blocks."""
    found = await _fetch(actor_id, page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _fetch(actor_id, page.under(found[-1][0]), 1))
    cursors = (found[0][0], found[-1][0]) if found else ()
    return Hosts([host for _, host in found], cursors, older)


async def ties(actor_id: int, host: str, limit: int) -> list[Tie]:
    """Some of the follows and requests, either way, between the member and those on that server."""
    sql = """SELECT a.id, 1 FROM follow f JOIN actor a ON a.id = f.target_id WHERE f.follower_id = ? AND a.host = ?
UNION ALL SELECT a.id, 0 FROM follow f JOIN actor a ON a.id = f.follower_id WHERE f.target_id = ? AND a.host = ?
LIMIT ?"""
    return [Tie(found[0], bool(found[1])) for found in await rows(sql, (actor_id, host, actor_id, host, limit))]


async def between(actor_id: int, host: str) -> tuple[int, int]:
    """How many on that server the member follows, and how many there follow the member."""
    following = (
        "SELECT COUNT(*) FROM follow f JOIN actor a ON a.id = f.target_id"
        " WHERE f.follower_id = ? AND f.state = 'accepted' AND a.host = ?"
    )
    followers = (
        "SELECT COUNT(*) FROM follow f JOIN actor a ON a.id = f.follower_id"
        " WHERE f.target_id = ? AND f.state = 'accepted' AND a.host = ?"
    )
    found = await read_many([(sql, (actor_id, host)) for sql in (following, followers)])
    return int(found[0][0][0]), int(found[1][0][0])


def put(writes: Writes, actor_id: int, host: str, block_id: int) -> None:
    """The member blocks that server; `block_id` is where it stands in the list."""
    writes.add(
        "INSERT INTO domain_block (actor_id, host, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (actor_id, host, block_id),
    )
    writes.add(
        "DELETE FROM notification WHERE owner_id = ? AND actor_id IN (SELECT id FROM actor WHERE host = ?)",
        (actor_id, host),
    )


def remove(writes: Writes, actor_id: int, host: str) -> None:
    """The block is lifted."""
    writes.add("DELETE FROM domain_block WHERE actor_id = ? AND host = ?", (actor_id, host))


async def _fetch(actor_id: int, page: Page, limit: int) -> list[tuple[int, str]]:
    sql = f"""SELECT id, host FROM domain_block WHERE actor_id = ? AND id < ? AND id > ?
ORDER BY 1 {page.order} LIMIT ?"""
    return [(found[0], found[1]) for found in await rows(sql, (actor_id, *page.bounds, limit))]
