"""Lists of people that a member decides about: who wants to follow them, and whom they block."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import blocks, follows
from fedcomm.errors import AppError, Invalid
from storage import relationships
from storage.actors import Actor
from storage.relationships import People
from web import errors, paging, respond, state
from web.pages import frame
from web.pages.find import somebody
from web.pages.readers import Reader, form, members_only

_PEOPLE = 40


class Answer(msgspec.Struct, frozen=True):
    """What is decided about somebody, by id or, where they are not on the page, by their address."""

    act: str = ""
    id: int = 0
    address: str = ""
    csrf: str = ""


@members_only
async def requests(request: Request, reader: Reader) -> Response:
    """`GET /follow_requests`"""
    found = await relationships.requests(reader.actor.id, paging.page_of(request, usual=_PEOPLE))
    return await frame.page(request, "own/follow_requests.html", **await _shown(found))


@members_only
async def answer(request: Request, reader: Reader) -> Response:
    """`POST /follow_requests`: let somebody follow, or not."""
    given = await form(request, Answer, reader)
    match given.act:
        case "accept":
            await follows.accept(state.app_of(request), reader.actor, given.id)
        case "refuse":
            await follows.reject(state.app_of(request), reader.actor, given.id)
        case _:
            raise Invalid("There is no such act.")
    return respond.redirect("/follow_requests?done=answered")


@members_only
async def blocked(request: Request, reader: Reader) -> Response:
    """`GET /settings/blocks`"""
    return await _blocks(request, reader, Answer())


@members_only
async def block(request: Request, reader: Reader) -> Response:
    """`POST /settings/blocks`: block whoever has this address, or lift a block."""
    given = await form(request, Answer, reader)
    app = state.app_of(request)
    try:
        match given.act:
            case "block":
                target = await somebody(app, reader.actor.id, given.address)
                await blocks.block(app, reader.actor, target.id)
            case "unblock":
                await blocks.unblock(app, reader.actor, given.id)
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _blocks(request, reader, given, refused)
    return respond.redirect("/settings/blocks?done=saved")


async def _blocks(request: Request, reader: Reader, given: Answer, refused: AppError | None = None) -> Response:
    found = await relationships.blocked(reader.actor.id, paging.page_of(request, usual=_PEOPLE))
    return await frame.page(
        request,
        "own/blocks.html",
        errors.status_of(refused) if refused else 200,
        given=given,
        problem=refused,
        **await _shown(found),
        done=request.query_params.get("done", ""),
    )


async def _shown(found: People) -> dict[str, list[Actor] | int]:
    people = await storage.actors.by_ids(found.ids)
    return {
        "people": [people[actor_id] for actor_id in found.ids if actor_id in people],
        "older": found.cursors[-1] if found.older else 0,
    }


routes = [
    Route("/follow_requests", requests),
    Route("/follow_requests", answer, methods=["POST"]),
    Route("/settings/blocks", blocked),
    Route("/settings/blocks", block, methods=["POST"]),
]
