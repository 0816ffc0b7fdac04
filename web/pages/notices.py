"""What a member is told of: who answered, followed, liked and passed on."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import notifications as service
from storage import notifications
from storage.actors import Actor
from storage.notifications import Notice
from storage.timelines import Entry
from web import paging, respond, state
from web.pages import frame, places, threads, words
from web.pages.readers import Plain, Reader, form, members_only
from web.pages.threads import Node

_NOTICES = 30


class Told(msgspec.Struct, frozen=True):
    """One line of the page: who did what, and the post it is about, if any."""

    notice: Notice
    actor: Actor
    node: Node | None


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /notifications`"""
    page = paging.page_of(request, usual=_NOTICES)
    found, older = await notifications.page(reader.actor.id, page, list(words.NOTICES))
    return await frame.page(
        request,
        "own/notifications.html",
        news=await _told(reader, found),
        older=found[-1].id if older else 0,
        back=places.hidden("notifications", page.before),
    )


@members_only
async def clear(request: Request, reader: Reader) -> Response:
    """`POST /notifications/clear`: nothing is left on the page."""
    await form(request, Plain, reader)
    await service.clear(state.app_of(request), reader.actor.id)
    return respond.redirect("/notifications")


async def _told(reader: Reader, found: Sequence[Notice]) -> list[Told]:
    """The notices, which are for the reader, with what they show."""
    actors = await storage.actors.by_ids(sorted({notice.actor_id for notice in found}))
    about = sorted({notice.post_id for notice in found if notice.post_id})
    nodes = await threads.posts(reader.actor.id, [Entry(post_id, post_id) for post_id in about], "notifications")
    by_id = {node.id: node for node in nodes}
    return [
        Told(notice, actors[notice.actor_id], by_id.get(notice.post_id))
        for notice in found
        if notice.actor_id in actors and (not notice.post_id or notice.post_id in by_id)
    ]


routes = [
    Route("/notifications", show),
    Route("/notifications/clear", clear, methods=["POST"]),
]
