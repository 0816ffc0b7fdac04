"""`/api/v1/timelines`: posts in the order of time."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.lists
from fedcomm.unanswered import Queue
from storage import rankings, timelines, unanswered
from storage.lists import List
from storage.timelines import Found
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import status
from web.mastodon.lists import opened

MOST_TRENDS = 100  # before those that are asked for
MOST_TAGS = 4  # in each of any, all and none


class Narrowed(msgspec.Struct, frozen=True):
    """Which public posts."""

    local: bool = False
    remote: bool = False
    only_media: bool = False


class Part(msgspec.Struct, frozen=True):
    """Which part of a list that has no cursors."""

    limit: int = 20
    offset: int = 0


class Sorted(msgspec.Struct, frozen=True):
    """The order of a group's list."""

    sort: str = ""


class Tags(msgspec.Struct, frozen=True):
    """Other tags that count."""

    any: list[str] = []
    all: list[str] = []
    none: list[str] = []


async def home(request: Request) -> Response:
    """`GET /api/v1/timelines/home`"""
    viewer = await auth.require(request, "read:statuses")
    return await shown(request, viewer, await timelines.home(viewer.actor_id, paging.page_of(request)))


async def public(request: Request) -> Response:
    """`GET /api/v1/timelines/public`"""
    viewer = await auth.optional(request, "read:statuses")
    wanted = params.query(request, Narrowed)
    found = await timelines.public(
        subjects.id_of(viewer), paging.page_of(request), local=wanted.local, remote=wanted.remote,
        media=wanted.only_media,
    )  # fmt: skip
    return await shown(request, viewer, found)


async def direct(request: Request) -> Response:
    """`GET /api/v1/timelines/direct`"""
    viewer = await auth.require(request, "read:statuses")
    return await shown(request, viewer, await timelines.direct(viewer.actor_id, paging.page_of(request)))


async def tag(request: Request) -> Response:
    """`GET /api/v1/timelines/tag/:hashtag`"""
    viewer = await auth.optional(request, "read:statuses")
    wanted, tags = params.query(request, Narrowed), params.query(request, Tags)
    names = [request.path_params["hashtag"], *tags.any[:MOST_TAGS]]
    found = await timelines.tagged(
        subjects.id_of(viewer), paging.page_of(request), _names(names), _names(tags.all[:MOST_TAGS]),
        _names(tags.none[:MOST_TAGS]), local=wanted.local, remote=wanted.remote, media=wanted.only_media,
    )  # fmt: skip
    return await shown(request, viewer, found)


async def trends(request: Request) -> Response:
    """`GET /api/v1/trends/statuses`: threads in which people talk, whatever was only looked at or liked."""
    viewer = await auth.optional(request)
    part = params.query(request, Part)
    limit, offset = max(1, min(part.limit, 40)), max(0, min(part.offset, MOST_TRENDS))
    entries = await rankings.trending(subjects.id_of(viewer), offset + limit)
    return await shown(request, viewer, Found(entries[offset:], False), paged=False)


async def one_list(request: Request) -> Response:
    """`GET /api/v1/timelines/list/:id`: of those in it; of a group what begins threads in it, or waits there.

    `sort` (one of `storage.rankings.SORTS`) says in which order for this once, instead of that which the member wants.
    """
    viewer = await auth.require(request, "read:lists")
    list_id, page = params.number(request), paging.page_of(request)
    found = await opened(state.app_of(request), viewer, list_id)
    if isinstance(found, List):
        return await shown(request, viewer, await timelines.of_list(found, page))
    if isinstance(found, Queue):
        return await shown(request, viewer, await unanswered.newest(viewer.actor_id, list_id, page))
    wish = (await storage.lists.group_lists(viewer.actor_id)).get(found.actor_id)
    asked = params.query(request, Sorted).sort
    sort = asked if asked in rankings.SORTS else wish.sort if wish else "new"
    return await shown(request, viewer, await rankings.of_group(viewer.actor_id, found.id, sort, page))


async def favourites(request: Request) -> Response:
    """`GET /api/v1/favourites`"""
    viewer = await auth.require(request, "read:favourites")
    return await shown(request, viewer, await timelines.liked(viewer.actor_id, paging.page_of(request)))


async def bookmarks(request: Request) -> Response:
    """`GET /api/v1/bookmarks`"""
    viewer = await auth.require(request, "read:bookmarks")
    return await shown(request, viewer, await timelines.bookmarked(viewer.actor_id, paging.page_of(request)))


async def shown(request: Request, viewer: Viewer | None, found: Found, *, paged: bool = True) -> Response:
    """A page of posts; what is not `paged` by cursors has no links to others."""
    body = await status.page(state.app_of(request).base_url, subjects.id_of(viewer), found.entries, found.flags)
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older) if paged else {})


def _names(tags: list[str]) -> list[str]:
    return [tag.lstrip("#").lower() for tag in tags]


routes = [
    Route("/api/v1/timelines/home", home),
    Route("/api/v1/timelines/public", public),
    Route("/api/v1/timelines/direct", direct),
    Route("/api/v1/timelines/tag/{hashtag}", tag),
    Route("/api/v1/timelines/list/{id}", one_list),
    Route("/api/v1/trends/statuses", trends),
    Route("/api/v1/favourites", favourites),
    Route("/api/v1/bookmarks", bookmarks),
]
