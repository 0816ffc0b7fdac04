"""`/api/v2/suggestions`, `/api/v1/directory`, `familiar_followers`: whom somebody may want to know."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import suggestions
from storage import discovery
from web import auth, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import account

MOST_AT_ONCE = 40  # accounts that are asked about in one request
MOST_FRIENDS = 400  # in one answer about all of them


class Ids(msgspec.Struct, frozen=True):
    """Several accounts."""

    id: list[str] = []


class Wanted(msgspec.Struct, frozen=True):
    """Which part of the directory; `order` is active or new."""

    order: str = "active"
    local: bool = False
    limit: int = 40
    offset: int = 0


async def suggested(request: Request) -> Response:
    """`GET /api/v2/suggestions` (Mastodon API: "Suggestion")."""
    found = await _suggested(request)
    shown = await account.accounts(state.app_of(request).base_url, found)
    return respond.json(
        [
            {"source": "global", "sources": ["most_followed"], "account": msgspec.Raw(shown[actor_id])}
            for actor_id in found
            if actor_id in shown
        ]
    )


async def suggested_accounts(request: Request) -> Response:
    """`GET /api/v1/suggestions`: the accounts alone."""
    return respond.json_bytes(await account.list_of(state.app_of(request).base_url, await _suggested(request)))


async def dismiss(request: Request) -> Response:
    """`DELETE /api/v1/suggestions/:account_id`"""
    viewer = await auth.require(request, "write:accounts")
    target = await subjects.actor(request)
    await suggestions.dismiss(state.app_of(request), await auth.actor_of(viewer), target)
    return respond.json({})


async def directory(request: Request) -> Response:
    """`GET /api/v1/directory`: those who want to be found."""
    viewer = await auth.optional(request)
    wanted = params.query(request, Wanted)
    order = discovery.NEW if wanted.order == "new" else discovery.ACTIVE
    limit, offset = max(1, min(wanted.limit, 80)), max(0, wanted.offset)
    found = await discovery.directory(subjects.id_of(viewer), order, limit, offset, local=wanted.local)
    return respond.json_bytes(await account.list_of(state.app_of(request).base_url, found))


async def familiar(request: Request) -> Response:
    """`GET /api/v1/accounts/familiar_followers`: those the viewer follows who follow each account as well."""
    viewer = await auth.require(request, "read:follows")
    ids = [subjects.identifier(text) for text in (await params.anywhere(request, Ids)).id[:MOST_AT_ONCE]]
    known = await storage.actors.by_ids(ids)
    wanted = [actor_id for actor_id in dict.fromkeys(ids) if actor_id in known]
    found = await discovery.familiar(viewer.actor_id, wanted, MOST_FRIENDS)
    friends = {friend for each in found.values() for friend in each}
    shown = await account.accounts(state.app_of(request).base_url, list(friends))
    body: list[dict[str, Any]] = [
        {"id": str(actor_id), "accounts": [msgspec.Raw(shown[each]) for each in found[actor_id] if each in shown]}
        for actor_id in wanted
    ]
    return respond.json(body)


async def _suggested(request: Request) -> list[int]:
    viewer = await auth.require(request, "read")
    wanted = params.query(request, Wanted)
    limit = max(1, min(wanted.limit, 80))
    return await discovery.suggestions(viewer.actor_id, limit, max(0, wanted.offset))


routes = [
    Route("/api/v1/suggestions", suggested_accounts),
    Route("/api/v2/suggestions", suggested),
    Route("/api/v1/suggestions/{id}", dismiss, methods=["DELETE"]),
    Route("/api/v1/directory", directory),
    Route("/api/v1/accounts/familiar_followers", familiar),
]
