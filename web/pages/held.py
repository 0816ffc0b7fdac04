"""Posts that wait before they are in a group, and what moderators decide: let in, let in and trust, turn away.

Also whom they trust there, and whose threads all are announcements to them.
"""

from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.held
import storage.registers
from fedcomm import holding, lapses, promotional, rights
from fedcomm.desk import afar, reading, values
from fedcomm.errors import AppError
from storage.actors import Actor
from storage.groups import Group
from web import respond, state
from web.pages import decisions, find, frame, shown
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form

_MOST = 50  # posts on the page; the next come up when these are decided


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/held`; of a group elsewhere without the post `decided`, of which its server may not know yet."""
    place.by(rights.HOLD)
    return await (_page(request, place) if place.group.local else _page_afar(request, place))


@looking_after_any
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/held`"""
    if not place.group.local:
        return await _decide_afar(request, place)
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
        ends=await lapses.of(
            state.app_of(request), place.group, [each.held for each in waiting], [each.author for each in waiting]
        ),
        count=await storage.held.count(place.group.id),
        trusted=await marked(place.group, "trusted"),
        promotional=await marked(place.group, "promotional"),
        longest=holding.MAX_REASON,
    )


async def _decide_afar(request: Request, place: Place) -> Response:
    given = await form(request, Decision, place.reader)
    app, by = state.app_of(request), place.reader.actor
    try:
        about = str(given.id) if given.id else given.who.strip()
        if given.act == "mark":
            about = (await find.somebody(app, by.id, about)).uri
        said = values.Decision(act=given.act, id=about, reason=given.reason)
        await afar.decide(app, place.group, place.face, by, said)
    except AppError as refused:
        return await _page_afar(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/held?{urlencode({'done': given.act, 'decided': about})}")


async def _page_afar(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    """What waits, as the server of the group says now: texts of strangers, told by another."""
    waiting = values.Waiting()
    try:
        there = await reading.read(state.app_of(request), place.group, place.face, place.reader.actor, rights.HOLD)
        waiting = reading.clean(there.waiting)
    except AppError as why:
        refused = refused or why
    gone = request.query_params.get("decided", "")
    return await frame.with_form(
        request,
        "held_elsewhere.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        waiting=[each for each in waiting.posts if each.id != gone],
        count=waiting.count,
        trusted=[each for each in waiting.trusted if each.id != gone],
        promotional=[each for each in waiting.promotional if each.id != gone],
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
