"""What clients ask for and is not offered yet: reading finds nothing, writing is refused with a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm.errors import Invalid, NotFound
from web import auth, respond
from web.languages import later
from web.mastodon import subjects

Endpoint = Callable[[Request], Awaitable[Response]]

# path, the scope that reads it ("" = for everybody), what there is
EMPTY: tuple[tuple[str, str, Any], ...] = (
    ("/api/v1/trends", "", []),
    ("/api/v1/trends/tags", "", []),
    ("/api/v1/trends/links", "", []),
    ("/api/v1/instance/translation_languages", "", {}),
    ("/api/v1/annual_reports", "read:accounts", {"annual_reports": [], "accounts": [], "statuses": []}),
    ("/api/v1/annual_reports/{year}/state", "read:accounts", {"state": "ineligible"}),
)

# paths of single things, none of which exist
NONE: tuple[tuple[str, str], ...] = (
    ("/api/v1/push/subscription", "push"),
    ("/api/v1/timelines/link", ""),
    ("/api/v1/annual_reports/{year}", "read:accounts"),
)

# method, path, scope, what to say
REFUSED: tuple[tuple[str, str, str, str], ...] = (
    ("POST", "/api/v1/push/subscription", "push", later("Push messages are not sent from here yet.")),
    ("POST", "/api/v1/statuses/{id}/translate", "read:statuses", later("Nothing is translated here.")),
    ("PUT", "/api/v1/statuses/{id}/interaction_policy", "write:statuses", later("Posts cannot be quoted here yet.")),
    ("POST", "/api/v1/annual_reports/{year}/generate", "write:accounts", later("No reports of years are made here.")),
)

# what ends something that never began: nothing is there to end
GONE: tuple[tuple[str, str, str], ...] = (
    ("DELETE", "/api/v1/push/subscription", "push"),
    ("PUT", "/api/v1/push/subscription", "push"),
    ("POST", "/api/v1/annual_reports/{year}/read", "write:accounts"),
    ("POST", "/api/v1/statuses/{id}/quotes/{quoting}/revoke", "write:statuses"),
)


def _empty(scope: str, value: Any) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if scope:
            await auth.require(request, scope)
        return respond.json(value)

    return endpoint


def _none(scope: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if scope:
            await auth.require(request, scope)
        raise NotFound(subjects.MISSING)

    return endpoint


def _refused(scope: str, sentence: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        await auth.require(request, scope)
        raise Invalid(sentence)

    return endpoint


async def identity_proofs(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/identity_proofs`, of somebody who exists: none, since nobody asks for them any more."""
    await auth.optional(request, "read:accounts")
    await subjects.actor(request)
    return respond.json([])


async def quotes(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/quotes`, of a post that is there: none, since nobody may quote."""
    await subjects.entry(request, await auth.require(request, "read:statuses"))
    return respond.json([])


routes = [
    *(Route(path, _empty(scope, value)) for path, scope, value in EMPTY),
    *(Route(path, _none(scope)) for path, scope in NONE),
    *(Route(path, _refused(scope, sentence), methods=[method]) for method, path, scope, sentence in REFUSED),
    *(Route(path, _none(scope), methods=[method]) for method, path, scope in GONE),
    Route("/api/v1/accounts/{id}/identity_proofs", identity_proofs),
    Route("/api/v1/statuses/{id}/quotes", quotes),
]
