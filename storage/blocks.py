"""Who wants nothing to do with whom."""

from storage.connect import Writes, row, rows

OF_URIS = (
    "SELECT t.uri, b.actor_id FROM block b JOIN actor t ON t.id = b.target_id JOIN actor a ON a.id = b.actor_id"
    " WHERE t.uri IN (?texts) AND a.host = ''"
)


async def between(one: int, other: int) -> bool:
    """Whether either blocks the other."""
    sql = "SELECT 1 FROM block WHERE (actor_id = ? AND target_id = ?) OR (actor_id = ? AND target_id = ?)"
    return await row(sql, (one, other, other, one)) is not None


async def by(actor_id: int) -> list[int]:
    """Ids of the actors that `actor_id` blocks."""
    return [found[0] for found in await rows("SELECT target_id FROM block WHERE actor_id = ?", (actor_id,))]


async def of(target_id: int) -> list[int]:
    """Ids of the actors that block `target_id`."""
    return [found[0] for found in await rows("SELECT actor_id FROM block WHERE target_id = ?", (target_id,))]


async def uri_of(actor_id: int, target_id: int) -> str | None:
    """The id of the Block activity."""
    found = await row("SELECT uri FROM block WHERE actor_id = ? AND target_id = ?", (actor_id, target_id))
    return found[0] if found else None


def put(writes: Writes, actor_id: int, target_id: int, uri: str, now_ms: int) -> None:
    """`actor_id` blocks `target_id`."""
    writes.add(
        "INSERT INTO block (actor_id, target_id, uri, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (actor_id, target_id, uri, now_ms),
    )


def remove(writes: Writes, actor_id: int, target_id: int) -> None:
    """The block is lifted."""
    writes.add("DELETE FROM block WHERE actor_id = ? AND target_id = ?", (actor_id, target_id))
