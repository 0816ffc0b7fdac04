"""`/api/v1/announcements`: what admins tell everybody here."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.bulletins
from fedcomm import bulletins, clock
from web import auth, params, respond, state
from web.mastodon.entities import announcement


class Wanted(msgspec.Struct, frozen=True):
    """Whether those that were put away are wanted too."""

    with_dismissed: bool = False


async def everything(request: Request) -> Response:
    """`GET /api/v1/announcements`"""
    viewer = await auth.require(request, "read:announcements")
    unread_by = 0 if params.query(request, Wanted).with_dismissed else viewer.actor_id
    found = await storage.bulletins.shown(clock.now_ms(), unread_by)
    return respond.json(await announcement.several(state.app_of(request).base_url, viewer.actor_id, found))


async def dismiss(request: Request) -> Response:
    """`POST /api/v1/announcements/:id/dismiss`"""
    viewer = await auth.require(request, "write:accounts")
    await bulletins.put_away(viewer.actor_id, params.number(request))
    return respond.json({})


async def react(request: Request) -> Response:
    """`PUT /api/v1/announcements/:id/reactions/:name`"""
    viewer = await auth.require(request, "write:favourites")
    await bulletins.react(viewer.actor_id, params.number(request), request.path_params["name"])
    return respond.json({})


async def take_back(request: Request) -> Response:
    """`DELETE /api/v1/announcements/:id/reactions/:name`"""
    viewer = await auth.require(request, "write:favourites")
    await bulletins.take_back(viewer.actor_id, params.number(request), request.path_params["name"])
    return respond.json({})


routes = [
    Route("/api/v1/announcements", everything),
    Route("/api/v1/announcements/{id}/dismiss", dismiss, methods=["POST"]),
    Route("/api/v1/announcements/{id}/reactions/{name}", react, methods=["PUT"]),
    Route("/api/v1/announcements/{id}/reactions/{name}", take_back, methods=["DELETE"]),
]
