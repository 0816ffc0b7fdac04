"""Whom members do not want to read, though they block nobody; `visible.wanted` is what asks this table."""

from storage.connect import execute, row
from storage.paging import Page
from storage.relationships import People, moment, paged


async def put(actor_id: int, target_id: int, notifications: bool, now_ms: int, expires_at: int | None) -> None:
    """Mute somebody, or change for how long and for what; `expires_at` None = for good."""
    sql = (
        "INSERT INTO mute (actor_id, target_id, notifications, created_at, expires_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (actor_id, target_id) DO UPDATE SET notifications = excluded.notifications,"
        " expires_at = excluded.expires_at"
    )
    await execute(sql, (actor_id, target_id, int(notifications), now_ms, expires_at))


async def remove(actor_id: int, target_id: int) -> None:
    """The mute is lifted."""
    await execute("DELETE FROM mute WHERE actor_id = ? AND target_id = ?", (actor_id, target_id))


async def covers(actor_id: int, target_id: int, now_ms: int) -> bool:
    """Whether the actor mutes the other."""
    sql = "SELECT 1 FROM mute WHERE actor_id = ? AND target_id = ? AND (expires_at IS NULL OR expires_at > ?)"
    return await row(sql, (actor_id, target_id, now_ms)) is not None


async def of(actor_id: int, page: Page, now_ms: int) -> People:
    """Whom the actor mutes, the latest first."""
    cursor = moment("mute").replace("actor_id", "target_id")
    sql = f"""SELECT {cursor}, mute.target_id FROM mute JOIN actor a ON a.id = mute.target_id
WHERE mute.actor_id = ? AND (mute.expires_at IS NULL OR mute.expires_at > ?) AND a.deleted_at IS NULL
AND {cursor} < ? AND {cursor} > ?"""
    return await paged(sql, (actor_id, now_ms), page)


async def forget_expired(now_ms: int) -> int:
    """Those that have run out; how many there were."""
    return await execute("DELETE FROM mute WHERE expires_at <= ?", (now_ms,))
