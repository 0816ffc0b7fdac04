"""Rights that one process at a time has, for a while: to deliver, to do what is due each night."""

from storage.connect import execute, rows


async def take(name: str, owner: str, now_ms: int, for_ms: int) -> bool:
    """Take or renew the right; True when `owner` has it until `for_ms` from now."""
    sql = (
        "INSERT INTO lease (name, owner, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " owner = excluded.owner, until = excluded.until WHERE lease.owner = excluded.owner OR lease.until < ?"
        " RETURNING owner"
    )
    return bool(await rows(sql, (name, owner, now_ms + for_ms, now_ms)))


async def release(name: str, owner: str) -> None:
    """Give the right back at once."""
    await execute("DELETE FROM lease WHERE name = ? AND owner = ?", (name, owner))
