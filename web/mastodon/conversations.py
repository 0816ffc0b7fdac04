"""`/api/v1/conversations`: direct messages, by thread."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.conversations
from fedcomm import conversations
from fedcomm.errors import NotFound
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import conversation


async def everything(request: Request) -> Response:
    """`GET /api/v1/conversations`; the cursor is the last post of each."""
    viewer = await auth.require(request, "read:statuses")
    found, older = await storage.conversations.page(viewer.actor_id, paging.page_of(request, 20, 40))
    cursors = (found[0].last_post_id, found[-1].last_post_id) if found else ()
    shown = await conversation.each(state.app_of(request).base_url, viewer.actor_id, found)
    return respond.json(shown, headers=paging.link(request, cursors, older))


async def forget(request: Request) -> Response:
    """`DELETE /api/v1/conversations/:id`"""
    viewer = await auth.require(request, "write:conversations")
    await conversations.forget(state.app_of(request), viewer.actor_id, params.number(request))
    return respond.json({})


def _marking(unread: bool) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that marks a conversation and answers it."""

    async def endpoint(request: Request) -> Response:
        viewer = await auth.require(request, "write:conversations")
        app = state.app_of(request)
        found = await conversations.mark(app, viewer.actor_id, params.number(request), unread=unread)
        shown = await conversation.each(app.base_url, viewer.actor_id, [found])
        if not shown:
            raise NotFound(subjects.MISSING)
        return respond.json(shown[0])

    return endpoint


routes = [
    Route("/api/v1/conversations", everything),
    Route("/api/v1/conversations/{id}", forget, methods=["DELETE"]),
    Route("/api/v1/conversations/{id}/read", _marking(unread=False), methods=["POST"]),
    Route("/api/v1/conversations/{id}/unread", _marking(unread=True), methods=["POST"]),
]
