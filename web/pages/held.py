"""Posts that wait before they are in a group, and what moderators decide: let in, let in and trust, turn away."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.held
import storage.registers
from fedcomm import holding, rights
from fedcomm.errors import AppError, Invalid
from storage.actors import Actor
from storage.groups import Group
from web import respond, state
from web.pages import frame, shown
from web.pages.moderating import Place, looking_after
from web.pages.readers import form

_MOST = 50  # posts on the page; the next come up when these are decided


class Decision(msgspec.Struct, frozen=True):
    """What is decided about what waits under which number (of whom is trusted: about whom), and why."""

    act: str = ""
    id: int = 0
    reason: str = ""
    csrf: str = ""


@looking_after
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/held`"""
    place.by(rights.HOLD)
    return await _page(request, place)


@looking_after
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/held`"""
    given = await form(request, Decision, place.reader)
    app, name, by = state.app_of(request), place.face.username, place.by(rights.HOLD)
    try:
        match given.act:
            case "release" | "trust":
                await holding.release(app, name, given.id, by, trust=given.act == "trust")
            case "refuse" | "refuse_all":
                await holding.refuse(app, name, given.id, by, given.reason, everything=given.act == "refuse_all")
            case "distrust":
                await holding.distrust(app, name, given.id, by)
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _page(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/held?done={given.act}")


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    return await frame.with_form(
        request,
        "held.html",
        refused,
        group=place.group,
        face=place.face,
        given=given,
        waiting=await holding.waiting(place.group, _MOST),
        count=await storage.held.count(place.group.id),
        trusted=await trusted(place.group),
        longest=holding.MAX_REASON,
    )


async def trusted(group: Group) -> list[Actor]:
    """Whom a group's moderators trust, of those who are still there."""
    uris = [register.subject for register in await storage.registers.all_of(group.id, "trusted")]
    found = await storage.actors.by_uris(uris)
    return [found[uri] for uri in uris if uri in found and not found[uri].gone]


routes = [
    Route("/c/{name}/held", show),
    Route("/c/{name}/held", decide, methods=["POST"]),
]
