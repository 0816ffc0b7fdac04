"""From here to one's own server: who has an account elsewhere follows, joins and answers with that one."""

from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.posts
from activitypub import webfinger
from activitypub.errors import ProtocolError
from fedcomm import visiting
from fedcomm.errors import AppError, NotFound
from storage import visible
from storage.actors import Actor
from storage.posts import Post
from web import headers, params, respond, state
from web.pages import frame
from web.pages.readers import form, reader_of
from web.pages.thread import seen


class Visit(msgspec.Struct, frozen=True):
    """What somebody has found here, by its id; their own address, and what they want to do."""

    uri: str = ""
    address: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /visit?uri=`"""
    return await _page(request, params.query(request, Visit))


async def go(request: Request) -> Response:
    """`POST /visit`: on to the visitor's server, as that one says; only from a form of ours (attack XSS-13)."""
    given = await form(request, Visit, await reader_of(request))
    app = state.app_of(request)
    post, actor = await found(visible.ANYBODY, given.uri)
    try:
        if _ours(given.address, app.host):
            return respond.redirect(f"/authorize_interaction?uri={quote(given.uri, safe='')}")
        act = "Object" if post else "Follow"
        return respond.redirect(await visiting.way(app, given.address, act, post.uri if post else actor.uri))
    except AppError as refused:
        return await _page(request, given, refused)


async def found(viewer: int, uri: str) -> tuple[Post | None, Actor]:
    """What is known here under this id, as far as the viewer may see it: a post with its author, or an actor.

    Raises:
        NotFound: there is nothing.
    """
    post = await storage.posts.by_uri(uri) if uri else None
    if post is not None and await visible.sees(viewer, post.id):
        return await seen(viewer, post.id)
    actor = await storage.actors.by_uri(uri) if uri else None
    if actor is None or actor.kind == "Application" or not await visible.seen_actors(viewer, [actor.id]):
        raise NotFound("There is nothing here, or it is not for you.")
    return None, actor


def _ours(address: str, host: str) -> bool:
    try:
        return webfinger.read_handle(address.strip()).host == host
    except ProtocolError:
        return False


async def _page(request: Request, given: Visit, refused: AppError | None = None) -> Response:
    """Browsers hold a redirect after a form against `form-action`, and this one leads to the visitor's server."""
    post, actor = await found(visible.ANYBODY, given.uri)
    return await frame.with_form(
        request,
        "visit.html",
        refused,
        {"content-security-policy": headers.CONSENT_POLICY},
        form=True,
        given=given,
        post=post,
        actor=actor,
    )


routes = [
    Route("/visit", show),
    Route("/visit", go, methods=["POST"]),
]
