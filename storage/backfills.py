"""Groups elsewhere whose newest threads were fetched when somebody here joined."""

from storage.connect import Writes, row


async def begun_at(group_id: int) -> int | None:
    """When the newest threads of a group were last asked for (ms); None when never."""
    found = await row("SELECT begun_at FROM backfill WHERE group_id = ?", (group_id,))
    return found[0] if found else None


def begin(writes: Writes, group_id: int, now_ms: int) -> None:
    """They are asked for from now on."""
    writes.add(
        "INSERT INTO backfill (group_id, begun_at) VALUES (?, ?) ON CONFLICT (group_id) DO UPDATE SET"
        " begun_at = excluded.begun_at, ended_at = NULL, threads = 0",
        (group_id, now_ms),
    )


def end(writes: Writes, group_id: int, threads: int, now_ms: int) -> None:
    """So many of them are here."""
    sql = "UPDATE backfill SET ended_at = ?, threads = ? WHERE group_id = ?"
    writes.add(sql, (now_ms, threads, group_id))
