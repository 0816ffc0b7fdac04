"""Registering programs, and what they need to know of our OAuth (RFC 7591 in spirit, RFC 8414)."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.oauth
from fedcomm import oauth, tokens
from fedcomm.errors import NotFound
from storage.oauth import Program
from web import auth, params, respond, state


class Registration(msgspec.Struct, frozen=True):
    """What a program says of itself."""

    client_name: str = ""
    redirect_uris: list[str] = []
    scopes: str = ""
    website: str = ""


async def register(request: Request) -> Response:
    """`POST /api/v1/apps`: in whatever form it is sent."""
    asked = await params.read(request, Registration)
    app = state.app_of(request)
    registered = await oauth.register(app, asked.client_name, asked.redirect_uris, asked.scopes, asked.website)
    secrets = {
        "client_id": registered.program.client_id,
        "client_secret": registered.secret,
        "client_secret_expires_at": 0,
    }
    return respond.json(_entity(registered.program) | secrets)


async def verify(request: Request) -> Response:
    """`GET /api/v1/apps/verify_credentials`: which program holds the token."""
    holder = await auth.require_program(request)
    program = await storage.oauth.program(holder.app_id) if holder.app_id else None
    if program is None:
        raise NotFound("This token was made by hand, for no application.")
    return respond.json(_entity(program))


async def metadata(request: Request) -> Response:
    """`GET /.well-known/oauth-authorization-server` (RFC 8414 §2)."""
    base = state.app_of(request).base_url
    value = {
        "issuer": f"{base}/",
        "service_documentation": f"{base}/about",
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "app_registration_endpoint": f"{base}/api/v1/apps",
        "scopes_supported": sorted(tokens.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }
    return respond.json(value, headers={"cache-control": "public, max-age=3600"})


def _entity(program: Program) -> dict[str, Any]:
    return {
        "id": str(program.id),
        "name": program.name,
        "website": program.website,
        "scopes": program.scopes.split(),
        "redirect_uri": program.redirect_uris,
        "redirect_uris": program.redirects,
    }


routes = [
    Route("/api/v1/apps", register, methods=["POST"]),
    Route("/api/v1/apps/verify_credentials", verify),
    Route("/.well-known/oauth-authorization-server", metadata),
]
