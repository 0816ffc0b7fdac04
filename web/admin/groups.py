"""Making a group, naming somebody for those that nobody looks after, and recognising one that came back."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
from fedcomm import estrangement, founding, members, rights
from fedcomm.errors import AppError, Conflict, NotFound
from web import respond, state
from web.pages import find, frame
from web.pages.readers import Reader, admins_only, form


class NewGroup(msgspec.Struct, frozen=True):
    """A group to be made."""

    name: str = ""
    title: str = ""
    summary: str = ""
    steward: str = ""
    join_mode: str = "open"
    visibility: str = "public"
    csrf: str = ""


class Charge(msgspec.Struct, frozen=True):
    """Who is to be steward of a group, by handle."""

    name: str = ""
    who: str = ""
    csrf: str = ""


class Recognised(msgspec.Struct, frozen=True):
    """The group that is the same as before, by the id of its face."""

    face: str = ""
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/groups`"""
    return await _page(request, NewGroup(steward=reader.actor.username))


@admins_only
async def create(request: Request, reader: Reader) -> Response:
    """`POST /admin/groups`: on to the new group."""
    given = await form(request, NewGroup, reader)
    try:
        group = await founding.found(
            state.app_of(request), given.name, given.title, given.summary, given.steward or None, given.join_mode,
            reader.account, ladder=True, visibility=given.visibility,
        )  # fmt: skip
    except AppError as refused:
        return await _page(request, given, refused)
    face = await storage.actors.by_id(group.actor_id)
    return respond.redirect(f"/c/{face.username}" if face else "/")


@admins_only
async def entrust(request: Request, reader: Reader) -> Response:
    """`POST /admin/groups/steward`: somebody looks after a group from now on (attack GRP-22)."""
    charge = await form(request, Charge, reader)
    app = state.app_of(request)
    try:
        who = await find.somebody(app, reader.actor.id, charge.who)
        await members.appoint(app, charge.name, who, role=rights.STEWARD)
    except AppError as refused:
        return await _page(request, NewGroup(steward=reader.actor.username), refused, "who")
    return respond.redirect("/admin/groups?done=steward")


@admins_only
async def recognise(request: Request, reader: Reader) -> Response:
    """`POST /admin/groups/recognise`: a group elsewhere with other keys is the same as before."""
    given = await form(request, Recognised, reader)
    try:
        await estrangement.recognise(int(given.face) if given.face.isdigit() else 0, reader.account)
    except AppError as refused:
        return await _page(request, NewGroup(steward=reader.actor.username), refused)
    return respond.redirect("/admin/groups?done=recognised")


async def _page(request: Request, given: NewGroup, refused: AppError | None = None, field: str = "") -> Response:
    unattended = await storage.groups.unattended()
    faces = await storage.actors.by_ids([group.actor_id for group in unattended])
    return await frame.with_form(
        request,
        "admin/group.html",
        refused,
        given=given,
        field=field or _field(refused),
        unattended=[faces[group.actor_id] for group in unattended if group.actor_id in faces],
        estranged=list((await storage.actors.by_ids(await storage.groups.estranged())).values()),
    )


def _field(refused: AppError | None) -> str:
    """Which field of the form is wrong; a name that is taken and a steward there is not are told by their kind."""
    by_kind = "name" if isinstance(refused, Conflict) else "steward" if isinstance(refused, NotFound) else ""
    return str(getattr(refused, "field", "")) or by_kind


routes = [
    Route("/admin/groups", show),
    Route("/admin/groups", create, methods=["POST"]),
    Route("/admin/groups/steward", entrust, methods=["POST"]),
    Route("/admin/groups/recognise", recognise, methods=["POST"]),
]
