"""What lies before those who look after a group, for servers on which one of them lives; nobody else is told."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents
from fedcomm.desk import serving
from fedcomm.errors import NotFound
from storage import groups
from web import respond
from web.federation.actors import named
from web.federation.asking import PRIVATE, asker
from web.state import app_of


async def show(request: Request) -> Response:
    """`GET /c/{name}/desk`"""
    face, asking = await named(request, "Group"), await asker(request)
    group = await groups.by_actor(face.id)
    if group is None or asking is None or not await serving.serves(group, asking):
        raise NotFound("There is no such page.")
    whole = await serving.document(app_of(request), group, face)
    return respond.document(request, documents.write(whole), cache=PRIVATE)


routes = [Route("/c/{name}/desk", show)]
