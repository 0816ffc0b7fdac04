"""The page of a person: who they say they are and what they wrote for everybody."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.follows
import storage.mutes
import storage.pins
import storage.tags
import storage.timelines
from fedcomm import blocks, clock, follows
from fedcomm.errors import NotFound
from storage import visible
from storage.actors import Actor
from storage.timelines import Entry
from web import paging, respond, state
from web.pages import filling, frame, threads
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
    page = paging.page_of(request, usual=_LINES)
    wrote = partial(storage.timelines.of_actor, viewer, actor.id, boosts=False)
    posts = await filling.lines(viewer, page, wrote, "account")
    return await frame.page(
        request,
        "profile.html",
        actor=actor,
        handle=handle(actor, state.app_of(request).host),
        fields=lines_of(actor),
        moved=await _moved(viewer, actor),
        tags=[each.name for each in await storage.tags.featured(actor.id)],
        pinned=await _pinned(viewer, actor) if "max_id" not in request.query_params else [],
        follow=await storage.follows.of(viewer, actor.id) if reader else None,
        muted=reader is not None and await storage.mutes.covers(viewer, actor.id, clock.now_ms()),
        lines=posts.shown,
        older=posts.older,
    )


@members_only
async def follow(request: Request, reader: Reader) -> Response:
    """`POST /@{name}/follow`"""
    await form(request, Plain, reader)
    actor = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    await follows.follow(state.app_of(request), reader.actor, actor.id)
    return respond.redirect(profile(actor))


@members_only
async def unfollow(request: Request, reader: Reader) -> Response:
    """`POST /@{name}/unfollow`"""
    await form(request, Plain, reader)
    actor = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    await follows.unfollow(state.app_of(request), reader.actor, actor.id)
    return respond.redirect(profile(actor))


@members_only
async def block(request: Request, reader: Reader) -> Response:
    """`POST /@{name}/block`: their page is closed to the reader from now on, so on to all whom they block."""
    await form(request, Plain, reader)
    actor = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    await blocks.block(state.app_of(request), reader.actor, actor.id)
    return respond.redirect("/settings/blocks?done=saved")


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
    return actor


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
    Route("/@{name}/follow", follow, methods=["POST"]),
    Route("/@{name}/unfollow", unfollow, methods=["POST"]),
    Route("/@{name}/block", block, methods=["POST"]),
]
