"""`/api/v1/tags`, `/api/v1/followed_tags`, `/api/v1/featured_tags`: tags by themselves, in home and on profiles."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.tags
from fedcomm import clock, tags
from storage import visible
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import small

SUGGESTED = 10


class Wish(msgspec.Struct, frozen=True):
    """A tag."""

    name: str


async def shown(request: Request, viewer: Viewer | None, names: Sequence[str]) -> list[dict[str, Any]]:
    """Tags with how they were used lately, and what the viewer has to do with them."""
    actor_id = subjects.id_of(viewer)
    histories = await storage.tags.history(names, clock.now_ms())
    following = await storage.tags.among("tag_follow", actor_id, names)
    featuring = await storage.tags.among("featured_tag", actor_id, names)
    base = state.app_of(request).base_url
    return [
        small.tag(base, name, histories[name], following=name in following, featuring=name in featuring)
        for name in names
    ]


async def one(request: Request) -> Response:
    """`GET /api/v1/tags/:name`: any tag exists, whether or not somebody used it."""
    viewer = await auth.optional(request, "read:follows", "read")
    name = request.path_params["name"].lstrip("#").lower()
    return respond.json((await shown(request, viewer, [name]))[0])


async def follow(request: Request) -> Response:
    """`POST /api/v1/tags/:name/follow`"""
    return await _done(request, "write:follows", tags.follow)


async def unfollow(request: Request) -> Response:
    """`POST /api/v1/tags/:name/unfollow`"""
    return await _done(request, "write:follows", tags.unfollow)


async def feature(request: Request) -> Response:
    """`POST /api/v1/tags/:name/feature`"""
    return await _done(request, "write:accounts", tags.feature)


async def unfeature(request: Request) -> Response:
    """`POST /api/v1/tags/:name/unfeature`"""
    return await _done(request, "write:accounts", tags.unfeature)


async def followed(request: Request) -> Response:
    """`GET /api/v1/followed_tags`"""
    viewer = await auth.require(request, "read:follows")
    found = await storage.tags.followed(viewer.actor_id, paging.page_of(request, 100, 200))
    body = await shown(request, viewer, found.names)
    return respond.json(body, headers=paging.link(request, found.cursors, found.older))


async def featured(request: Request) -> Response:
    """`GET /api/v1/featured_tags`"""
    viewer = await auth.require(request, "read:accounts")
    return respond.json(await featured_by(request, viewer.actor_id))


async def featured_of(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/featured_tags`"""
    viewer = await auth.optional(request, "read:accounts")
    actor = await subjects.actor(request)
    seen = await visible.seen_actors(subjects.id_of(viewer), [actor.id])
    return respond.json(await featured_by(request, actor.id) if seen else [])


async def put_on_profile(request: Request) -> Response:
    """`POST /api/v1/featured_tags`"""
    viewer = await auth.require(request, "write:accounts")
    wish = await params.read(request, Wish)
    name = await tags.feature(state.app_of(request), await auth.actor_of(viewer), wish.name)
    return respond.json(next(each for each in await featured_by(request, viewer.actor_id) if each["name"] == name))


async def take_off_profile(request: Request) -> Response:
    """`DELETE /api/v1/featured_tags/:id`"""
    viewer = await auth.require(request, "write:accounts")
    await tags.unfeature_by_id(state.app_of(request), await auth.actor_of(viewer), params.number(request))
    return respond.json({})


async def suggested(request: Request) -> Response:
    """`GET /api/v1/featured_tags/suggestions`: what the viewer uses most."""
    viewer = await auth.require(request, "read:accounts")
    return respond.json(await shown(request, viewer, await storage.tags.most_used(viewer.actor_id, SUGGESTED)))


async def _done(request: Request, scope: str, act: Any) -> Response:
    viewer = await auth.require(request, scope)
    name = await act(state.app_of(request), await auth.actor_of(viewer), request.path_params["name"])
    return respond.json((await shown(request, viewer, [name]))[0])


async def featured_by(request: Request, actor_id: int) -> list[dict[str, Any]]:
    """The tags that somebody shows on their profile."""
    base = state.app_of(request).base_url
    return [small.featured_tag(base, each) for each in await storage.tags.featured(actor_id)]


routes = [
    Route("/api/v1/tags/{name}", one),
    Route("/api/v1/tags/{name}/follow", follow, methods=["POST"]),
    Route("/api/v1/tags/{name}/unfollow", unfollow, methods=["POST"]),
    Route("/api/v1/tags/{name}/feature", feature, methods=["POST"]),
    Route("/api/v1/tags/{name}/unfeature", unfeature, methods=["POST"]),
    Route("/api/v1/followed_tags", followed),
    Route("/api/v1/featured_tags", featured),
    Route("/api/v1/featured_tags", put_on_profile, methods=["POST"]),
    Route("/api/v1/featured_tags/suggestions", suggested),
    Route("/api/v1/featured_tags/{id}", take_off_profile, methods=["DELETE"]),
    Route("/api/v1/accounts/{id}/featured_tags", featured_of),
]
