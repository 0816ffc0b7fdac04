"""`/api/v1/accounts`: who somebody is, what they wrote, whom they know."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
from fedcomm import featured, finding, requests
from fedcomm.errors import NotFound
from storage import join_requests, pins, relationships, search, timelines, visible
from storage.actors import Actor
from storage.paging import Page
from storage.relationships import People
from storage.timelines import Entry, Found
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import account, status
from web.mastodon.lists import holding

MOST_AT_ONCE = 100  # ids in one request


class Ids(msgspec.Struct, frozen=True):
    """Several accounts."""

    id: list[str] = []


class Lookup(msgspec.Struct, frozen=True):
    """An account by its handle."""

    acct: str = ""


class Search(msgspec.Struct, frozen=True):
    """Accounts by a part of their name."""

    q: str = ""
    limit: int = 40
    offset: int = 0
    resolve: bool = False
    following: bool = False


class Narrowed(msgspec.Struct, frozen=True):
    """Which of somebody's posts."""

    pinned: bool = False
    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    exclude_direct: bool = False
    tagged: str = ""


async def verify(request: Request) -> Response:
    """`GET /api/v1/accounts/verify_credentials`"""
    viewer = await auth.require(request, "profile", "read:accounts", "read:me")
    return respond.json(await shown_to_oneself(request, viewer, await auth.actor_of(viewer)))


async def one(request: Request) -> Response:
    """`GET /api/v1/accounts/:id`"""
    viewer = await auth.optional(request, "read:accounts")
    return await _single(request, viewer, await subjects.actor(request))


async def several(request: Request) -> Response:
    """`GET /api/v1/accounts?id[]=`"""
    viewer = await auth.optional(request, "read:accounts")
    ids = [subjects.identifier(text) for text in params.query(request, Ids).id[:MOST_AT_ONCE]]
    known = await subjects.show(viewer, (await storage.actors.by_ids(ids)).values())
    present = [actor.id for actor in known if not actor.gone and not subjects.unheard(request, actor)]
    return respond.json_bytes(await account.list_of(state.app_of(request).base_url, [i for i in ids if i in present]))


async def lookup(request: Request) -> Response:
    """`GET /api/v1/accounts/lookup?acct=`: somebody who is known here."""
    viewer = await auth.optional(request, "read:accounts")
    name, _, host = params.query(request, Lookup).acct.strip().lstrip("@!").lower().partition("@")
    host = "" if host == state.app_of(request).host else host
    actor = await storage.actors.by_handle(name, host) if "\0" not in name + host else None
    if actor is None or actor.gone:
        raise NotFound(subjects.MISSING)
    return await _single(request, viewer, actor)


async def find(request: Request) -> Response:
    """`GET /api/v1/accounts/search`"""
    viewer = await auth.require(request, "read:accounts")
    wanted = params.query(request, Search)
    app = state.app_of(request)
    text = wanted.q.strip().removesuffix(f"@{app.host}")
    limit, offset = max(1, min(wanted.limit, 80)), max(0, wanted.offset)
    found = await search.actors(viewer.actor_id, text, limit, offset, followed=wanted.following)
    if not found and wanted.resolve and not offset:
        resolved = await finding.resolve(app, text)
        found = [resolved[1]] if resolved and resolved[0] == "actor" else []
    return respond.json_bytes(await account.list_of(app.base_url, found))


async def relations(request: Request) -> Response:
    """`GET /api/v1/accounts/relationships?id[]=`"""
    viewer = await auth.require(request, "read:follows")
    ids = [subjects.identifier(text) for text in params.query(request, Ids).id[:MOST_AT_ONCE]]
    known = await storage.actors.by_ids(ids)
    found = await relationships.between(viewer.actor_id, [i for i in dict.fromkeys(ids) if i in known])
    return respond.json([account.relationship(each) for each in found])


