"""Who comes into a group of ours without being asked for, as soon as they follow it."""

import msgspec

from storage.connect import Writes, execute, row, value


class Admission(msgspec.Struct, frozen=True):
    """One row of `admission`: `uri` is somebody's id, `invite_id` missing for whom moderators let in after all."""

    group_id: int
    uri: str
    invite_id: int | None
    expires_at: int


async def of(group_id: int, uri: str, now: int) -> Admission | None:
    """How somebody may come in, as long as they may."""
    sql = "SELECT group_id, uri, invite_id, expires_at FROM admission WHERE group_id = ? AND uri = ? AND expires_at > ?"
    found = await row(sql, (group_id, uri, now))
    return Admission(*found) if found else None


def grant(writes: Writes, admission: Admission) -> None:
    """Somebody may come in; what moderators granted is not bound to an invitation again."""
    writes.add(
        "INSERT INTO admission (group_id, uri, invite_id, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (group_id, uri) DO UPDATE SET expires_at = CASE WHEN admission.expires_at > excluded.expires_at"
        " THEN admission.expires_at ELSE excluded.expires_at END, invite_id = CASE WHEN admission.invite_id IS NULL"
        " THEN NULL ELSE excluded.invite_id END",
        msgspec.structs.astuple(admission),
    )


async def use(group_id: int, uri: str) -> None:
    """They are in."""
    await execute("DELETE FROM admission WHERE group_id = ? AND uri = ?", (group_id, uri))


async def count(invite_id: int, now: int) -> int:
    """How many have said on the page of an invitation who they are, and have not come yet."""
    sql = "SELECT COUNT(*) FROM admission WHERE invite_id = ? AND expires_at > ?"
    return int(await value(sql, (invite_id, now)))


async def forget(now: int) -> int:
    """Forget those whose time is over; how many they were."""
    return await execute("DELETE FROM admission WHERE expires_at <= ?", (now,))
