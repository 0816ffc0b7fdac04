"""What somebody did for a group is undone as a set, after it was shown: by its stewards, who live here or elsewhere."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import rights, rollback
from fedcomm.app import App
from fedcomm.desk import afar, lists, reading, values
from fedcomm.desk.values import Undoing
from fedcomm.errors import AppError, NotFound
from web import params, respond, state
from web.pages import decisions, find, frame, shown
from web.pages.group_log import people_in
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form


class Wish(msgspec.Struct, frozen=True):
    """Whose acts, by their id, and of how many hours."""

    who: str = ""
    hours: int = 24
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/undo`: what would be undone."""
    place.by(rights.APPOINT)
    return await _page(request, place, params.query(request, Wish))


@looking_after_any
async def undo(request: Request, place: Place) -> Response:
    """`POST /c/{name}/undo`"""
    wish = await form(request, Wish, place.reader)
    app, by = state.app_of(request), place.by(rights.APPOINT)
    try:
        if not place.group.local:
            said = values.Decision(act="undo", id=wish.who, hours=wish.hours)
            await afar.decide(app, place.group, place.face, place.reader.actor, said)
            return decisions.sent(place, "log", "undo", wish.who)
        await rollback.order(app, place.face.username, wish.who, wish.hours, by, place.reader.account)
    except AppError as refused:
        return await _page(request, place, wish, refused)
    return respond.redirect(f"{shown.profile(place.face)}/log?done=undo")


async def _page(request: Request, place: Place, wish: Wish, refused: AppError | None = None) -> Response:
    found = Undoing()
    try:
        if not wish.who or len(wish.who) > find.LONGEST:
            raise NotFound("There is no such account.")
        found = await _ahead(state.app_of(request), place, wish)
    except AppError as why:
        refused = refused or why
    people = await people_in(found.entries)
    return await frame.with_form(
        request,
        "undoing.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        wish=wish,
        found=found,
        people=people,
        actor=people.get(wish.who),
    )


async def _ahead(app: App, place: Place, wish: Wish) -> Undoing:
    if place.group.local:
        return await lists.of_undoing(app, place.group, wish.who, wish.hours)
    return await reading.undoing_of(app, place.group, place.face, place.reader.actor, wish.who, wish.hours)


routes = [
    Route("/c/{name}/undo", show),
    Route("/c/{name}/undo", undo, methods=["POST"]),
]
