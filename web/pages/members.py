"""Who is in a group: all for its members, those who want to be found for others; moderators trust and take out.

Who looks after a group elsewhere is shown what its server says now, and sends there what they decide.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import holding, members, promotional, requests, rights
from fedcomm.desk import afar, lists, reading, values
from fedcomm.desk.values import AT_ONCE, LONGEST_NAME, Member, Members
from fedcomm.errors import AppError, NotFound
from fedcomm.standing import Standing
from storage import relationships, visible
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from web import paging, params, respond, state
from web.pages import frame, shown, whom
from web.pages.decisions import Decision, sent
from web.pages.group import looking_after_it, named
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import Reader, form, reader_of


class Sought(msgspec.Struct, frozen=True):
    """A part of the name of somebody; for who looks after the group."""

    q: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}/members`; of a group elsewhere those who are known here, if its server does not show them all."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    return await _page(request, reader, group, face)


@looking_after_any
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/members`: who writes without limits, and who announces; or ends a membership, which is no ban."""
    given = await form(request, Decision, place.reader)
    act = given.act or "take_out"
    try:
        if not place.group.local:
            await _send(request, place, act, given)
            return sent(place, "members", act, given.who)
        await _decide(request, place, act, given)
    except AppError as refused:
        return await _page(request, place.reader, place.group, place.face, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/members?done={act}")


async def _decide(request: Request, place: Place, act: str, given: Decision) -> None:
    app, name = state.app_of(request), place.face.username
    match act:
        case "trust":
            await holding.trust(app, name, given.id, place.by(rights.HOLD))
        case "distrust":
            await holding.distrust(app, name, given.id, place.by(rights.HOLD))
        case "mark":
            await promotional.mark(app, name, given.id, place.by(rights.HOLD))
        case "unmark":
            await promotional.unmark(app, name, given.id, place.by(rights.HOLD))
        case _:
            await requests.take_out(app, name, given.id, given.reason, place.by(rights.APPROVE))


async def _send(request: Request, place: Place, act: str, given: Decision) -> None:
    said = values.Decision(act=act, id=given.who, reason=given.reason)
    await afar.decide(state.app_of(request), place.group, place.face, place.reader.actor, said)


async def _page(
    request: Request,
    reader: Reader | None,
    group: Group,
    face: Actor,
    given: Decision = Decision(),
    refused: AppError | None = None,
) -> Response:
    viewer = reader.actor.id if reader else visible.ANYBODY
    standing = await members.standing(group, reader.actor) if reader else Standing()
    admin = bool(group.local) and reader is not None and reader.admin
    deciding = reader is not None and (admin or standing.may(rights.APPROVE))
    inside = standing.member or deciding
    if group.visibility == "members" and not inside:
        raise NotFound("There is no group of this name here.")
    page = paging.page_of(request, usual=AT_ONCE)
    found, whole = None, deciding
    if reader is not None and deciding:
        try:
            found = await _all(request, reader, group, face, page)
        except AppError as why:
            refused, whole = refused or why, False
    if found is None:
        found = await _those_known(viewer, group, face, page, everybody=inside)
    gone = request.query_params.get("decided", "")
    return await frame.with_form(
        request,
        "members.html",
        refused,
        {"cache-control": "no-store"} if deciding else None,
        group=group,
        face=face,
        given=given,
        inside=inside,
        whole=whole,
        deciding=deciding and whole,
        asks=whole and (found.ladder or found.promotion),
        announces=whole and found.promotion,
        bans=admin or standing.may(rights.BAN),
        people=[line for line in await whom.lines(found.entries) if line.told.id != gone],
        # Who looks after a group elsewhere may follow it from a server of which nothing else is known here.
        looking_after=[] if group.local or whole else await looking_after_it(group),
        older=found.older,
        sought=params.query(request, Sought).q,
        longest_name=LONGEST_NAME,
        longest=requests.MAX_REASON,
    )


async def _all(request: Request, reader: Reader, group: Group, face: Actor, page: Page) -> Members:
    """Everybody, for who looks after the group."""
    app, name = state.app_of(request), params.query(request, Sought).q[:LONGEST_NAME]
    if group.local:
        return await lists.of_members(app, group, face, page, name)
    return await reading.members_of(app, group, face, reader.actor, page, name)


async def _those_known(viewer: int, group: Group, face: Actor, page: Page, *, everybody: bool) -> Members:
    """Those whom a reader may know of here."""
    found = await relationships.members(viewer, face.id, page, everybody=everybody)
    people, roles = await storage.actors.by_ids(found.ids), await members.roles(group)
    there = [people[each] for each in found.ids if each in people]
    return Members(
        entries=tuple(Member(id=who.uri, handle=who.acct, role=roles.get(who.uri, "")) for who in there),
        older=found.cursors[-1] if found.older else 0,
    )


routes = [
    Route("/c/{name}/members", show),
    Route("/c/{name}/members", decide, methods=["POST"]),
]
