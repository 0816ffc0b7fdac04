"""Coming back from another server's page to do something here: follow, like, pass on, answer (FEP-3b86).

Nothing is done before the member has pressed a button of ours, and they are sent nowhere else afterwards.
"""

from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.follows
from fedcomm import finding
from fedcomm.app import App
from fedcomm.errors import AppError, NotFound
from storage import visible
from storage.actors import Actor
from storage.posts import Post
from web import params, respond, state
from web.pages import frame, shown, threads
from web.pages.find import LONGEST, NOTHING
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen
from web.pages.visit import found

# What can be done, as links of our members in WebFinger say it (web/federation/wellknown.py).
ACTS = ("follow", "like", "announce", "object")


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants to do something to: an id, or `acct:name@server`."""

    object: str = ""
    csrf: str = ""


async def interact(request: Request) -> Response:
    """`GET /authorize_interaction?uri=`, the older name for the same (OStatus, Mastodon)."""
    uri = request.query_params.get("uri", "")[:LONGEST]
    return respond.redirect(f"/intents/object?object={quote(uri, safe='')}")


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /intents/{act}?object=`: asks whether it is really meant; what is not known is looked up only if told to."""
    act = _act(request)
    wish = params.query(request, Wish)
    try:
        post, actor = await _known(state.app_of(request), reader.actor.id, wish.object)
    except NotFound:
        return await _page(request, reader, act, wish)
    if post is not None and act in ("object", "follow"):
        return respond.redirect(shown.permalink(post, actor))
    return await _page(request, reader, act, wish, post, actor)


@members_only
async def look_up(request: Request, reader: Reader) -> Response:
    """`POST /intents/{act}`: its server is asked, hence by a form of ours; then back to the question."""
    wish = await form(request, Wish, reader)
    act = _act(request)
    app = state.app_of(request)
    address = wish.object.strip().removeprefix("acct:")
    try:
        named = await finding.resolve(app, address) if len(address) <= LONGEST else None
        if named is None:
            raise NotFound(NOTHING)
        if named[0] == "post":
            uri = (await seen(reader.actor.id, named[1]))[0].uri
        else:
            uri = (await _actor(reader.actor.id, named[1])).uri
    except AppError as refused:
        return await _page(request, reader, act, wish, refused=refused)
    return respond.redirect(f"/intents/{act}?object={quote(uri, safe='')}")


def _act(request: Request) -> str:
    act = str(request.path_params["act"]).lower()
    if act not in ACTS:
        raise NotFound("There is no such act.")
    return act


async def _known(app: App, viewer: int, address: str) -> tuple[Post | None, Actor]:
    if "://" in address:
        return await found(viewer, address)
    name, _, host = address.strip().removeprefix("acct:").lstrip("@!").partition("@")
    actor = await storage.actors.by_handle(name, "" if host == app.host else host)
    if actor is None:
        raise NotFound(NOTHING)
    return None, await _actor(viewer, actor.id)


async def _actor(viewer: int, actor_id: int) -> Actor:
    actor = await storage.actors.by_id(actor_id)
    if actor is None or actor.kind == "Application" or not await visible.seen_actors(viewer, [actor.id]):
        raise NotFound(NOTHING)
    return actor


async def _page(
    request: Request,
    reader: Reader,
    act: str,
    wish: Wish,
    post: Post | None = None,
    actor: Actor | None = None,
    refused: AppError | None = None,
) -> Response:
    return await frame.with_form(
        request,
        "intent.html",
        refused,
        act=act,
        wish=wish,
        post=post,
        actor=actor,
        quoted=await threads.one(reader.actor.id, post) if post else None,
        follow=await storage.follows.of(reader.actor.id, actor.id) if actor else None,
    )


routes = [
    Route("/authorize_interaction", interact),
    Route("/intents/{act}", show),
    Route("/intents/{act}", look_up, methods=["POST"]),
]
