"""Decisions of who looks after a group about what waits for them, one at a time, each with a reason if they like."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm.errors import AppError, Invalid
from web import respond
from web.pages import shown
from web.pages.looking_after import Place
from web.pages.readers import form


class Decision(msgspec.Struct, frozen=True):
    """What is decided (`act`) about what or whom, by number, and why; `who` is the name of somebody."""

    act: str = ""
    id: int = 0
    who: str = ""
    reason: str = ""
    csrf: str = ""


Act = Callable[[Decision], Awaitable[object]]


async def taken(
    request: Request,
    place: Place,
    where: str,
    acts: Mapping[str, Act],
    page: Callable[[Decision, AppError], Awaitable[Response]],
) -> Response:
    """Do what the form says, of these acts, and go back to the page below the group; `page` shows a refusal."""
    given = await form(request, Decision, place.reader)
    try:
        if given.act not in acts:
            raise Invalid("There is no such act.")
        await acts[given.act](given)
    except AppError as refused:
        return await page(given, refused)
    if given.who and not place.group.local:
        return sent(place, where, given.act, given.who)
    return respond.redirect(f"{shown.profile(place.face)}/{where}?done={given.act}")


def sent(place: Place, where: str, act: str, about: str) -> Response:
    """On to the page below a group elsewhere, which leaves out what was decided: its server may not know it yet."""
    return respond.redirect(f"{shown.profile(place.face)}/{where}?{urlencode({'done': act, 'decided': about})}")
