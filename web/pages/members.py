"""Who is in a group: all for its members, those who want to be found for others; moderators trust and take out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.members
from fedcomm import holding, members, promotional, requests, rights
from fedcomm.admit import Standing
from fedcomm.errors import AppError, NotFound
from storage import relationships, visible
from storage.actors import Actor
from storage.groups import Group
from web import paging, respond, state
from web.pages import frame, held, shown
from web.pages.decisions import Decision
from web.pages.group import looking_after_it, named
from web.pages.looking_after import Place, looking_after
from web.pages.readers import Reader, form, reader_of

_PEOPLE = 40


async def show(request: Request) -> Response:
    """`GET /c/{name}/members`; of a group elsewhere those who are known here."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    return await _page(request, reader, group, face)


@looking_after
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/members`: who writes without limits, and who announces; or ends a membership, which is no ban."""
    given = await form(request, Decision, place.reader)
    app, name = state.app_of(request), place.face.username
    try:
        match given.act:
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
    except AppError as refused:
        return await _page(request, place.reader, place.group, place.face, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/members?done={given.act or 'removed'}")


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
    deciding = bool(group.local) and reader is not None and (reader.admin or standing.may(rights.APPROVE))
    inside = standing.member or deciding
    if group.visibility == "members" and not inside:
        raise NotFound("There is no group of this name here.")
    page = paging.page_of(request, usual=_PEOPLE)
    found = await relationships.members(viewer, face.id, page, everybody=inside)
    people = await storage.actors.by_ids(found.ids)
    roles = await members.roles(group)
    asks = deciding and bool(group.ladder or group.promotion)
    marks = ("trusted", "promotional")
    marked = {each: {who.id for who in await held.marked(group, each)} if deciding else set() for each in marks}
    return await frame.with_form(
        request,
        "members.html",
        refused,
        group=group,
        face=face,
        given=given,
        inside=inside,
        deciding=deciding,
        asks=asks,
        announces=deciding and bool(group.promotion),
        trusted=marked["trusted"],
        promotional=marked["promotional"],
        people=[(people[each], roles.get(people[each].uri, "")) for each in found.ids if each in people],
        # Who looks after a group elsewhere may follow it from a server of which nothing else is known here.
        looking_after=[] if group.local else await looking_after_it(group),
        older=found.cursors[-1] if found.older else 0,
        longest=requests.MAX_REASON,
    )


routes = [
    Route("/c/{name}/members", show),
    Route("/c/{name}/members", decide, methods=["POST"]),
]
