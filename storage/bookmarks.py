"""What members put aside for themselves; nobody else learns of it."""

from storage.connect import execute


async def add(actor_id: int, post_id: int, now_ms: int) -> None:
    """Put a post aside; once is enough."""
    sql = "INSERT INTO bookmark (actor_id, post_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    await execute(sql, (actor_id, post_id, now_ms))


async def remove(actor_id: int, post_id: int) -> None:
    """Put it back."""
    await execute("DELETE FROM bookmark WHERE actor_id = ? AND post_id = ?", (actor_id, post_id))
