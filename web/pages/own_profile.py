"""What a member says of themselves to everybody."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import profiles
from fedcomm.errors import AppError
from fedcomm.profiles import MAX_FIELDS, Change, Line
from storage.actors import Actor
from web import respond, state
from web.pages import frame, shown
from web.pages.profile import lines_of
from web.pages.readers import Reader, form, members_only
from web.uploads import pictures_of

_FIELDS = {"display_name": "name", "fields_attributes": "fields"}  # of what is refused: the field of the form


_PICTURES = {"avatar": "icon", "header": "image"}  # the fields of the form, and what they change


class Pair(msgspec.Struct, frozen=True):
    """One line of a profile."""

    name: str = ""
    value: str = ""


class Profile(msgspec.Struct, frozen=True):
    """What somebody says of themselves as the form has it."""

    name: str = ""
    note: str = ""
    fields: list[Pair] = []
    locked: bool = False
    discoverable: bool = False
    indexable: bool = False
    hide_collections: bool = False
    bot: bool = False
    avatar: UploadFile | None = None
    header: UploadFile | None = None
    drop: list[str] = []  # of avatar and header
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/profile`"""
    return await _page(request, reader, _present(reader.actor))


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /settings/profile`: followers' servers are told."""
    given = await form(request, Profile, reader)
    app = state.app_of(request)
    try:
        sent = await pictures_of(app, {"icon": given.avatar, "image": given.header})
    except AppError as refused:
        return await _page(request, reader, given, refused)
    dropped = {name: None for word, name in _PICTURES.items() if word in given.drop}
    change = Change(
        name=given.name,
        note=given.note,
        fields=tuple(Line(pair.name, pair.value) for pair in given.fields if pair.name.strip() or pair.value.strip()),
        locked=given.locked,
        discoverable=given.discoverable,
        indexable=given.indexable,
        hide_collections=given.hide_collections,
        bot=given.bot,
        pictures=dropped | sent,
    )
    try:
        await profiles.change(app, reader.actor, change)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect("/settings/profile?done=saved")


def _present(actor: Actor) -> Profile:
    pairs = [Pair(name, shown.plain(value)) for name, value in lines_of(actor)]
    note = actor.summary_source or shown.plain(actor.summary)
    return Profile(
        actor.name, note, pairs, bool(actor.locked), bool(actor.discoverable), bool(actor.indexable),
        bool(actor.hide_collections), bool(actor.bot),
    )  # fmt: skip


async def _page(request: Request, reader: Reader, given: Profile, refused: AppError | None = None) -> Response:
    field = str(getattr(refused, "field", ""))
    return await frame.with_form(
        request,
        "own_profile.html",
        refused,
        given=given,
        pairs=[*given.fields, *[Pair()] * MAX_FIELDS][:MAX_FIELDS],
        pictures={word: getattr(reader.actor, name) for word, name in _PICTURES.items()},
        field=_FIELDS.get(field, field),
    )


routes = [
    Route("/settings/profile", show),
    Route("/settings/profile", save, methods=["POST"]),
]
