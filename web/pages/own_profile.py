"""What a member says of themselves to everybody."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import profiles
from fedcomm.errors import AppError
from fedcomm.profiles import MAX_FIELDS, Change, Line
from storage.actors import Actor
from web import errors, respond, state
from web.pages import frame, shown
from web.pages.profile import lines_of
from web.pages.readers import Reader, form, members_only

_FIELDS = {"display_name": "name", "fields_attributes": "fields"}  # of what is refused: the field of the form


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
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/profile`"""
    return await _page(request, reader, _present(reader.actor))


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /settings/profile`: followers' servers are told."""
    given = await form(request, Profile, reader)
    change = Change(
        name=given.name,
        note=given.note,
        fields=tuple(Line(pair.name, pair.value) for pair in given.fields if pair.name.strip() or pair.value.strip()),
        locked=given.locked,
        discoverable=given.discoverable,
    )
    try:
        await profiles.change(state.app_of(request), reader.actor, change)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect("/settings/profile?done=saved")


def _present(actor: Actor) -> Profile:
    pairs = [Pair(name, shown.plain(value)) for name, value in lines_of(actor)]
    note = actor.summary_source or shown.plain(actor.summary)
    return Profile(actor.name, note, pairs, bool(actor.locked), bool(actor.discoverable))


async def _page(request: Request, reader: Reader, given: Profile, refused: AppError | None = None) -> Response:
    field = str(getattr(refused, "field", ""))
    return await frame.page(
        request,
        "own_profile.html",
        errors.status_of(refused) if refused else 200,
        given=given,
        pairs=[*given.fields, *[Pair()] * MAX_FIELDS][:MAX_FIELDS],
        problem=refused,
        field=_FIELDS.get(field, field),
        done=request.query_params.get("done", ""),
    )


routes = [
    Route("/settings/profile", show),
    Route("/settings/profile", save, methods=["POST"]),
]
