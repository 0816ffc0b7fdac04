"""Inviting friends: a member makes links into groups they belong to, sees which are open, and takes them back."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.invites
import storage.members
import storage.registers
from fedcomm import clock, invites, settings
from fedcomm.app import App
from fedcomm.errors import AppError
from fedcomm.invites import MEMBERS_DAYS, MEMBERS_USES
from storage.actors import Actor
from storage.groups import Group
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, form, members_only


class Link(msgspec.Struct, frozen=True):
    """A link that is wanted: into which group (its name), for how many people and days."""

    group: str = ""
    uses: int = 1
    days: int = 7
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/invites?group=`"""
    return await _page(request, reader, params.query(request, Link))


@members_only
async def make(request: Request, reader: Reader) -> Response:
    """`POST /settings/invites`: the link is shown once."""
    given = await form(request, Link, reader)
    face = await storage.actors.local(given.group)
    group = await storage.groups.by_actor(face.id) if face else None
    try:
        link = await invites.create(
            state.app_of(request), reader.account, "member", group.id if group else 0, given.uses, given.days
        )
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return await _page(request, reader, given, link=link)


@members_only
async def revoke(request: Request, reader: Reader) -> Response:
    """`POST /settings/invites/{id}/revoke`"""
    await form(request, Plain, reader)
    await invites.revoke(state.app_of(request), reader.account, params.number(request))
    return respond.redirect("/settings/invites?done=revoked")


async def _page(
    request: Request, reader: Reader, given: Link, refused: AppError | None = None, link: str = ""
) -> Response:
    groups = await _groups(state.app_of(request), reader)
    return await frame.with_form(
        request,
        "own/invites.html",
        refused,
        {"cache-control": "no-store"},
        given=given,
        groups=groups,
        invites=await storage.invites.of_maker(reader.account.id, clock.now_ms()),
        may=bool(groups) or (await settings.current(state.app_of(request))).members_invite or reader.admin,
        most=(MEMBERS_USES, MEMBERS_DAYS),
        link=link,
    )


async def _groups(app: App, reader: Reader) -> list[tuple[Group, Actor]]:
    """The groups of this server into which somebody may invite."""
    ids = await storage.members.groups_of(reader.actor.id) + await storage.registers.moderated(reader.actor.uri)
    found = await storage.groups.by_ids(list(dict.fromkeys(ids)))
    groups = [group for group in found.values() if reader.admin or await invites.inviting(app, reader.account, group)]
    faces = await storage.actors.by_ids([group.actor_id for group in groups])
    return [(group, faces[group.actor_id]) for group in groups if group.actor_id in faces]


routes = [
    Route("/settings/invites", show),
    Route("/settings/invites", make, methods=["POST"]),
    Route("/settings/invites/{id}/revoke", revoke, methods=["POST"]),
]
