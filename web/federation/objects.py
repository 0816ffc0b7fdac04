"""The documents of our posts, and of the activities about them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents, quirks
from activitypub.contexts import PUBLIC
from fedcomm import posts as service
from fedcomm import publishing, retelling
from fedcomm.errors import NotFound
from storage import posts, visible
from storage.posts import Post
from web import params, respond
from web.federation.asking import PRIVATE, asker, viewer, worded
from web.state import app_of


async def post(request: Request) -> Response:
    """`GET /posts/{id}`: the post; a browser is sent to its page. What was deleted leaves a tombstone."""
    found = await _found(request)
    if found.deleted_at is not None:
        return respond.tombstone(found.uri, found.kind.capitalize(), found.deleted_at)
    if respond.wants_page(request):
        return respond.redirect(found.url)
    return await _answer(request, found, await service.document_of(app_of(request), found))


async def created(request: Request) -> Response:
    """`GET /posts/{id}/create`: the activity that published it."""
    found = await _found(request)
    if found.deleted_at is not None:
        return respond.tombstone(f"{found.uri}/create", "Create", found.deleted_at)
    return await _answer(request, found, await service.create_document_of(app_of(request), found))


async def retold(request: Request) -> Response:
    """`GET /posts/{id}/retold-{again}`: as its group tells it again for servers without groups; to others the post."""
    found, again = await _found(request, anybodys=True), request.path_params.get("again", "0")
    if not again.isdigit() or len(again) > 18:
        raise NotFound("There is no such post.")
    uri = app_of(request).urls.retold(found.id, int(again))
    if found.deleted_at is not None:
        return respond.tombstone(uri, "Note", found.deleted_at)
    app, asking = app_of(request), await asker(request)
    if asking is None or app.peers.family(asking.host) != quirks.MICROBLOG:
        return respond.redirect(found.uri, 301)
    return respond.document(request, documents.write(await retelling.document_of(app, found, uri)), cache=PRIVATE)


async def activity(request: Request) -> Response:
    """`GET /activities/{id}`: an activity that was for everybody, also one of ours that a group of ours announced."""
    app = app_of(request)
    asking = await viewer(request)
    document = await publishing.activity(app.urls.activity(request.path_params["id"]), asking)
    if document is None or PUBLIC not in (*_list(document.get("to")), *_list(document.get("cc"))):
        raise NotFound("There is no such activity.")
    told = await worded(request, (document,))
    return told.mark(respond.document(request, documents.write(told.documents[0])))


async def _found(request: Request, *, anybodys: bool = False) -> Post:
    """A post of ours, or of `anybodys`, that whoever asks may see; to others it is not there (attack PRI-02).

    What is not there is asked for as what is for others, so that the time it takes says nothing.
    """
    number = params.number(request)
    found = await posts.by_id(number)
    asking = await viewer(request)
    seen = await visible.sees(asking, number) or bool(await visible.on_server(asking, number))
    if found is not None and found.deleted_at is not None:
        seen = found.visibility <= posts.UNLISTED
    if found is None or not (seen and (found.local or anybodys)):
        raise NotFound("There is no such post.")
    return found


async def _answer(request: Request, found: Post, document: dict[str, Any]) -> Response:
    """The document; of a poll its text for a server whose program reads no polls, as it is sent there."""
    cache = "max-age=60" if found.visibility <= posts.UNLISTED else PRIVATE
    told = await worded(request, (document,))
    return told.mark(respond.document(request, documents.write(told.documents[0]), cache=cache))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


routes = [
    Route("/posts/{id}", post),
    Route("/posts/{id}/create", created),
    Route("/posts/{id}/retold", retold),
    Route("/posts/{id}/retold-{again}", retold),
    Route("/activities/{id}", activity),
]
documents_ = [Route("/@{name}/{id}", post)]
