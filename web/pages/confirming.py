"""Confirming an address with the link in a mail, and having the mail sent once more."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import confirming
from fedcomm.errors import AppError, Invalid, TooMany
from storage.accounts import Account
from web import languages, respond, state
from web.pages import frame
from web.pages.readers import Plain, form


class Asked(msgspec.Struct, frozen=True):
    """Who wants the mail once more."""

    email: str = ""
    csrf: str = ""


async def again_form(request: Request) -> Response:
    """`GET /auth/confirm`"""
    confirming.offered(state.app_of(request))
    return await _again(request)


async def again(request: Request) -> Response:
    """`POST /auth/confirm`: the same answer whether anybody waits for the mail or not (attack PRI-23)."""
    given = await form(request, Asked)
    try:
        await confirming.ask_again(state.app_of(request), given.email, languages.choose(request))
    except (Invalid, TooMany) as refused:
        return await _again(request, given, refused)
    return respond.redirect("/auth/confirm?done=sent")


async def show(request: Request) -> Response:
    """`GET /auth/confirm/{token}`: a button, since programs that look for bad links open those in mails."""
    account = await confirming.find(state.app_of(request), request.path_params["token"])
    return await _page(request, account)


async def confirm(request: Request) -> Response:
    """`POST /auth/confirm/{token}`"""
    await form(request, Plain)
    return await _page(request, await confirming.confirm(state.app_of(request), request.path_params["token"]), True)


async def _page(request: Request, account: Account, confirmed: bool = False) -> Response:
    return await frame.page(request, "confirm.html", form=True, account=account, confirmed=confirmed)


async def _again(request: Request, given: Asked = Asked(), refused: AppError | None = None) -> Response:
    return await frame.with_form(request, "confirm_again.html", refused, form=True, given=given)


routes = [
    Route("/auth/confirm", again_form),
    Route("/auth/confirm", again, methods=["POST"]),
    Route("/auth/confirm/{token}", show),
    Route("/auth/confirm/{token}", confirm, methods=["POST"]),
]
