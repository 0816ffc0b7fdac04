"""The rules of a group: everybody reads them, and members say yes to them, again when they have changed."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import consents
from fedcomm.consents import Agreement, Shown
from fedcomm.errors import Invalid
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from web import respond, state
from web.pages import frame, shown
from web.pages.group import named
from web.pages.readers import Reader, form, members_only, reader_of


class Yes(msgspec.Struct, frozen=True):
    """The button below the rules, and which rules these were."""

    read: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}/rules`"""
    return await _page(request, await reader_of(request))


@members_only
async def agree(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/rules`: who has read other rules than the present ones is shown these."""
    given = await form(request, Yes, reader)
    _group, face, rules = await _found(request, reader)
    try:
        await consents.agree(reader.actor, Agreement((rules,), given.read))
    except Invalid as changed:
        return await _page(request, reader, changed)
    return respond.redirect(f"{shown.profile(face)}/rules?done=agreed")


async def _found(request: Request, reader: Reader | None) -> tuple[Group, Actor, Shown]:
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    return group, face, await consents.of_group(group)


async def _page(request: Request, reader: Reader | None, problem: Invalid | None = None) -> Response:
    group, face, rules = await _found(request, reader)
    return await frame.with_form(
        request,
        "rules.html",
        problem,
        group=group,
        face=face,
        rules=rules.rules,
        seal=consents.seal((rules,)),
        owed=reader is not None and await consents.owed(reader.actor, rules),
    )


routes = [
    Route("/c/{name}/rules", show),
    Route("/c/{name}/rules", agree, methods=["POST"]),
]
