"""Passing posts on, putting them aside, pinning own ones, muting threads; and taking that back."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import bookmarks, boosts, pins, thread_mutes
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.actors import Actor
from web import params, respond, state
from web.pages.places import Place, back
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Mark(msgspec.Struct, frozen=True):
    """`act` is boost, bookmark, pin or mute, or one of them with un before it; the others say where the button was."""

    act: str = ""
    page: int = 0
    where: str = ""
    max_id: int = 0
    csrf: str = ""


_ACTS: dict[str, Callable[[App, Actor, int], Awaitable[object]]] = {
    "boost": boosts.boost,
    "unboost": boosts.unboost,
    "bookmark": bookmarks.add,
    "unbookmark": bookmarks.remove,
    "pin": pins.pin,
    "unpin": pins.unpin,
    "mute": thread_mutes.mute,
    "unmute": thread_mutes.unmute,
}


@members_only
async def mark(request: Request, reader: Reader) -> Response:
    """`POST /mark/{id}`: back to where the post stood."""
    given = await form(request, Mark, reader)
    if given.act not in _ACTS:
        raise Invalid("There is no such act.")
    post, author = await seen(reader.actor.id, params.number(request))
    await _ACTS[given.act](state.app_of(request), reader.actor, post.id)
    return respond.redirect(await back(reader.actor.id, Place(given.page, given.where, given.max_id), post, author))


routes = [Route("/mark/{id}", mark, methods=["POST"])]
