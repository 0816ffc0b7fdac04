"""The page of a group: what it is for, who looks after it, how to join from anywhere, its threads."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.collections
import storage.follows
import storage.groups
import storage.rankings
from fedcomm import admit, consents, follows, invites, joining, members, rights
from fedcomm.errors import Invalid, NotFound
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from storage.timelines import Entry
from web import errors, headers, paging, params, respond, state
from web.pages import filling, frame, threads
from web.pages.readers import Plain, Reader, form, members_only, reader_of
from web.pages.shown import handle, profile

_LINES = 25


class Joining(msgspec.Struct, frozen=True):
    """A click on the button below the rules, which rules these were, and with which invitation, if any."""

    read: str = ""
    invitation: str = ""
    csrf: str = ""


class Sorted(msgspec.Struct, frozen=True):
    """In which order the threads stand."""

    sort: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}` for a browser; `name@host` is a group of another server."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    page = paging.page_of(request, usual=_LINES)
    sort = params.query(request, Sorted).sort
    sort = sort if sort in storage.rankings.SORTS else "active"
    begun = await filling.lines(viewer, page, partial(storage.rankings.of_group, viewer, group.id, sort))
    standing = await members.standing(group, reader.actor) if reader else admit.Standing()
    rules = await consents.of_group(group)
    return await frame.page(
        request,
        "group.html",
        group=group,
        face=face,
        handle=handle(face, state.app_of(request).host),
        started=await storage.collections.count_threads(group.id),  # the counter of the group knows no removals
        looking_after=await _looking_after(group),
        rules=rules.rules,
        seal=consents.seal((rules,)),
        owed=reader is not None and standing.member and await consents.owed(reader.actor, rules),
        inviting=reader is not None and await invites.inviting(state.app_of(request), reader.account, group),
        moderating=bool(group.local) and (standing.may(rights.OVERSEE) or (reader is not None and reader.admin)),
        banned=admit.banned(standing.ban),
        pinned=await _pinned(viewer, group) if "max_id" not in request.query_params else [],
        follow=await storage.follows.of(viewer, face.id) if reader else None,
        lines=begun.shown,
        older=begun.older,
        sort=sort,
    )


async def ways(request: Request) -> Response:
    """`GET /c/{name}/join`: how to join, from here and from any other server."""
    return await _ways(request)


@members_only
async def join(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/join`: who has not read the present rules is shown them."""
    given = await form(request, Joining, reader)
    group, face = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    try:
        await joining.join(state.app_of(request), reader.actor, group, given.read, given.invitation)
    except Invalid as changed:
        return await _ways(request, changed)
    return respond.redirect(profile(face))


@members_only
async def leave(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/leave`"""
    await form(request, Plain, reader)
    _group, face = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    await follows.unfollow(state.app_of(request), reader.actor, face.id)
    return respond.redirect(profile(face))


async def named(viewer: int, name: str, own_host: str = "") -> tuple[Group, Actor]:
    """The group of that name, which the viewer may see, and its face.

    Raises:
        NotFound: there is none.
    """
    username, _, host = name.partition("@")
    host = "" if host == own_host else host
    face = await storage.actors.by_handle(username, host)
    group = await storage.groups.by_actor(face.id) if face else None
    if face is None or group is None or not await visible.seen_actors(viewer, [face.id]):
        raise NotFound("There is no group of this name here.")
    return group, face


async def moderates(group: Group, actor: Actor) -> bool:
    """Whether somebody takes posts out of a group, locks and pins its threads."""
    return (await members.standing(group, actor)).may(rights.REMOVE)


async def _ways(request: Request, problem: Invalid | None = None) -> Response:
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    rules = await consents.of_group(group)
    return await frame.page(
        request,
        "join.html",
        errors.status_of(problem) if problem else 200,
        {"content-security-policy": headers.CONSENT_POLICY},  # the form leads to the visitor's server
        form=True,
        group=group,
        face=face,
        handle=handle(face, state.app_of(request).host),
        follow=await storage.follows.of(viewer, face.id) if reader else None,
        rules=rules.rules,
        seal=consents.seal((rules,)),
        problem=problem,
    )


async def _looking_after(group: Group) -> list[tuple[Actor, str]]:
    """Those who are known here, each with their role."""
    roles = await members.roles(group)
    found = await storage.actors.by_uris(list(roles)[:50])
    return [(found[uri], role) for uri, role in roles.items() if uri in found and not found[uri].gone]


async def _pinned(viewer: int, group: Group) -> list[threads.Line]:
    """What stands above the other threads, as far as the viewer may see it."""
    pinned = [post.id for post in await storage.collections.pinned(group.id)]
    allowed = await visible.seen(viewer, pinned)
    return await threads.lines(viewer, [Entry(0, post_id) for post_id in pinned if post_id in allowed])


routes = [
    Route("/c/{name}", show),
    Route("/c/{name}/join", ways),
    Route("/c/{name}/join", join, methods=["POST"]),
    Route("/c/{name}/leave", leave, methods=["POST"]),
]
