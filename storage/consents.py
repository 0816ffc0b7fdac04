"""To which rules somebody said yes: of this server (group 0) or of a group, in which version and when."""

from storage.connect import execute, row


async def give(actor_id: int, group_id: int, version: str, now: int) -> None:
    """Keep that somebody agreed; who agreed to the same version before did so then."""
    sql = "INSERT INTO consent (actor_id, group_id, version, agreed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    await execute(sql, (actor_id, group_id, version, now))


async def latest(actor_id: int, group_id: int) -> tuple[str, int] | None:
    """The version to which somebody agreed last, and when."""
    sql = "SELECT version, agreed_at FROM consent WHERE actor_id = ? AND group_id = ? ORDER BY agreed_at DESC LIMIT 1"
    found = await row(sql, (actor_id, group_id))
    return (str(found[0]), int(found[1])) if found else None


async def given(actor_id: int, group_id: int, version: str) -> bool:
    """Whether somebody agreed to that version, whatever they agreed to since."""
    sql = "SELECT 1 FROM consent WHERE actor_id = ? AND group_id = ? AND version = ?"
    return await row(sql, (actor_id, group_id, version)) is not None


async def forget(actor_id: int) -> None:
    """Forget what somebody agreed to who is not here any more."""
    await execute("DELETE FROM consent WHERE actor_id = ?", (actor_id,))
