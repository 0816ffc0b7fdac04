"""The e-mail address of a member: another one, the links that agree to it, and which mail they want or stop."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import mails, readdressing, staff_mail
from fedcomm.errors import AppError
from web import respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, form, members_only


class Address(msgspec.Struct, frozen=True):
    """Another address, and the password."""

    email: str = ""
    password: str = ""
    csrf: str = ""


class Kinds(msgspec.Struct, frozen=True):
    """Of what somebody who looks after the server or groups wants mail."""

    kinds: list[str] = []
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/mail`"""
    return await _page(request, reader)


@members_only
async def readdress(request: Request, reader: Reader) -> Response:
    """`POST /settings/mail/address`"""
    given = await form(request, Address, reader)
    try:
        done = await readdressing.ask(state.app_of(request), reader.account, given.email, given.password)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect(f"/settings/mail?done={'address' if done else 'sent'}")


@members_only
async def choose(request: Request, reader: Reader) -> Response:
    """`POST /settings/mail/kinds`: of what they want to hear; for who looks after the server or groups."""
    given = await form(request, Kinds, reader)
    await staff_mail.choose(state.app_of(request), reader.account, given.kinds)
    return respond.redirect("/settings/mail?done=kinds")


async def stopping(request: Request) -> Response:
    """`GET /auth/mail/{token}`: a button, for who follows the link of a mail program that knows no better."""
    _account, kind = await staff_mail.stopped_by(state.app_of(request), request.path_params["token"])
    return await frame.page(request, "no_mail.html", form=True, kind=kind, done=False)


async def stop(request: Request) -> Response:
    """`POST /auth/mail/{token}`: by the button, or by a mail program in the name of its reader (RFC 8058 §3.2).

    That has no cookie, so nothing of ours is asked of the form: the token in the address says all.
    """
    app, token = state.app_of(request), request.path_params["token"]
    _account, kind = await staff_mail.stopped_by(app, token)
    await staff_mail.stop(app, token)
    return await frame.page(request, "no_mail.html", kind=kind, done=True)


async def link(request: Request) -> Response:
    """`GET /auth/address/{token}`: a button, since programs that look for bad links open those in mails."""
    _account, purpose, address = await readdressing.find(state.app_of(request), request.path_params["token"])
    return await frame.page(request, "new_address.html", form=True, purpose=purpose, address=address, agreed="")


async def agree(request: Request) -> Response:
    """`POST /auth/address/{token}`"""
    await form(request, Plain)
    app, token = state.app_of(request), request.path_params["token"]
    _account, purpose, address = await readdressing.find(app, token)
    agreed = "both" if await readdressing.agree(app, token) else "one"
    return await frame.page(request, "new_address.html", form=True, purpose=purpose, address=address, agreed=agreed)


async def _page(
    request: Request, reader: Reader, given: Address = Address(), refused: AppError | None = None
) -> Response:
    field = getattr(refused, "field", "") or ("password" if refused else "")
    return await frame.with_form(
        request, "mail.html", refused, given=given, field=field, mail=mails.on(state.app_of(request)),
        kinds=await staff_mail.offered(reader.account),
        wanted={kind for kind in staff_mail.KINDS if staff_mail.wants(reader.account, kind)},
    )  # fmt: skip


routes = [
    Route("/settings/mail", show),
    Route("/settings/mail/address", readdress, methods=["POST"]),
    Route("/settings/mail/kinds", choose, methods=["POST"]),
    Route("/auth/mail/{token}", stopping),
    Route("/auth/mail/{token}", stop, methods=["POST"]),
    Route("/auth/address/{token}", link),
    Route("/auth/address/{token}", agree, methods=["POST"]),
]
