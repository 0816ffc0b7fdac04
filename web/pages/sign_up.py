"""Getting an account: as first admin, by invitation, or by asking for one."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
from fedcomm import accounts, invites, sessions, settings
from fedcomm.errors import AppError, Conflict, Invalid, NotAllowed, TooMany
from storage.accounts import Account
from storage.actors import Actor
from storage.invites import Invite
from web import auth, errors, respond, state
from web.pages import frame, shown
from web.pages.readers import form, reader_of


class Wanted(msgspec.Struct, frozen=True):
    """Who somebody wants to be here."""

    name: str = ""
    password: str = ""
    email: str = ""
    reason: str = ""
    rules: bool = False
    csrf: str = ""


async def set_up_form(request: Request) -> Response:
    """`GET /setup/{token}`: the link that the server printed."""
    await invites.find_first_admin(state.app_of(request), request.path_params["token"])
    return await _form(request, "first_admin.html", Wanted())


async def set_up(request: Request) -> Response:
    """`POST /setup/{token}`: the first admin is there, and signed in."""
    app, token = state.app_of(request), request.path_params["token"]
    wanted = await form(request, Wanted)
    await invites.find_first_admin(app, token)
    make = partial(accounts.set_up, app, token, wanted.name, wanted.password, wanted.email)
    return await _made(request, "first_admin.html", wanted, make, "/admin")


async def invite_form(request: Request) -> Response:
    """`GET /invite/{token}`"""
    invite = await invites.find(state.app_of(request), request.path_params["token"])
    return await _form(request, "invite.html", Wanted(), face=await _face(invite))


async def accept(request: Request) -> Response:
    """`POST /invite/{token}`: a new member, signed in, in the group they were invited to."""
    app, token = state.app_of(request), request.path_params["token"]
    wanted = await form(request, Wanted)
    invite = await invites.find(app, token)
    face = await _face(invite)
    target = shown.profile(face) if face else "/"
    make = partial(accounts.sign_up, app, wanted.name, wanted.password, wanted.email, "", token, _address(request))
    return await _made(request, "invite.html", wanted, make, target, face)


async def ask_form(request: Request) -> Response:
    """`GET /sign-up`"""
    return await _form(request, "sign_up.html", Wanted())


async def ask(request: Request) -> Response:
    """`POST /sign-up`: waits for an admin, unless this server is open to everybody."""
    wanted = await form(request, Wanted)
    app = state.app_of(request)
    make = partial(
        accounts.sign_up, app, wanted.name, wanted.password, wanted.email, wanted.reason, "", _address(request)
    )
    return await _made(request, "sign_up.html", wanted, make, "/")


async def _made(
    request: Request,
    template: str,
    wanted: Wanted,
    make: Callable[[], Awaitable[Account]],
    target: str,
    face: Actor | None = None,
) -> Response:
    """The answer to a form: the member's first page, or the form again with what is wrong."""
    app = state.app_of(request)
    try:
        await _agreed(request, wanted, template)
        account = await make()
    except (Invalid, Conflict, TooMany, NotAllowed) as refused:
        return await _form(request, template, wanted, refused, face)
    if account.state != "active":
        return await frame.page(request, "signed_up.html")
    token = await sessions.open(app, account.id, request.headers.get("user-agent", ""))
    response = respond.redirect(target)
    auth.keep_session(request, response, token)
    return response


async def _agreed(request: Request, wanted: Wanted, template: str) -> None:
    site = await settings.current(state.app_of(request))
    if site.rules and template != "first_admin.html" and not wanted.rules:
        raise Invalid("Please read the rules, and say that you will keep to them.", field="rules")


async def _form(
    request: Request, template: str, wanted: Wanted, refused: AppError | None = None, face: Actor | None = None
) -> Response:
    if await reader_of(request):
        return respond.redirect(shown.profile(face) if face else "/")
    return await frame.page(
        request,
        template,
        errors.status_of(refused) if refused else 200,
        form=True,
        wanted=wanted,
        face=face,
        problem=refused,
        field=getattr(refused, "field", "") or ("name" if isinstance(refused, Conflict) else ""),
    )


async def _face(invite: Invite) -> Actor | None:
    """The group that somebody is invited into."""
    return (await storage.groups.with_face(invite.group_id))[1]


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


routes = [
    Route("/setup/{token}", set_up_form),
    Route("/setup/{token}", set_up, methods=["POST"]),
    Route("/invite/{token}", invite_form),
    Route("/invite/{token}", accept, methods=["POST"]),
    Route("/sign-up", ask_form),
    Route("/sign-up", ask, methods=["POST"]),
]
