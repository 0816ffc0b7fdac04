"""What members take along as files, and bring along from elsewhere."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fedcomm import archives, clock, exports, imports, room, severing
from fedcomm.errors import AppError, Invalid
from storage import severances
from web import params, respond, state
from web.pages import frame, words
from web.pages.readers import Plain, Reader, form, members_only

_TYPE = "text/csv; charset=utf-8"


class Brought(msgspec.Struct, frozen=True):
    """A file, and what is in it."""

    kind: str = ""
    file: UploadFile | None = None
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/data`: the files of a member, and how far the one is that is being read in."""
    return await _page(request, reader)


@members_only
async def download(request: Request, reader: Reader) -> Response:
    """`GET /settings/export/{name}.csv`: of the reader's own, whoever asks (attack PRI-18)."""
    name = request.path_params["name"]
    body = await exports.file(state.app_of(request), reader.actor, name)
    return Response(body, 200, {"content-disposition": f'attachment; filename="{name}.csv"'}, _TYPE)


@members_only
async def order(request: Request, reader: Reader) -> Response:
    """`POST /settings/archive`: making a file with all that is the reader's begins; the page says how it goes."""
    await form(request, Plain, reader)
    try:
        await archives.order(state.app_of(request), reader.actor)
    except AppError as refused:
        return await _page(request, reader, refused=refused, part="archive")
    return respond.redirect("/settings/data#archive")


@members_only
async def archive(request: Request, reader: Reader) -> Response:
    """`GET /settings/archive.zip`: the reader's own file; it has no other address (attack PRI-18)."""
    key, size = await archives.ready(reader.actor)
    name = f"{reader.actor.username}-{state.app_of(request).host.replace(':', '-')}.zip"
    headers = {
        "content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store",
        "content-length": str(size),
    }  # fmt: skip
    return StreamingResponse(state.app_of(request).blobs.read(key), 200, headers, "application/zip")


@members_only
async def severed(request: Request, reader: Reader) -> Response:
    """`GET /settings/severed/{id}/{name}.csv`: whom the reader lost when a server was suspended."""
    name = request.path_params["name"]
    body = await severing.file(state.app_of(request), reader.actor, params.number(request), name)
    return Response(body, 200, {"content-disposition": f'attachment; filename="{name}.csv"'}, _TYPE)


@members_only
async def upload(request: Request, reader: Reader) -> Response:
    """`POST /settings/import`: reading the file in begins; the page says how it goes."""
    given = await form(request, Brought, reader)
    try:
        if given.file is None:
            raise Invalid("Please choose a file.", field="file")
        content = await given.file.read(imports.MAX_BYTES + 1)
        await imports.begin(state.app_of(request), reader.actor, given.kind, content)
    except AppError as refused:
        return await _page(request, reader, given.kind, refused)
    return respond.redirect("/settings/data#import")


@members_only
async def dismiss(request: Request, reader: Reader) -> Response:
    """`POST /settings/import/dismiss`: the report has been read."""
    await form(request, Plain, reader)
    await imports.dismiss(state.app_of(request), reader.actor)
    return respond.redirect("/settings/data#import")


async def _page(
    request: Request, reader: Reader, kind: str = "", refused: AppError | None = None, part: str = ""
) -> Response:
    found = await imports.of(reader.actor)
    return await frame.with_form(
        request,
        "own/data.html",
        refused,
        files={name: words.FILES[name] for name in exports.HEADINGS},
        kinds={name: words.FILES[name] for name in imports.KINDS},
        archive=await archives.of(reader.actor),
        part=part,
        readable=room.readable,
        now=clock.now_ms(),
        again=archives.DAY,
        ends=archives.KEPT,
        cut=await severances.of(reader.actor.id),
        kind=kind or imports.KINDS[0],
        most=imports.MAX_ROWS,
        work=found[0] if found else None,
        done=found[1] if found else False,
        field=getattr(refused, "field", ""),
    )


routes = [
    Route("/settings/data", show),
    Route("/settings/export/{name}.csv", download),
    Route("/settings/archive", order, methods=["POST"]),
    Route("/settings/archive.zip", archive),
    Route("/settings/severed/{id}/{name}.csv", severed),
    Route("/settings/import", upload, methods=["POST"]),
    Route("/settings/import/dismiss", dismiss, methods=["POST"]),
]
