"""Ids that are dead, and for how long that is remembered."""

from storage.connect import execute


async def forget_undone(before_ms: int) -> int:
    """Drop what was only taken back before then; deleted posts stay dead for ever."""
    return await execute("DELETE FROM tombstone WHERE kind <> 'post' AND deleted_at < ?", (before_ms,))
