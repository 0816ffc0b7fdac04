"""`/api/v1/follow_requests`: who wants to follow somebody that asks to be asked, or to join a group they look after.

A client knows no other requests than those to its own account, so each asker is there once, with the oldest of their
requests: that is the one that `authorize` and `reject` answer. What is asked of a group stands above the asker's own
words about themselves.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import requests
from fedcomm.errors import NotFound
from storage import join_requests, relationships
from web import auth, languages, paging, respond, state
from web.mastodon import subjects
from web.mastodon.accounts import people
from web.mastodon.entities import account, wish


async def waiting(request: Request) -> Response:
    """`GET /api/v1/follow_requests`; of moderators also who wants to join their groups"""
    viewer = await auth.require(request, "read:follows")
    me = await auth.actor_of(viewer)
    faces = await requests.deciding(me)
    found = await join_requests.to_decide(me.id, faces, paging.page_of(request, 40, 80))
    bodies = await account.accounts(state.app_of(request).base_url, found.ids)
    wishes = await wish.wishes(state.app_of(request), me.id, found.ids, languages.choose(request))
    shown = [wish.with_wish(bodies[asker], wishes.get(asker, "")) for asker in found.ids if asker in bodies]
    return respond.json(shown, headers=paging.link(request, found.cursors, found.older))


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
    try:
        await requests.answer(state.app_of(request), await auth.actor_of(viewer), asker.id, granted=granted)
    except NotFound:
        raise NotFound(subjects.MISSING) from None
    (after,) = await relationships.between(viewer.actor_id, [asker.id])
    return respond.json(account.relationship(after))


routes = [
    Route("/api/v1/follow_requests", waiting),
    Route("/api/v1/follow_requests/{id}/authorize", authorize, methods=["POST"]),
    Route("/api/v1/follow_requests/{id}/reject", reject, methods=["POST"]),
    Route("/api/v1/blocks", blocked),
]
