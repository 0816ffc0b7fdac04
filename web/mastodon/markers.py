"""`/api/v1/markers`: how far somebody has read."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.markers
from fedcomm import markers
from web import auth, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities import small


class Wanted(msgspec.Struct, frozen=True):
    """Which timelines."""

    timeline: list[str] = []


class Place(msgspec.Struct, frozen=True):
    """The last entry that was read."""

    last_read_id: str = ""


class Move(msgspec.Struct, frozen=True):
    """Where to put the markers."""

    home: Place | None = None
    notifications: Place | None = None


async def read(request: Request) -> Response:
    """`GET /api/v1/markers?timeline[]=`"""
    viewer = await auth.require(request, "read:statuses")
    return await _answer(viewer.account_id, params.query(request, Wanted).timeline)


async def move(request: Request) -> Response:
    """`POST /api/v1/markers`"""
    viewer = await auth.require(request, "write:statuses")
    wish = await params.read(request, Move)
    given = {"home": wish.home, "notifications": wish.notifications}
    places = {name: subjects.identifier(place.last_read_id) for name, place in given.items() if place}
    await markers.move(state.app_of(request), viewer.account_id, places)
    return await _answer(viewer.account_id, list(places))


async def _answer(account_id: int, timelines: list[str]) -> Response:
    found = await storage.markers.of(account_id, timelines)
    return respond.json({name: small.marker(marker) for name, marker in found.items()})


routes = [
    Route("/api/v1/markers", read),
    Route("/api/v1/markers", move, methods=["POST"]),
]
