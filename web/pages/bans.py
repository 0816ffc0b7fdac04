"""Who is banned from a group, a page at a time and by name, for those who look after it: here or elsewhere."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import members, rights
from fedcomm.app import App
from fedcomm.desk import afar, lists, reading, values
from fedcomm.desk.values import AT_ONCE, LONGEST_NAME, Bans
from fedcomm.errors import AppError
from storage.paging import Page
from web import paging, params, state
from web.pages import decisions, frame, whom
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after_any


class Sought(msgspec.Struct, frozen=True):
    """A part of the name of somebody."""

    q: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/bans`"""
    return await _page(request, place)


@looking_after_any
async def lift(request: Request, place: Place) -> Response:
    """`POST /c/{name}/bans`"""
    acts = {"unban": partial(_lift, state.app_of(request), place)}
    return await decisions.taken(request, place, "bans", acts, partial(_page, request, place))


async def _lift(app: App, place: Place, given: Decision) -> None:
    by = place.by(rights.BAN)
    if place.group.local:
        await members.unban(app, place.face.username, given.who, by)
    else:
        said = values.Decision(act="unban", id=given.who)
        await afar.decide(app, place.group, place.face, place.reader.actor, said)


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    sought, found = params.query(request, Sought).q[:LONGEST_NAME], Bans()
    try:
        found = await _banned(state.app_of(request), place, paging.page_of(request, usual=AT_ONCE), sought)
    except AppError as why:
        refused = refused or why
    gone = request.query_params.get("decided", "")
    return await frame.with_form(
        request,
        "bans.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        may=place.rights,
        people=[line for line in await whom.lines(found.entries) if line.told.id != gone],
        older=found.older,
        sought=sought,
        longest_name=LONGEST_NAME,
    )


async def _banned(app: App, place: Place, page: Page, name: str) -> Bans:
    if place.group.local:
        return await lists.of_bans(app, place.group, page, name)
    return await reading.bans_of(app, place.group, place.face, place.reader.actor, page, name)


routes = [
    Route("/c/{name}/bans", show),
    Route("/c/{name}/bans", lift, methods=["POST"]),
]
