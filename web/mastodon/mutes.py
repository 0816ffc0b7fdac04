"""`/api/v1/mutes`, `/api/v1/domain_blocks`: whom and what somebody keeps away, and their notes about others."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import clock, domain_blocks, mutes, notes
from storage import domain_blocks as blocked
from storage import mutes as muted
from storage import relationships
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.account_actions import shown_relationship
from web.mastodon.entities.account import muted_accounts


class Wish(msgspec.Struct, frozen=True):
    """How to mute; `duration` in seconds, 0 = for good."""

    notifications: bool = True
    duration: int = 0


class Note(msgspec.Struct, frozen=True):
    """What is noted about somebody."""

    comment: str = ""


class Domain(msgspec.Struct, frozen=True):
    """A server."""

    domain: str


async def mute(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/mute`"""
    viewer = await auth.require(request, "write:mutes")
    target = await subjects.actor(request)
    wish = await params.read(request, Wish)
    await mutes.mute(
        state.app_of(request), await auth.actor_of(viewer), target, notifications=wish.notifications,
        duration=wish.duration,
    )  # fmt: skip
    return await shown_relationship(viewer.actor_id, target.id)


async def unmute(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/unmute`"""
    viewer = await auth.require(request, "write:mutes")
    target = await subjects.actor(request)
    await mutes.unmute(state.app_of(request), await auth.actor_of(viewer), target)
    return await shown_relationship(viewer.actor_id, target.id)


async def everybody_muted(request: Request) -> Response:
    """`GET /api/v1/mutes`: accounts, with the time at which each mute ends (Mastodon API: "MutedAccount")."""
    viewer = await auth.require(request, "read:mutes")
    found = await muted.of(viewer.actor_id, paging.page_of(request, 40, 80), clock.now_ms())
    ends = {each.id: each.muting_expires_at for each in await relationships.between(viewer.actor_id, found.ids)}
    body = await muted_accounts(state.app_of(request).base_url, [(actor, ends[actor]) for actor in found.ids])
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older))


async def note(request: Request) -> Response:
    """`POST /api/v1/accounts/:id/note`"""
    viewer = await auth.require(request, "write:accounts")
    target = await subjects.actor(request)
    wish = await params.read(request, Note)
    await notes.write(state.app_of(request), await auth.actor_of(viewer), target, wish.comment)
    return await shown_relationship(viewer.actor_id, target.id)


async def domains(request: Request) -> Response:
    """`GET /api/v1/domain_blocks`"""
    viewer = await auth.require(request, "read:blocks")
    found = await blocked.of(viewer.actor_id, paging.page_of(request, 100, 200))
    return respond.json(found.names, headers=paging.link(request, found.cursors, found.older))


async def preview(request: Request) -> Response:
    """`GET /api/v1/domain_blocks/preview`: what a block of a server would end; Mastodon's own app for Android asks."""
    viewer = await auth.require(request, "read:blocks")
    wish = params.query(request, Domain)
    following, followers = await domain_blocks.lost(state.app_of(request), await auth.actor_of(viewer), wish.domain)
    return respond.json({"following_count": following, "followers_count": followers})


async def block_domain(request: Request) -> Response:
    """`POST /api/v1/domain_blocks`"""
    viewer = await auth.require(request, "write:blocks")
    wish = await params.read(request, Domain)
    await domain_blocks.block(state.app_of(request), await auth.actor_of(viewer), wish.domain)
    return respond.json({})


async def unblock_domain(request: Request) -> Response:
    """`DELETE /api/v1/domain_blocks`"""
    viewer = await auth.require(request, "write:blocks")
    wish = await params.read(request, Domain)
    await domain_blocks.unblock(state.app_of(request), await auth.actor_of(viewer), wish.domain)
    return respond.json({})


routes = [
    Route("/api/v1/mutes", everybody_muted),
    Route("/api/v1/accounts/{id}/mute", mute, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unmute", unmute, methods=["POST"]),
    Route("/api/v1/accounts/{id}/note", note, methods=["POST"]),
    Route("/api/v1/domain_blocks", domains),
    Route("/api/v1/domain_blocks/preview", preview),
    Route("/api/v1/domain_blocks", block_domain, methods=["POST"]),
    Route("/api/v1/domain_blocks", unblock_domain, methods=["DELETE"]),
]
