"""What there is to look after, and the settings of the server."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import attention, settings
from fedcomm.errors import AppError
from web import respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form


class Site(msgspec.Struct, frozen=True):
    """The settings as the form has them; `rules` one a line."""

    name: str = ""
    description: str = ""
    rules: str = ""
    registration: str = ""
    members_invite: bool = False
    contact_email: str = ""
    contact_account: str = ""
    about: str = ""
    privacy_policy: str = ""
    terms: str = ""
    terms_from: str = ""
    imprint: str = ""
    blocks_shown: str = "nobody"
    csrf: str = ""


@admins_only
async def overview(request: Request, reader: Reader) -> Response:
    """`GET /admin`"""
    return await frame.page(
        request,
        "admin/overview.html",
        waits=await attention.wanted(state.app_of(request), reader.actor),
        done=request.query_params.get("done", ""),
    )


@admins_only
async def edit(request: Request, reader: Reader) -> Response:
    """`GET /admin/site`"""
    found = await settings.current(state.app_of(request))
    given = Site(
        found.name,
        found.description,
        "\n".join(found.rules),
        found.registration,
        found.members_invite,
        found.contact_email,
        found.contact_account,
        found.about,
        found.privacy_policy,
        found.terms,
        found.terms_from,
        found.imprint,
        found.blocks_shown,
    )
    return await _page(request, given)


@admins_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /admin/site`: in force at once."""
    given = await form(request, Site, reader)
    changes = {name: getattr(given, name) for name in Site.__struct_fields__ if name != "csrf"}
    try:
        await settings.change(state.app_of(request), reader.account, changes | {"rules": given.rules.splitlines()})
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect("/admin/site?done=saved")


async def _page(request: Request, given: Site, refused: AppError | None = None) -> Response:
    field = str(getattr(refused, "field", ""))
    return await frame.with_form(
        request,
        "admin/site.html",
        refused,
        given=given,
        field={"email": "contact_email"}.get(field, field),
    )


routes = [
    Route("/admin", overview),
    Route("/admin/site", edit),
    Route("/admin/site", save, methods=["POST"]),
]
