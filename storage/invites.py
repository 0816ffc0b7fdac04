"""Invitations to have an account here; of each link only the SHA-256 is kept."""

import msgspec

from storage.connect import execute, row, rows


class Invite(msgspec.Struct, frozen=True):
    """An invitation. `created_by` is missing for the link that the server itself gives out for the first admin."""

    id: int
    token_hash: bytes
    created_by: int | None
    role: str
    group_id: int | None
    uses: int
    max_uses: int | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None


_COLUMNS = ", ".join(Invite.__struct_fields__)
_USABLE = """revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND (max_uses IS NULL OR uses < max_uses)"""


async def usable(token_hash: bytes, now: int) -> Invite | None:
    """The invitation with this hash, if somebody can still come in with it."""
    found = await row(f"SELECT {_COLUMNS} FROM invite WHERE token_hash = ? AND {_USABLE}", (token_hash, now))
    return Invite(*found) if found else None


async def by_id(invite_id: int) -> Invite | None:
    """The invitation with this id, whether anybody can come in with it or not."""
    found = await row(f"SELECT {_COLUMNS} FROM invite WHERE id = ?", (invite_id,))
    return Invite(*found) if found else None


async def by_hash(token_hash: bytes) -> Invite | None:
    """The invitation with this hash, whether anybody can come in with it or not."""
    found = await row(f"SELECT {_COLUMNS} FROM invite WHERE token_hash = ?", (token_hash,))
    return Invite(*found) if found else None


async def usable_by_id(invite_id: int, now: int) -> Invite | None:
    """The invitation with this id, if somebody can still come in with it."""
    found = await row(f"SELECT {_COLUMNS} FROM invite WHERE id = ? AND {_USABLE}", (invite_id, now))
    return Invite(*found) if found else None


async def insert(invite: Invite) -> None:
    """Keep a new invitation."""
    sql = f"INSERT INTO invite ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    await execute(sql, msgspec.structs.astuple(invite))


async def use(invite_id: int, now: int) -> bool:
    """Count one use; False when somebody else was faster or its time is over."""
    return bool(await execute(f"UPDATE invite SET uses = uses + 1 WHERE id = ? AND {_USABLE}", (invite_id, now)))


async def revoke(invite_id: int, now: int) -> bool:
    """Take an invitation back; False when there is none that anybody could use."""
    return bool(await execute(f"UPDATE invite SET revoked_at = ? WHERE id = ? AND {_USABLE}", (now, invite_id, now)))


async def revoke_first_admin(now: int) -> None:
    """Take back every link for the first admin."""
    sql = "UPDATE invite SET revoked_at = ? WHERE role = 'admin' AND created_by IS NULL AND revoked_at IS NULL"
    await execute(sql, (now,))


async def listed(now: int, limit: int = 100) -> list[Invite]:
    """Invitations that somebody can still use, the newest first; without the one for the first admin."""
    sql = f"""SELECT {_COLUMNS} FROM invite WHERE created_by IS NOT NULL AND {_USABLE} ORDER BY id DESC LIMIT ?"""
    return [Invite(*found) for found in await rows(sql, (now, limit))]


async def into(group_id: int, now: int, limit: int = 100) -> list[Invite]:
    """Those into a group that somebody can still use, the newest first."""
    sql = f"""SELECT {_COLUMNS} FROM invite WHERE group_id = ? AND role = 'member' AND created_by IS NOT NULL
AND {_USABLE} ORDER BY id DESC LIMIT ?"""
    return [Invite(*found) for found in await rows(sql, (group_id, now, limit))]


async def of_maker(account_id: int, now: int, limit: int = 100) -> list[Invite]:
    """Those that somebody made and others can still use, the newest first."""
    sql = f"SELECT {_COLUMNS} FROM invite WHERE created_by = ? AND {_USABLE} ORDER BY id DESC LIMIT ?"
    return [Invite(*found) for found in await rows(sql, (account_id, now, limit))]
