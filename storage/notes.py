"""What members wrote about others, for themselves."""

from storage.connect import execute


async def put(actor_id: int, target_id: int, text: str) -> None:
    """Keep the note in place of the one before; '' = none."""
    if not text:
        await execute("DELETE FROM note WHERE actor_id = ? AND target_id = ?", (actor_id, target_id))
        return
    sql = (
        "INSERT INTO note (actor_id, target_id, text) VALUES (?, ?, ?)"
        " ON CONFLICT (actor_id, target_id) DO UPDATE SET text = excluded.text"
    )
    await execute(sql, (actor_id, target_id, text))
