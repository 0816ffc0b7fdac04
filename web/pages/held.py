"""Posts that wait before they are in a group, and what moderators decide: let in, let in and trust, turn away.

Also whom they trust there, and whose threads all are announcements to them.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.held
import storage.registers
from fedcomm import first_days, holding, promotional, rights
from fedcomm.errors import AppError
from storage.actors import Actor
from storage.groups import Group
from storage.held import NEWCOMER
from web import state
from web.pages import decisions, find, frame
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after

_MOST = 50  # posts on the page; the next come up when these are decided


@looking_after
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/held`"""
    place.by(rights.HOLD)
    return await _page(request, place)


@looking_after
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/held`"""
    app, name, by = state.app_of(request), place.face.username, place.by(rights.HOLD)

    async def mark(given: Decision) -> None:
        who = given.id or (await find.somebody(app, place.reader.actor.id, given.who)).id
        await promotional.mark(app, name, who, by)

    return await decisions.taken(
        request,
        place,
        "held",
        {
            "release": lambda given: holding.release(app, name, given.id, by),
            "trust": lambda given: holding.release(app, name, given.id, by, trust=True),
            "refuse": lambda given: holding.refuse(app, name, given.id, by, given.reason),
            "refuse_all": lambda given: holding.refuse(app, name, given.id, by, given.reason, everything=True),
            "distrust": lambda given: holding.distrust(app, name, given.id, by),
            "mark": mark,
            "unmark": lambda given: promotional.unmark(app, name, given.id, by),
        },
        partial(_page, request, place),
    )


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    waiting = await holding.waiting(place.group, _MOST)
    return await frame.with_form(
        request,
        "held.html",
        refused,
        group=place.group,
        face=place.face,
        given=given,
        waiting=waiting,
        newcomer=NEWCOMER,
        ends=await first_days.of(place.group, [each.author for each in waiting if each.held.kind in NEWCOMER]),
        count=await storage.held.count(place.group.id),
        trusted=await marked(place.group, "trusted"),
        promotional=await marked(place.group, "promotional"),
        longest=holding.MAX_REASON,
    )


async def marked(group: Group, property_: str) -> list[Actor]:
    """Whom a group's moderators trust (`trusted`) or marked as `promotional`, of those who are still there."""
    uris = [register.subject for register in await storage.registers.all_of(group.id, property_)]
    found = await storage.actors.by_uris(uris)
    return [found[uri] for uri in uris if uri in found and not found[uri].gone]


routes = [
    Route("/c/{name}/held", show),
    Route("/c/{name}/held", decide, methods=["POST"]),
]
