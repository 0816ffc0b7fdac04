"""What waits behind the server, and what was given up: looked at, tried again, dropped."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import backlog
from fedcomm.errors import AppError, Invalid
from web import params, respond, state
from web.admin import job_words
from web.pages import frame
from web.pages.readers import Reader, admins_only, form


class Asked(msgspec.Struct, frozen=True):
    """Which part of the two lists."""

    kind: str = ""
    before: int = 0
    refused: str = ""


class Act(msgspec.Struct, frozen=True):
    """What is to be done with what was chosen; dropping wants to be sure."""

    act: str = ""
    refs: list[str] = []
    sure: bool = False
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/queue`"""
    return await _page(request)


@admins_only
async def act(request: Request, reader: Reader) -> Response:
    """`POST /admin/queue`: about all that are ticked."""
    given = await form(request, Act, reader)
    try:
        match given.act:
            case "retry":
                await backlog.retry(state.app_of(request), reader.account, given.refs)
            case "drop":
                _sure(given)
                await backlog.drop(reader.account, given.refs)
            case _:
                raise Invalid("There is no such act.", field="act")
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect(f"/admin/queue?done={given.act}")


@admins_only
async def drop_for(request: Request, reader: Reader) -> Response:
    """`POST /admin/queue/{host}/drop`: what waits for one server."""
    given = await form(request, Act, reader)
    try:
        _sure(given)
        await backlog.drop_for(state.app_of(request), reader.account, request.path_params["host"])
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect("/admin/queue?done=drop")


def _sure(given: Act) -> None:
    if not given.sure:
        raise Invalid("Please say that you are sure.", field="sure")


async def _page(request: Request, refused: AppError | None = None) -> Response:
    asked, most = params.query(request, Asked), backlog.SHOWN
    given_up = await backlog.failed(most + 1, asked.before, asked.kind)
    not_taken = await backlog.refused(most + 1, asked.refused)
    return await frame.with_form(
        request,
        "admin/queue.html",
        refused,
        {"cache-control": "no-store"},
        now=await backlog.picture(state.app_of(request)),
        asked=asked,
        called=job_words.JOBS,
        given_up=given_up[:most],
        older=given_up[most - 1].ref.partition(":")[2] if len(given_up) > most else "",
        not_taken=not_taken[:most],
        further=not_taken[most - 1].ref if len(not_taken) > most else "",
    )


routes = [
    Route("/admin/queue", show),
    Route("/admin/queue", act, methods=["POST"]),
    Route("/admin/queue/{host}/drop", drop_for, methods=["POST"]),
]
