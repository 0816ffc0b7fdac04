"""The page of a group: what it is for, who looks after it, how to join from anywhere, its threads."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.collections
import storage.directory
import storage.flairs
import storage.follows
import storage.groups
import storage.join_requests
import storage.rankings
import storage.registers
import storage.relocations
from fedcomm import admit, clock, consents, invites, members, memberships, rights
from fedcomm.errors import NotFound
from fedcomm.standing import Standing
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from storage.timelines import Entry
from web import paging, params, state
from web.pages import filling, frame, syndication, threads
from web.pages.readers import reader_of
from web.pages.shown import handle

_LINES = 25
_COUNTED = 1_000  # threads
_WEEK = 7 * 86_400_000  # ms


class Sorted(msgspec.Struct, frozen=True):
    """In which order the threads stand, or which of them: those with a flair, the newest first."""

    sort: str = ""
    flair: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}` for a browser; `name@host` is a group of another server."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    page = paging.page_of(request, usual=_LINES)
    wanted = params.query(request, Sorted)
    labels = await storage.flairs.of_group(group.id)
    label = next((flair for flair in labels if flair.name == wanted.flair), None) if wanted.flair else None
    sort = wanted.sort
    sort = sort if sort in storage.rankings.SORTS else "active"
    read = partial(storage.rankings.of_group, viewer, group.id, sort)
    if label is not None:
        read = partial(storage.rankings.of_flair, viewer, label)
    begun = await filling.lines(viewer, page, read)
    standing = await members.standing(group, reader.actor) if reader else Standing()
    rules = await consents.of_group(group)
    topics, spoken = (await storage.directory.about([group.id]))[group.id]
    return await frame.page(
        request,
        "group.html",
        topics=topics,
        spoken=spoken,
        feeds=await syndication.has_feed(face, group),
        group=group,
        face=face,
        handle=handle(face, state.app_of(request).host),
        inside=await visible.inside(viewer, face.id),
        listed=(await storage.rankings.counts(viewer, [group.id], _COUNTED))[group.id],
        looking_after=await looking_after_it(group),
        rules=rules.rules,
        seal=consents.seal((rules,)),
        owed=reader is not None
        and standing.member
        and not standing.may(rights.HOLD)
        and await consents.owed(reader.actor, rules),
        inviting=reader is not None and await invites.inviting(state.app_of(request), reader.account, group),
        moderating=standing.may(rights.OVERSEE) or (bool(group.local) and reader is not None and reader.admin),
        banned=admit.banned(standing.ban),
        ban_ends=admit.banned_until(standing.ban),
        ban_reason=await _why_banned(group, reader.actor) if reader and admit.banned(standing.ban) else "",
        pinned=await _pinned(viewer, group) if "max_id" not in request.query_params else [],
        moved=await _moved(viewer, group) if "max_id" not in request.query_params else [],
        follow=await storage.follows.of(viewer, face.id) if reader else None,
        outside=await memberships.outside(standing, reader.actor, face, group) if reader else "",
        asked=await storage.join_requests.of(group.id, viewer) if reader else None,
        lines=begun.shown,
        older=begun.older,
        sort=sort,
        flairs=labels,
        flair=label,
    )


async def named(viewer: int, name: str, own_host: str = "") -> tuple[Group, Actor]:
    """The group of that name, which the viewer may see, and its face.

    Raises:
        NotFound: there is none.
    """
    username, _, host = name.partition("@")
    host = "" if host == own_host else host
    face = await storage.actors.by_handle(username, host)
    group = await storage.groups.by_actor(face.id) if face else None
    hidden = group is not None and group.visibility == "local" and viewer == visible.ANYBODY
    if face is None or group is None or hidden or not await visible.seen_actors(viewer, [face.id]):
        raise NotFound("There is no group of this name here.")
    return group, face


async def looking_after_it(group: Group) -> list[tuple[Actor, str]]:
    """Those who are known here, each with their role; stewards come last: the group is not about them."""
    roles = await members.roles(group)
    found = await storage.actors.by_uris(list(roles)[:50])
    there = [(found[uri], role) for uri, role in roles.items() if uri in found and not found[uri].gone]
    return sorted(there, key=lambda each: each[1] == rights.STEWARD)


async def _why_banned(group: Group, who: Actor) -> str:
    ban = await storage.registers.winner(group.id, "ban", who.uri)
    return ban.summary if ban is not None else ""


async def _moved(viewer: int, group: Group) -> list[threads.Line]:
    """What moderators moved into other groups within a week, as far as the viewer may see it."""
    gone = await storage.relocations.left(group.id, clock.now_ms() - _WEEK, 5) if group.local else []
    allowed = await visible.seen(viewer, gone) if gone else set()
    return await threads.lines(viewer, [Entry(0, post_id) for post_id in gone if post_id in allowed])


async def _pinned(viewer: int, group: Group) -> list[threads.Line]:
    """What stands above the other threads, as far as the viewer may see it."""
    pinned = [post.id for post in await storage.collections.pinned(group.id, viewer, beside=True)]
    allowed = await visible.seen(viewer, pinned)
    return await threads.lines(viewer, [Entry(0, post_id) for post_id in pinned if post_id in allowed])


routes = [
    Route("/c/{name}", show),
]
