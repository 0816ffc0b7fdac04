"""Liking a post, voting against it, taking that back, and choosing in polls."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import polls, reactions
from fedcomm.errors import Invalid
from web import params, respond, state
from web.pages.places import Place, back
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Vote(msgspec.Struct, frozen=True):
    """`act` is like, dislike or unlike, which takes back either; the others say where the button was."""

    act: str = ""
    page: int = 0
    where: str = ""
    max_id: int = 0
    csrf: str = ""


class Choice(msgspec.Struct, frozen=True):
    """The answers of a poll that are chosen, by their places; the others say where the button was."""

    choice: list[int] = []
    page: int = 0
    where: str = ""
    max_id: int = 0
    csrf: str = ""


@members_only
async def vote(request: Request, reader: Reader) -> Response:
    """`POST /like/{id}`: back to where the post stood."""
    given = await form(request, Vote, reader)
    post, author = await seen(reader.actor.id, params.number(request))
    match given.act:
        case "like":
            await reactions.like(state.app_of(request), reader.actor, post.id)
        case "dislike":
            await reactions.dislike(state.app_of(request), reader.actor, post.id)
        case "unlike":
            await reactions.unlike(state.app_of(request), reader.actor, post.id)
        case _:
            raise Invalid("There is no such act.")
    return respond.redirect(await back(reader.actor.id, Place(given.page, given.where, given.max_id), post, author))


@members_only
async def choose(request: Request, reader: Reader) -> Response:
    """`POST /poll/{id}`: back to where the poll stood."""
    given = await form(request, Choice, reader)
    post, author = await seen(reader.actor.id, params.number(request))
    await polls.vote(state.app_of(request), reader.actor, post.id, given.choice)
    return respond.redirect(await back(reader.actor.id, Place(given.page, given.where, given.max_id), post, author))


routes = [
    Route("/like/{id}", vote, methods=["POST"]),
    Route("/poll/{id}", choose, methods=["POST"]),
]
