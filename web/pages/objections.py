"""Objections against what was done about an account, by the link in the mail about it; signing in is not needed."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import objections
from fedcomm.errors import Invalid
from web import state
from web.pages import frame
from web.pages.readers import form


class Words(msgspec.Struct, frozen=True):
    """Why somebody thinks that it is wrong."""

    text: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /auth/appeal/{given}`: looking at the link does not use it up, since programs look at links in mails."""
    return await _page(request)


async def ask(request: Request) -> Response:
    """`POST /auth/appeal/{given}`"""
    given = await form(request, Words)
    try:
        await objections.ask(state.app_of(request), request.path_params["given"], given.text)
    except Invalid as refused:
        return await _page(request, refused, given)
    return await frame.page(request, "objection.html", asked=True)


async def _page(request: Request, refused: Invalid | None = None, given: Words = Words()) -> Response:
    found = await objections.called(request.path_params["given"])
    return await frame.with_form(
        request, "objection.html", refused, {"cache-control": "no-store"}, form=True, sanction=found.sanction,
        name=found.actor.username, given=given, longest=objections.MAX_TEXT, asked=False,
    )  # fmt: skip


routes = [
    Route("/auth/appeal/{given}", show),
    Route("/auth/appeal/{given}", ask, methods=["POST"]),
]
