"""What lies before those who look after a group, for servers on which one of them lives; nobody else is told."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents
from fedcomm import rights
from fedcomm.desk import serving
from fedcomm.desk.serving import Sought
from fedcomm.desk.values import LISTS
from fedcomm.errors import NotFound
from storage import groups
from storage.actors import Actor
from storage.groups import Group
from web import params, respond
from web.federation.actors import named
from web.federation.asking import PRIVATE, asker
from web.state import app_of


async def show(request: Request) -> Response:
    """`GET /c/{name}/desk`"""
    group, face, may, host = await _asked(request, rights.OVERSEE)
    whole = await serving.document(app_of(request), group, face, may, host)
    return respond.document(request, documents.write(whole), cache=PRIVATE)


async def a_list(request: Request) -> Response:
    """`GET /c/{name}/desk/{list}`: a page of who is in the group, of its log, and so on."""
    name = request.path_params["list"]
    if name not in LISTS:
        raise NotFound("There is no such page.")
    group, face, _may, host = await _asked(request, LISTS[name])
    page = await serving.page(app_of(request), group, face, name, params.query(request, Sought), host)
    return respond.document(request, documents.write(page), cache=PRIVATE)


async def _asked(request: Request, right: str) -> tuple[Group, Actor, frozenset[str], str]:
    """The group with its face, the rights of those who live on the server that asks, and which that is.

    Raises:
        NotFound: there is no such group; or nobody there has that right, which is told nobody apart.
    """
    face, asking = await named(request, "Group"), await asker(request)
    group = await groups.by_actor(face.id)
    may = await serving.held_by(app_of(request), group, asking) if group is not None and asking is not None else None
    if group is None or asking is None or may is None or right not in may:
        raise NotFound("There is no such page.")
    return group, face, may, asking.host


routes = [
    Route("/c/{name}/desk", show),
    Route("/c/{name}/desk/{list}", a_list),
]
