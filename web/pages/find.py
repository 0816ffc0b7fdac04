"""Finding a group, a person or a post anywhere by its address."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import fetching
from fedcomm.errors import AppError, NotFound
from storage import visible
from web import errors, params, respond, state
from web.pages import frame, shown
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen

LONGEST = 2_000  # characters of an address


class Sought(msgspec.Struct, frozen=True):
    """A handle or a URL."""

    address: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /find`"""
    return await _page(request, params.query(request, Sought))


@members_only
async def find(request: Request, reader: Reader) -> Response:
    """`POST /find`: on to what was found; its server may be asked, hence only for members and by a form of ours."""
    sought = await form(request, Sought, reader)
    try:
        return respond.redirect(await _place(request, reader, sought.address.strip()))
    except AppError as refused:
        return await _page(request, sought, refused)


async def _place(request: Request, reader: Reader, address: str) -> str:
    app = state.app_of(request)
    if "://" not in address:
        address = address.lstrip("@!") if "@" in address.lstrip("@!") else f"{address.lstrip('@!')}@{app.host}"
    found = await fetching.resolve(app, address) if len(address) <= LONGEST else None
    if found and found[0] == "post":
        return shown.permalink(*await seen(reader.actor.id, found[1]))
    actor = await storage.actors.by_id(found[1]) if found else None
    if actor is None or actor.kind == "Application" or not await visible.seen_actors(reader.actor.id, [actor.id]):
        raise NotFound("Nothing was found at this address, or its server does not answer.")
    return shown.profile(actor)


async def _page(request: Request, sought: Sought, refused: AppError | None = None) -> Response:
    status = errors.status_of(refused) if refused else 200
    return await frame.page(request, "find.html", status, sought=sought, problem=refused)


routes = [
    Route("/find", show),
    Route("/find", find, methods=["POST"]),
]