async def statuses(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/statuses`; of a group what begins threads in it, as its boosts."""
    viewer = await auth.optional(request, "read:statuses")
    actor = await subjects.actor(request)
    wanted = params.query(request, Narrowed)
    found = Found([], False)
    if wanted.pinned:
        if viewer is not None:
            await featured.ask(state.app_of(request), actor)
        entries = [Entry(post.id, post.id) for post in await pins.of(subjects.id_of(viewer), actor.id)]
        found = Found(entries if not paging.page_of(request).before else [], False)
    elif await visible.seen_actors(subjects.id_of(viewer), [actor.id]):
        found = await timelines.of_actor(
            subjects.id_of(viewer), actor.id, paging.page_of(request), boosts=not wanted.exclude_reblogs,
            replies=not wanted.exclude_replies, media=wanted.only_media, tag=wanted.tagged.lstrip("#").lower(),
            group=actor.kind == "Group", direct=not wanted.exclude_direct,
        )  # fmt: skip
    body = await status.page(state.app_of(request).base_url, subjects.id_of(viewer), found.entries, found.flags)
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older))


async def followers(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/followers`; of a group its members."""
    viewer = await auth.optional(request, "read:accounts")
    actor = await subjects.actor(request)
    return await _acquaintances(request, viewer, actor, relationships.followers)


async def following(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/following`"""
    viewer = await auth.optional(request, "read:accounts")
    actor = await subjects.actor(request)
    return await _acquaintances(request, viewer, actor, relationships.following)


async def _acquaintances(request: Request, viewer: Viewer | None, actor: Actor, read: Any) -> Response:
    """Nobody for anybody else, where somebody keeps them to themselves or their server is not heard."""
    hidden = actor.hide_collections and subjects.id_of(viewer) != actor.id
    if hidden or subjects.unheard(request, actor):
        return await people(request, People([], False))
    return await people(request, await read(subjects.id_of(viewer), actor.id, paging.page_of(request, 40, 80)))


async def lists(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/lists`: those the viewer put them in; of a joined group its own."""
    viewer = await auth.require(request, "read:lists")
    actor = await subjects.actor(request)
    return respond.json(await holding(viewer, actor.id))


async def shown_to_oneself(request: Request, viewer: Viewer, actor: Actor) -> dict[str, Any]:
    """The account of the viewer, with what only they may know.

    Raises:
        NotFound: they are gone.
    """
    row = await storage.accounts.by_id(viewer.account_id)
    if row is None:
        raise NotFound(subjects.MISSING)
    waiting = await join_requests.to_decide(actor.id, await requests.deciding(actor), Page(limit=80))
    moved_to = await storage.actors.by_id(actor.moved_to_id) if actor.moved_to_id else None
    base = state.app_of(request).base_url
    pictures = (await account.emojis_of(base, [actor])).get(actor.id, [])
    return account.credentials(base, actor, row, len(waiting.entries), moved_to, pictures)


async def people(request: Request, found: People) -> Response:
    """A page of accounts."""
    body = await account.list_of(state.app_of(request).base_url, found.ids)
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older))


async def _single(request: Request, viewer: Viewer | None, actor: Actor) -> Response:
    """One account.

    Raises:
        NotFound: they are of a server that is not heard, or a group for this server alone and the viewer is not of it.
    """
    if subjects.unheard(request, actor) or not await subjects.show(viewer, [actor]):
        raise NotFound(subjects.MISSING)
    base = state.app_of(request).base_url
    return respond.json_bytes((await account.accounts(base, [actor.id]))[actor.id])


routes = [
    Route("/api/v1/accounts", several),
    Route("/api/v1/accounts/verify_credentials", verify),
    Route("/api/v1/accounts/lookup", lookup),
    Route("/api/v1/accounts/search", find),
    Route("/api/v1/accounts/relationships", relations),
    Route("/api/v1/accounts/{id}", one),
    Route("/api/v1/accounts/{id}/statuses", statuses),
    Route("/api/v1/accounts/{id}/followers", followers),
    Route("/api/v1/accounts/{id}/following", following),
    Route("/api/v1/accounts/{id}/lists", lists),
]
