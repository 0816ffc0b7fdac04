"""Applications that act for people, the codes and tokens they get; of each secret only the SHA-256 is kept."""

import msgspec

from storage import holders
from storage.connect import execute, row


class Program(msgspec.Struct, frozen=True):
    """A registered application. `redirect_uris` has one a line, `scopes` are separated by spaces."""

    id: int
    client_id: str
    secret_hash: bytes
    name: str
    website: str | None
    redirect_uris: str
    scopes: str
    created_at: int

    @property
    def redirects(self) -> list[str]:
        """Where people may be sent back to."""
        return self.redirect_uris.splitlines()


class Code(msgspec.Struct, frozen=True):
    """An authorisation code; `challenge` is that of PKCE (RFC 7636, S256), '' without."""

    code_hash: bytes
    app_id: int
    account_id: int
    redirect_uri: str
    scopes: str
    challenge: str
    expires_at: int
    used_at: int | None


_PROGRAM = f"SELECT {', '.join(Program.__struct_fields__)} FROM oauth_app "
_CODE = f"SELECT {', '.join(Code.__struct_fields__)} FROM oauth_code "


async def program(app_id: int) -> Program | None:
    """The application with this id."""
    found = await row(_PROGRAM + "WHERE id = ?", (app_id,))
    return Program(*found) if found else None


async def program_by_client(client_id: str) -> Program | None:
    """The application that calls itself so."""
    found = await row(_PROGRAM + "WHERE client_id = ?", (client_id,))
    return Program(*found) if found else None


async def add_program(program: Program) -> None:
    """Keep a new application."""
    await execute(
        "INSERT INTO oauth_app (id, client_id, secret_hash, name, website, redirect_uris, scopes, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        msgspec.structs.astuple(program),
    )


async def add_code(code: Code) -> None:
    """Keep a new code."""
    await execute(
        "INSERT INTO oauth_code (code_hash, app_id, account_id, redirect_uri, scopes, challenge, expires_at, used_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        msgspec.structs.astuple(code),
    )


async def code(code_hash: bytes) -> Code | None:
    """The code with this hash, used or expired or not."""
    found = await row(_CODE + "WHERE code_hash = ?", (code_hash,))
    return Code(*found) if found else None


async def use_code(code_hash: bytes, now_ms: int) -> bool:
    """Mark the code as used; False when somebody else was faster."""
    sql = "UPDATE oauth_code SET used_at = ? WHERE code_hash = ? AND used_at IS NULL"
    return bool(await execute(sql, (now_ms, code_hash)))


async def revoke_token(token_hash: bytes, app_id: int, now_ms: int) -> bool:
    """End one token of this application; False when it has no such token."""
    sql = "UPDATE oauth_token SET revoked_at = ? WHERE token_hash = ? AND app_id = ? AND revoked_at IS NULL"
    return bool(await holders.change(sql, (now_ms, token_hash, app_id)))


async def revoke_tokens_of(code: Code, now_ms: int) -> int:
    """End what an application got for this code: they have the same time."""
    sql = """UPDATE oauth_token SET revoked_at = ?
             WHERE app_id = ? AND account_id = ? AND created_at = ? AND revoked_at IS NULL"""
    return await holders.change(sql, (now_ms, code.app_id, code.account_id, code.used_at))


async def forget_old_codes(before_ms: int) -> int:
    """Drop codes that expired before then."""
    return await execute("DELETE FROM oauth_code WHERE expires_at < ?", (before_ms,))


async def forget_idle_tokens(before_ms: int) -> int:
    """Drop tokens that act for nobody and were not used since then: whoever registers a program can have any number."""
    sql = "DELETE FROM oauth_token WHERE account_id IS NULL AND COALESCE(last_used_at, created_at) < ?"
    return await holders.change(sql, (before_ms,))


async def forget_unused_programs(before_ms: int) -> int:
    """Drop applications registered before then that nobody ever signed in with (attack OAU-12)."""
    sql = """DELETE FROM oauth_app WHERE created_at < ?
             AND NOT EXISTS (SELECT 1 FROM oauth_token WHERE oauth_token.app_id = oauth_app.id)
             AND NOT EXISTS (SELECT 1 FROM oauth_code WHERE oauth_code.app_id = oauth_app.id)"""
    return await execute(sql, (before_ms,))
