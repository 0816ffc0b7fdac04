"""Sign-ups that wait, invitations, and everybody who has an account."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.groups
import storage.invites
from fedcomm import accounts, clock, invites
from fedcomm.errors import AppError, Invalid, NotFound
from storage.actors import Actor
from storage.groups import Group
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form

_LINES = 50


class Answer(msgspec.Struct, frozen=True):
    """What an admin says to a sign-up: approve or reject."""

    name: str = ""
    answer: str = ""
    csrf: str = ""


class NewInvite(msgspec.Struct, frozen=True):
    """An invitation to be made; `group` is the id of a group, 0 for none."""

    role: str = "member"
    uses: int = 1
    days: int = 7
    group: int = 0
    csrf: str = ""


class _Asked(msgspec.Struct, frozen=True):
    after: int = 0


@admins_only
async def waiting(request: Request, reader: Reader) -> Response:
    """`GET /admin/sign_ups`"""
    people = await storage.accounts.pending(_LINES)
    return await frame.page(request, "admin/sign_ups.html", people=people, done=request.query_params.get("done", ""))


@admins_only
async def answer(request: Request, reader: Reader) -> Response:
    """`POST /admin/sign_ups`"""
    given = await form(request, Answer, reader)
    decide = {"approve": accounts.approve, "reject": accounts.reject}.get(given.answer)
    if decide is None:
        raise Invalid("A sign-up is approved or rejected.")
    await decide(state.app_of(request), given.name, reader.account)
    return respond.redirect(f"/admin/sign_ups?done={given.answer}")


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


@admins_only
async def everybody(request: Request, reader: Reader) -> Response:
    """`GET /admin/people`"""
    after = params.query(request, _Asked).after
    people = await storage.accounts.everybody(_LINES + 1, after)
    return await frame.page(
        request,
        "admin/people.html",
        people=people[:_LINES],
        done=request.query_params.get("done", ""),
        next=people[_LINES - 1].account_id if len(people) > _LINES else 0,
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
    Route("/admin/invites", invitations),
    Route("/admin/invites", invite, methods=["POST"]),
    Route("/admin/invites/{id}/revoke", revoke, methods=["POST"]),
    Route("/admin/people", everybody),
]
