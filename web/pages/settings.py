"""What a member sets for themselves: password, language and time zone, where they are signed in; leaving."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.sessions
from fedcomm import accounts, clock, preferences, sessions
from fedcomm.errors import AppError, Invalid
from web import auth, languages, params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, form, members_only


class Passwords(msgspec.Struct, frozen=True):
    """A change of the password."""

    old: str = ""
    new: str = ""
    again: str = ""
    csrf: str = ""


class Place(msgspec.Struct, frozen=True):
    """In which language and time zone somebody reads."""

    language: str = ""
    time_zone: str = ""
    csrf: str = ""


class Leaving(msgspec.Struct, frozen=True):
    """The password again, of somebody who wants to be deleted."""

    password: str = ""
    sure: bool = False
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings`"""
    return await _page(request, reader)


@members_only
async def change_password(request: Request, reader: Reader) -> Response:
    """`POST /settings/password`: every other browser and every program is signed out."""
    given = await form(request, Passwords, reader)
    app = state.app_of(request)
    try:
        if given.new != given.again:
            raise Invalid("The new password was not the same both times.", field="again")
        await accounts.change_password(app, reader.account, given.old, given.new, reader.session.id)
    except AppError as refused:
        return await _page(request, reader, refused, part="password")
    return respond.redirect("/settings?done=password")


@members_only
async def set_place(request: Request, reader: Reader) -> Response:
    """`POST /settings/place`"""
    given = await form(request, Place, reader)
    try:
        if given.language and given.language not in languages.AVAILABLE:
            raise Invalid("There is no such language here.", field="language")
        await preferences.set_place(reader.account, given.language, given.time_zone)
    except AppError as refused:
        return await _page(request, reader, refused, part="place")
    return respond.redirect("/settings?done=place")


@members_only
async def end_session(request: Request, reader: Reader) -> Response:
    """`POST /settings/sessions/{id}/end`"""
    await form(request, Plain, reader)
    await sessions.close_other(state.app_of(request), reader.account.id, params.number(request))
    return respond.redirect("/settings?done=sessions")


@members_only
async def end_all(request: Request, reader: Reader) -> Response:
    """`POST /settings/sign_out_everywhere`: this browser stays signed in."""
    await form(request, Plain, reader)
    await accounts.sign_out_everywhere(state.app_of(request), reader.account, reader.session.id)
    return respond.redirect("/settings?done=sessions")


@members_only
async def delete(request: Request, reader: Reader) -> Response:
    """`POST /settings/delete`: for good; asks for the password once more (attack ADM-22)."""
    given = await form(request, Leaving, reader)
    app = state.app_of(request)
    try:
        if not given.sure:
            raise Invalid("Please say that you are sure.", field="sure")
        await accounts.confirm_password(app, reader.account, given.password)
        await accounts.delete(app, reader.actor.username, by=reader.account)
    except AppError as refused:
        return await _page(request, reader, refused, part="delete")
    response = respond.redirect("/")
    auth.drop_session(request, response)
    return response


def _field(refused: AppError | None, part: str) -> str:
    """Which field of the form is wrong: without a word about it, the password that was to be known."""
    if refused is None:
        return ""
    name = str(getattr(refused, "field", ""))
    return {"password": {"": "old", "password": "new"}, "delete": {"": "leaving"}}.get(part, {}).get(name, name)


async def _page(request: Request, reader: Reader, refused: AppError | None = None, part: str = "") -> Response:
    return await frame.with_form(
        request,
        "settings.html",
        refused,
        languages=languages.AVAILABLE,
        zones=sorted(preferences.time_zones()),
        sessions=await storage.sessions.of_account(reader.account.id, clock.now_ms()),
        part=part,
        field=_field(refused, part),
    )


routes = [
    Route("/settings", show),
    Route("/settings/password", change_password, methods=["POST"]),
    Route("/settings/place", set_place, methods=["POST"]),
    Route("/settings/sessions/{id}/end", end_session, methods=["POST"]),
    Route("/settings/sign_out_everywhere", end_all, methods=["POST"]),
    Route("/settings/delete", delete, methods=["POST"]),
]
