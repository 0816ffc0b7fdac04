"""Direct messages, by thread: whom one speaks with, the last word, and whether one has read it."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.conversations
from fedcomm import conversations
from fedcomm.errors import Invalid
from storage import visible
from storage.actors import Actor
from storage.conversations import Conversation
from storage.timelines import Entry
from web import paging, params, respond, state
from web.pages import frame, shown, threads
from web.pages.readers import Reader, form, members_only

_LINES = 30


class Line(msgspec.Struct, frozen=True):
    """One conversation: with whom, its last word, and where it is read."""

    thread_id: int
    unread: bool
    people: list[Actor]
    last: threads.Line
    address: str


class Wish(msgspec.Struct, frozen=True):
    """`act` is read, unread or forget."""

    act: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /conversations`; opening one of them marks it as read."""
    page = paging.page_of(request, usual=_LINES)
    found, older = await storage.conversations.page(reader.actor.id, page)
    return await frame.page(
        request,
        "own/conversations.html",
        lines=await _lines(reader.actor.id, found),
        older=found[-1].last_post_id if older else 0,
    )


@members_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /conversations/{id}`: it is read, or is to look as if it were not, or goes until more is said in it."""
    given = await form(request, Wish, reader)
    app, thread_id = state.app_of(request), params.number(request)
    match given.act:
        case "read" | "unread":
            await conversations.mark(app, reader.actor.id, thread_id, unread=given.act == "unread")
        case "forget":
            await conversations.forget(app, reader.actor.id, thread_id)
        case _:
            raise Invalid("There is no such act.")
    return respond.redirect("/conversations")


async def _lines(viewer: int, found: Sequence[Conversation]) -> list[Line]:
    last = [each.last_post_id for each in found]
    begun = await visible.seen(viewer, [each.thread_id for each in found])
    wanted = [Entry(post_id, post_id) for post_id in sorted({*last, *begun})]
    posts = {line.post.id: line for line in await threads.lines(viewer, wanted, "")}
    people = await storage.actors.by_ids(sorted({actor_id for each in found for actor_id in each.people}))
    return [
        Line(
            each.thread_id,
            each.unread,
            [people[actor_id] for actor_id in each.people if actor_id in people],
            posts[each.last_post_id],
            _address(posts.get(each.thread_id, posts[each.last_post_id]), each),
        )
        for each in found
        if each.last_post_id in posts
    ]


def _address(start: threads.Line, conversation: Conversation) -> str:
    """The page of the thread at its last word; where its beginning is not shown, that of its last word."""
    return f"{shown.permalink(start.post, start.author)}#post-{conversation.last_post_id}"


routes = [
    Route("/conversations", show),
    Route("/conversations/{id}", change, methods=["POST"]),
]
