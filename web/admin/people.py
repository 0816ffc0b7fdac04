"""Sign-ups that wait, invitations, and everybody who has an account."""

from contextlib import suppress
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.groups
import storage.invites
from fedcomm import accounts, clock, erasing, invites, powers
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from storage import people
from storage.accounts import Account
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from web import paging, params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form, with_power

_LINES = 50


class Answer(msgspec.Struct, frozen=True):
    """What an admin says to a sign-up: approve or reject."""

    name: str = ""
    names: list[str] = []
    answer: str = ""
    reason: str = ""  # of turning them away, for the log alone
    csrf: str = ""


class NewInvite(msgspec.Struct, frozen=True):
    """An invitation to be made; `group` is the id of a group, 0 for none."""

    role: str = "member"
    uses: int = 1
    days: int = 7
    group: int = 0
    csrf: str = ""


class Asked(msgspec.Struct, frozen=True):
    """Which people are looked for; '' is any."""

    text: str = ""
    origin: str = "local"
    state: str = ""
    role: str = ""
    host: str = ""


@with_power(powers.PEOPLE)
async def waiting(request: Request, reader: Reader) -> Response:
    """`GET /admin/sign_ups`"""
    found = await storage.accounts.waiting(_LINES)
    return await frame.page(request, "admin/sign_ups.html", people=found, done=request.query_params.get("done", ""))


@with_power(powers.PEOPLE)
async def answer(request: Request, reader: Reader) -> Response:
    """`POST /admin/sign_ups`: about one of them."""
    given = await form(request, Answer, reader)
    await _answer(state.app_of(request), given, given.name, reader.account)
    return respond.redirect(f"/admin/sign_ups?done={given.answer}")


@with_power(powers.PEOPLE)
async def answer_several(request: Request, reader: Reader) -> Response:
    """`POST /admin/sign_ups/several`: about all that are ticked; who was answered meanwhile is left out."""
    given = await form(request, Answer, reader)
    for name in given.names:
        with suppress(NotFound, Conflict):
            await _answer(state.app_of(request), given, name, reader.account)
    return respond.redirect(f"/admin/sign_ups?done={given.answer}")


async def _answer(app: App, given: Answer, name: str, by: Account) -> None:
    match given.answer:
        case "approve":
            await accounts.approve(app, name, by)
        case "reject":
            await accounts.reject(app, name, by, given.reason)
        case _:
            raise Invalid("A sign-up is approved or rejected.")


@admins_only
async def invitations(request: Request, reader: Reader) -> Response:
    """`GET /admin/invites`"""
    return await _invites(request)


@admins_only
async def invite(request: Request, reader: Reader) -> Response:
    """`POST /admin/invites`: the link is shown once."""
    given = await form(request, NewInvite, reader)
    try:
        if given.group and await storage.groups.by_id(given.group) is None:
            raise NotFound("There is no group of this name here.")
        link = await invites.create(
            state.app_of(request), reader.account, given.role, given.group or None, given.uses, given.days
        )
    except AppError as refused:
        return await _invites(request, refused=refused)
    return await _invites(request, link=link)


@admins_only
async def revoke(request: Request, reader: Reader) -> Response:
    """`POST /admin/invites/{id}/revoke`"""
    await form(request, Plain, reader)
    await invites.revoke(state.app_of(request), reader.account, params.number(request))
    return respond.redirect("/admin/invites")


@with_power(powers.PEOPLE)
async def everybody(request: Request, reader: Reader) -> Response:
    """`GET /admin/people`: members, and people and groups elsewhere; who came last first."""
    asked = params.query(request, Asked)
    origin = asked.origin if asked.origin in people.ORIGINS else ""
    wanted = people.Wanted(origin, asked.state, asked.role, host=asked.host, text=asked.text)
    page = Page(before=paging.page_of(request).before, limit=_LINES)
    found, older = await people.page(wanted, page)
    return await frame.page(
        request,
        "admin/people.html",
        people=found,
        leaving=await erasing.running(),
        asked=asked,
        query=urlencode(msgspec.structs.asdict(asked)),
        done=request.query_params.get("done", ""),
        older=found[-1].id if older else 0,
        origins=people.ORIGINS,
        states=tuple(people.STATES),
        roles=accounts.ROLES,
    )


async def _invites(request: Request, link: str = "", refused: AppError | None = None) -> Response:
    headers = {"cache-control": "no-store"}
    open_ones = await storage.invites.listed(clock.now_ms())
    return await frame.with_form(
        request,
        "admin/invites.html",
        refused,
        headers,
        invites=open_ones,
        link=link,
        groups=await _groups(),
    )


async def _groups() -> list[tuple[Group, Actor]]:
    groups = await storage.groups.here()
    faces = await storage.actors.by_ids([group.actor_id for group in groups])
    return [(group, faces[group.actor_id]) for group in groups if group.actor_id in faces]


routes = [
    Route("/admin/sign_ups", waiting),
    Route("/admin/sign_ups", answer, methods=["POST"]),
    Route("/admin/sign_ups/several", answer_several, methods=["POST"]),
    Route("/admin/invites", invitations),
    Route("/admin/invites", invite, methods=["POST"]),
    Route("/admin/invites/{id}/revoke", revoke, methods=["POST"]),
    Route("/admin/people", everybody),
]
