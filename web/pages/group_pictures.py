"""The pictures of a group of ours, as its stewards set them."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import group_profile, media, rights
from fedcomm.desk import afar
from fedcomm.errors import AppError
from fedcomm.group_profile import Change
from storage.actors import Actor
from web import respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form
from web.uploads import pictures_of

_PLACES = {"avatar": "icon", "header": "image"}  # the fields of the form, and what they change


class Pictures(msgspec.Struct, frozen=True):
    """Two files, what they show, and which of `avatar` and `header` there shall be none of."""

    avatar: UploadFile | None = None
    header: UploadFile | None = None
    avatar_description: str = ""
    header_description: str = ""
    drop: list[str] = []
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/pictures`"""
    place.by(rights.SETTINGS)
    words = Pictures(avatar_description=place.face.icon_description, header_description=place.face.image_description)
    return await _page(request, place, words)


@looking_after_any
async def save(request: Request, place: Place) -> Response:
    """`POST /c/{name}/pictures`: followers' servers are told."""
    given = await form(request, Pictures, place.reader)
    by = place.by(rights.SETTINGS)
    try:
        sent = await pictures_of(state.app_of(request), {"icon": given.avatar, "image": given.header})
        wanted = {_PLACES[word]: None for word in given.drop if word in _PLACES} | sent
        words = {"icon": given.avatar_description, "image": given.header_description}
        if not place.group.local:
            words = {name: text for name, text in words.items() if name in sent or text != _described(place.face, name)}
            app = state.app_of(request)
            await afar.change_pictures(app, place.group, place.face, place.reader.actor, wanted, words)
            return respond.redirect(f"{shown.profile(place.face)}/pictures?done=sent")
        change = Change(pictures=wanted, descriptions=words)
        await group_profile.change(state.app_of(request), place.face.username, change, by)
    except AppError as refused:
        return await _page(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/pictures?done=saved")


def _described(face: Actor, place: str) -> str:
    return face.icon_description if place == "icon" else face.image_description


async def _page(request: Request, place: Place, given: Pictures, refused: AppError | None = None) -> Response:
    return await frame.with_form(
        request,
        "group_pictures.html",
        refused,
        face=place.face,
        group=place.group,
        pictures={"avatar": shown.face(place.face), "header": shown.banner(place.face)},
        words_of={"avatar": given.avatar_description, "header": given.header_description},
        longest=media.MAX_DESCRIPTION,
    )


routes = [
    Route("/c/{name}/pictures", show),
    Route("/c/{name}/pictures", save, methods=["POST"]),
]
