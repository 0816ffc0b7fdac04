"""What a member has written that is published later, or was refused when its time came."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.media
import storage.scheduled
from fedcomm import scheduled
from fedcomm.drafting import Draft
from fedcomm.errors import AppError
from storage.media import Media
from storage.scheduled import Scheduled
from web import paging, params, respond, state
from web.pages import clocks, frame
from web.pages.readers import Plain, Reader, form, members_only

_POSTS = 20


class Time(msgspec.Struct, frozen=True):
    """When it is to be published, by the reader's clock."""

    publish_at: str = ""
    csrf: str = ""


class Line(msgspec.Struct, frozen=True):
    """One of them, with what it will say, its pictures, and its time as a field has it."""

    waiting: Scheduled
    draft: Draft
    files: list[Media]
    at: str


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /scheduled`"""
    return await _page(request, reader)


@members_only
async def move(request: Request, reader: Reader) -> Response:
    """`POST /scheduled/{id}`: another time; what was refused is tried again then."""
    given, wanted = await form(request, Time, reader), params.number(request)
    known = await scheduled.of(reader.account.id, wanted)
    try:
        at = clocks.time_of(reader, given.publish_at)
        await scheduled.move(state.app_of(request), reader.account.id, known.id, at)
    except AppError as refused:
        return await _page(request, reader, refused, known.id, given.publish_at)
    return respond.redirect("/scheduled?done=kept")


@members_only
async def delete(request: Request, reader: Reader) -> Response:
    """`POST /scheduled/{id}/delete`: it is never published."""
    await form(request, Plain, reader)
    await scheduled.cancel(state.app_of(request), reader.account.id, params.number(request))
    return respond.redirect("/scheduled?done=deleted")


async def _page(
    request: Request, reader: Reader, refused: AppError | None = None, wrong: int = 0, given: str = ""
) -> Response:
    """The list; with what is wrong about the time `given` for one of them."""
    found, older = await storage.scheduled.of(reader.account.id, paging.page_of(request, usual=_POSTS))
    return await frame.with_form(
        request,
        "own/scheduled.html",
        refused,
        lines=await _lines(reader, found),
        older=found[-1].id if older else 0,
        wrong=wrong,
        given=given,
        clock=clocks.name_of(reader),
    )


async def _lines(reader: Reader, found: Sequence[Scheduled]) -> list[Line]:
    drafts = [scheduled.draft_of(each) for each in found]
    files = await storage.media.several(reader.actor.id, [each for draft in drafts for each in draft.media_ids or ()])
    return [
        Line(
            each,
            draft,
            [files[media_id] for media_id in draft.media_ids or () if media_id in files],
            clocks.in_field(reader, each.publish_at),
        )
        for each, draft in zip(found, drafts, strict=True)
    ]


routes = [
    Route("/scheduled", show),
    Route("/scheduled/{id}", move, methods=["POST"]),
    Route("/scheduled/{id}/delete", delete, methods=["POST"]),
]
