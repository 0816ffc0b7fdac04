"""The front page: who we are, the groups here, the newest threads."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.timelines
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from web import paging
from web.pages import bulletins, filling, frame, shown
from web.pages.readers import reader_of

_LINES = 20


async def show(request: Request) -> Response:
    """`GET /` for a browser."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    page = paging.page_of(request, usual=_LINES)
    newest = await filling.lines(viewer, page, partial(storage.timelines.public, viewer))
    return await frame.page(
        request,
        "home.html",
        groups=await _groups(viewer),
        bulletins=await bulletins.unread(request, reader),
        joined=await _joined(viewer) if reader else [],
        older=newest.older,
        lines=newest.shown,
    )


async def _groups(viewer: int) -> list[tuple[Group, Actor]]:
    groups = [group for group in await storage.groups.here() if group.visibility == "public"]
    seen = await visible.seen_actors(viewer, [group.actor_id for group in groups])
    faces = await storage.actors.by_ids(sorted(seen))
    return [(group, faces[group.actor_id]) for group in groups if group.actor_id in faces]


async def _joined(viewer: int) -> list[Actor]:
    """The faces of the groups somebody is in, here and elsewhere, by name."""
    ids = await visible.seen_actors(viewer, await storage.timelines.joined_groups(viewer))
    return sorted((await storage.actors.by_ids(sorted(ids))).values(), key=lambda face: shown.name(face).casefold())


routes = [Route("/", show)]
