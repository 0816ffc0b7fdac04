"""One account as an admin sees it: another role, shut out, let in again, a new password, delete."""

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import accounts
from fedcomm.errors import AppError, Invalid
from web import respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form


class Act(msgspec.Struct, frozen=True):
    """What an admin does about an account."""

    act: str = ""
    role: str = ""
    reason: str = ""  # of shutting them out
    sure: bool = False
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/people/{name}`"""
    return await _page(request)


@admins_only
async def act(request: Request, reader: Reader) -> Response:
    """`POST /admin/people/{name}`; a new password is shown once."""
    given = await form(request, Act, reader)
    app, name = state.app_of(request), request.path_params["name"]
    try:
        match given.act:
            case "role":
                await accounts.promote(app, name, given.role, reader.account)
            case "suspend" | "restore":
                await accounts.set_suspended(app, name, given.act == "suspend", reader.account, given.reason)
            case "password":
                return await _new_password(request, reader, name)
            case "delete" if given.sure:
                await accounts.delete(app, name, reader.account)
                return respond.redirect("/admin/people?done=deleted")
            case _:
                raise Invalid("Please say that you are sure.", field="sure")
    except AppError as refused:
        return await _page(request, refused, reason=given.reason)
    return respond.redirect(f"{request.scope['path']}?done=saved")


async def _new_password(request: Request, reader: Reader, name: str) -> Response:
    password = secrets.token_urlsafe(12)
    await accounts.set_password(state.app_of(request), name, password, reader.account)
    return await _page(request, password=password)


async def _page(
    request: Request, refused: AppError | None = None, password: str = "", reason: str = ""
) -> Response:  # fmt: skip
    account = await accounts.named(request.path_params["name"])
    return await frame.with_form(
        request,
        "admin/person.html",
        refused,
        account=account,
        actor=await storage.actors.by_id(account.actor_id),
        roles=accounts.ROLES,
        password=password,
        reason=reason,
        longest=accounts.LONGEST_REASON,
        field=getattr(refused, "field", ""),
    )


routes = [
    Route("/admin/people/{name}", show),
    Route("/admin/people/{name}", act, methods=["POST"]),
]
