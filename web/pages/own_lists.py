"""What a member reads: home, bookmarks, favourites."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.timelines
from storage.paging import Page
from storage.timelines import Found
from web import paging
from web.pages import bulletins, filling, frame, places
from web.pages.readers import Reader, members_only

_POSTS = 20
Reading = Callable[[int, Page], Awaitable[Found]]


@members_only
async def home(request: Request, reader: Reader) -> Response:
    """`GET /home`: what those whom one follows write and pass on, and threads of one's groups."""
    return await _page(request, reader, "home", storage.timelines.home)


@members_only
async def bookmarks(request: Request, reader: Reader) -> Response:
    """`GET /bookmarks`"""
    return await _page(request, reader, "bookmarks", storage.timelines.bookmarked)


@members_only
async def favourites(request: Request, reader: Reader) -> Response:
    """`GET /favourites`: what one has liked."""
    return await _page(request, reader, "favourites", storage.timelines.liked)


async def _page(request: Request, reader: Reader, name: str, read: Reading) -> Response:
    page = paging.page_of(request, usual=_POSTS)
    context = "home" if name == "home" else ""
    found = await filling.posts(reader.actor.id, page, partial(read, reader.actor.id), context)
    return await frame.page(
        request,
        f"own/{name}.html",
        bulletins=await bulletins.unread(request, reader) if name == "home" else [],
        nodes=found.shown,
        older=found.older,
        back=places.hidden(name, page.before),
    )


routes = [
    Route("/home", home),
    Route("/bookmarks", bookmarks),
    Route("/favourites", favourites),
]
