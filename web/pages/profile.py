"""The page of a person: who they say they are and what they wrote for everybody."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.follows
import storage.groups
import storage.mutes
import storage.pins
import storage.tags
import storage.timelines
from fedcomm import blocks, clock, follows
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import visible
from storage.actors import Actor
from storage.timelines import Entry
from web import paging, respond, state
from web.pages import filling, frame, syndication, threads
from web.pages.readers import Plain, Reader, form, members_only, reader_of
from web.pages.shown import handle, label, profile

_LINES = 25
_Fields = msgspec.json.Decoder(list[dict[str, str]])


async def show(request: Request) -> Response:
    """`GET /@{name}`; `name@host` is somebody of another server."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    actor = await named(viewer, request.path_params["name"], state.app_of(request).host)
    if actor.kind == "Group":
        return respond.redirect(profile(actor), 301)
    actor = (await storage.follows.as_everybody_may_know({actor.id: actor}))[actor.id]
    page = paging.page_of(request, usual=_LINES)
    wrote = partial(storage.timelines.of_actor, viewer, actor.id, boosts=False)
    posts = await filling.lines(viewer, page, wrote, "account")
    return await frame.page(
        request,
        "profile.html",
        actor=actor,
        handle=handle(actor, state.app_of(request).host),
        feeds=actor.kind != "Group" and await syndication.has_feed(actor),
        fields=lines_of(actor),
        moved=await _moved(viewer, actor),
        tags=[each.name for each in await storage.tags.featured(actor.id)],
        pinned=await _pinned(viewer, actor) if "max_id" not in request.query_params else [],
        follow=await storage.follows.of(viewer, actor.id) if reader else None,
        muted=reader is not None and await storage.mutes.covers(viewer, actor.id, clock.now_ms()),
        lines=posts.shown,
        older=posts.older,
    )


async def named(viewer: int, name: str, own_host: str = "") -> Actor:
    """Whoever has this name, if the viewer may see them.

    Raises:
        NotFound: there is nobody.
    """
    username, _, host = name.partition("@")
    host = "" if host == own_host else host
    actor = await storage.actors.by_handle(username, host)
    if actor is None or actor.kind == "Application" or not await visible.seen_actors(viewer, [actor.id]):
        raise NotFound("There is nobody of this name here.")
    if actor.kind == "Group" and viewer == visible.ANYBODY and await storage.groups.stay_here([actor.id]):
        raise NotFound("There is nobody of this name here.")
    return actor


def _doing(
    act: Callable[[App, Actor, int], Awaitable[object]], then: Callable[[Reader, Actor], str]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that does something about whom the address names; `then` is where it leads."""

    @members_only
    async def endpoint(request: Request, reader: Reader) -> Response:
        await form(request, Plain, reader)
        app = state.app_of(request)
        actor = await named(reader.actor.id, request.path_params["name"], app.host)
        await act(app, reader.actor, actor.id)
        return respond.redirect(then(reader, actor))

    return endpoint


def _there(reader: Reader, actor: Actor) -> str:
    return profile(actor)


def _to_followers(reader: Reader, actor: Actor) -> str:
    return f"{profile(reader.actor)}/followers"


def _to_blocks(reader: Reader, actor: Actor) -> str:
    """Their page is closed to the reader from now on."""
    return "/settings/blocks?done=saved"


async def _moved(viewer: int, actor: Actor) -> Actor | None:
    """Whom somebody says to have become, if the viewer may see them."""
    if actor.moved_to_id is None or not await visible.seen_actors(viewer, [actor.moved_to_id]):
        return None
    return await storage.actors.by_id(actor.moved_to_id)


async def _pinned(viewer: int, actor: Actor) -> list[threads.Line]:
    """What somebody has put above all else they wrote, as far as the viewer may see it."""
    pinned = [Entry(0, post.id) for post in await storage.pins.of(viewer, actor.id)]
    return await threads.lines(viewer, pinned, "account")


def lines_of(actor: Actor) -> list[tuple[str, str]]:
    """(name as text, value as clean HTML) of what somebody tells about themselves."""
    try:
        found = _Fields.decode(actor.fields)
    except msgspec.ValidationError:
        return []
    return [(label(field.get("name", ""), 100), field.get("value", "")) for field in found[:20]]


routes = [
    Route("/@{name}", show),
    Route("/@{name}/follow", _doing(follows.follow, _there), methods=["POST"]),
    Route("/@{name}/unfollow", _doing(follows.unfollow, _there), methods=["POST"]),
    Route("/@{name}/drop", _doing(follows.reject, _to_followers), methods=["POST"]),  # they follow the reader no more
    Route("/@{name}/block", _doing(blocks.block, _to_blocks), methods=["POST"]),
]
