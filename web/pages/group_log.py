"""The log of a group, for who looks after it and for admins: in pages here or elsewhere, or a file (attack GRP-10)."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import storage.actors
import storage.registers
from fedcomm.app import App
from fedcomm.desk import afar, changing, lists, reading, values
from fedcomm.desk.values import AT_ONCE as AT_ONCE_SHOWN
from fedcomm.desk.values import Deed, Log
from fedcomm.errors import AppError, NotFound
from fedcomm.exports import harmless
from fedcomm.mapping.activities import timestamp
from storage.actors import Actor
from storage.paging import Page
from storage.registers import Act
from web import paging, state
from web.pages import decisions, frame, shown
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after, looking_after_any

AT_ONCE = 500  # acts read at a time
_HEADING = ("when", "who", "what", "subject", "value", "why", "id", "undoes")


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/log`"""
    return await _page(request, place)


@looking_after_any
async def restore(request: Request, place: Place) -> Response:
    """`POST /c/{name}/log`: a post that was taken out goes back into the group."""
    acts = {"restore": partial(_restore, state.app_of(request), place)}
    return await decisions.taken(request, place, "log", acts, partial(_page, request, place))


async def _restore(app: App, place: Place, given: Decision) -> None:
    if not place.group.local:
        said = values.Decision(act="restore", id=given.who)
        return await afar.decide(app, place.group, place.face, place.reader.actor, said)
    await changing.put_back(app, place.group, place.reader.actor, given.who)


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    found = Log()
    try:
        found = await _log(state.app_of(request), place, paging.page_of(request, usual=AT_ONCE_SHOWN))
    except AppError as why:
        refused = refused or why
    people = await people_in(found.entries)
    return await frame.with_form(
        request,
        "log.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        may=place.rights,
        log=found.entries,
        people=people,
        acted=acted(found.entries, people),
        older=found.older,
    )


async def _log(app: App, place: Place, page: Page) -> Log:
    if place.group.local:
        return await lists.of_log(app, place.group, page)
    return await reading.log_of(app, place.group, place.face, place.reader.actor, page)


async def people_in(log: Sequence[Deed]) -> dict[str, Actor]:
    """Who is in these acts and known here, by id."""
    return await storage.actors.by_uris(sorted({uri for each in log for uri in (each.by, each.subject) if uri}))


def acted(log: Sequence[Deed], people: Mapping[str, Actor]) -> list[tuple[str, str]]:
    """Whose acts these are, of those who are people as far as is known: ids and what they are called."""
    handles = {each.by: shown.label(each.by_handle, 200) for each in log if each.by_handle}
    return [
        (uri, f"{shown.name(people[uri])} ({handle})" if uri in people else handle)
        for uri, handle in handles.items()
        if uri not in people or people[uri].kind == "Person"
    ]


@looking_after
async def download(request: Request, place: Place) -> Response:
    """`GET /c/{name}/log.csv` and `.json`: every act, the last first."""
    ending = request.path_params["ending"]
    if ending not in _FORMS:
        raise NotFound("There is no such file.")
    content_type, form, end = _FORMS[ending]
    name = f'attachment; filename="{place.face.username}-log.{ending}"'

    async def body() -> AsyncIterator[str]:
        below, first = 2**62, True
        while (acts := await storage.registers.log(place.group.id, AT_ONCE, below)) or first:
            yield form(acts, first)
            below, first = acts[-1].id if acts else 0, False
        yield end

    return StreamingResponse(body(), 200, {"content-disposition": name}, content_type)


def _csv(acts: Sequence[Act], first: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if first:
        writer.writerow(_HEADING)
    writer.writerows([harmless(cell) for cell in _cells(act)] for act in acts)
    return text.getvalue()


def _json(acts: Sequence[Act], first: bool) -> str:
    told = [msgspec.json.encode(dict(zip(_HEADING, _cells(act), strict=True))).decode() for act in acts]
    return ("[" if first else "," if told else "") + ",\n".join(told)


def _cells(act: Act) -> tuple[str, ...]:
    return (
        timestamp(act.recorded_at), act.actor_uri, act.property, act.subject, act.value or "", act.summary,
        act.uri, act.undoes or "",
    )  # fmt: skip


# By the ending of the file: its type, how acts are written, and what ends it.
_FORMS: dict[str, tuple[str, Callable[[Sequence[Act], bool], str], str]] = {
    "csv": ("text/csv; charset=utf-8", _csv, ""),
    "json": ("application/json", _json, "]\n"),
}
routes = [
    Route("/c/{name}/log", show),
    Route("/c/{name}/log", restore, methods=["POST"]),
    Route("/c/{name}/log.{ending}", download),
]
