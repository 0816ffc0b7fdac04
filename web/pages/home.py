"""The front page: who we are, the groups here, the newest threads."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.rankings
import storage.timelines
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from web import paging, params
from web.pages import bulletins, filling, frame, shown
from web.pages.readers import reader_of

_LINES = 20


class Sorted(msgspec.Struct, frozen=True):
    """In which order the threads stand: the newest first, or those in which many talk (`hot`)."""

    sort: str = ""


async def show(request: Request) -> Response:
    """`GET /` for a browser."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    page = paging.page_of(request, usual=_LINES)
    sort = "hot" if params.query(request, Sorted).sort == "hot" else "new"
    read = storage.rankings.moving if sort == "hot" else storage.timelines.public
    listed = await filling.lines(viewer, page, partial(read, viewer))
    return await frame.page(
        request,
        "home.html",
        groups=await _groups(viewer),
        bulletins=await bulletins.unread(request, reader),
        joined=await _joined(viewer) if reader else [],
        older=listed.older,
        lines=listed.shown,
        sort=sort,
    )


async def _groups(viewer: int) -> list[tuple[Group, Actor, int]]:
    """The public groups here with their faces, and how many threads are in their lists."""
    groups = [group for group in await storage.groups.here() if group.visibility == "public"]
    seen = await visible.seen_actors(viewer, [group.actor_id for group in groups])
    faces = await storage.actors.by_ids(sorted(seen))
    listed = await storage.rankings.counts(viewer, [group.id for group in groups])
    return [(group, faces[group.actor_id], listed[group.id]) for group in groups if group.actor_id in faces]


async def _joined(viewer: int) -> list[Actor]:
    """The faces of the groups somebody is in, here and elsewhere, by name."""
    ids = await visible.seen_actors(viewer, await storage.timelines.joined_groups(viewer))
    return sorted((await storage.actors.by_ids(sorted(ids))).values(), key=lambda face: shown.name(face).casefold())


routes = [Route("/", show)]
