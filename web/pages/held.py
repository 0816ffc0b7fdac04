"""Posts that wait before they are in a group, and what moderators decide: let in, let in and trust, turn away.

Also whom they trust there, and whose threads all are announcements to them.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import holding, promotional, rights
from fedcomm.app import App
from fedcomm.desk import afar, reading, serving, values
from fedcomm.desk.values import Waiting
from fedcomm.errors import AppError
from web import state
from web.pages import decisions, find, frame, whom
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form

_MOST = 50  # posts on the page; the next come up when these are decided


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/held`; of a group elsewhere without the post `decided`, of which its server may not know yet."""
    place.by(rights.HOLD)
    return await _page(request, place)


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


async def _decide_afar(request: Request, place: Place) -> Response:
    given = await form(request, Decision, place.reader)
    app, by = state.app_of(request), place.reader.actor
    try:
        subject = str(given.id) if given.id else given.who.strip()
        if given.act == "mark":
            subject = (await find.somebody(app, by.id, subject)).uri
        said = values.Decision(act=given.act, id=subject, reason=given.reason)
        await afar.decide(app, place.group, place.face, by, said)
    except AppError as refused:
        return await _page(request, place, given, refused)
    return decisions.sent(place, "held", given.act, subject)


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    waiting, readable = Waiting(), True
    try:
        waiting = await _waiting(state.app_of(request), place)
    except AppError as why:
        refused, readable = refused or why, False
    gone = request.query_params.get("decided", "")
    posts = [each for each in waiting.posts if each.id != gone]
    return await frame.with_form(
        request,
        "held.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        readable=readable,
        waiting=posts,
        people=await storage.actors.by_uris([each.author for each in posts]),
        count=waiting.count,
        trusted=[line for line in await whom.lines(waiting.trusted) if line.told.id != gone],
        promotional=[line for line in await whom.lines(waiting.promotional) if line.told.id != gone],
        marking=bool(place.group.promotion or waiting.promotional or not place.group.local),
        longest=holding.MAX_REASON,
    )


async def _waiting(app: App, place: Place) -> Waiting:
    """What waits; of a group elsewhere as its server says now: texts of strangers, told by another."""
    if place.group.local:
        return await serving.waiting(app, place.group, _MOST)
    there = await reading.read(app, place.group, place.face, place.reader.actor, rights.HOLD)
    return reading.clean(there.waiting)


routes = [
    Route("/c/{name}/held", show),
    Route("/c/{name}/held", decide, methods=["POST"]),
]
