"""`/api/v1/notifications`: what members are told of (Mastodon API: "Notification")."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.markers
from fedcomm import notifications as service
from fedcomm.errors import NotFound
from storage import notifications
from storage.notifications import Notice
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import account, status
from web.mastodon.entities.times import moment

# What every client knows; nothing else is sent unasked.
KINDS = ("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update")


class Wanted(msgspec.Struct, frozen=True):
    """Which notifications."""

    types: list[str] = []
    exclude_types: list[str] = []
    account_id: str = ""
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
        viewer.actor_id, page, _kinds(wanted), subjects.identifier(wanted.account_id)
    )  # fmt: skip
    cursors = (found[0].id, found[-1].id) if found else ()
    return respond.json(await _shown(request, viewer, found), headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/notifications/:id`"""
    viewer = await auth.require(request, "read:notifications")
    found = await notifications.one(viewer.actor_id, params.number(request))
    shown = await _shown(request, viewer, [found]) if found else []
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
    return respond.json({"count": await notifications.unread(viewer.actor_id, since, _kinds(wanted), most)})


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


def _kinds(wanted: Wanted) -> list[str]:
    return [kind for kind in KINDS if (not wanted.types or kind in wanted.types) and kind not in wanted.exclude_types]


async def _shown(request: Request, viewer: Viewer, found: Sequence[Notice]) -> list[dict[str, Any]]:
    base = state.app_of(request).base_url
    actors = await account.accounts(base, [notice.actor_id for notice in found])
    posts = await status.by_id(base, viewer.actor_id, [notice.post_id for notice in found if notice.post_id])
    return [
        {
            "id": str(notice.id), "type": notice.kind, "created_at": moment(notice.created_at),
            "group_key": f"ungrouped-{notice.id}", "account": msgspec.Raw(actors[notice.actor_id]),
            "status": msgspec.Raw(posts[notice.post_id]) if notice.post_id else None,
        }
        for notice in found
        if notice.actor_id in actors and (not notice.post_id or notice.post_id in posts)
    ]  # fmt: skip


routes = [
    Route("/api/v1/notifications", everything),
    Route("/api/v1/notifications/clear", clear, methods=["POST"]),
    Route("/api/v1/notifications/unread_count", unread_count),
    Route("/api/v1/notifications/destroy_multiple", dismiss_several, methods=["DELETE"]),
    Route("/api/v1/notifications/{id}", one),
    Route("/api/v1/notifications/{id}/dismiss", dismiss, methods=["POST"]),
]
