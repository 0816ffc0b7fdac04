"""With what programs act for somebody: access tokens, of which only the SHA-256 is kept."""

import msgspec

from storage import holders
from storage.connect import execute


class Token(msgspec.Struct, frozen=True):
    """An access token. `account_id` is missing for a program that acts for nobody; `scopes` are separated by spaces."""

    id: int
    token_hash: bytes
    app_id: int | None
    account_id: int | None
    scopes: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


_COLUMNS = ", ".join(Token.__struct_fields__)


async def insert(token: Token) -> None:
    """Keep a new token."""
    sql = f"INSERT INTO oauth_token ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    await execute(sql, msgspec.structs.astuple(token))


async def set_used_at(token_id: int, now: int) -> None:
    """The token was used at that time."""
    await execute("UPDATE oauth_token SET last_used_at = ? WHERE id = ?", (now, token_id))
    holders.used(token_id)


async def revoke(token_hash: bytes, now: int) -> bool:
    """End one token; False when there was none."""
    sql = "UPDATE oauth_token SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL"
    return bool(await holders.change(sql, (now, token_hash)))


async def revoke_everybodys(now: int) -> int:
    """End all tokens of accounts and the codes for new ones; how many tokens there were."""
    await execute("DELETE FROM oauth_code")
    sql = "UPDATE oauth_token SET revoked_at = ? WHERE account_id IS NOT NULL AND revoked_at IS NULL"
    return await holders.change(sql, (now,))


async def drop_codes(account_id: int) -> None:
    """End the codes with which new tokens of an account could be had."""
    await execute("DELETE FROM oauth_code WHERE account_id = ?", (account_id,))


async def revoke_all(account_id: int, now: int) -> int:
    """End every token of an account, and the codes with which new ones could be had; how many tokens there were."""
    await drop_codes(account_id)
    sql = "UPDATE oauth_token SET revoked_at = ? WHERE account_id = ? AND revoked_at IS NULL"
    return await holders.change(sql, (now, account_id))
