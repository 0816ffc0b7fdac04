"""What a group says of itself, who may join and post, and so on, as the form has it; of groups elsewhere on a page."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm import admit, rights, topics
from fedcomm.app import App
from fedcomm.desk import afar, reading, serving, values
from fedcomm.errors import AppError, Invalid
from fedcomm.group_profile import Change
from web import respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place
from web.pages.words import GROUP_LEVELS


class Settings(msgspec.Struct, frozen=True):
    """What the group says of itself as the form has it; `rules` one a line.

    `was` is how it was when the form was shown, of a group elsewhere.
    """

    title: str = ""
    summary: str = ""
    rules: str = ""
    join_mode: str = "open"
    question: str = ""
    posting: str = "anyone"
    votes: str = "both"
    visibility: str = ""  # nothing said leaves it as it is
    topics: str = ""
    languages: str = ""
    listed: bool = False
    ladder: bool = False
    promotion: int = 0
    slow: int = 0
    closed: bool = False
    was: str = ""
    csrf: str = ""


async def present(app: App, place: Place) -> Settings:
    """What the form begins with: the settings as they are."""
    return _form(await serving.settings(app, place.group, place.face))


async def wanted(place: Place, given: Settings) -> Change:
    """What a form asks for.

    Raises:
        Invalid: there are no such topics.
    """
    said = msgspec.structs.asdict(_said(given))
    # What the reader did not touch is not said: it may be otherwise for another visibility.
    if given.listed == await topics.shown(place.group):
        said["listed"] = None
    return Change(**said)


async def show(
    request: Request, place: Place, given: Settings | None = None, refused: AppError | None = None
) -> Response:
    """The settings of a group elsewhere: as its server has them now, or as they were `given` and `refused`."""
    if given is None:
        app, by = state.app_of(request), place.reader.actor
        try:
            now = (await reading.read(app, place.group, place.face, by, rights.SETTINGS)).settings
            given = msgspec.structs.replace(_form(now), was=msgspec.json.encode(now).decode())
        except AppError as why:
            refused = why
    levels = {level: name for level, name in GROUP_LEVELS.items() if level != "local"}
    return await frame.with_form(
        request, "group_settings.html", refused, {"cache-control": "no-store"}, group=place.group, face=place.face,
        given=given, limits=admit, levels=levels,
    )  # fmt: skip


async def send(request: Request, place: Place, given: Settings) -> Response:
    """What the reader has changed goes to the server of the group."""
    app, by = state.app_of(request), place.reader.actor
    try:
        await afar.change_settings(app, place.group, place.face, by, _was(given), _said(given))
    except AppError as refused:
        return await show(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/profile?done=sent")


def _form(settings: values.Settings) -> Settings:
    said = {name: value for name, value in msgspec.structs.asdict(settings).items() if value is not None}
    return Settings(
        **said
        | {
            "rules": "\n".join(settings.rules or ()),
            "topics": " ".join(f"#{name}" for name in settings.topics or ()),
            "languages": " ".join(settings.languages or ()),
        }
    )


def _said(given: Settings) -> values.Settings:
    said = {name: getattr(given, name) for name in values.Settings.__struct_fields__}
    lists = {
        "rules": tuple(line.strip() for line in given.rules.splitlines() if line.strip()),
        "topics": tuple(sorted(topics.named(given.topics))),
        "languages": tuple(sorted(topics.spoken(given.languages))),
    }
    return values.Settings(**said | lists | {"visibility": given.visibility or None})


def _was(given: Settings) -> values.Settings:
    try:
        return msgspec.json.decode(given.was or "{}", type=values.Settings)
    except msgspec.DecodeError as why:
        raise Invalid("The form was not sent whole. Please try again.", field="title") from why
