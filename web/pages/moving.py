"""Other accounts of a member: those that may move here, and the one to which the member moves."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import accounts, aliases, moving
from fedcomm.errors import AppError, Invalid
from web import respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, form, members_only


class Alias(msgspec.Struct, frozen=True):
    """Another account: as it is typed, or its id."""

    account: str = ""
    csrf: str = ""


class Leaving(msgspec.Struct, frozen=True):
    """Where somebody moves to, and their password."""

    account: str = ""
    password: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/moving`"""
    return await _page(request, reader)


@members_only
async def add_alias(request: Request, reader: Reader) -> Response:
    """`POST /settings/moving/aliases`: followers' servers are told."""
    given = await form(request, Alias, reader)
    try:
        if not given.account.strip():
            raise Invalid(_NOBODY, field="account")
        await aliases.add(state.app_of(request), reader.actor, given.account)
    except AppError as refused:
        return await _page(request, reader, refused, part="alias", given=given.account)
    return respond.redirect("/settings/moving?done=saved")


@members_only
async def remove_alias(request: Request, reader: Reader) -> Response:
    """`POST /settings/moving/aliases/remove`"""
    given = await form(request, Alias, reader)
    try:
        await aliases.remove(state.app_of(request), reader.actor, given.account)
    except AppError as refused:
        return await _page(request, reader, refused, part="alias")
    return respond.redirect("/settings/moving?done=saved")


@members_only
async def move(request: Request, reader: Reader) -> Response:
    """`POST /settings/moving`: followers go along; asks for the password once more."""
    given = await form(request, Leaving, reader)
    app = state.app_of(request)
    field = "password"
    try:
        await accounts.confirm_password(app, reader.account, given.password)
        field = "account"
        if not given.account.strip():
            raise Invalid(_NOBODY, field="account")
        await moving.away(app, reader.actor, given.account)
    except AppError as refused:
        return await _page(request, reader, refused, part="move", field=field, given=given.account)
    return respond.redirect("/settings/moving?done=moved")


@members_only
async def come_back(request: Request, reader: Reader) -> Response:
    """`POST /settings/moving/back`: the account is used again."""
    await form(request, Plain, reader)
    try:
        await moving.back(state.app_of(request), reader.actor)
    except AppError as refused:
        return await _page(request, reader, refused, part="move")
    return respond.redirect("/settings/moving?done=back")


_NOBODY = "Please say which account you mean."


async def _page(
    request: Request,
    reader: Reader,
    refused: AppError | None = None,
    part: str = "",
    field: str = "account",
    given: str = "",
) -> Response:
    uris = aliases.of(reader.actor)
    known = await storage.actors.by_uris(uris)
    moved_to = reader.actor.moved_to_id
    return await frame.with_form(
        request,
        "moving.html",
        refused,
        others=[(uri, known.get(uri)) for uri in uris],
        moved=await storage.actors.by_id(moved_to) if moved_to else None,
        next_move=moving.next_move(reader.actor),
        part=part,
        field=field if refused else "",
        given=given,
    )


routes = [
    Route("/settings/moving", show),
    Route("/settings/moving", move, methods=["POST"]),
    Route("/settings/moving/aliases", add_alias, methods=["POST"]),
    Route("/settings/moving/aliases/remove", remove_alias, methods=["POST"]),
    Route("/settings/moving/back", come_back, methods=["POST"]),
]
