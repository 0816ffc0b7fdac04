"""Reports about what is in a group, for who looks after it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import casework
from web.pages import cases, looking_after, shown
from web.pages.looking_after import looking_after_any


@looking_after_any
async def listing(request: Request, place: looking_after.Place) -> Response:
    """`GET /c/{name}/reports`"""
    return await cases.listing(request, await _at(place))


@looking_after_any
async def show(request: Request, place: looking_after.Place) -> Response:
    """`GET /c/{name}/reports/{id}`"""
    return await cases.show(request, await _at(place))


@looking_after_any
async def do(request: Request, place: looking_after.Place) -> Response:
    """`POST /c/{name}/reports/{id}`"""
    return await cases.do(request, await _at(place))


async def _at(place: looking_after.Place) -> cases.Place:
    """Admins who do not look after the group see here what was to reach its moderators as little as anybody else."""
    worker = await casework.of_group(place.reader.actor, place.group)
    where = f"{shown.profile(place.face)}/reports"
    return cases.Place(place.reader, worker, where, "group_report", place.group, place.face)


routes = [
    Route("/c/{name}/reports", listing),
    Route("/c/{name}/reports/{id}", show),
    Route("/c/{name}/reports/{id}", do, methods=["POST"]),
]
