"""Whom a member decides about: who wants to follow them, whom they block or mute, and servers they block."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.domain_blocks
import storage.mutes
from fedcomm import blocks, clock, domain_blocks, follows, mutes
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


@members_only
async def muted(request: Request, reader: Reader) -> Response:
    """`GET /settings/mutes`"""
    return await _mutes(request, reader, Answer())


@members_only
async def mute(request: Request, reader: Reader) -> Response:
    """`POST /settings/mutes`: mute whoever has this address, or hear them again."""
    given = await form(request, Answer, reader)
    app = state.app_of(request)
    try:
        match given.act:
            case "mute":
                await mutes.mute(app, reader.actor, await somebody(app, reader.actor.id, given.address))
            case "unmute":
                if target := await storage.actors.by_id(given.id):
                    await mutes.unmute(app, reader.actor, target)
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _mutes(request, reader, given, refused)
    return respond.redirect("/settings/mutes?done=saved")


@members_only
async def servers(request: Request, reader: Reader) -> Response:
    """`GET /settings/domain_blocks`"""
    return await _servers(request, reader, Answer())


@members_only
async def block_server(request: Request, reader: Reader) -> Response:
    """`POST /settings/domain_blocks`: block a server, or lift that."""
    given = await form(request, Answer, reader)
    app = state.app_of(request)
    try:
        match given.act:
            case "block":
                await domain_blocks.block(app, reader.actor, given.address)
            case "unblock":
                await domain_blocks.unblock(app, reader.actor, given.address)
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _servers(request, reader, given, refused)
    return respond.redirect("/settings/domain_blocks?done=saved")


async def _mutes(request: Request, reader: Reader, given: Answer, refused: AppError | None = None) -> Response:
    page = paging.page_of(request, usual=_PEOPLE)
    found = await _shown(await storage.mutes.of(reader.actor.id, page, clock.now_ms()))
    return await _page(request, "own/mutes.html", given, refused, **found)


async def _servers(request: Request, reader: Reader, given: Answer, refused: AppError | None = None) -> Response:
    found = await storage.domain_blocks.of(reader.actor.id, paging.page_of(request, usual=_PEOPLE))
    older = found.cursors[-1] if found.older else 0
    return await _page(request, "own/domain_blocks.html", given, refused, hosts=found.names, older=older)


async def _blocks(request: Request, reader: Reader, given: Answer, refused: AppError | None = None) -> Response:
    found = await _shown(await relationships.blocked(reader.actor.id, paging.page_of(request, usual=_PEOPLE)))
    return await _page(request, "own/blocks.html", given, refused, **found)


async def _page(
    request: Request, template: str, given: Answer, refused: AppError | None, **context: object
) -> Response:
    return await frame.page(
        request,
        template,
        errors.status_of(refused) if refused else 200,
        given=given,
        problem=refused,
        done=request.query_params.get("done", ""),
        **context,
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
    Route("/settings/mutes", muted),
    Route("/settings/mutes", mute, methods=["POST"]),
    Route("/settings/domain_blocks", servers),
    Route("/settings/domain_blocks", block_server, methods=["POST"]),
]
