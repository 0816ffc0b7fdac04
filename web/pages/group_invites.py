"""The invitations into a group, whoever made them: those who look after it see which are open, and take them back."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.invites
from fedcomm import clock, invites, rights
from fedcomm.errors import AppError, NotFound
from fedcomm.invites import MEMBERS_DAYS, MEMBERS_USES
from storage.actors import Actor
from storage.invites import Invite
from web import params, respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place, looking_after
from web.pages.readers import Plain, form


class Link(msgspec.Struct, frozen=True):
    """A link that is wanted: for how many people and days."""

    uses: int = 1
    days: int = 7
    csrf: str = ""


@looking_after
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/invites`"""
    place.by(rights.INVITE)
    return await _page(request, place, Link())


@looking_after
async def make(request: Request, place: Place) -> Response:
    """`POST /c/{name}/invites`: the link is shown once."""
    given = await form(request, Link, place.reader)
    place.by(rights.INVITE)
    app, account = state.app_of(request), place.reader.account
    try:
        link = await invites.create(app, account, "member", place.group.id, given.uses, given.days)
    except AppError as refused:
        return await _page(request, place, given, refused)
    return await _page(request, place, given, link=link)


@looking_after
async def revoke(request: Request, place: Place) -> Response:
    """`POST /c/{name}/invites/{id}/revoke`"""
    await form(request, Plain, place.reader)
    place.by(rights.INVITE)
    found = await storage.invites.by_id(params.number(request))
    if found is None or found.group_id != place.group.id:
        raise NotFound("There is no such invitation any more.")
    await invites.revoke(state.app_of(request), place.reader.account, found.id)
    return respond.redirect(f"{shown.profile(place.face)}/invites?done=revoked")


async def _page(
    request: Request, place: Place, given: Link, refused: AppError | None = None, link: str = ""
) -> Response:
    found = await storage.invites.into(place.group.id, clock.now_ms())
    return await frame.with_form(
        request,
        "group_invites.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        invites=await _with_makers(found),
        most=(MEMBERS_USES, MEMBERS_DAYS),
        link=link,
    )


async def _with_makers(found: list[Invite]) -> list[tuple[Invite, Actor | None]]:
    """Each with who made it; None for who runs the server."""
    makers = await storage.accounts.by_ids([invite.created_by for invite in found if invite.created_by])
    people = await storage.actors.by_ids([account.actor_id for account in makers.values()])
    named = {account_id: people.get(account.actor_id) for account_id, account in makers.items()}
    return [(invite, named.get(invite.created_by or 0)) for invite in found]


routes = [
    Route("/c/{name}/invites", show),
    Route("/c/{name}/invites", make, methods=["POST"]),
    Route("/c/{name}/invites/{id}/revoke", revoke, methods=["POST"]),
]
