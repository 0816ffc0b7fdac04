"""What one can do about a post: vote for it, pass it on, put it aside; and who did."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import bookmarks, boosts, pins, reactions, thread_mutes
from fedcomm.app import App
from storage import relationships
from storage.actors import Actor
from storage.timelines import Entry
from web import auth, paging, params, state
from web.mastodon import subjects
from web.mastodon.accounts import people
from web.mastodon.entities.status import VISIBILITIES
from web.mastodon.statuses import answer, visibility_of

Act = Callable[[App, Actor, int], Awaitable[object]]


class Boost(msgspec.Struct, frozen=True):
    """For whom a boost is."""

    visibility: str = ""


async def reblog(request: Request) -> Response:
    """`POST /api/v1/statuses/:id/reblog`: answers the boost, with the post in it."""
    viewer = await auth.require(request, "write:statuses")
    entry = await subjects.entry(request, viewer)
    wish = await params.read(request, Boost)
    visibility = VISIBILITIES.index(visibility_of(wish.visibility))
    boost_id = await boosts.boost(state.app_of(request), await auth.actor_of(viewer), entry.post_id, visibility)
    return await answer(request, viewer, Entry(boost_id, entry.post_id, viewer.actor_id))


async def favourited_by(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/favourited_by`"""
    viewer = await auth.optional(request, "read:accounts")
    entry = await subjects.entry(request, viewer)
    page = paging.page_of(request, 40, 80)
    return await people(request, await relationships.liked_by(subjects.id_of(viewer), entry.post_id, page))


async def reblogged_by(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/reblogged_by`"""
    viewer = await auth.optional(request, "read:accounts")
    entry = await subjects.entry(request, viewer)
    page = paging.page_of(request, 40, 80)
    return await people(request, await relationships.boosted_by(subjects.id_of(viewer), entry.post_id, page))


def _acting(scope: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that does `act` and answers the post."""

    async def endpoint(request: Request) -> Response:
        viewer = await auth.require(request, scope)
        entry = await subjects.entry(request, viewer)
        await act(state.app_of(request), await auth.actor_of(viewer), entry.post_id)
        return await answer(request, viewer, Entry(entry.post_id, entry.post_id))

    return endpoint


_ACTS: tuple[tuple[str, str, Act], ...] = (
    ("favourite", "write:favourites", reactions.like),
    ("unfavourite", "write:favourites", reactions.unlike),
    ("unreblog", "write:statuses", boosts.unboost),
    ("bookmark", "write:bookmarks", bookmarks.add),
    ("unbookmark", "write:bookmarks", bookmarks.remove),
    ("pin", "write:accounts", pins.pin),
    ("unpin", "write:accounts", pins.unpin),
    ("mute", "write:mutes", thread_mutes.mute),
    ("unmute", "write:mutes", thread_mutes.unmute),
)

routes = [
    Route("/api/v1/statuses/{id}/reblog", reblog, methods=["POST"]),
    Route("/api/v1/statuses/{id}/favourited_by", favourited_by),
    Route("/api/v1/statuses/{id}/reblogged_by", reblogged_by),
    *(Route(f"/api/v1/statuses/{{id}}/{verb}", _acting(scope, act), methods=["POST"]) for verb, scope, act in _ACTS),
]
