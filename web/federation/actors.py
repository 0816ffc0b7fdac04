"""The documents of our actors: people, groups, and the server itself."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents
from fedcomm import actors as service
from fedcomm.errors import NotFound
from storage import accounts, actors, groups
from storage.actors import Actor
from web import respond
from web.federation.asking import viewer
from web.state import app_of


async def person(request: Request) -> Response:
    """`GET /users/{name}`: the actor; a browser is sent to the profile. Who was deleted leaves a tombstone.

    Of who is suspended just that is said, so that servers which know them can tell (Mastodon: "toot:suspended").
    """
    if (closed := await _suspended(request)) is not None:
        return await _document(request, closed)
    if (gone := await _gone(request, "Person")) is not None:
        return gone
    found = await named(request, "Person")
    if respond.wants_page(request):
        return respond.redirect(found.url)
    return await _document(request, found)


async def group(request: Request) -> Response:
    """`GET /c/{name}` for servers."""
    if (gone := await _gone(request, "Group")) is not None:
        return gone
    return await _document(request, await named(request, "Group"))


async def profile(request: Request) -> Response:
    """`GET /@{name}` for servers: the same actor as at its id."""
    return await _document(request, await named(request))


async def server(request: Request) -> Response:
    """`GET /actor`, and `/` for servers: the Application actor (FEP-2677, FEP-d556); readable unsigned (SIG-24)."""
    found = await service.service(app_of(request))
    return respond.document(request, documents.write(await service.document(app_of(request), found)))


async def named(request: Request, kind: str = "") -> Actor:
    """One of our actors.

    Raises:
        NotFound: there is none of that name and kind.
    """
    found = await actors.local(request.path_params["name"])
    if found is None or found.gone or found.kind == "Application" or (kind and found.kind != kind):
        raise NotFound("There is nobody of that name here.")
    if found.kind == "Group" and await stays_here(found):
        raise NotFound("There is nobody of that name here.")
    return found


async def stays_here(face: Actor) -> bool:
    """Whether other servers are told nothing of a group, not even that it is there."""
    group = await groups.by_actor(face.id)
    return group is not None and group.visibility == "local"


async def _gone(request: Request, kind: str) -> Response | None:
    found = await actors.local(request.path_params["name"])
    if found is None or found.deleted_at is None or found.kind != kind:
        return None
    await viewer(request)
    return respond.tombstone(found.uri, kind, found.deleted_at)


async def _suspended(request: Request) -> Actor | None:
    """The person of that name, if they are suspended; nobody is told of who still waits to be let in."""
    found = await actors.local(request.path_params["name"])
    if found is None or found.suspended_at is None or found.deleted_at is not None or respond.wants_page(request):
        return None
    account = await accounts.of_actor(found.id)
    return found if account is not None and account.state == "suspended" else None


async def _document(request: Request, found: Actor) -> Response:
    await viewer(request)
    return respond.document(request, documents.write(await service.document(app_of(request), found)))


routes = [
    Route("/actor", server),
    Route("/users/{name}", person),
]
documents_ = [
    Route("/", server),
    Route("/c/{name}", group),
    Route("/@{name}", profile),
]
