"""Who reads a page: somebody with a session here, or anybody."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

import storage.accounts
import storage.actors
from fedcomm import powers, terms
from fedcomm.errors import NotAllowed
from fedcomm.guests import Visit
from storage.accounts import Account
from storage.actors import Actor
from storage.sessions import Session
from web import auth, params, respond, state
from web.pages.values import READER

_NOBODY = Account(0, 0, "", None, "", "member", "guest", "", "", "", "", None, 0, None, None)
_KEPT = "/:?#[]@!$&'()*+,;=%-._~"  # in an address
_Form = TypeVar("_Form", bound=msgspec.Struct)
_Endpoint = Callable[[Request, "Reader"], Awaitable[Response]]


class Reader(msgspec.Struct, frozen=True):
    """A member who is signed in; or, with a `visit`, who looks after one group from elsewhere (`fedcomm/guests.py`).

    Of these the account is nobody's: it has no rights.
    """

    account: Account
    actor: Actor
    session: Session
    visit: Visit | None = None

    @property
    def guest(self) -> bool:
        """Whether they have no account here, and look after one group."""
        return self.visit is not None

    @property
    def admin(self) -> bool:
        """Whether they may see all pages of admins."""
        return self.account.role == "admin"

    @property
    def powers(self) -> frozenset[str]:
        """What they may do for this server."""
        return powers.of(self.account)


class Plain(msgspec.Struct, frozen=True):
    """A form with nothing but a button."""

    csrf: str = ""


async def reader_of(request: Request) -> Reader | None:
    """Who is signed in, looked up once a request; an account that is not active is signed in nowhere."""
    if READER not in request.scope:
        request.scope[READER] = await _reader(request)
    found: Reader | None = request.scope[READER]
    return found


async def guest_of(request: Request) -> Reader | None:
    """Who looks after a group from elsewhere in this browser; the page that asks must be one of that group.

    From then on they read the page as a member would.
    """
    visit = await auth.guest_of(request)
    if visit is None:
        return None
    known = visit.guest
    session = Session(known.id, b"", 0, known.csrf, known.created_at, known.created_at, known.expires_at, "")
    request.scope[READER] = reader = Reader(_NOBODY, visit.actor, session, visit)
    return reader


def members_only(
    endpoint: Callable[[Request, Reader], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for who is signed in; others sign in first, and who has new terms to see sees those first."""

    async def answer(request: Request) -> Response:
        reader = await reader_of(request)
        if reader is None:
            return to_sign_in(request)
        if request.method == "GET" and await terms.unseen(state.app_of(request), reader.account):
            return respond.redirect(f"{terms.ADDRESS}?{_next(request)}")
        return await endpoint(request, reader)

    return answer


def members_or_guests(endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """As `members_only`, also for who looks after one group from elsewhere (`Reader.visit`)."""

    async def answer(request: Request) -> Response:
        reader = await reader_of(request) or await guest_of(request)
        return to_sign_in(request) if reader is None else await endpoint(request, reader)

    return answer


def to_sign_in(request: Request) -> Response:
    """On to the form for signing in, and back."""
    return respond.redirect(f"/sign_in?{_next(request)}")


def own_path(target: str, otherwise: str = "/") -> str:
    """A path of this server; anything else could lead people astray who go on from a page of ours."""
    good = (
        target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and "\\" not in target
    )
    return quote(target, safe=_KEPT) if good else otherwise


def admins_only(endpoint: Callable[[Request, Reader], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for admins; nothing is looked up for anybody else (attack ADM-10)."""

    async def answer(request: Request, reader: Reader) -> Response:
        if not reader.admin:
            raise NotAllowed("Only admins can do this.")
        return await endpoint(request, reader)

    return members_only(answer)


def with_power(right: str) -> Callable[[_Endpoint], Callable[[Request], Awaitable[Response]]]:
    """An endpoint for who has a right for this server; nothing is looked up for anybody else (attack ADM-10)."""

    def guarded(endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request, reader: Reader) -> Response:
            powers.require(reader.account, right)
            return await endpoint(request, reader)

        return members_only(answer)

    return guarded


async def form(request: Request, struct: type[_Form], reader: Reader | None = None) -> _Form:
    """What a form of ours says; its struct has a field `csrf`.

    Raises:
        Refusal: 403 when another site made the browser send it; 422 when it cannot be read.
    """
    given = await params.read(request, struct)
    auth.check_form(request, getattr(given, "csrf", ""), reader.session if reader else None)
    return given


async def _reader(request: Request) -> Reader | None:
    session = await auth.session_of(request)
    account = await storage.accounts.by_id(session.account_id) if session else None
    actor = await storage.actors.by_id(account.actor_id) if account and account.state == "active" else None
    return Reader(account, actor, session) if session and account and actor and not actor.gone else None


def _next(request: Request) -> str:
    return f"next={quote(_back(request), safe='/')}"


def _back(request: Request) -> str:
    """The page to come back to: of a form, the front page."""
    if request.method != "GET":
        return "/"
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])
