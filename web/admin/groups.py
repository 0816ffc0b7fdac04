"""Making a group."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import groups
from fedcomm.errors import AppError, Conflict, NotFound
from web import respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form


class NewGroup(msgspec.Struct, frozen=True):
    """A group to be made."""

    name: str = ""
    title: str = ""
    summary: str = ""
    moderator: str = ""
    join_mode: str = "open"
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/groups`"""
    return await _page(request, NewGroup(moderator=reader.actor.username))


@admins_only
async def create(request: Request, reader: Reader) -> Response:
    """`POST /admin/groups`: on to the new group."""
    given = await form(request, NewGroup, reader)
    try:
        group = await groups.create(
            state.app_of(request), given.name, given.title, given.summary, given.moderator or None, given.join_mode,
            reader.account,
        )  # fmt: skip
    except AppError as refused:
        return await _page(request, given, refused)
    face = await storage.actors.by_id(group.actor_id)
    return respond.redirect(f"/c/{face.username}" if face else "/")


async def _page(request: Request, given: NewGroup, refused: AppError | None = None) -> Response:
    return await frame.with_form(
        request,
        "admin/group.html",
        refused,
        given=given,
        field=_field(refused),
    )


def _field(refused: AppError | None) -> str:
    """Which field of the form is wrong; a name that is taken and a moderator there is not are told by their kind."""
    by_kind = "name" if isinstance(refused, Conflict) else "moderator" if isinstance(refused, NotFound) else ""
    return str(getattr(refused, "field", "")) or by_kind


routes = [
    Route("/admin/groups", show),
    Route("/admin/groups", create, methods=["POST"]),
]
