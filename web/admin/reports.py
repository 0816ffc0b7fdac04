"""Reports that nobody has dealt with yet."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.posts
import storage.reports
from fedcomm import reports
from storage import visible
from storage.actors import Actor
from storage.paging import Page
from storage.posts import Post
from storage.reports import Report, Wanted
from web import params, respond
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form

_LINES = 20


class _Asked(msgspec.Struct, frozen=True):
    before: int = 0


class Line(msgspec.Struct, frozen=True):
    """A report with whom and what it is about. Of the posts those that the admin may read."""

    report: Report
    target: Actor
    reporter: Actor
    posts: Sequence[Post]


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/reports`"""
    wanted = Wanted(reader.actor.id, state=storage.reports.OPEN)
    found, older = await storage.reports.listed(wanted, Page(before=params.query(request, _Asked).before, limit=_LINES))
    return await frame.page(
        request,
        "admin/reports.html",
        lines=await _lines(reader, found),
        next=found[-1].id if older else None,
        done=request.query_params.get("done", ""),
    )


@admins_only
async def close(request: Request, reader: Reader) -> Response:
    """`POST /admin/reports/{id}/close`"""
    await form(request, Plain, reader)
    await reports.close(reader.account, params.number(request))
    return respond.redirect("/admin/reports?done=closed")


async def _lines(reader: Reader, found: list[Report]) -> list[Line]:
    people = await storage.actors.by_ids([actor for each in found for actor in (each.target_id, each.reporter_id)])
    named = [post_id for each in found for post_id in each.post_ids]
    seen = await visible.seen(reader.actor.id, named) if named else set()
    posts = await storage.posts.by_ids(sorted(seen))
    return [
        Line(each, people[each.target_id], people[each.reporter_id], [posts[i] for i in each.post_ids if i in posts])
        for each in found
        if each.target_id in people and each.reporter_id in people
    ]


routes = [
    Route("/admin/reports", show),
    Route("/admin/reports/{id}/close", close, methods=["POST"]),
]
