"""Who is asking: the token of a program with its scopes, or the session of a browser; forms that were really ours."""

import hmac
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

import storage.accounts
import storage.actors
import storage.holders
from fedcomm import guests, oauth, powers, sessions, tokens
from fedcomm.errors import NotAllowed
from storage.accounts import Account
from storage.actors import Actor
from storage.holders import Holder
from storage.sessions import Session
from web import state
from web.errors import Refusal

ASKER = "fedcomm.asker"

INVALID = "The access token is invalid"
REVOKED = "The access token was revoked"
OUTSIDE = "This action is outside the authorized scopes"
NOBODY = "This method requires an authenticated user"
NOT_ADMIN = "This action is not allowed"
FORGED = "This form is too old, or it did not come from here. Please open the page again."

_CLOSED = {
    "unconfirmed": "Your login is missing a confirmed e-mail address",
    "frozen": "Your login is currently disabled",
    "pending": "Your login is currently pending approval",
    "suspended": "Your login is currently disabled",
}


class Viewer(msgspec.Struct, frozen=True):
    """A person whom a program acts for."""

    token_id: int
    app_id: int | None
    account_id: int
    actor_id: int
    role: str
    scopes: frozenset[str]


async def identify(request: Request) -> Holder | None:
    """Whose token the request carries, looked up once; None without a token or with one that is not valid."""
    if ASKER not in request.scope:
        request.scope[ASKER] = await _asker(request)
    found = request.scope[ASKER]
    return found if isinstance(found, Holder) else None


async def require(request: Request, *scopes: str) -> Viewer:
    """The person, whose program must have one of the scopes.

    Raises:
        Refusal: 401 for a missing or bad token; 403 for one without the scope or of no person.
    """
    return _person(await require_program(request, *scopes))


async def require_admin(request: Request, scope: str) -> Viewer:
    """As `require`, for who runs this server.

    Raises:
        Refusal: as `require`; 403 for anybody else.
    """
    viewer = await require(request, scope)
    if viewer.role != "admin":
        raise Refusal(403, NOT_ADMIN)
    return viewer


async def require_power(request: Request, scope: str, right: str) -> Account:
    """As `require`, for who has a right for this server (`powers`).

    Raises:
        Refusal: as `require`; 403 for anybody else.
    """
    viewer = await require(request, scope)
    account = await storage.accounts.by_id(viewer.account_id) if right in powers.of_role(viewer.role) else None
    if account is None:
        raise Refusal(403, NOT_ADMIN)
    return account


def _person(holder: Holder) -> Viewer:
    if holder.account_id is None or holder.actor_id is None:
        raise Refusal(403, NOBODY)
    return Viewer(
        holder.token_id, holder.app_id, holder.account_id, holder.actor_id, holder.role or "member", holder.scopes
    )


async def optional(request: Request, *scopes: str) -> Viewer | None:
    """As `require`, and None for who shows no token: the answer is the one for everybody then."""
    if "authorization" not in request.headers:
        return None
    holder = await require_program(request, *scopes)
    return None if holder.account_id is None else await require(request, *scopes)


async def require_program(request: Request, *scopes: str) -> Holder:
    """Whoever holds the token, a person's program or one that acts for nobody.

    Raises:
        Refusal: 401 for a missing or bad token; 403 for one without the scope, or whose person may not sign in.
    """
    await identify(request)
    return _with_right(request.scope[ASKER], scopes)


async def require_unconfirmed(request: Request, *scopes: str) -> Account | None:
    """The account of who has signed up with the program that asks; None once their address is confirmed.

    Raises:
        Refusal: 401 for a missing or bad token; 403 for one without the scope or of no person.
    """
    await identify(request)
    holder = request.scope[ASKER]
    if isinstance(holder, Holder) and holder.state == "unconfirmed":
        if not any(oauth.covers(holder.scopes, scope) for scope in scopes):
            raise Refusal(403, OUTSIDE)
        return await storage.accounts.by_id(holder.account_id or 0)
    await require(request, *scopes)
    return None


async def by_token(token: str, *scopes: str) -> Viewer:
    """As `require`, for a token that is not in a header: browsers can give streams none.

    Raises:
        Refusal: as `require`.
    """
    return _person(_with_right(await _holder_of(token), scopes))


