"""`/api/v1_alpha/async_refreshes`: whether the missing answers of a thread are being fetched.

Clients look again when they are told so by a header (Mastodon API: "Async refreshes").
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import completing
from fedcomm.errors import NotFound
from storage import completions, visible
from web import auth, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects

RETRY = 3  # seconds after which to look again; most threads are complete by then


async def of_thread(request: Request, viewer: Viewer | None, post_id: int) -> Mapping[str, str]:
    """The header of an answer that shows a thread; a member who reads it is why others are asked (Mastodon 4.5)."""
    if viewer is None:
        return {}
    found = await completing.ask(state.app_of(request), post_id)
    if found is None or found.ended_at is not None:
        return {}
    return {"mastodon-async-refresh": f'id="{found.thread_id}", retry={RETRY}, result_count={found.found}'}


async def show(request: Request) -> Response:
    """`GET /api/v1_alpha/async_refreshes/:id`"""
    viewer = await auth.require(request, "read")
    thread = params.number(request)
    found = await completions.of(thread)
    if found is None or not await visible.sees(viewer.actor_id, thread):
        raise NotFound(subjects.MISSING)
    status = "finished" if found.ended_at is not None else "running"
    told = {"id": str(thread), "status": status, "result_count": found.found}
    return respond.json({"async_refresh": told})


routes = [Route("/api/v1_alpha/async_refreshes/{id}", show)]
