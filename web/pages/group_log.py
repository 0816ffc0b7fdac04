"""The whole log of a group as a file, for who looks after it and for admins (attack GRP-10)."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import storage.registers
from fedcomm.errors import NotFound
from fedcomm.exports import harmless
from fedcomm.mapping.activities import timestamp
from storage.registers import Act
from web.pages.looking_after import Place, looking_after

AT_ONCE = 500  # acts read at a time
_HEADING = ("when", "who", "what", "subject", "value", "why", "id", "undoes")


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
routes = [Route("/c/{name}/log.{ending}", download)]
