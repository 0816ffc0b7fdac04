"""`/api/v1/notifications`: what members are told of (Mastodon API: "Notification")."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.markers
from fedcomm import notifications as service
from fedcomm.errors import NotFound
from storage import notifications
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import notification


class Wanted(msgspec.Struct, frozen=True):
    """Which notifications."""

    types: list[str] = []
    exclude_types: list[str] = []
    account_id: str = ""
    include_filtered: bool = False
    limit: int = 100


class Ids(msgspec.Struct, frozen=True):
    """Several notifications."""

    ids: list[str] = []


async def everything(request: Request) -> Response:
    """`GET /api/v1/notifications`"""
    viewer = await auth.require(request, "read:notifications")
    wanted = params.query(request, Wanted)
    page = paging.page_of(request, 40, 80)
    found, older = await notifications.page(
        viewer.actor_id, page, notification.kinds(wanted.types, wanted.exclude_types),
        subjects.identifier(wanted.account_id), filtered=wanted.include_filtered or bool(wanted.account_id),
    )  # fmt: skip
    cursors = (found[0].id, found[-1].id) if found else ()
    shown = await notification.each(state.app_of(request), viewer.actor_id, found)
    return respond.json(shown, headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/notifications/:id`"""
    viewer = await auth.require(request, "read:notifications")
    found = await notifications.one(viewer.actor_id, params.number(request))
    app = state.app_of(request)
    shown = await notification.each(app, viewer.actor_id, [found]) if found else []
    if not shown:
        raise NotFound(subjects.MISSING)
    return respond.json(shown[0])


async def unread_count(request: Request) -> Response:
    """`GET /api/v1/notifications/unread_count`: those above the marker."""
    viewer = await auth.require(request, "read:notifications")
    wanted = params.query(request, Wanted)
    marker = (await storage.markers.of(viewer.account_id, ["notifications"])).get("notifications")
    most = max(1, min(wanted.limit, 1000))
    since = marker.last_read_id if marker else 0
    kinds = notification.kinds(wanted.types, wanted.exclude_types)
    return respond.json({"count": await notifications.unread(viewer.actor_id, since, kinds, most)})


async def clear(request: Request) -> Response:
    """`POST /api/v1/notifications/clear`"""
    viewer = await auth.require(request, "write:notifications")
    await service.clear(state.app_of(request), viewer.actor_id)
    return respond.json({})


async def dismiss(request: Request) -> Response:
    """`POST /api/v1/notifications/:id/dismiss`"""
    viewer = await auth.require(request, "write:notifications")
    await service.dismiss(state.app_of(request), viewer.actor_id, [params.number(request)])
    return respond.json({})


async def dismiss_several(request: Request) -> Response:
    """`DELETE /api/v1/notifications/destroy_multiple?ids[]=`"""
    viewer = await auth.require(request, "write:notifications")
    wanted = await params.read(request, Ids)
    await service.dismiss(state.app_of(request), viewer.actor_id, [subjects.identifier(text) for text in wanted.ids])
    return respond.json({})


routes = [
    Route("/api/v1/notifications", everything),
    Route("/api/v1/notifications/clear", clear, methods=["POST"]),
    Route("/api/v1/notifications/unread_count", unread_count),
    Route("/api/v1/notifications/destroy_multiple", dismiss_several, methods=["DELETE"]),
    Route("/api/v1/notifications/{id}", one),
    Route("/api/v1/notifications/{id}/dismiss", dismiss, methods=["POST"]),
]
