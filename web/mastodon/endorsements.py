"""`/api/v1/endorsements`: people on somebody's profile; `pin` is what clients called it before."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.endorsements
from fedcomm import endorsements
from storage import visible
from storage.relationships import People
from web import auth, paging, state
from web.mastodon import subjects
from web.mastodon.account_actions import shown_relationship
from web.mastodon.accounts import people


async def own(request: Request) -> Response:
    """`GET /api/v1/endorsements`"""
    viewer = await auth.require(request, "read:accounts")
    page = paging.page_of(request, 40, 80)
    return await people(request, await storage.endorsements.of(viewer.actor_id, viewer.actor_id, page))


async def of_somebody(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/endorsements`"""
    viewer = await auth.optional(request, "read:accounts")
    actor = await subjects.actor(request)
    found = People([], False)
    if await visible.seen_actors(subjects.id_of(viewer), [actor.id]):
        page = paging.page_of(request, 40, 80)
        found = await storage.endorsements.of(subjects.id_of(viewer), actor.id, page)
    return await people(request, found)


async def endorse(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/endorse`"""
    return await _done(request, endorsements.endorse)


async def unendorse(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/unendorse`"""
    return await _done(request, endorsements.unendorse)


async def _done(request: Request, act: Any) -> Response:
    viewer = await auth.require(request, "write:accounts")
    target = await subjects.actor(request)
    await act(state.app_of(request), await auth.actor_of(viewer), target)
    return await shown_relationship(viewer.actor_id, target.id)


routes = [
    Route("/api/v1/endorsements", own),
    Route("/api/v1/accounts/{id}/endorsements", of_somebody),
    Route("/api/v1/accounts/{id}/endorse", endorse, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unendorse", unendorse, methods=["POST"]),
    Route("/api/v1/accounts/{id}/pin", endorse, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unpin", unendorse, methods=["POST"]),
]
