"""Coming to look after a group from another server: asking for a link, using it, and leaving."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import groups, guests
from fedcomm.errors import AppError
from web import auth, params, respond, state
from web.pages import frame, shown
from web.pages.readers import Plain, form, guest_of, reader_of

_SECRET = {"cache-control": "no-store"}  # other sites learn no address anyway: `same-origin` of each answer


class Handle(msgspec.Struct, frozen=True):
    """Who somebody says that they are."""

    handle: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}/guest`"""
    return await _ask(request)


async def ask(request: Request) -> Response:
    """`POST /c/{name}/guest`: the answer is the same whoever it is."""
    given = await params.read(request, Handle)
    reader = await reader_of(request)
    auth.check_form(request, given.csrf, reader.session if reader else None)
    address = request.client.host if request.client else ""
    try:
        await guests.ask(state.app_of(request), request.path_params["name"], given.handle, address)
    except AppError as refused:
        return await _ask(request, refused, given)
    return respond.redirect(f"{request.scope['path']}?done=asked")


async def link(request: Request) -> Response:
    """`GET /guest/{secret}`: a button alone, since programs that show previews open links as well."""
    visit = await guests.called(state.app_of(request), request.path_params["secret"])
    return await frame.page(request, "guest_link.html", 200, _SECRET, form=True, face=visit.face, who=visit.actor)


async def enter(request: Request) -> Response:
    """`POST /guest/{secret}`"""
    reader = await reader_of(request)
    await form(request, Plain, reader)
    token, visit = await guests.enter(state.app_of(request), request.path_params["secret"])
    response = respond.redirect(f"{shown.profile(visit.face)}/moderate")
    auth.keep_guest(request, response, token)
    return response


async def leave(request: Request) -> Response:
    """`POST /guest`: end it in this browser."""
    reader = await guest_of(request) or await reader_of(request)
    if reader is not None:
        await form(request, Plain, reader)
    if reader is not None and reader.visit is not None:
        await guests.leave(reader.visit)
    response = respond.redirect("/")
    auth.drop_guest(request, response)
    return response


async def _ask(request: Request, refused: AppError | None = None, given: Handle = Handle()) -> Response:
    _group, face = await groups.named(request.path_params["name"])
    return await frame.with_form(request, "guest.html", refused, form=True, face=face, given=given)


routes = [
    Route("/c/{name}/guest", show),
    Route("/c/{name}/guest", ask, methods=["POST"]),
    Route("/guest", leave, methods=["POST"]),
    Route("/guest/{secret}", link),
    Route("/guest/{secret}", enter, methods=["POST"]),
]
