"""Reports for who looks after this server: of what is in no group, and those that were to reach them as well."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import casework, powers
from web.pages import cases
from web.pages.cases import Place
from web.pages.readers import Reader, with_power


@with_power(powers.REPORTS)
async def listing(request: Request, reader: Reader) -> Response:
    """`GET /admin/reports`"""
    return await cases.listing(request, await _place(reader))


@with_power(powers.REPORTS)
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/reports/{id}`"""
    return await cases.show(request, await _place(reader))


@with_power(powers.REPORTS)
async def do(request: Request, reader: Reader) -> Response:
    """`POST /admin/reports/{id}`"""
    return await cases.do(request, await _place(reader))


async def _place(reader: Reader) -> Place:
    return Place(reader, await casework.of_server(reader.account), "/admin/reports", "admin/report")


routes = [
    Route("/admin/reports", listing),
    Route("/admin/reports/{id}", show),
    Route("/admin/reports/{id}", do, methods=["POST"]),
]
