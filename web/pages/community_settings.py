"""The settings of a community on Lemmy, for who moderates it from here: those that its server takes."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm import remote_settings, topics
from fedcomm.errors import AppError, Invalid
from fedcomm.remote_settings import MAX_LINE, MAX_SIDEBAR, MAX_TITLE, Settings
from web import respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place


class Form(msgspec.Struct, frozen=True):
    """As the form has them; `was` is how they were when it was shown."""

    title: str = ""
    sidebar: str = ""
    line: str = ""
    languages: str = ""
    sensitive: bool = False
    only_moderators: bool = False
    was: str = ""
    csrf: str = ""


async def show(request: Request, place: Place, given: Form | None = None, refused: AppError | None = None) -> Response:
    """As the server of the community has them now, or as they were `given` and `refused`."""
    if given is None:
        try:
            now = await remote_settings.read(state.app_of(request), place.group, place.face, place.reader.actor)
            given = _form(now)
        except AppError as why:
            refused = why
    return await frame.with_form(
        request,
        "community_settings.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        newer=given is not None and _newer(given),
        limits={"title": MAX_TITLE, "sidebar": MAX_SIDEBAR, "line": MAX_LINE},
    )


async def send(request: Request, place: Place, given: Form) -> Response:
    """What the reader has changed goes to the server of the community."""
    try:
        before = _was(given)
        newer = before.line is not None
        wanted = Settings(
            title=given.title, sidebar=given.sidebar.replace("\r\n", "\n"), sensitive=given.sensitive,
            only_moderators=given.only_moderators, line=given.line if newer else None,
            languages=topics.spoken(given.languages) if newer else None,
        )  # fmt: skip
        app = state.app_of(request)
        await remote_settings.change(app, place.group, place.face, place.reader.actor, before, wanted)
    except AppError as refused:
        return await show(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/profile?done=sent")


def _form(now: Settings) -> Form:
    return Form(
        title=now.title, sidebar=now.sidebar, line=now.line or "", languages=" ".join(now.languages or ()),
        sensitive=now.sensitive, only_moderators=now.only_moderators, was=msgspec.json.encode(now).decode(),
    )  # fmt: skip


def _newer(given: Form) -> bool:
    try:
        return _was(given).line is not None
    except Invalid:
        return False


def _was(given: Form) -> Settings:
    try:
        return msgspec.json.decode(given.was, type=Settings)
    except msgspec.MsgspecError as why:
        raise Invalid("The form was not sent whole. Please try again.", field="title") from why
