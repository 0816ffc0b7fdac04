"""The page of a tag: what was written under it, where links of tags lead."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.timelines
from storage import visible
from web import paging
from web.pages import frame, threads
from web.pages.readers import reader_of

_LINES = 25
_LONGEST = 100  # characters of a tag


async def show(request: Request) -> Response:
    """`GET /tags/{name}`; a tag that nobody has used yet has an empty page."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    name = request.path_params["name"][:_LONGEST]
    found = await storage.timelines.tagged(viewer, paging.page_of(request, usual=_LINES), [name.lower()])
    return await frame.page(
        request,
        "tag.html",
        name=name,
        lines=await threads.lines(viewer, [entry.post_id for entry in found.entries]),
        older=found.oldest if found.older else 0,
    )


routes = [Route("/tags/{name}", show)]
