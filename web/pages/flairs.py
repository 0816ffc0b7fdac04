"""The flairs of a group of ours, as its moderators set them."""

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.flairs
from fedcomm import flairs, rights
from fedcomm.desk import afar
from fedcomm.desk.values import Flair
from fedcomm.errors import AppError, Invalid, NotFound
from fedcomm.flairs import MOST, Wanted
from storage import visible
from web import respond, state
from web.pages import frame, shown
from web.pages.group import named
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form, reader_of

_FREE, _COLOR = 3, "#2f6f4f"  # empty lines for new ones; the colour that these begin with


class Labels(msgspec.Struct, frozen=True):
    """The lines of the form, each with the id of its flair, a name and a colour; without a name it is none."""

    uri: list[str] = []
    called: list[str] = []
    color: list[str] = []
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/flairs`"""
    place.by(rights.FLAIR)
    there = await storage.flairs.of_group(place.group.id)
    return await _page(request, place, [Wanted(each.uri, each.name, each.background_color) for each in there])


@looking_after_any
async def save(request: Request, place: Place) -> Response:
    """`POST /c/{name}/flairs`"""
    given = await form(request, Labels, place.reader)
    wanted = [Wanted(*line) for line in zip(given.uri, given.called, given.color, strict=False)]
    try:
        if not len(given.uri) == len(given.called) == len(given.color):
            raise Invalid("The form was not sent whole. Please try again.", field="flairs")
        app, by = state.app_of(request), place.by(rights.FLAIR)
        if not place.group.local:
            said = [Flair(id=each.uri, name=each.name, color=each.color) for each in flairs.checked(wanted)]
            await afar.change_flairs(app, place.group, place.face, place.reader.actor, said)
            return respond.redirect(f"{shown.profile(place.face)}/flairs?done=sent")
        await flairs.change(app, place.face.username, wanted, by)
    except AppError as refused:
        return await _page(request, place, [each for each in wanted if each.name.strip()], refused)
    return respond.redirect(f"{shown.profile(place.face)}/flairs?done=saved")


async def called(request: Request) -> Response:
    """`GET /c/{name}/tag/{slug}`, the id of a flair: on to the threads that have it."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    uri = f"{face.uri}/tag/{request.path_params['slug']}"
    found = next((each for each in await storage.flairs.of_group(group.id) if each.uri == uri), None)
    if found is None:
        raise NotFound("There is no such flair.")
    return respond.redirect(f"{shown.profile(face)}?{urlencode({'flair': found.name})}")


async def _page(request: Request, place: Place, wanted: list[Wanted], refused: AppError | None = None) -> Response:
    free = [Wanted("", "", _COLOR)] * max(0, min(_FREE, MOST - len(wanted)))
    return await frame.with_form(request, "flairs.html", refused, face=place.face, lines=[*wanted, *free], most=MOST)


routes = [
    Route("/c/{name}/flairs", show),
    Route("/c/{name}/tag/{slug}", called),
    Route("/c/{name}/flairs", save, methods=["POST"]),
]
