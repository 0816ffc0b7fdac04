"""What pictures and the database take, how much copies may, and forgetting some of those."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import blocked_files, digests, room, settings
from fedcomm.errors import AppError, Invalid
from storage import blocked_files as stored_blocks
from storage import room as stored
from web import respond, state, uploads
from web.languages import later
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form

KINDS = {
    "upload": later("Pictures in posts of members"),
    "profile": later("Avatars and headers of people and groups here"),
    "file": later("Copies of pictures in posts of other servers"),
    "avatar": later("Copies of avatars"),
    "header": later("Copies of headers"),
    "emoji": later("Copies of emojis"),
    "still": later("Pictures without movement, made of copies"),
    "": later("Copies of which it was not noted what they are"),
}


class Cap(msgspec.Struct, frozen=True):
    """How much copies may take."""

    megabytes: int = 0
    csrf: str = ""


class Unseen(msgspec.Struct, frozen=True):
    """Since when nobody looked at what is to go."""

    days: int = 14
    csrf: str = ""


class Unwanted(msgspec.Struct, frozen=True):
    """A file to be blocked; since it is erased, that wants to be sure."""

    digest: str = ""
    file: UploadFile | None = None
    reason: str = ""
    sure: bool = False
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/media`"""
    return await _page(request)


@admins_only
async def allow(request: Request, reader: Reader) -> Response:
    """`POST /admin/media/cap`: in force at once."""
    given = await form(request, Cap, reader)
    try:
        await room.allow(state.app_of(request), reader.account, given.megabytes)
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect("/admin/media?done=saved")


@admins_only
async def prune(request: Request, reader: Reader) -> Response:
    """`POST /admin/media/prune`"""
    given = await form(request, Unseen, reader)
    try:
        await room.prune(state.app_of(request), reader.account, given.days)
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect("/admin/media?done=pruned")


@admins_only
async def block(request: Request, reader: Reader) -> Response:
    """`POST /admin/media/block`: by the file itself, or its digest."""
    given = await form(request, Unwanted, reader)
    try:
        if not given.sure:
            raise Invalid("Please say that you are sure.", field="sure")
        content = await uploads.content_of(given.file)
        digest = await digests.of(content) if content else given.digest
        await blocked_files.block(state.app_of(request), reader.account, digest, given.reason)
    except AppError as refused:
        return await _page(request, refused, given)
    return respond.redirect("/admin/media?done=blocked")


@admins_only
async def unblock(request: Request, reader: Reader) -> Response:
    """`POST /admin/media/blocked/{digest}/unblock`"""
    await form(request, Plain, reader)
    await blocked_files.unblock(reader.account, request.path_params["digest"])
    return respond.redirect("/admin/media?done=unblocked")


async def _page(request: Request, refused: AppError | None = None, given: Unwanted | None = None) -> Response:
    app = state.app_of(request)
    return await frame.with_form(
        request,
        "admin/media.html",
        refused,
        kinds=[(KINDS[part.name], part) for part in await room.usage()],
        hosts=[(part.name, part) for part in await stored.hosts()],
        disk=await room.disk(app),
        readable=room.readable,
        most=(await settings.current(app)).copies_most,
        given=given or Unwanted(),
        blocked=await stored_blocks.newest(),
        bounds=(settings.LEAST_COPIES, settings.MOST_COPIES),
    )


routes = [
    Route("/admin/media", show),
    Route("/admin/media/cap", allow, methods=["POST"]),
    Route("/admin/media/prune", prune, methods=["POST"]),
    Route("/admin/media/block", block, methods=["POST"]),
    Route("/admin/media/blocked/{digest}/unblock", unblock, methods=["POST"]),
]
