"""Who is signed in with a browser; of each cookie only the SHA-256 is kept."""

import msgspec

from storage.connect import execute, row, rows


class Session(msgspec.Struct, frozen=True):
    """One browser that is signed in; times in ms."""

    id: int
    token_hash: bytes
    account_id: int
    csrf: str
    created_at: int
    last_used_at: int
    expires_at: int
    user_agent: str


_COLUMNS = ", ".join(Session.__struct_fields__)


async def by_token_hash(token_hash: bytes) -> Session | None:
    """The session with this cookie, expired or not."""
    found = await row(f"SELECT {_COLUMNS} FROM session WHERE token_hash = ?", (token_hash,))
    return Session(*found) if found else None


async def of_account(account_id: int, now: int) -> list[Session]:
    """Where somebody is signed in, the last used first."""
    sql = f"""SELECT {_COLUMNS} FROM session WHERE account_id = ? AND expires_at > ?
              ORDER BY last_used_at DESC, id DESC LIMIT 100"""
    return [Session(*found) for found in await rows(sql, (account_id, now))]


async def insert(session: Session) -> None:
    """Keep a new session."""
    sql = f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    await execute(sql, msgspec.structs.astuple(session))


async def extend(session_id: int, now: int, expires_at: int) -> None:
    """Keep that a session was used, and for how long it lasts now."""
    await execute("UPDATE session SET last_used_at = ?, expires_at = ? WHERE id = ?", (now, expires_at, session_id))


async def delete(session_id: int, account_id: int) -> bool:
    """End one session of an account; False when it has no such session."""
    return bool(await execute("DELETE FROM session WHERE id = ? AND account_id = ?", (session_id, account_id)))


async def delete_all(account_id: int, but: int | None = None) -> int:
    """End the sessions of an account, all but one; how many there were."""
    return await execute("DELETE FROM session WHERE account_id = ? AND id <> ?", (account_id, but or 0))


async def delete_everybodys() -> int:
    """End all sessions; how many there were."""
    return await execute("DELETE FROM session")


async def delete_oldest(account_id: int, keep: int) -> None:
    """End the sessions of an account that were not used for longest, so that `keep` are left."""
    sql = """DELETE FROM session WHERE account_id = ? AND id NOT IN (
               SELECT id FROM session WHERE account_id = ? ORDER BY last_used_at DESC, id DESC LIMIT ?)"""
    await execute(sql, (account_id, account_id, keep))


async def delete_expired(now: int) -> int:
    """Forget sessions whose time is over; how many there were."""
    return await execute("DELETE FROM session WHERE expires_at <= ?", (now,))
