"""Rights that one process at a time has, for a while: to deliver, to do what is due each night."""

from storage.connect import dialect, execute, rows

_NOW = {  # one clock for all processes; the cast tells PostgreSQL what is added
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgres": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}


async def take(name: str, owner: str, for_ms: int) -> bool:
    """Take or renew the right; True when `owner` has it until `for_ms` from now, by the clock of the database."""
    now = _NOW[dialect()]
    sql = (
        f"INSERT INTO lease (name, owner, until) VALUES (?, ?, {now} + ?) ON CONFLICT (name) DO UPDATE SET"
        f" owner = excluded.owner, until = excluded.until WHERE lease.owner = excluded.owner OR lease.until < {now}"
        " RETURNING owner"
    )
    return bool(await rows(sql, (name, owner, for_ms)))


async def due(name: str, owner: str, now_ms: int, every_ms: int) -> bool:
    """Whether something that is done every `every_ms` is due; True for one who asks, who is to do it.

    The first time is one period after it was first asked about, whatever was started and stopped in between.
    """
    await execute(
        "INSERT INTO lease (name, owner, until) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (name, owner, now_ms + every_ms),
    )
    sql = "UPDATE lease SET owner = ?, until = ? WHERE name = ? AND until <= ?"
    return await execute(sql, (owner, now_ms + every_ms, name, now_ms)) > 0


async def release(name: str, owner: str) -> None:
    """Give the right back at once."""
    await execute("DELETE FROM lease WHERE name = ? AND owner = ?", (name, owner))
