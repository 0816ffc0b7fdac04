"""What one can do about somebody: follow, join, block, and take it back."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import blocks, follows
from storage import relationships
from web import auth, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import account


class Wish(msgspec.Struct, frozen=True):
    """How to follow."""

    reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


async def follow(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/follow`; of a group: join."""
    viewer = await auth.require(request, "write:follows")
    target = await subjects.actor(request)
    wish = await params.read(request, Wish)
    (before,) = await relationships.between(viewer.actor_id, [target.id])
    known = before.following or before.requested
    reblogs = wish.reblogs if wish.reblogs is not None else before.showing_reblogs or not known
    notify = wish.notify if wish.notify is not None else before.notifying
    actor = await auth.actor_of(viewer)
    languages = wish.languages if wish.languages is not None else before.languages.split()
    await follows.follow(
        state.app_of(request), actor, target.id, reblogs=reblogs, notify=notify, languages=languages
    )  # fmt: skip
    return await shown_relationship(viewer.actor_id, target.id)


async def unfollow(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/unfollow`; of a group: leave."""
    viewer = await auth.require(request, "write:follows")
    target = await subjects.actor(request)
    await follows.unfollow(state.app_of(request), await auth.actor_of(viewer), target.id)
    return await shown_relationship(viewer.actor_id, target.id)


async def remove_follower(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/remove_from_followers`"""
    viewer = await auth.require(request, "write:follows")
    target = await subjects.actor(request)
    (now,) = await relationships.between(viewer.actor_id, [target.id])
    if now.followed_by:
        await follows.reject(state.app_of(request), await auth.actor_of(viewer), target.id)
    return await shown_relationship(viewer.actor_id, target.id)


async def block(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/block`"""
    viewer = await auth.require(request, "write:blocks")
    target = await subjects.actor(request)
    await blocks.block(state.app_of(request), await auth.actor_of(viewer), target.id)
    return await shown_relationship(viewer.actor_id, target.id)


async def unblock(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/unblock`"""
    viewer = await auth.require(request, "write:blocks")
    target = await subjects.actor(request)
    await blocks.unblock(state.app_of(request), await auth.actor_of(viewer), target.id)
    return await shown_relationship(viewer.actor_id, target.id)


async def shown_relationship(viewer: int, other: int) -> Response:
    """How the viewer stands to the other now."""
    (found,) = await relationships.between(viewer, [other])
    return respond.json(account.relationship(found))


routes = [
    Route("/api/v1/accounts/{id}/follow", follow, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unfollow", unfollow, methods=["POST"]),
    Route("/api/v1/accounts/{id}/remove_from_followers", remove_follower, methods=["POST"]),
    Route("/api/v1/accounts/{id}/block", block, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unblock", unblock, methods=["POST"]),
]
