"""Who looks after a group from another server and comes to its pages; of links and cookies only the SHA-256 is kept."""

import msgspec

from storage.connect import Writes, execute, row, value

LINK, BROWSER = "link", "browser"


class Guest(msgspec.Struct, frozen=True):
    """A link that was sent to somebody (`LINK`), or a browser in which they used one; times in ms."""

    id: int
    token_hash: bytes
    kind: str
    group_id: int
    actor_id: int
    csrf: str
    created_at: int
    expires_at: int


_COLUMNS = ", ".join(Guest.__struct_fields__)


async def by_token(token_hash: bytes, kind: str, now: int) -> Guest | None:
    """The link or browser with this token, while it lasts."""
    sql = f"SELECT {_COLUMNS} FROM guest WHERE token_hash = ? AND kind = ? AND expires_at > ?"
    found = await row(sql, (token_hash, kind, now))
    return Guest(*found) if found else None


async def count(actor_id: int, kind: str, since: int) -> int:
    """How many links were sent to somebody since then, used or not."""
    sql = "SELECT COUNT(*) FROM guest WHERE actor_id = ? AND kind = ? AND created_at > ?"
    return int(await value(sql, (actor_id, kind, since)))


def insert(writes: Writes, guest: Guest) -> None:
    """Keep it."""
    marks = ", ".join("?" * len(Guest.__struct_fields__))
    writes.add(f"INSERT INTO guest ({_COLUMNS}) VALUES ({marks})", msgspec.structs.astuple(guest))


async def use(guest_id: int, now: int) -> bool:
    """A link works no more; False when somebody was quicker. That it was sent is counted still."""
    sql = "UPDATE guest SET expires_at = 0 WHERE id = ? AND kind = 'link' AND expires_at > ?"
    return bool(await execute(sql, (guest_id, now)))


async def end(guest_id: int) -> None:
    """Forget a browser."""
    await execute("DELETE FROM guest WHERE id = ?", (guest_id,))


def end_all(writes: Writes, group_id: int, uri: str) -> None:
    """No link and no browser of who has this id comes to the pages of the group any more; links are counted still."""
    sql = "UPDATE guest SET expires_at = 0 WHERE group_id = ? AND actor_id IN (SELECT id FROM actor WHERE uri = ?)"
    writes.add(sql, (group_id, uri))


async def forget(before: int) -> int:
    """Forget links and browsers that were over then and made before; how many there were."""
    return await execute("DELETE FROM guest WHERE expires_at <= ? AND created_at <= ?", (before, before))
