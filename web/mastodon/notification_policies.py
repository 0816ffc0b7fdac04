"""`/api/v2/notifications/policy` and `/api/v1/notifications/requests`: whom members hear, and who waits."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import notification_policies as service
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.notification_policies import Policy
from storage import notification_policies, visible
from storage.notification_policies import Waiting
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import account, status
from web.mastodon.entities.times import moment

MOST_AT_ONCE = 100
WORDS = ("accept", "filter", "drop")

Act = Callable[[App, int, Sequence[int]], Awaitable[None]]


class Wish(msgspec.Struct, frozen=True):
    """What to change; a word of `WORDS`, "" = as it is."""

    for_not_following: str = ""
    for_not_followers: str = ""
    for_new_accounts: str = ""
    for_private_mentions: str = ""
    for_bots: str = ""


class OldWish(msgspec.Struct, frozen=True):
    """What to change, as programs for 4.3 betas say it; None = as it is."""

    filter_not_following: bool | None = None
    filter_not_followers: bool | None = None
    filter_new_accounts: bool | None = None
    filter_private_mentions: bool | None = None


class Ids(msgspec.Struct, frozen=True):
    """Several requests."""

    id: list[str] = []


async def policy(request: Request) -> Response:
    """`GET /api/v2/notifications/policy`"""
    viewer = await auth.require(request, "read:notifications")
    return await _policy(viewer)


async def change(request: Request) -> Response:
    """`PATCH /api/v2/notifications/policy`"""
    viewer = await auth.require(request, "write:notifications")
    wish = msgspec.structs.asdict(await params.read(request, Wish))
    for name, word in wish.items():
        if word not in ("", *WORDS):
            raise Invalid("A policy is accept, filter or drop.", field=name)
    wanted = {name.removeprefix("for_"): WORDS.index(word) for name, word in wish.items() if word}
    before = await notification_policies.of(viewer.actor_id)
    await service.change(state.app_of(request), viewer.actor_id, msgspec.structs.replace(before, **wanted))
    return await _policy(viewer)


async def old_policy(request: Request) -> Response:
    """`GET /api/v1/notifications/policy`"""
    viewer = await auth.require(request, "read:notifications")
    return await _old_policy(viewer)


async def change_old(request: Request) -> Response:
    """`PUT /api/v1/notifications/policy`"""
    viewer = await auth.require(request, "write:notifications")
    wish = msgspec.structs.asdict(await params.read(request, OldWish))
    wanted = {name.removeprefix("filter_"): int(value) for name, value in wish.items() if value is not None}
    before = await notification_policies.of(viewer.actor_id)
    await service.change(state.app_of(request), viewer.actor_id, msgspec.structs.replace(before, **wanted))
    return await _old_policy(viewer)


async def waiting(request: Request) -> Response:
    """`GET /api/v1/notifications/requests`; the cursor is the latest notice of each."""
    viewer = await auth.require(request, "read:notifications")
    found, older = await notification_policies.waiting(viewer.actor_id, paging.page_of(request, 40, 80))
    cursors = (found[0].last_id, found[-1].last_id) if found else ()
    return respond.json(await _shown(request, viewer, found), headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/notifications/requests/:id`"""
    viewer = await auth.require(request, "read:notifications")
    found = await notification_policies.one(viewer.actor_id, params.number(request))
    shown = await _shown(request, viewer, [found]) if found else []
    if not shown:
        raise NotFound(subjects.MISSING)
    return respond.json(shown[0])


async def merged(request: Request) -> Response:
    """`GET /api/v1/notifications/requests/merged`: who is let in is so at once."""
    await auth.require(request, "read:notifications")
    return respond.json({"merged": True})


def _acting(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that does `act` to the request that the path names, or to those that the parameters name."""

    async def endpoint(request: Request) -> Response:
        viewer = await auth.require(request, "write:notifications")
        if "id" in request.path_params:
            actor_ids = [params.number(request)]
        else:
            named = (await params.read(request, Ids)).id[:MOST_AT_ONCE]
            actor_ids = [subjects.identifier(text) for text in named]
        await act(state.app_of(request), viewer.actor_id, actor_ids)
        return respond.json({})

    return endpoint


async def _policy(viewer: Viewer) -> Response:
    """Of accounts that an admin limited only those who follow them ever hear, so that these are always dropped."""
    found = msgspec.structs.asdict(await notification_policies.of(viewer.actor_id))
    words = {f"for_{name}": WORDS[level] for name, level in found.items()} | {"for_limited_accounts": "drop"}
    return respond.json(words | await _summary(viewer))


async def _old_policy(viewer: Viewer) -> Response:
    found: Policy = await notification_policies.of(viewer.actor_id)
    flags = {name: bool(getattr(found, name.removeprefix("filter_"))) for name in OldWish.__struct_fields__}
    return respond.json(flags | await _summary(viewer))


async def _summary(viewer: Viewer) -> dict[str, Any]:
    people, notices = await notification_policies.summary(viewer.actor_id)
    return {"summary": {"pending_requests_count": people, "pending_notifications_count": notices}}


async def _shown(request: Request, viewer: Viewer, found: Sequence[Waiting]) -> list[dict[str, Any]]:
    base = state.app_of(request).base_url
    people = await account.accounts(base, [each.actor_id for each in found])
    seen = await visible.seen(viewer.actor_id, [each.last_post_id for each in found if each.last_post_id])
    posts = await status.by_id(base, viewer.actor_id, sorted(seen))
    return [
        {
            "id": str(each.actor_id), "created_at": moment(each.first_at), "updated_at": moment(each.last_at),
            "notifications_count": str(each.count), "account": msgspec.Raw(people[each.actor_id]),
            "last_status": msgspec.Raw(posts[each.last_post_id]) if each.last_post_id in posts else None,
        }
        for each in found
        if each.actor_id in people
    ]  # fmt: skip


_REQUESTS = "/api/v1/notifications/requests"
routes = [
    Route("/api/v2/notifications/policy", policy),
    Route("/api/v2/notifications/policy", change, methods=["PATCH"]),
    Route("/api/v1/notifications/policy", old_policy),
    Route("/api/v1/notifications/policy", change_old, methods=["PUT"]),
    Route(_REQUESTS, waiting),
    Route(f"{_REQUESTS}/merged", merged),
    Route(f"{_REQUESTS}/accept", _acting(service.let_in), methods=["POST"]),
    Route(f"{_REQUESTS}/dismiss", _acting(service.dismiss), methods=["POST"]),
    Route(f"{_REQUESTS}/{{id}}", one),
    Route(f"{_REQUESTS}/{{id}}/accept", _acting(service.let_in), methods=["POST"]),
    Route(f"{_REQUESTS}/{{id}}/dismiss", _acting(service.dismiss), methods=["POST"]),
]
