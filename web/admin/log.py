"""What admins and moderators of this server did: looked through, and as a file."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import storage.audit
import storage.chained
from fedcomm import audit
from fedcomm.errors import AppError, NotFound
from storage.audit import Wanted
from web import params
from web.admin import particulars
from web.pages import clocks, frame
from web.pages.readers import Reader, admins_only

_LINES = 50


class Asked(msgspec.Struct, frozen=True):
    """Which entries are looked for; '' is any. `since` and `until` are days, both within."""

    who: str = ""
    act: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""


class _Seen(msgspec.Struct, frozen=True):
    before: int = 0


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/log`"""
    asked, before = params.query(request, Asked), params.query(request, _Seen).before
    entries, refused = [], None
    try:
        entries = await storage.audit.newest(_LINES + 1, before or None, _wanted(reader, asked))
    except AppError as why:
        refused = why
    return await frame.with_form(
        request,
        "admin/log.html",
        refused,
        {"cache-control": "no-store"},
        asked=asked,
        field=str(getattr(refused, "field", "")),
        waiting=await storage.chained.count_waiting(),
        acts=await storage.audit.acts(),
        entries=entries[:_LINES],
        particulars=particulars.of,
        older=entries[_LINES - 1].id if len(entries) > _LINES else 0,
        query=urlencode({name: text for name, text in msgspec.structs.asdict(asked).items() if text}),
        whole=not before,
        recent=audit.RECENT,
        broken=await storage.audit.first_broken(audit.RECENT) if not before else None,
    )


@admins_only
async def download(request: Request, reader: Reader) -> Response:
    """`GET /admin/log.jsonl`: what is looked for, the first first, as `fedcomm audit export` writes it."""
    if request.path_params["ending"] != "jsonl":
        raise NotFound("There is no such file.")
    wanted = _wanted(reader, params.query(request, Asked))

    async def body() -> AsyncIterator[str]:
        seen = 0
        while entries := await storage.audit.after(seen, wanted=wanted):
            yield "".join(f"{audit.line(entry)}\n" for entry in entries)
            seen = entries[-1].id

    headers = {"content-disposition": 'attachment; filename="log.jsonl"', "cache-control": "no-store"}
    return StreamingResponse(body(), 200, headers, "application/jsonl")


def _wanted(reader: Reader, asked: Asked) -> Wanted:
    return Wanted(
        asked.who.strip(),
        asked.act,
        asked.subject.strip(),
        clocks.day_of(reader, asked.since, "since")[0] if asked.since else 0,
        clocks.day_of(reader, asked.until, "until")[1] if asked.until else 0,
    )


routes = [
    Route("/admin/log", show),
    Route("/admin/log.{ending}", download),
]
