"""Secrets that stand for somebody: 256 random bits, of which only the SHA-256 is kept."""

import contextlib
import hashlib
import secrets

import storage.accounts
import storage.tokens
from fedcomm import audit, clock
from fedcomm.errors import Invalid, NotAllowed, NotFound
from storage.connect import transaction
from storage.errors import OperationalError
from storage.holders import Holder
from storage.ids import next_id
from storage.tokens import Token

NOTED_EVERY = 3_600_000  # ms: an answer must not be a write each time

_READ_AND_WRITE = """accounts blocks bookmarks collections conversations favourites filters follows lists media mutes
                     notifications reports search statuses""".split()
# Mastodon API: "OAuth Scopes"
SCOPES = frozenset(
    ["read", "write", "follow", "push", "profile", "read:me"]
    + [f"{verb}:{what}" for verb in ("read", "write") for what in _READ_AND_WRITE]
    + ["admin:read", "admin:write"]
    + [f"admin:{verb}:{what}" for verb in ("read", "write") for what in ("accounts", "reports", "domain_allows",
       "domain_blocks", "ip_blocks", "email_domain_blocks", "canonical_email_blocks")]
)  # fmt: skip


def new() -> str:
    """A secret that nobody can guess, fit for a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret; also defined for what a stranger may send in its place."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def check_scopes(scopes: str) -> str:
    """The scopes, each once, separated by single spaces; '' means `read`.

    Raises:
        Invalid: one that does not exist.
    """
    wanted = list(dict.fromkeys(scopes.split())) or ["read"]
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        fix = "take some of: read write follow push; or narrower ones, for example read:statuses write:statuses"
        raise Invalid("There is no scope {scope}.", field="scopes", fix=fix, scope=unknown[0][:100])
    return " ".join(wanted)


async def issue(
    app: object, account_name: str, scopes: str, oauth_app_id: int | None = None, *, unconfirmed: bool = False
) -> str:
    """A new access token of an active account, or of one with an `unconfirmed` address, for which it opens nothing yet.

    Raises:
        Invalid: a scope does not exist.
        NotFound: no such account.
        NotAllowed: the account is not active, or a scope is for admins only.
    """
    wanted = check_scopes(scopes)
    token = new()
    async with transaction():
        account = await storage.accounts.by_name(account_name.removeprefix("@"))
        if account is None:
            raise NotFound(
                "There is no account called {name} here.",
                fix="check the name, or make it: fedcomm account create NAME --password-stdin",
                name=account_name,
            )
        if account.state != "active" and not (unconfirmed and account.state == "unconfirmed"):
            raise NotAllowed("The account is not active.", fix="let it in first: fedcomm account approve NAME")
        if account.role == "member" and any(scope.startswith("admin:") for scope in wanted.split()):
            raise NotAllowed("Only who looks after this server can have admin scopes.")
        await storage.tokens.insert(_row(token, oauth_app_id, account.id, wanted))
        if oauth_app_id is None:
            await audit.record(None, "token.issue", f"@{account_name.removeprefix('@').lower()}", scopes=wanted)
    return token


async def used(holder: Holder) -> None:
    """Note that a program was used, once an hour: whoever reads and writes with one is an active person (NodeInfo)."""
    now = clock.now_ms()
    if holder.last_used_at is not None and now - holder.last_used_at < NOTED_EVERY:
        return
    with contextlib.suppress(OperationalError):  # who only reads can, whatever keeps us from writing
        async with transaction():
            await storage.tokens.set_used_at(holder.token_id, now)
            if holder.account_id is not None and holder.state == "active":
                await storage.accounts.set_active_at(holder.account_id, now)


async def revoke(token: str) -> bool:
    """End one token; False when it was none."""
    return await storage.tokens.revoke(hash_of(token), clock.now_ms())


def _row(token: str, app_id: int | None, account_id: int | None, scopes: str) -> Token:
    return Token(
        id=next_id(), token_hash=hash_of(token), app_id=app_id, account_id=account_id, scopes=scopes,
        created_at=clock.now_ms(), last_used_at=None, revoked_at=None,
    )  # fmt: skip
