"""Finding a group, a person or a post anywhere by its address."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import finding
from fedcomm.app import App
from fedcomm.errors import AppError, NotFound
from storage import visible
from storage.actors import Actor
from web import errors, params, respond, state
from web.languages import later
from web.pages import frame, shown
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen

NOBODY = later("There is no account of this name here.")
NOTHING = later("Nothing was found at this address, or its server does not answer.")
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
        return respond.redirect(await _place(request, reader, sought.address))
    except AppError as refused:
        return await _page(request, sought, refused)


async def somebody(app: App, viewer: int, address: str) -> Actor:
    """Whoever has this address, anywhere, if the viewer may see them.

    Raises:
        NotFound: there is nobody.
    """
    found = await _resolved(app, address)
    actor = await storage.actors.by_id(found[1]) if found and found[0] == "actor" else None
    if actor is None or actor.kind == "Application" or not await visible.seen_actors(viewer, [actor.id]):
        bare = "/" not in address and "@" not in address.strip().lstrip("@!")
        raise NotFound(NOBODY if bare else NOTHING)
    return actor


async def _resolved(app: App, address: str) -> tuple[str, int] | None:
    address = address.strip()
    if "://" not in address:
        name = address.lstrip("@!")
        address = name if "@" in name else f"{name}@{app.host}"
    return await finding.resolve(app, address) if len(address) <= LONGEST else None


async def _place(request: Request, reader: Reader, address: str) -> str:
    app = state.app_of(request)
    found = await _resolved(app, address)
    if found and found[0] == "post":
        try:
            return shown.permalink(*await seen(reader.actor.id, found[1]))
        except NotFound:
            raise NotFound(NOTHING) from None  # as for what there is not
    return shown.profile(await somebody(app, reader.actor.id, address))


async def _page(request: Request, sought: Sought, refused: AppError | None = None) -> Response:
    status = errors.status_of(refused) if refused else 200
    return await frame.page(request, "find.html", status, sought=sought, problem=refused)


routes = [
    Route("/find", show),
    Route("/find", find, methods=["POST"]),
]
