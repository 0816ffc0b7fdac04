"""Collections of our actors and threads. Followers are counted and not named."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents, render
from activitypub.activities import Collection
from fedcomm import members, publishing
from fedcomm.errors import NotFound
from storage import collections, groups, posts, visible
from storage.actors import Actor
from web import respond
from web.federation.actors import named
from web.federation.asking import viewer
from web.state import app_of

PAGE = 20  # items of a page


async def outbox(request: Request) -> Response:
    """What an actor published for everybody, newest first; a group's are its announcements (FEP-1b12 §Group outbox)."""
    actor = await named(request)
    await viewer(request)
    before = _before(request)
    if before is None:
        total = actor.posts_count if actor.kind == "Person" else await collections.count_threads(actor.id)
        return _answer(
            request, Collection(kind="OrderedCollection", uri=actor.outbox, total=total, first=f"{actor.outbox}?page=1")
        )
    found = await (collections.threads if actor.kind == "Group" else collections.posts)(actor.id, before, PAGE)
    items = await publishing.outbox_items(app_of(request), actor, found)
    return _page(request, actor.outbox, items, found[-1].id if len(found) == PAGE else None)


async def followers(request: Request) -> Response:
    """How many follow an actor."""
    actor = await named(request)
    await viewer(request)
    return _answer(request, Collection(kind="OrderedCollection", uri=actor.followers, total=actor.followers_count))


async def following(request: Request) -> Response:
    """How many a person follows."""
    actor = await named(request, "Person")
    await viewer(request)
    return _answer(request, Collection(kind="OrderedCollection", uri=actor.following, total=actor.following_count))


async def moderators(request: Request) -> Response:
    """Who moderates a group (FEP-1b12 §Group moderation)."""
    face = await named(request, "Group")
    await viewer(request)
    items = tuple(await members.moderators(await _group_id(face)))
    return _answer(
        request,
        Collection(
            kind="OrderedCollection", uri=face.moderators, items=items, total=len(items), attributed_to=face.uri
        ),
    )


async def featured(request: Request) -> Response:
    """The pinned threads of a group, or posts of a person."""
    actor = await named(request)
    await viewer(request)
    items: tuple[str, ...] = ()
    if actor.kind == "Group":
        items = tuple(await collections.pinned(await _group_id(actor)))
    uri = actor.featured or f"{actor.uri}/featured"
    return _answer(request, Collection(kind="OrderedCollection", uri=uri, items=items, total=len(items)))


async def context(request: Request) -> Response:
    """All posts of a thread that everybody may see, by id (FEP-7888 §The context property, FEP-f228)."""
    asking = await viewer(request)
    root = await _post(request, asking)
    app = app_of(request)
    uri = app.urls.context(root.id)
    items = tuple(await collections.thread(asking, root.id))
    face = await collections.face_of(root.group_id) if root.group_id else None
    return _answer(
        request,
        Collection(kind="OrderedCollection", uri=uri, items=items, total=len(items), attributed_to=face),
    )


async def replies(request: Request) -> Response:
    """Direct answers to a post that everybody may see, by id."""
    asking = await viewer(request)
    post = await _post(request, asking)
    items = tuple(await collections.replies(asking, post.id))
    uri = app_of(request).urls.replies(post.id)
    return _answer(request, Collection(kind="OrderedCollection", uri=uri, items=items, total=len(items)))


async def _post(request: Request, asking: int) -> posts.Post:
    number = request.path_params["id"]
    found = await posts.by_id(int(number)) if number.isdigit() and len(number) < 19 else None
    if found is None or found.visibility > posts.UNLISTED or not await visible.sees(asking, found.id):
        raise NotFound("There is no such post.")
    return found


async def _group_id(face: Actor) -> int:
    group = await groups.by_actor(face.id)
    if group is None:
        raise NotFound("There is no such group.")
    return group.id


def _before(request: Request) -> int | None:
    """The id below which a page begins; None when the collection itself is asked for."""
    given = request.query_params.get("max_id", "")
    if given.isdigit() and len(given) < 19:
        return int(given)
    return 2**62 if "page" in request.query_params else None


def _page(request: Request, uri: str, items: list[dict[str, Any]], last: int | None) -> Response:
    return _answer(
        request,
        Collection(
            kind="OrderedCollectionPage",
            uri=f"{uri}?{request.scope['query_string'].decode('latin-1')}",
            items=tuple(items),
            part_of=uri,
            next=f"{uri}?page=1&max_id={last}" if last is not None else None,
        ),
    )


def _answer(request: Request, collection: Collection) -> Response:
    return respond.document(request, documents.write(render.document(collection)))


_ACTORS = [("outbox", outbox), ("followers", followers), ("featured", featured)]
routes = [
    *(Route(f"/users/{{name}}/{tail}", endpoint) for tail, endpoint in [*_ACTORS, ("following", following)]),
    *(Route(f"/c/{{name}}/{tail}", endpoint) for tail, endpoint in [*_ACTORS, ("moderators", moderators)]),
    Route("/posts/{id}/context", context),
    Route("/posts/{id}/replies", replies),
]
