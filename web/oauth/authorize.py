"""Asking somebody whether a program may act for them (RFC 6749 §4.1, RFC 7636, RFC 9700 §2.1)."""

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.oauth
from fedcomm import oauth
from fedcomm.oauth import OUT_OF_BAND, Refused
from storage.oauth import Program
from storage.sessions import Session
from web import auth, headers, params, respond, state
from web.errors import Refusal
from web.pages import frame

UNKNOWN = "This application is not known here. Please start again from the application."
MISMATCH = "This application did not say that people may be sent back to this address. Nothing was sent there."


class Asked(msgspec.Struct, frozen=True):
    """What a program asks for, carried along until the answer."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    response_mode: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    force_login: bool | None = None


class Decision(msgspec.Struct, frozen=True):
    """What somebody said to it: `decision` is allow or deny."""

    decision: str = ""
    csrf: str = ""


async def ask(request: Request) -> Response:
    """`GET /oauth/authorize`: the page on which somebody decides; who is not signed in signs in first."""
    asked = params.query(request, Asked)
    program = await _program(asked)
    try:
        scopes = _checked(program, asked)
    except Refused as refused:
        return _back(asked, {"error": refused.code, "error_description": str(refused)})
    session = await auth.session_of(request)
    if session is None or asked.force_login:
        return respond.redirect("/sign_in?" + urlencode({"next": f"/oauth/authorize?{_query(asked)}"}), 302)
    return await _page(request, asked, program, scopes, session)


async def decide(request: Request) -> Response:
    """`POST /oauth/authorize`: back to the program, with a code or with a no."""
    values = await params.merged(request)
    asked, said = params.filled(values, Asked), params.filled(values, Decision)
    program = await _program(asked)
    session = await auth.session_of(request)
    if session is None:
        return respond.redirect("/sign_in?" + urlencode({"next": f"/oauth/authorize?{_query(asked)}"}))
    auth.check_form(request, said.csrf, session)
    try:
        scopes = await _allowed(session, program, asked, said.decision)
    except Refused as refused:
        return _back(asked, {"error": refused.code, "error_description": str(refused)})
    app = state.app_of(request)
    code = await oauth.issue_code(app, program, session.account_id, asked.redirect_uri, scopes, asked.code_challenge)
    if asked.redirect_uri == OUT_OF_BAND:
        return await frame.page(request, "authorize_code.html", 200, {"cache-control": "no-store"}, code=code)
    return _back(asked, {"code": code})


async def _program(asked: Asked) -> Program:
    """Before this is sure, nobody is sent anywhere (attack OAU-01)."""
    program = await storage.oauth.program_by_client(asked.client_id) if asked.client_id else None
    if program is None:
        raise Refusal(400, UNKNOWN, code="invalid_client")
    if asked.redirect_uri not in program.redirects:
        raise Refusal(400, MISMATCH, code="invalid_request")
    return program


def _checked(program: Program, asked: Asked) -> str:
    if asked.response_type != "code":
        raise Refused("unsupported_response_type", "Only response_type=code is offered.")
    if asked.response_mode not in ("", "query"):
        raise Refused("invalid_request", "Only response_mode=query is offered.")
    oauth.check_challenge(asked.code_challenge, asked.code_challenge_method)
    return oauth.scopes_for(program, asked.scope)


async def _allowed(session: Session, program: Program, asked: Asked, decision: str) -> str:
    scopes = _checked(program, asked)
    account = await storage.accounts.by_id(session.account_id)
    if account is None or account.state != "active" or decision != "allow":
        raise Refused("access_denied", "The person said no.")
    if account.role == "member" and any(scope.startswith("admin:") for scope in scopes.split()):
        raise Refused("invalid_scope", "Only admins can give admin scopes.")
    return scopes


async def _page(request: Request, asked: Asked, program: Program, scopes: str, session: Session) -> Response:
    name = await storage.accounts.name_of(session.account_id)
    kept = {key: value for key, value in msgspec.structs.asdict(asked).items() if value and key != "force_login"}
    return await frame.page(
        request, "authorize.html", 200, {"content-security-policy": headers.CONSENT_POLICY},
        program=program, scopes=scopes.split(), name=name, fields=kept | {"csrf": session.csrf},
        target=_target(asked.redirect_uri),
    )  # fmt: skip


def _target(redirect_uri: str) -> str:
    """Where the answer goes, as a person can judge it: a program may call itself anything (attack OAU-09)."""
    if redirect_uri == OUT_OF_BAND:
        return ""
    scheme, _, rest = redirect_uri.partition("://")
    return rest.partition("/")[0] if scheme in ("http", "https") else redirect_uri


def _query(asked: Asked) -> str:
    """The request again, without what has been done about it."""
    names = Asked.__struct_fields__
    return urlencode({name: getattr(asked, name) for name in names if getattr(asked, name) and name != "force_login"})


def _back(asked: Asked, answer: dict[str, str]) -> Response:
    """To the program; without an address of its own the person is told."""
    if asked.redirect_uri == OUT_OF_BAND:
        raise Refusal(400, answer.get("error_description", ""), code=answer.get("error", ""))
    told = urlencode(answer | ({"state": asked.state} if asked.state else {}))
    return respond.redirect(f"{asked.redirect_uri}{'&' if '?' in asked.redirect_uri else '?'}{told}")


routes = [
    Route("/oauth/authorize", ask),
    Route("/oauth/authorize", decide, methods=["POST"]),
]
