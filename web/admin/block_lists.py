"""Lists of servers to block: brought in, looked at, applied, undone, and passed on."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.peers
from fedcomm import block_breadth, block_imports, block_lists
from fedcomm.errors import AppError, Invalid, NotFound
from storage import block_lists as stored
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form

LINES = 100
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "txt": "text/plain; charset=utf-8"}


class Brought(msgspec.Struct, frozen=True):
    """A file, or the same as text."""

    file: UploadFile | None = None
    text: str = ""
    csrf: str = ""


class Order(msgspec.Struct, frozen=True):
    """What is to be done with a list: apply, undo or drop."""

    act: str = ""
    csrf: str = ""


class _Asked(msgspec.Struct, frozen=True):
    offset: int = 0


@admins_only
async def overview(request: Request, reader: Reader) -> Response:
    """`GET /admin/block_lists`"""
    return await _overview(request)


@admins_only
async def bring(request: Request, reader: Reader) -> Response:
    """`POST /admin/block_lists`: what the list would change is shown, and nothing is decided."""
    given = await form(request, Brought, reader)
    try:
        content, source = given.text.encode(), ""
        if given.file is not None and given.file.filename:
            content, source = await given.file.read(block_lists.MAX_BYTES + 1), given.file.filename
        if not content.strip():
            raise Invalid("Please choose a file.", field="file")
        made = await block_imports.draft(state.app_of(request), content, source, f"@{reader.actor.username}")
    except AppError as refused:
        return await _overview(request, given.text, refused)
    return respond.redirect(f"/admin/block_lists/{made.id}")


@admins_only
async def one(request: Request, reader: Reader) -> Response:
    """`GET /admin/block_lists/{id}`"""
    return await _one(request)


@admins_only
async def order(request: Request, reader: Reader) -> Response:
    """`POST /admin/block_lists/{id}`"""
    given, number, app = await form(request, Order, reader), params.number(request), state.app_of(request)
    by = f"@{reader.actor.username}"
    try:
        if given.act == "apply":
            await block_imports.begin(app, number, by)
        elif given.act == "undo":
            await block_imports.undo(app, number, by)
        elif given.act == "drop":
            await block_imports.drop(number)
            return respond.redirect("/admin/block_lists?done=dropped")
        else:
            raise Invalid("A list is applied, undone or dropped.")
    except NotFound:
        raise
    except AppError as refused:
        return await _one(request, refused)
    return respond.redirect(f"/admin/block_lists/{number}?done={given.act}")


@admins_only
async def export(request: Request, reader: Reader) -> Response:
    """`GET /admin/block_lists/export.{form}`: what was decided here, as csv, json or txt."""
    name = request.path_params["form"]
    if name not in block_lists.WRITERS:
        raise NotFound("There is no such file.")
    body = block_lists.WRITERS[name](await storage.peers.decided())
    return Response(body, 200, {"content-disposition": f'attachment; filename="domain_blocks.{name}"'}, _TYPES[name])


async def _overview(request: Request, text: str = "", refused: AppError | None = None) -> Response:
    return await frame.with_form(
        request, "admin/block_lists.html", refused, lists=await stored.newest(LINES), text=text, forms=tuple(_TYPES)
    )


async def _one(request: Request, refused: AppError | None = None) -> Response:
    found = await stored.by_id(params.number(request))
    if found is None:
        raise NotFound("There is no such list.")
    offset = max(0, min(params.query(request, _Asked).offset, 1_000_000))
    changes = await stored.changes(found.id, LINES + 1, offset)
    return await frame.with_form(
        request,
        "admin/block_list.html",
        refused,
        list=found,
        applied=await stored.done(found.id),
        cuts=await stored.cuts(found.id),
        changes=changes[:LINES],
        wide=await block_breadth.among(found.id),
        offset=offset,
        further=offset + LINES if len(changes) > LINES else 0,
    )


routes = [
    Route("/admin/block_lists", overview),
    Route("/admin/block_lists", bring, methods=["POST"]),
    Route("/admin/block_lists/export.{form}", export),
    Route("/admin/block_lists/{id}", one),
    Route("/admin/block_lists/{id}", order, methods=["POST"]),
]
