"""What admins tell everybody here, on the first pages of a member until they put it away."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.bulletins
from fedcomm import bulletins, clock, writing
from storage.bulletins import Bulletin
from web import params, respond, state
from web.pages.readers import Reader, form, members_only

_PLACES = {"home": "/home"}  # where it can stand besides the front page


class Told(msgspec.Struct, frozen=True):
    """One of them; `html` is clean."""

    bulletin: Bulletin
    html: str


class Away(msgspec.Struct, frozen=True):
    """Where the button was."""

    where: str = ""
    csrf: str = ""


async def unread(request: Request, reader: Reader | None) -> list[Told]:
    """Those that the reader has not put away, the newest first; nothing on further pages of a list."""
    if reader is None or "max_id" in request.query_params:
        return []
    base = state.app_of(request).base_url
    found = await storage.bulletins.shown(clock.now_ms(), reader.actor.id)
    return [Told(each, writing.write(each.text, {}, base).html) for each in found]


@members_only
async def put_away(request: Request, reader: Reader) -> Response:
    """`POST /announcements/{id}/dismiss`: it is not shown again, in programs neither."""
    given = await form(request, Away, reader)
    await bulletins.put_away(reader.actor.id, params.number(request))
    return respond.redirect(_PLACES.get(given.where, "/"))


routes = [Route("/announcements/{id}/dismiss", put_away, methods=["POST"])]
