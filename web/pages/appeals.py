"""Appeals: of whoever has the link that the group sent them, and on the page of those who decide."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import appeals
from fedcomm.errors import AppError
from storage.posts import Post
from web import respond, state
from web.pages import decisions, frame, threads
from web.pages.decisions import Decision
from web.pages.looking_after import Place, looking_after
from web.pages.readers import form, reader_of
from web.pages.threads import Node

_MOST = 50


class Words(msgspec.Struct, frozen=True):
    """Why somebody thinks that it is wrong."""

    text: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /appeal/{secret}`: for who has the link, whether or not they have an account here."""
    return await _one(request)


async def ask(request: Request) -> Response:
    """`POST /appeal/{secret}`"""
    given = await form(request, Words, await reader_of(request))
    try:
        await appeals.ask(state.app_of(request), request.path_params["secret"], given.text)
    except AppError as refused:
        return await _one(request, refused, given)
    return respond.redirect(f"{request.scope['path']}?done=asked")


@looking_after
async def listing(request: Request, place: Place) -> Response:
    """`GET /c/{name}/appeals`"""
    return await _listing(request, place)


@looking_after
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/appeals`"""
    app, by = state.app_of(request), place.reader.actor

    async def page(given: Decision, refused: AppError) -> Response:
        return await _listing(request, place, given, refused)

    return await decisions.taken(
        request,
        place,
        "appeals",
        {
            "accept": lambda given: appeals.decide(app, given.id, by, accepted=True, reason=given.reason),
            "reject": lambda given: appeals.decide(app, given.id, by, accepted=False, reason=given.reason),
        },
        page,
    )


async def _one(request: Request, refused: AppError | None = None, given: Words = Words()) -> Response:
    place = await appeals.called(request.path_params["secret"])
    return await frame.with_form(
        request,
        "appeal.html",
        refused,
        {"cache-control": "no-store"},
        form=True,
        place=place,
        node=(await _nodes([place.post]))[place.post.id],
        given=given,
        longest=appeals.MAX_TEXT,
    )


async def _listing(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    found = await appeals.listed(place.group, place.face, _MOST)
    people = await storage.actors.by_uris([each.appeal.removed_by for each in found])
    deciders = await appeals.deciders(place.face)
    return await frame.with_form(
        request,
        "appeals.html",
        refused,
        group=place.group,
        face=place.face,
        given=given,
        found=found,
        nodes=await _nodes([each.post for each in found]),
        people=people,
        you=place.reader.actor,
        mine={each.appeal.id for each in found if place.reader.actor.id in [w.id for w in deciders.of(each)]},
        longest=appeals.MAX_REASON,
    )


async def _nodes(posts: list[Post]) -> dict[int, Node]:
    """What was taken out, as its author and those read it who decide."""
    found = await threads.with_all(0, {post.id: post for post in posts}, "thread")
    return {post.id: found.node(post.id) for post in posts}


routes = [
    Route("/appeal/{secret}", show),
    Route("/appeal/{secret}", ask, methods=["POST"]),
    Route("/c/{name}/appeals", listing),
    Route("/c/{name}/appeals", decide, methods=["POST"]),
]
