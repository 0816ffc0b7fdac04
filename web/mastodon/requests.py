"""`/api/v1/follow_requests`: who wants to follow somebody that asks to be asked."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import follows
from fedcomm.errors import NotFound
from storage import relationships
from web import auth, paging, respond, state
from web.mastodon import subjects
from web.mastodon.accounts import people
from web.mastodon.entities import account


async def waiting(request: Request) -> Response:
    """`GET /api/v1/follow_requests`"""
    viewer = await auth.require(request, "read:follows")
    return await people(request, await relationships.requests(viewer.actor_id, paging.page_of(request, 40, 80)))


async def authorize(request: Request) -> Response:
    """`POST /api/v1/follow_requests/:account_id/authorize`"""
    return await _answer(request, granted=True)


async def reject(request: Request) -> Response:
    """`POST /api/v1/follow_requests/:account_id/reject`"""
    return await _answer(request, granted=False)


async def blocked(request: Request) -> Response:
    """`GET /api/v1/blocks`"""
    viewer = await auth.require(request, "read:blocks")
    return await people(request, await relationships.blocked(viewer.actor_id, paging.page_of(request, 40, 80)))


async def _answer(request: Request, granted: bool) -> Response:
    viewer = await auth.require(request, "write:follows")
    asker = await subjects.actor(request)
    (before,) = await relationships.between(viewer.actor_id, [asker.id])
    if not before.requested_by:
        raise NotFound(subjects.MISSING)
    act = follows.accept if granted else follows.reject
    await act(state.app_of(request), await auth.actor_of(viewer), asker.id)
    (after,) = await relationships.between(viewer.actor_id, [asker.id])
    return respond.json(account.relationship(after))


routes = [
    Route("/api/v1/follow_requests", waiting),
    Route("/api/v1/follow_requests/{id}/authorize", authorize, methods=["POST"]),
    Route("/api/v1/follow_requests/{id}/reject", reject, methods=["POST"]),
    Route("/api/v1/blocks", blocked),
]
