"""The tags of a member: those on their profile, which say what they care for, and those that come home."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.tags
from fedcomm import tags
from fedcomm.errors import AppError, Invalid
from web import paging, respond, state
from web.pages import frame
from web.pages.readers import Reader, form, members_only

_TAGS = 40


class Tag(msgspec.Struct, frozen=True):
    """A tag and what becomes of it: feature, unfeature, follow or unfollow."""

    act: str = ""
    name: str = ""
    csrf: str = ""


_ACTS = {
    "feature": tags.feature,
    "unfeature": tags.unfeature,
    "follow": tags.follow,
    "unfollow": tags.unfollow,
}


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/interests`"""
    return await _page(request, reader, Tag())


@members_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /settings/interests`"""
    given = await form(request, Tag, reader)
    try:
        if given.act not in _ACTS:
            raise Invalid("There is no such act.")
        await _ACTS[given.act](state.app_of(request), reader.actor, given.name)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect("/settings/interests?done=saved")


async def _page(request: Request, reader: Reader, given: Tag, refused: AppError | None = None) -> Response:
    found = await storage.tags.followed(reader.actor.id, paging.page_of(request, usual=_TAGS))
    return await frame.with_form(
        request,
        "own/interests.html",
        refused,
        featured=[each.name for each in await storage.tags.featured(reader.actor.id)],
        followed=found.names,
        older=found.cursors[-1] if found.older else 0,
        given=given,
    )


routes = [
    Route("/settings/interests", show),
    Route("/settings/interests", change, methods=["POST"]),
]
