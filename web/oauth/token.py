"""Tokens for programs: in exchange for a code, or for themselves; and giving them back (RFC 6749 §3.2, RFC 7009)."""

import base64
import binascii
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import oauth
from fedcomm.oauth import Grant, Refused
from storage.oauth import Program
from web import params, respond, state
from web.errors import Refusal


class Wish(msgspec.Struct, frozen=True):
    """What a program sends for a token."""

    grant_type: str = ""
    code: str = ""
    redirect_uri: str = ""
    client_id: str = ""
    client_secret: str = ""
    code_verifier: str = ""
    scope: str = ""


class Return(msgspec.Struct, frozen=True):
    """What a program sends to give a token back."""

    token: str = ""
    client_id: str = ""
    client_secret: str = ""


async def token(request: Request) -> Response:
    """`POST /oauth/token`"""
    wish = await params.read(request, Wish)
    try:
        program = await _program(request, wish.client_id, wish.client_secret)
        return _answer(await _grant(request, program, wish))
    except Refused as refused:
        raise _refusal(refused) from None


async def revoke(request: Request) -> Response:
    """`POST /oauth/revoke`: 200 whether or not there was such a token (RFC 7009 §2.2)."""
    wish = await params.read(request, Return)
    try:
        program = await _program(request, wish.client_id, wish.client_secret)
    except Refused as refused:
        raise Refusal(403, str(refused), code="unauthorized_client") from None
    await oauth.revoke(state.app_of(request), program, wish.token)
    return respond.json({})


async def _grant(request: Request, program: Program, wish: Wish) -> Grant:
    app = state.app_of(request)
    match wish.grant_type:
        case "authorization_code":
            return await oauth.exchange(app, program, wish.code, wish.redirect_uri, wish.code_verifier)
        case "client_credentials":
            return await oauth.for_itself(app, program, wish.scope)
    raise Refused("unsupported_grant_type", "Sign in with a code: passwords are for this server's own pages.")


async def _program(request: Request, client_id: str, secret: str) -> Program:
    """By HTTP Basic or by parameters (RFC 6749 §2.3.1)."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            pair = base64.b64decode(given.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refused("invalid_client", "The authorization header cannot be read.") from None
        client_id, _, secret = (unquote_plus(part) for part in pair.partition(":"))
    return await oauth.authenticated(state.app_of(request), client_id, secret)


def _answer(grant: Grant) -> Response:
    value = {
        "access_token": grant.token,
        "token_type": "Bearer",
        "scope": grant.scopes,
        "created_at": grant.created_at // 1000,
    }
    return respond.json(value, headers={"cache-control": "no-store", "pragma": "no-cache"})


def _refusal(refused: Refused) -> Refusal:
    if refused.code != "invalid_client":
        return Refusal(400, str(refused), code=refused.code)
    return Refusal(401, str(refused), code=refused.code, headers={"www-authenticate": 'Basic realm="fedcomm"'})


routes = [
    Route("/oauth/token", token, methods=["POST"]),
    Route("/oauth/revoke", revoke, methods=["POST"]),
]
