"""`/api/v2/notifications`: what members are told of, with the same taken together."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.markers
from fedcomm import notifications as service
from fedcomm.errors import Invalid, NotFound
from storage import notice_groups, notifications
from storage.notice_groups import GROUPED, SAMPLE, Group
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import account, notification


class Wanted(msgspec.Struct, frozen=True):
    """Which notifications, and how."""

    types: list[str] = []
    exclude_types: list[str] = []
    account_id: str = ""
    grouped_types: list[str] = []
    expand_accounts: str = "full"
    include_filtered: bool = False
    limit: int = 100


async def everything(request: Request) -> Response:
    """`GET /api/v2/notifications`"""
    viewer = await auth.require(request, "read:notifications")
    wanted = params.query(request, Wanted)
    if wanted.expand_accounts not in ("full", "partial_avatars"):
        raise Invalid("Accounts are expanded to full or partial_avatars.", field="expand_accounts")
    page, kinds = paging.page_of(request, 40, 80), notification.kinds(wanted.types, wanted.exclude_types)
    if wanted.account_id:  # each is told of once only, so that there is nothing to take together
        single, older = await notifications.page(
            viewer.actor_id, page, kinds, subjects.identifier(wanted.account_id), filtered=True
        )
        found = [Group(f"ungrouped-{each.id}", each, 1, each.id, [each.actor_id]) for each in single]
    else:
        found, older = await notice_groups.page(
            viewer.actor_id, page, kinds, _grouped(wanted), filtered=wanted.include_filtered
        )
    body = await notification.grouped(
        state.app_of(request), viewer.actor_id, found, partial=wanted.expand_accounts == "partial_avatars"
    )
    cursors = (found[0].newest.id, found[-1].newest.id) if found else ()
    # A full page leads on, though nothing may be older: Mastodon 4.5 does so, and Mastodon.py's own tests look for it.
    return respond.json(body, headers=paging.link(request, cursors, older or len(found) == page.limit))


async def one(request: Request) -> Response:
    """`GET /api/v2/notifications/:group_key`"""
    viewer = await auth.require(request, "read:notifications")
    found = await notice_groups.one(viewer.actor_id, request.path_params["key"])
    if found is None:
        raise NotFound(subjects.MISSING)
    return respond.json(await notification.grouped(state.app_of(request), viewer.actor_id, [found]))


async def accounts(request: Request) -> Response:
    """`GET /api/v2/notifications/:group_key/accounts`: everybody in it, the latest first."""
    viewer = await auth.require(request, "read:notifications")
    page = paging.page_of(request, max(40, SAMPLE), 80)
    found, older = await notice_groups.actors(viewer.actor_id, request.path_params["key"], page)
    body = await account.list_of(state.app_of(request).base_url, [actor for _, actor in found])
    cursors = (found[0][0], found[-1][0]) if found else ()
    return respond.json_bytes(body, paging.link(request, cursors, older))


async def unread_count(request: Request) -> Response:
    """`GET /api/v2/notifications/unread_count`: groups with something above the marker."""
    viewer = await auth.require(request, "read:notifications")
    wanted = params.query(request, Wanted)
    marker = (await storage.markers.of(viewer.account_id, ["notifications"])).get("notifications")
    kinds = notification.kinds(wanted.types, wanted.exclude_types)
    most, since = max(1, min(wanted.limit, 1000)), marker.last_read_id if marker else 0
    count = await notice_groups.unread(viewer.actor_id, since, kinds, _grouped(wanted), most)
    return respond.json({"count": count})


async def clear(request: Request) -> Response:
    """`POST /api/v2/notifications/clear`"""
    viewer = await auth.require(request, "write:notifications")
    await service.clear(state.app_of(request), viewer.actor_id)
    return respond.json({})


async def dismiss(request: Request) -> Response:
    """`POST /api/v2/notifications/:group_key/dismiss`; of what is not there nothing is left to dismiss."""
    viewer = await auth.require(request, "write:notifications")
    await service.dismiss_group(state.app_of(request), viewer.actor_id, request.path_params["key"])
    return respond.json({})


def _grouped(wanted: Wanted) -> list[str]:
    return [kind for kind in GROUPED if not wanted.grouped_types or kind in wanted.grouped_types]


routes = [
    Route("/api/v2/notifications", everything),
    Route("/api/v2/notifications/clear", clear, methods=["POST"]),
    Route("/api/v2/notifications/unread_count", unread_count),
    Route("/api/v2/notifications/{key}", one),
    Route("/api/v2/notifications/{key}/accounts", accounts),
    Route("/api/v2/notifications/{key}/dismiss", dismiss, methods=["POST"]),
]
