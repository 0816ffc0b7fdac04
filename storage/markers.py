"""How far somebody has read a timeline, so that their programs agree about it."""

import msgspec

from storage.connect import execute, rows


class Marker(msgspec.Struct, frozen=True):
    """The last entry that was read; `version` counts the changes."""

    timeline: str
    last_read_id: int
    version: int
    updated_at: int


async def of(account_id: int, timelines: list[str]) -> dict[str, Marker]:
    """The markers of an account in these timelines; those never set are left out."""
    sql = "SELECT timeline, last_read_id, version, updated_at FROM marker WHERE account_id = ? AND timeline IN (?texts)"
    return {found[0]: Marker(*found) for found in await rows(sql, (account_id, timelines))}


async def set_last_read(account_id: int, timeline: str, last_read_id: int, known_version: int, now_ms: int) -> bool:
    """Move a marker that had this version when it was looked at (0: it was never set); False when it has another."""
    if not known_version:
        sql = """INSERT INTO marker (account_id, timeline, last_read_id, version, updated_at) VALUES (?, ?, ?, 1, ?)
                 ON CONFLICT DO NOTHING"""
        return await execute(sql, (account_id, timeline, last_read_id, now_ms)) == 1
    sql = """UPDATE marker SET last_read_id = ?, version = version + 1, updated_at = ?
             WHERE account_id = ? AND timeline = ? AND version = ?"""
    return await execute(sql, (last_read_id, now_ms, account_id, timeline, known_version)) == 1
