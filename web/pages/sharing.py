"""Sharing a thread into another group, and ending that."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import sharing
from fedcomm.errors import Invalid
from web import params, respond, state
from web.pages import shown
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Wish(msgspec.Struct, frozen=True):
    """Into which group, or out of which."""

    act: str = "share"
    group: str = ""
    csrf: str = ""


@members_only
async def share(request: Request, reader: Reader) -> Response:
    """`POST /share/{id}`: back to the thread."""
    given = await form(request, Wish, reader)
    post, author = await seen(reader.actor.id, params.number(request))
    match given.act:
        case "share":
            await sharing.share(state.app_of(request), reader.actor, post.id, given.group)
        case "end":
            await sharing.end(state.app_of(request), reader.actor, post.id, given.group)
        case _:
            raise Invalid("There is no such act.")
    return respond.redirect(shown.permalink(post, author))


routes = [Route("/share/{id}", share, methods=["POST"])]
