"""Announcements to everybody here: making, changing and ending them."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.bulletins
from fedcomm import bulletins, clock
from fedcomm.errors import AppError
from web import params, respond
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form

_LINES = 50


class Given(msgspec.Struct, frozen=True):
    """What is to be told; `starts` and `ends` may be empty."""

    text: str = ""
    starts: str = ""
    ends: str = ""
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/announcements`"""
    return await _page(request, Given())


@admins_only
async def publish(request: Request, reader: Reader) -> Response:
    """`POST /admin/announcements`: shown at once."""
    given = await form(request, Given, reader)
    try:
        await bulletins.publish(reader.account, given.text, given.starts, given.ends)
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect("/admin/announcements?done=published")


@admins_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /admin/announcements/{id}`"""
    given = await form(request, Given, reader)
    try:
        await bulletins.change(reader.account, params.number(request), given.text, given.starts, given.ends)
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect("/admin/announcements?done=changed")


@admins_only
async def end(request: Request, reader: Reader) -> Response:
    """`POST /admin/announcements/{id}/end`"""
    await form(request, Plain, reader)
    await bulletins.end(reader.account, params.number(request))
    return respond.redirect("/admin/announcements?done=ended")


async def _page(request: Request, given: Given, refused: AppError | None = None) -> Response:
    now = clock.now_ms()
    return await frame.with_form(
        request,
        "admin/announcements.html",
        refused,
        given=given,
        found=await storage.bulletins.latest(_LINES),
        shown_now={each.id for each in await storage.bulletins.shown(now)},
        as_typed=bulletins.written,
    )


routes = [
    Route("/admin/announcements", show),
    Route("/admin/announcements", publish, methods=["POST"]),
    Route("/admin/announcements/{id}", change, methods=["POST"]),
    Route("/admin/announcements/{id}/end", end, methods=["POST"]),
]
