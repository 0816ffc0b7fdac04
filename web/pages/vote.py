"""Liking a post, and taking that back."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import reactions
from fedcomm.errors import Invalid, NotFound
from web import params, respond, state
from web.pages import shown
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Vote(msgspec.Struct, frozen=True):
    """`act` is like or unlike; `page` is the post on whose page the button was."""

    act: str = ""
    page: int = 0
    csrf: str = ""


@members_only
async def vote(request: Request, reader: Reader) -> Response:
    """`POST /like/{id}`: back to where the post stood."""
    given = await form(request, Vote, reader)
    post, author = await seen(reader.actor.id, params.number(request))
    match given.act:
        case "like":
            await reactions.like(state.app_of(request), reader.actor, post.id)
        case "unlike":
            await reactions.unlike(state.app_of(request), reader.actor, post.id)
        case _:
            raise Invalid("There is no such act.")
    try:
        place = await seen(reader.actor.id, given.page) if given.page else (post, author)
    except NotFound:
        place = post, author
    return respond.redirect(f"{shown.permalink(*place)}#post-{post.id}")


routes = [Route("/like/{id}", vote, methods=["POST"])]
