"""Getting an account: as first admin, by invitation, or by asking for one."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.follows
import storage.groups
import storage.timelines
from fedcomm import accounts, admissions, consents, invites, mails, sessions
from fedcomm.consents import Shown
from fedcomm.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage import visible
from storage.accounts import Account
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from storage.timelines import Entry
from web import auth, headers, languages, respond, state
from web.pages import frame, shown, threads
from web.pages.readers import form, reader_of

_REFUSALS = (Invalid, Conflict, TooMany, NotAllowed)
_TALKS = 3  # threads of a group that its invitation shows


class Wanted(msgspec.Struct, frozen=True):
    """Who somebody wants to be here; `rules` says yes to those whose seal is `read`."""

    name: str = ""
    password: str = ""
    email: str = ""
    reason: str = ""
    rules: bool = False
    read: str = ""
    csrf: str = ""


class Elsewhere(msgspec.Struct, frozen=True):
    """Where somebody has an account."""

    address: str = ""
    csrf: str = ""


class _Invitation(msgspec.Struct, frozen=True):
    """What a link invites to: this server and, if it names one, a group; and the rules of both."""

    group: Group | None
    face: Actor | None
    rules: tuple[Shown, ...]
    opens: bool  # an account here


async def set_up_form(request: Request) -> Response:
    """`GET /setup/{token}`: the link that the server printed."""
    await invites.find_first_admin(state.app_of(request), request.path_params["token"])
    return await _form(request, "first_admin.html", Wanted())


async def set_up(request: Request) -> Response:
    """`POST /setup/{token}`: the first admin is there, and signed in."""
    app, token = state.app_of(request), request.path_params["token"]
    wanted = await form(request, Wanted)
    await invites.find_first_admin(app, token)
    try:
        account = await accounts.set_up(app, token, wanted.name, wanted.password, wanted.email)
        # A try-out speaks to nobody else, so that there is nothing to follow.
        return await _welcomed(request, account, "/admin" if app.config.try_out else "/admin/neighbours?done=begun")
    except _REFUSALS as refused:
        return await _form(request, "first_admin.html", wanted, refused)


async def invite_form(request: Request) -> Response:
    """`GET /invite/{token}`: what one is invited to, and the ways in; a member joins the group with one click."""
    invitation = await _invitation(request)
    if invitation.face is None and await reader_of(request):
        return respond.redirect("/")
    return await _invited(request, invitation, Wanted())


async def accept(request: Request) -> Response:
    """`POST /invite/{token}`: a new member, signed in, in the group they were invited to."""
    token = request.path_params["token"]
    wanted = await form(request, Wanted)
    invitation = await _invitation(request)
    if await reader_of(request):
        return await _invited(request, invitation, wanted)
    target = shown.profile(invitation.face) if invitation.face else "/"
    try:
        return await _welcomed(request, await _sign_up(request, wanted, invitation.rules, token), target)
    except _REFUSALS as refused:
        return await _invited(request, invitation, wanted, refused)


async def elsewhere(request: Request) -> Response:
    """`POST /invite/{token}/elsewhere`: who has an account on another server says which, and follows the group then."""
    given = await form(request, Elsewhere)
    invitation = await _invitation(request)
    try:
        who, _face = await admissions.reserve(state.app_of(request), request.path_params["token"], given.address)
    except (*_REFUSALS, NotFound) as refused:
        return await _invited(request, invitation, Wanted(), refused, given)
    return await _invited(request, invitation, Wanted(), given=Elsewhere(f"@{who.acct}"), expected=True)


async def ask_form(request: Request) -> Response:
    """`GET /sign-up`"""
    rules = await consents.of_server(state.app_of(request))
    return await _form(request, "sign_up.html", Wanted(), seal=consents.seal((rules,)))


async def ask(request: Request) -> Response:
    """`POST /sign-up`: waits for an admin, unless this server is open to everybody."""
    wanted = await form(request, Wanted)
    rules = (await consents.of_server(state.app_of(request)),)
    try:
        return await _welcomed(request, await _sign_up(request, wanted, rules, ""), "/")
    except _REFUSALS as refused:
        return await _form(request, "sign_up.html", wanted, refused, consents.seal(rules))


async def _sign_up(request: Request, wanted: Wanted, rules: tuple[Shown, ...], invite: str) -> Account:
    """The account of who has read these rules and said yes to them."""
    if consents.seal(rules) and not wanted.rules:
        raise Invalid("Please read the rules, and say that you will keep to them.", field="rules")
    address = request.client.host if request.client else ""
    return await accounts.sign_up(
        state.app_of(request), wanted.name, wanted.password, wanted.email, "" if invite else wanted.reason, invite,
        address, consents.Agreement(rules, wanted.read), languages.choose(request),
    )  # fmt: skip


async def _welcomed(request: Request, account: Account, target: str) -> Response:
    """The first page of the new member, signed in."""
    if account.state != "active":
        return await frame.page(request, "signed_up.html", account=account)
    token = await sessions.open(state.app_of(request), account.id, request.headers.get("user-agent", ""))
    response = respond.redirect(target)
    auth.keep_session(request, response, token)
    return response


async def _invitation(request: Request) -> _Invitation:
    app = state.app_of(request)
    invite = await invites.find(app, request.path_params["token"])
    group, face = await storage.groups.with_face(invite.group_id)
    rules: tuple[Shown, ...] = (await consents.of_server(app),)
    if face is not None and face.gone:  # who comes in then is a member of nothing but this server
        group = face = None
    opens = await invites.opens_account(app, invite)
    return _Invitation(group, face, (*rules, await consents.of_group(group)) if group else rules, opens)


async def _invited(
    request: Request,
    invitation: _Invitation,
    wanted: Wanted,
    refused: AppError | None = None,
    given: Elsewhere = Elsewhere(),
    expected: bool = False,
) -> Response:
    """The page of an invitation: of the group only what anybody may see, whoever looks.

    `expected` says that the group lets in who has just said on it where their account is.
    """
    reader = await reader_of(request)
    group, face = invitation.group, invitation.face
    talks: list[Entry] = []
    if group is not None:
        talks = (await storage.timelines.of_group(visible.ANYBODY, group.id, Page(limit=_TALKS))).entries
    read = invitation.rules[1:] if reader else invitation.rules  # a member has said yes to those of the server
    return await _page(
        request, "invite.html", wanted, refused,
        {"content-security-policy": headers.CONSENT_POLICY},  # one form leads to the visitor's server
        token=request.path_params["token"],
        opens=invitation.opens,
        given=given,
        expected=expected,
        group=group,
        face=face,
        handle=shown.handle(face, state.app_of(request).host) if face else "",
        lines=await threads.lines(visible.ANYBODY, talks),
        of_group=invitation.rules[1].rules if group else (),
        seal=consents.seal(read),
        follow=await storage.follows.of(reader.actor.id, face.id) if reader and face else None,
    )  # fmt: skip


async def _form(
    request: Request, template: str, wanted: Wanted, refused: AppError | None = None, seal: str = ""
) -> Response:
    """A form to fill in, or to fill in again with what is wrong; who is signed in needs none."""
    if await reader_of(request):
        return respond.redirect("/")
    return await _page(request, template, wanted, refused, seal=seal)


async def _page(
    request: Request,
    template: str,
    wanted: Wanted,
    refused: AppError | None,
    headers: Mapping[str, str] | None = None,
    /,
    **context: Any,
) -> Response:
    return await frame.with_form(
        request,
        template,
        refused,
        headers,
        form=True,
        wanted=wanted,
        mail=mails.on(state.app_of(request)),
        field=getattr(refused, "field", "") or ("name" if isinstance(refused, Conflict) else ""),
        **context,
    )


routes = [
    Route("/setup/{token}", set_up_form),
    Route("/setup/{token}", set_up, methods=["POST"]),
    Route("/invite/{token}", invite_form),
    Route("/invite/{token}", accept, methods=["POST"]),
    Route("/invite/{token}/elsewhere", elsewhere, methods=["POST"]),
    Route("/sign-up", ask_form),
    Route("/sign-up", ask, methods=["POST"]),
]
