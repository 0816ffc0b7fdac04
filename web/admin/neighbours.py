"""Not alone: groups of other servers that are followed for everybody, so that a new server is no empty room."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import scout, scouting
from fedcomm.errors import AppError
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form


class Search(msgspec.Struct, frozen=True):
    """About what, where, and how much it may bring, as the form has it; `servers` one a line."""

    topics: str = ""
    servers: str = ""
    budget: int = scout.BUDGET
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/neighbours`"""
    return await _page(request)


@admins_only
async def seek(request: Request, reader: Reader) -> Response:
    """`POST /admin/neighbours`: look for groups, in the background."""
    given = await form(request, Search, reader)
    try:
        app, servers = state.app_of(request), given.servers.replace(",", "\n").splitlines()
        await scouting.begin(app, servers, given.topics, given.budget, reader.account)
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect("/admin/neighbours?done=sought")


@admins_only
async def stop(request: Request, reader: Reader) -> Response:
    """`POST /admin/neighbours/stop`: follow none of them any more; with an id not the one with that face."""
    await form(request, Plain, reader)
    face = params.number(request) if "id" in request.path_params else 0
    await scouting.stop(state.app_of(request), reader.account, face)
    return respond.redirect("/admin/neighbours?done=stopped")


async def _page(request: Request, given: Search | None = None, refused: AppError | None = None) -> Response:
    wish, found = await scout.wish(), await scouting.state()
    topics = " ".join(f"#{name}" for name in wish.topics)
    return await frame.with_form(
        request,
        "admin/neighbours.html",
        refused,
        given=given or Search(topics, "\n".join(wish.servers), wish.budget),
        wish=wish,
        groups=found,
        busy=wish.asked or any(each.state == "accepted" and not each.fetched for each in found),
        read=(await scout.used(await scout.scout_id()) if found else 0) / 1_000_000,
        examples=" ".join(f"#{name}" for name in scout.TOPICS),
        most=scout.MOST,
    )


routes = [
    Route("/admin/neighbours", show),
    Route("/admin/neighbours", seek, methods=["POST"]),
    Route("/admin/neighbours/stop", stop, methods=["POST"]),
    Route("/admin/neighbours/{id}/stop", stop, methods=["POST"]),
]
