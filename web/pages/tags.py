"""The page of a tag, where tags and interests lead: people and groups behind it, and what was written under it."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.interests
import storage.tags
import storage.timelines
from fedcomm import tags
from storage import visible
from storage.actors import Actor
from web import paging, respond, state
from web.pages import filling, frame
from web.pages.readers import Plain, Reader, form, members_only, reader_of

_LINES = 25
_PEOPLE, _GROUPS = 30, 10
_LONGEST = 100  # characters of a tag


async def show(request: Request) -> Response:
    """`GET /tags/{name}`; a tag that nobody has used yet has an empty page."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    name = request.path_params["name"][:_LONGEST]
    page = paging.page_of(request, usual=_LINES)
    found = await filling.lines(viewer, page, lambda part: storage.timelines.tagged(viewer, part, [name.lower()]))
    people, groups = ([], []) if "max_id" in request.query_params else await _behind(viewer, name.lower())
    return await frame.page(
        request,
        "tag.html",
        name=name,
        people=people,
        groups=groups,
        followed=bool(reader and await storage.tags.among("tag_follow", viewer, [name.lower()])),
        lines=found.shown,
        older=found.older,
    )


async def _behind(viewer: int, name: str) -> tuple[list[Actor], list[Actor]]:
    """People who care for it, and groups that are about it."""
    people = await storage.interests.people(viewer, name, _PEOPLE)
    groups = await storage.interests.groups(viewer, name, _GROUPS)
    known = await storage.actors.by_ids(sorted({*people, *groups}))
    return [known[each] for each in people if each in known], [known[each] for each in groups if each in known]


@members_only
async def follow(request: Request, reader: Reader) -> Response:
    """`POST /tags/{name}/follow`: what is written under it for everybody comes home."""
    await form(request, Plain, reader)
    name = await tags.follow(state.app_of(request), reader.actor, request.path_params["name"])
    return respond.redirect(f"/tags/{quote(name)}")


@members_only
async def unfollow(request: Request, reader: Reader) -> Response:
    """`POST /tags/{name}/unfollow`"""
    await form(request, Plain, reader)
    name = await tags.unfollow(state.app_of(request), reader.actor, request.path_params["name"])
    return respond.redirect(f"/tags/{quote(name)}")


routes = [
    Route("/tags/{name}", show),
    Route("/tags/{name}/follow", follow, methods=["POST"]),
    Route("/tags/{name}/unfollow", unfollow, methods=["POST"]),
]
