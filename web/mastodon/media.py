"""`/api/v1/media` and `/api/v2/media`: pictures on their way into a post."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import media
from fedcomm.errors import Invalid
from storage.media import Media
from web import auth, params, respond, state
from web.mastodon.entities.media import attachment
from web.uploads import content_of

_BROKEN = "That picture could not be read. Please send it again, or another one."


class Upload(msgspec.Struct, frozen=True):
    """A picture as clients send it; previews are made here."""

    file: UploadFile | None = None
    description: str = ""
    focus: str = ""


class Words(msgspec.Struct, frozen=True):
    """What is said about a picture; None = as it is."""

    description: str | None = None
    focus: str = ""


async def send(request: Request) -> Response:
    """`POST /api/v2/media`: 202 while it is worked on, and no `url` until it is ready."""
    found = await _upload(request, media.PATIENCE)
    return _answer(request, found, 202)


async def send_and_wait(request: Request) -> Response:
    """`POST /api/v1/media`: answered when it is ready."""
    return _answer(request, await _upload(request, None))


async def one(request: Request) -> Response:
    """`GET /api/v1/media/:id`: 206 while it is worked on, 422 when it could not be read."""
    viewer = await auth.require(request, "write:media")
    found = await media.of(await auth.actor_of(viewer), params.number(request))
    if media.failed(found):
        raise Invalid(_BROKEN, field="file")
    return _answer(request, found, 206)


async def describe(request: Request) -> Response:
    """`PUT /api/v1/media/:id`"""
    viewer = await auth.require(request, "write:media")
    words = await params.read(request, Words)
    found = await media.describe(
        await auth.actor_of(viewer), params.number(request), words.description, words.focus
    )  # fmt: skip
    return _answer(request, found)


async def delete(request: Request) -> Response:
    """`DELETE /api/v1/media/:id`"""
    viewer = await auth.require(request, "write:media")
    await media.delete(state.app_of(request), await auth.actor_of(viewer), params.number(request))
    return respond.json({})


async def _upload(request: Request, patience: float | None) -> Media:
    viewer = await auth.require(request, "write:media")
    wish = await params.read(request, Upload)
    app, owner = state.app_of(request), await auth.actor_of(viewer)
    return await media.upload(app, owner, await content_of(wish.file), wish.description, wish.focus, patience)


def _answer(request: Request, found: Media, unready: int = 200) -> Response:
    entity = attachment(state.app_of(request).base_url, found)
    return respond.json(entity, 200 if found.state != "working" else unready)


routes = [
    Route("/api/v2/media", send, methods=["POST"]),
    Route("/api/v1/media", send_and_wait, methods=["POST"]),
    Route("/api/v1/media/{id}", one),
    Route("/api/v1/media/{id}", describe, methods=["PUT"]),
    Route("/api/v1/media/{id}", delete, methods=["DELETE"]),
]
