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


async def set_last_read(account_id: int, timeline: str, last_read_id: int, now_ms: int) -> None:
    """Move a marker."""
    sql = """INSERT INTO marker (account_id, timeline, last_read_id, version, updated_at) VALUES (?, ?, ?, 1, ?)
             ON CONFLICT (account_id, timeline) DO UPDATE SET last_read_id = excluded.last_read_id,
             version = marker.version + 1, updated_at = excluded.updated_at"""
    await execute(sql, (account_id, timeline, last_read_id, now_ms))
