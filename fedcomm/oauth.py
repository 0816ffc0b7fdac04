"""Programs that act for people: how they register, are let in by somebody, get a token and lose it (RFC 6749)."""

import base64
import hashlib
import hmac
import re

import msgspec

import storage.oauth
import storage.tokens
from fedcomm import clock, tokens
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid
from storage.connect import transaction
from storage.ids import next_id
from storage.oauth import Code, Program
from storage.tokens import Token

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the person carries the code to the program by hand
CODE_LIFETIME = 600_000  # ms
MOST_REDIRECTS, LONGEST_URI, LONGEST_NAME = 20, 2000, 100

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_ODD = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")
_RUN_BY_BROWSERS = frozenset({"javascript", "data", "vbscript", "file", "about", "blob", "filesystem", "view-source"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Refused(AppError):
    """A request of a program that is not granted; `code` is the word for it (RFC 6749 §4.1.2.1, §5.2)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Registered(msgspec.Struct, frozen=True):
    """A new program with its secret, which is never shown again."""

    program: Program
    secret: str


class Grant(msgspec.Struct, frozen=True):
    """A new access token; `created_at` in ms."""

    token: str
    scopes: str
    created_at: int


async def register(app: App, name: str, redirect_uris: list[str], scopes: str, website: str = "") -> Registered:
    """A new program; scopes we do not know are left out.

    Raises:
        Invalid: no name, or no usable address to send people back to.
    """
    shown = "".join(c for c in name.strip() if c.isprintable())[:LONGEST_NAME]
    if not shown:
        raise Invalid("Please give the application a name.", field="client_name")
    secret = tokens.new()
    program = Program(
        id=next_id(), client_id=tokens.new(), secret_hash=tokens.hash_of(secret), name=shown,
        website=_website(website), redirect_uris="\n".join(_redirects(redirect_uris)), scopes=_known(scopes) or "read",
        created_at=clock.now_ms(),
    )  # fmt: skip
    await storage.oauth.add_program(program)
    return Registered(program, secret)


async def authenticated(app: App, client_id: str, secret: str) -> Program:
    """The program with this secret.

    Raises:
        Refused: there is none, or the secret is another one.
    """
    program = await storage.oauth.program_by_client(client_id) if client_id else None
    expected = program.secret_hash if program else bytes(32)
    if not hmac.compare_digest(expected, tokens.hash_of(secret)) or program is None:
        raise Refused("invalid_client", "There is no such application, or its secret is another one.")
    return program


def scopes_for(program: Program, wanted: str) -> str:
    """What the program may be given of what it wants: never more than it registered for.

    Raises:
        Refused: something it did not register for.
    """
    registered = frozenset(program.scopes.split())
    if not wanted.strip():
        return "read" if covers(registered, "read") else program.scopes
    known = _known(wanted)
    if not known or not all(covers(registered, scope) for scope in known.split()):
        raise Refused("invalid_scope", "The application asks for more than it registered for.")
    return known


def covers(scopes: frozenset[str], wanted: str) -> bool:
    """Whether who was given `scopes` may do what asks for `wanted`: `read` covers `read:statuses`."""
    if wanted in scopes:
        return True
    parent = wanted.rpartition(":")[0]
    if parent and covers(scopes, parent):
        return True
    return "follow" in scopes and wanted in _FOLLOW


# `follow` is an old name for these (Mastodon API: "OAuth Scopes")
_FOLLOW = frozenset(f"{verb}:{what}" for verb in ("read", "write") for what in ("blocks", "follows", "mutes"))


def check_challenge(challenge: str, method: str) -> None:
    """Refuse what is not PKCE with S256; no challenge at all is allowed (RFC 7636 §4.4.1).

    Raises:
        Refused: another method, or no such challenge.
    """
    if (challenge or method) and (method != "S256" or not _CHALLENGE.fullmatch(challenge)):
        raise Refused("invalid_request", "The code challenge must be made with S256.")


async def issue_code(
    app: App, program: Program, account_id: int, redirect_uri: str, scopes: str, challenge: str = ""
) -> str:
    """A code for which the program gets a token of this account, once and within ten minutes."""
    code, now = tokens.new(), clock.now_ms()
    await storage.oauth.forget_old_codes(now - CODE_LIFETIME)
    await storage.oauth.add_code(
        Code(tokens.hash_of(code), program.id, account_id, redirect_uri, scopes, challenge, now + CODE_LIFETIME, None)
    )
    return code


async def exchange(app: App, program: Program, code: str, redirect_uri: str, verifier: str = "") -> Grant:
    """The token for a code.

    Raises:
        Refused: an unknown, foreign, expired or used code, another address, or a wrong verifier. When a code is
            used again, what was given for it before is revoked (RFC 6749 §4.1.2).
    """
    now = clock.now_ms()
    async with transaction():
        found = await storage.oauth.code(tokens.hash_of(code))
        if found is None or found.app_id != program.id:
            raise _refused_code()
        if found.used_at is None:
            good = found.expires_at > now and found.redirect_uri == redirect_uri
            if not good or not _proves(verifier, found.challenge):
                raise _refused_code()
            if await storage.oauth.use_code(found.code_hash, now):
                return await _grant(program, found.account_id, found.scopes, now)
    await _take_back(code)
    raise _refused_code()


async def for_itself(app: App, program: Program, wanted: str) -> Grant:
    """A token with which the program acts for nobody.

    Raises:
        Refused: a scope it did not register for.
    """
    return await _grant(program, None, scopes_for(program, wanted), clock.now_ms())


async def revoke(app: App, program: Program, token: str) -> bool:
    """End a token of this program; False when it has no such token."""
    return await storage.oauth.revoke_token(tokens.hash_of(token), program.id, clock.now_ms())


async def _take_back(code: str) -> None:
    """Somebody else has the code too: what it brought is worth nothing any more."""
    used = await storage.oauth.code(tokens.hash_of(code))
    if used:
        await storage.oauth.revoke_tokens_of(used, clock.now_ms())


async def _grant(program: Program, account_id: int | None, scopes: str, now: int) -> Grant:
    token = tokens.new()
    await storage.tokens.insert(
        Token(
            id=next_id(), token_hash=tokens.hash_of(token), app_id=program.id, account_id=account_id, scopes=scopes,
            created_at=now, last_used_at=None, revoked_at=None,
        )
    )  # fmt: skip
    return Grant(token, scopes, now)


def _refused_code() -> Refused:
    return Refused("invalid_grant", "The code is invalid, expired or used, or it was given for something else.")


def _proves(verifier: str, challenge: str) -> bool:
    """RFC 7636 §4.6; a verifier for a code that was given without a challenge is a downgrade (attack OAU-04)."""
    if not challenge:
        return not verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _known(scopes: str) -> str:
    wanted = dict.fromkeys(scopes.replace("+", " ").replace(",", " ").split())
    return " ".join(scope for scope in wanted if scope in tokens.SCOPES)


def _redirects(uris: list[str]) -> list[str]:
    found = list(dict.fromkeys(line.strip() for uri in uris for line in uri.splitlines() if line.strip()))
    if not found or len(found) > MOST_REDIRECTS:
        raise Invalid("Please give one to {most} redirect URIs.", field="redirect_uris", most=MOST_REDIRECTS)
    for uri in found:
        scheme = uri.partition(":")[0].lower()
        odd = _ODD.search(uri) or "#" in uri or len(uri) > LONGEST_URI
        if not _SCHEME.match(uri) or odd or scheme in _RUN_BY_BROWSERS:
            raise Invalid(
                "A redirect URI must be absolute, and nothing that a browser would run.", field="redirect_uris"
            )
    return found


def _website(website: str) -> str | None:
    text = website.strip()
    good = text.lower().startswith(("https://", "http://")) and not _ODD.search(text) and len(text) <= LONGEST_URI
    return text if good else None
