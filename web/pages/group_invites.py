"""The invitations into a group, whoever made them: those who look after it see which are open, and take them back."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.invites
import storage.registers
from fedcomm import clock, invites, rights
from fedcomm.desk import afar, reading
from fedcomm.desk.values import Invitation
from fedcomm.errors import AppError, NotFound
from fedcomm.invites import MEMBERS_DAYS, MEMBERS_USES
from storage.actors import Actor
from storage.invites import Invite
from web import params, respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import Plain, form


class Link(msgspec.Struct, frozen=True):
    """A link that is wanted: for how many people and days."""

    uses: int = 1
    days: int = 7
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/invites`"""
    place.by(rights.INVITE)
    return await _page(request, place, Link())


@looking_after_any
async def make(request: Request, place: Place) -> Response:
    """`POST /c/{name}/invites`: the link is shown once."""
    given = await form(request, Link, place.reader)
    place.by(rights.INVITE)
    app, account = state.app_of(request), place.reader.account
    try:
        if place.group.local:
            link = await invites.create(app, account, "member", place.group.id, given.uses, given.days)
        else:
            by = place.reader.actor
            link = await afar.invite(app, place.group, place.face, by, given.uses, given.days)
    except AppError as refused:
        return await _page(request, place, given, refused)
    return await _page(request, place, given, link=link)


@looking_after_any
async def revoke(request: Request, place: Place) -> Response:
    """`POST /c/{name}/invites/{id}/revoke`"""
    await form(request, Plain, place.reader)
    place.by(rights.INVITE)
    if not place.group.local:
        app, number = state.app_of(request), params.number(request)
        await afar.revoke(app, place.group, place.face, place.reader.actor, number)
        return respond.redirect(f"{shown.profile(place.face)}/invites?done=revoked&gone={number}")
    found = await storage.invites.by_id(params.number(request))
    if found is None or found.group_id != place.group.id:
        raise NotFound("There is no such invitation any more.")
    await invites.revoke(state.app_of(request), place.reader.account, found.id)
    return respond.redirect(f"{shown.profile(place.face)}/invites?done=revoked")


async def _page(
    request: Request, place: Place, given: Link, refused: AppError | None = None, link: str = ""
) -> Response:
    open_: Sequence[tuple[Invite | Invitation, Actor | str | None]] = ()
    if place.group.local:
        open_ = await _with_makers(place.group.id, await storage.invites.into(place.group.id, clock.now_ms()))
    else:
        try:
            open_ = await _afar(request, place)
        except AppError as why:
            refused = refused or why
    return await frame.with_form(
        request,
        "group_invites.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        invites=open_,
        most=(MEMBERS_USES, MEMBERS_DAYS),
        link=link,
    )


async def _afar(request: Request, place: Place) -> list[tuple[Invitation, str]]:
    """Those into a group elsewhere, as its server has them now, without one that is `gone` in this moment."""
    by = place.reader.actor
    there = await reading.read(state.app_of(request), place.group, place.face, by, rights.INVITE)
    gone = request.query_params.get("gone")
    return [(each, each.maker) for each in reading.clean_invitations(there.invitations) if each.id != gone]


async def _with_makers(group_id: int, found: list[Invite]) -> list[tuple[Invite, Actor | str | None]]:
    """Each with who made it: a member, or a moderator elsewhere; None for who runs the server."""
    makers = await storage.accounts.by_ids([invite.created_by for invite in found if invite.created_by])
    people = await storage.actors.by_ids([account.actor_id for account in makers.values()])
    named = {account_id: people.get(account.actor_id) for account_id, account in makers.items()}
    said = {each.subject: invites.by(each) for each in await storage.registers.all_of(group_id, "invitation")}
    far = await storage.actors.by_uris(list(said.values()))
    return [(each, named.get(each.created_by or 0) or far.get(said.get(str(each.id), ""))) for each in found]


routes = [
    Route("/c/{name}/invites", show),
    Route("/c/{name}/invites", make, methods=["POST"]),
    Route("/c/{name}/invites/{id}/revoke", revoke, methods=["POST"]),
]
