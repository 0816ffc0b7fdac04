"""Who follows somebody and whom they follow: lists of people, as far as the viewer may see them."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from storage import relationships, visible
from storage.actors import Actor
from storage.paging import Page
from storage.relationships import People
from web import paging, respond, state
from web.pages import frame, profile, shown
from web.pages.readers import reader_of

_PEOPLE = 40
Reading = Callable[[int, int, Page], Awaitable[People]]


async def followers(request: Request) -> Response:
    """`GET /@{name}/followers`"""
    return await _of_somebody(request, "followers", relationships.followers)


async def following(request: Request) -> Response:
    """`GET /@{name}/following`"""
    return await _of_somebody(request, "following", relationships.following)


async def _of_somebody(request: Request, what: str, read: Reading) -> Response:
    viewer = await _viewer(request)
    actor = await profile.named(viewer, request.path_params["name"], state.app_of(request).host)
    if actor.kind == "Group":
        return respond.redirect(f"{shown.profile(actor)}/members", 301)
    return await _page(request, viewer, actor, what, read)


async def _page(request: Request, viewer: int, actor: Actor, what: str, read: Reading) -> Response:
    """Nobody for anybody else, where somebody keeps them to themselves (attack PRI-25)."""
    hidden = bool(actor.hide_collections) and actor.id != viewer
    found = People([], False)
    if not hidden:
        found = await read(viewer, actor.id, paging.page_of(request, usual=_PEOPLE))
    people = await storage.actors.by_ids(found.ids)
    return await frame.page(
        request,
        "acquaintances.html",
        actor=actor,
        what=what,
        hidden=hidden,
        mine=what == "followers" and actor.id == viewer,
        people=[people[actor_id] for actor_id in found.ids if actor_id in people],
        older=found.cursors[-1] if found.older else 0,
    )


async def _viewer(request: Request) -> int:
    reader = await reader_of(request)
    return reader.actor.id if reader else visible.ANYBODY


routes = [
    Route("/@{name}/followers", followers),
    Route("/@{name}/following", following),
]
