"""A new password by mail: asking for it, and choosing it with the link."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import forgotten
from fedcomm.errors import AppError, Invalid, TooMany
from web import languages, respond, state
from web.pages import frame
from web.pages.readers import form


class Asked(msgspec.Struct, frozen=True):
    """Who wants a new password."""

    email: str = ""
    csrf: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """The new password, twice."""

    new: str = ""
    again: str = ""
    csrf: str = ""


async def ask_form(request: Request) -> Response:
    """`GET /auth/password`"""
    forgotten.offered(state.app_of(request))
    return await _asking(request)


async def ask(request: Request) -> Response:
    """`POST /auth/password`: the same answer whether the address is known or not (attack PRI-23)."""
    given = await form(request, Asked)
    place = request.client.host if request.client else ""
    try:
        await forgotten.ask(state.app_of(request), given.email, place, languages.choose(request))
    except (Invalid, TooMany) as refused:
        return await _asking(request, given, refused)
    return respond.redirect("/auth/password?done=sent")


async def choose_form(request: Request) -> Response:
    """`GET /auth/password/{token}`: looking at the link does not use it up, since programs look at links in mails."""
    await forgotten.find(state.app_of(request), request.path_params["token"])
    return await _choosing(request)


async def choose(request: Request) -> Response:
    """`POST /auth/password/{token}`: then one signs in with it."""
    given = await form(request, Chosen)
    try:
        if given.new != given.again:
            raise Invalid("The new password was not the same both times.", field="again")
        await forgotten.choose(state.app_of(request), request.path_params["token"], given.new)
    except Invalid as refused:
        return await _choosing(request, refused)
    return respond.redirect("/sign_in?done=password")


async def _asking(request: Request, given: Asked = Asked(), refused: AppError | None = None) -> Response:
    return await frame.with_form(request, "forgotten.html", refused, form=True, given=given)


async def _choosing(request: Request, refused: AppError | None = None) -> Response:
    field = {"password": "new"}.get(getattr(refused, "field", ""), getattr(refused, "field", ""))
    return await frame.with_form(request, "new_password.html", refused, form=True, field=field)


routes = [
    Route("/auth/password", ask_form),
    Route("/auth/password", ask, methods=["POST"]),
    Route("/auth/password/{token}", choose_form),
    Route("/auth/password/{token}", choose, methods=["POST"]),
]