def check_scope(viewer: Viewer, scope: str) -> None:
    """Whether the program of the viewer has the scope; any has "".

    Raises:
        Refusal: 403: it has not.
    """
    if scope and not oauth.covers(viewer.scopes, scope):
        raise Refusal(403, OUTSIDE)


def _with_right(holder: Holder | str, scopes: tuple[str, ...]) -> Holder:
    if isinstance(holder, str):
        raise Refusal(401, holder, headers={"www-authenticate": 'Bearer realm="fedcomm", error="invalid_token"'})
    if scopes and not any(oauth.covers(holder.scopes, scope) for scope in scopes):
        raise Refusal(403, OUTSIDE)
    if holder.account_id is not None and holder.state != "active":
        raise Refusal(403, _CLOSED.get(holder.state or "", _CLOSED["suspended"]))
    return holder


async def actor_of(viewer: Viewer) -> Actor:
    """The viewer as somebody who acts.

    Raises:
        NotAllowed: the actor is gone.
    """
    actor = await storage.actors.by_id(viewer.actor_id)
    if actor is None or actor.gone:
        raise NotAllowed(_CLOSED["suspended"])
    return actor


async def session_of(request: Request) -> Session | None:
    """The session of the browser; pages only, the API knows no cookies (attack OAU-16)."""
    token = request.cookies.get(_cookie(request, "session"), "")
    return await sessions.find(state.app_of(request), token) if token else None


def keep_session(request: Request, response: Response, token: str) -> None:
    """Have the browser remember the session."""
    _set(request, response, "session", token, sessions.LIFETIME // 1000)


def drop_session(request: Request, response: Response) -> None:
    """Have the browser forget the session."""
    secure = _secure(request)
    response.delete_cookie(_cookie(request, "session"), secure=secure, httponly=True, samesite="lax")


async def guest_of(request: Request) -> guests.Visit | None:
    """Who looks after a group from elsewhere in this browser; on pages of that group alone."""
    token = request.cookies.get(_cookie(request, "guest"), "")
    return await guests.find(state.app_of(request), token) if token else None


def keep_guest(request: Request, response: Response, token: str) -> None:
    """Have the browser remember who looks after a group in it."""
    _set(request, response, "guest", token, guests.BROWSER_LASTS // 1000)


def drop_guest(request: Request, response: Response) -> None:
    """Have the browser forget that."""
    secure = _secure(request)
    response.delete_cookie(_cookie(request, "guest"), secure=secure, httponly=True, samesite="lax")


def form_token(request: Request) -> str:
    """The secret that a form of somebody who is not signed in carries; give the answer to `keep_form_token` as well."""
    known = request.cookies.get(_cookie(request, "form"), "")
    return known if 30 < len(known) < 100 and known.isascii() else secrets.token_urlsafe(32)


def keep_form_token(request: Request, response: Response, token: str) -> None:
    """Have the browser send the secret back with the form."""
    _set(request, response, "form", token, 86_400)


def check_form(request: Request, given: str, session: Session | None = None) -> None:
    """Refuse a form that another site made the browser send (attack OAU-08).

    Raises:
        Refusal: 403 where the page that sent it, or the secret in it, is not ours.
    """
    expected = session.csrf if session else request.cookies.get(_cookie(request, "form"), "")
    own = request.headers.get("origin") in (None, state.app_of(request).base_url)
    near = request.headers.get("sec-fetch-site") in (None, "same-origin", "none")
    if not (own and near and expected and hmac.compare_digest(expected.encode(), given.encode())):
        raise Refusal(403, FORGED)


async def _asker(request: Request) -> Holder | str:
    """The holder of the token, or the sentence that says what is wrong with it."""
    return await _holder_of(bearer(request.headers.get("authorization", "")))


def bearer(field: str) -> str:
    """The token in an `Authorization` field (RFC 6750 §2.1); '' when there is none."""
    kind, _, token = field.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _holder_of(token: str) -> Holder | str:
    if not token or len(token) > 500:
        return INVALID
    holder = await storage.holders.of(tokens.hash_of(token))
    if holder is None:
        return INVALID
    if holder.revoked_at is not None:
        return REVOKED
    await tokens.used(holder)
    return holder


def _cookie(request: Request, name: str) -> str:
    return f"__Host-{name}" if _secure(request) else name


def _secure(request: Request) -> bool:
    return state.app_of(request).base_url.startswith("https://")


def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _cookie(request, name), value, max_age=seconds, secure=_secure(request), httponly=True, samesite="lax", path="/"
    )
