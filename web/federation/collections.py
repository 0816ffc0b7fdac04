"""Collections of our actors and threads. Followers are counted and not named."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents, render
from activitypub.activities import Collection
from fedcomm import members, moderation, publishing, rights
from fedcomm.errors import NotFound
from storage import actors, blocks, collections, follows, groups, pins, posts, visible
from storage import members as joined
from storage.actors import Actor
from storage.groups import Group
from web import params, respond
from web.federation.actors import named
from web.federation.asking import PRIVATE, Worded, viewer, worded
from web.state import app_of

PAGE = 20  # activities of a page of an outbox
INLINE = 100  # ids that a collection lists itself; a longer one has pages of as many

Listed = Callable[[int, posts.Post, int, int], Awaitable[list[tuple[int, str]]]]
Counted = Callable[[int, posts.Post], Awaitable[int | None]]


async def outbox(request: Request) -> Response:
    """What an actor published for all, newest first; of a group its announces (FEP-1b12 §The Announce activity).

    The newest threads of a group are in the collection itself, all in its pages.
    """
    actor, asking = await _open(request)
    group = await groups.by_actor(actor.id) if actor.kind == "Group" else None
    if group is not None and await _is_inside(group, asking):
        return await _inside(request, actor, group, asking)
    before = _cursor(request, "max_id", 2**62)
    if before is None and group is None:
        return _answer(request, _whole(actor, await collections.count_posts(actor.id)))
    newest = before is None
    before = 2**62 if before is None else before
    found = await (collections.threads(group.id, before, PAGE) if group else collections.posts(actor.id, before, PAGE))
    told = await _told(request, actor, found)
    if newest and group is not None:
        # Lemmy reads the threads from here or not at all, and only next to a number (`GroupOutbox`, 1.0-beta).
        counted = await collections.count_threads(group.id)
        total = group.threads_count if counted is None else counted
        whole = _whole(actor, total, told.documents, pages=len(found) == PAGE)
        return told.mark(_answer(request, whole))
    return told.mark(_answer(request, _page(actor, told.documents, found, before)))


async def _told(request: Request, actor: Actor, found: list[posts.Post]) -> Worded:
    items = await publishing.outbox_items(app_of(request), actor, found)
    return await worded(request, tuple(publishing.bare(item) for item in items))


async def _is_inside(group: Group, asking: int) -> bool:
    """Whether a group is for its members alone; then who asks has one, or is told nothing (attacks GRP-20, PRI-02).

    Raises:
        NotFound: nobody on the server of who asks is a member.
    """
    if group.visibility != "members":
        return False
    if not await visible.has_member(asking, group.id):
        raise NotFound("There is nobody of that name here.")
    return True


async def _inside(request: Request, face: Actor, group: Group, asking: int) -> Response:
    """What began threads in a group for its members, told to a server that has one."""
    before = _cursor(request, "max_id", 2**62)
    found = await collections.threads_inside(asking, group.id, 2**62 if before is None else before, PAGE)
    told = await _told(request, face, found)
    if before is None:
        whole = _whole(face, group.threads_count, told.documents, pages=len(found) == PAGE)
        return told.mark(_answer(request, whole, asking))
    return told.mark(_answer(request, _page(face, told.documents, found, before), asking))


def _page(actor: Actor, items: tuple[Any, ...], found: list[posts.Post], before: int) -> Collection:
    return Collection(
        kind="OrderedCollectionPage",
        uri=f"{actor.outbox}?page=1" + (f"&max_id={before}" if before < 2**62 else ""),
        items=items,
        part_of=actor.outbox,
        next=f"{actor.outbox}?page=1&max_id={found[-1].id}" if len(found) == PAGE else None,
    )


def _whole(actor: Actor, total: int | None, items: tuple[Any, ...] = (), *, pages: bool = True) -> Collection:
    first = f"{actor.outbox}?page=1" if pages else None
    return Collection(kind="OrderedCollection", uri=actor.outbox, total=total, first=first, items=items)


async def followers(request: Request) -> Response:
    """How many follow an actor."""
    actor, asking = await named(request), await viewer(request)
    group = await groups.by_actor(actor.id) if actor.kind == "Group" else None
    if group is None or group.visibility == "public":
        total = actor.followers_count
    elif "is_follower" in request.query_params:
        return await _belonging(request, group, asking)
    else:
        total = 0  # nobody's business (attack PRI-26)
    return _answer(request, Collection(kind="OrderedCollection", uri=actor.followers, total=total))


async def _belonging(request: Request, group: groups.Group, asking: int) -> Response:
    """Whether a server has a member of a private group: one that has is told of another (Lemmy 1.0: check_is_follower).

    Where somebody wrote who is a member, their server has to know who may read it.
    """
    them, they = await actors.by_id(asking), await actors.by_uri(request.query_params["is_follower"])
    hosts = {actor.host for actor in (them, they) if actor is not None and actor.host}
    among = await joined.hosts(group.id, hosts)
    if them is None or they is None or not {them.host, they.host} <= among:
        raise NotFound("There is nobody of that name here.")
    return Response(status_code=200, headers={"cache-control": PRIVATE})


async def following(request: Request) -> Response:
    """How many a person follows."""
    actor = await named(request, "Person")
    await viewer(request)
    told = (await follows.as_everybody_may_know({actor.id: actor}))[actor.id]
    return _answer(request, Collection(kind="OrderedCollection", uri=actor.following, total=told.following_count))


async def of_server(request: Request) -> Response:
    """`GET /actor/outbox` and `/actor/followers`: the server itself publishes nothing and is not followed."""
    uri = f"{app_of(request).base_url}{request.url.path}"
    return _answer(request, Collection(kind="OrderedCollection", uri=uri, total=0))


async def moderators(request: Request) -> Response:
    """Who looks after a group, its stewards too (FEP-1b12 §Group moderation)."""
    face = await named(request, "Group")
    await viewer(request)
    items = tuple(await members.leading(await _group(face)))
    return _answer(
        request,
        Collection(
            kind="OrderedCollection", uri=face.moderators, items=items, total=len(items), attributed_to=face.uri
        ),
    )


async def stewards(request: Request) -> Response:
    """Those of who looks after a group who are its stewards, for other servers of fedcomm."""
    face = await named(request, "Group")
    await viewer(request)
    roles = await members.roles(await _group(face))
    items = tuple(uri for uri, role in roles.items() if role == rights.STEWARD)
    uri = moderation.stewards_of(face)
    return _answer(
        request,
        Collection(kind="OrderedCollection", uri=uri, items=items, total=len(items), attributed_to=face.uri),
    )


async def featured(request: Request) -> Response:
    """What a person or group has pinned, whole: Lemmy reads no ids here, Mastodon takes the ids from them.

    What a group shows of others stands in it for those alone who do not take it for threads of the group.
    """
    actor, asking = await _open(request)
    inside = beside = False
    if actor.kind == "Group":
        group = await _group(actor)
        inside = await _is_inside(group, asking)
        beside = not inside and await _keeps_apart(request, asking)
        read = partial(collections.pinned_inside, asking) if inside else partial(collections.pinned, beside=beside)
        pinned = await read(group.id)
    else:
        pinned = [post for post in await pins.of(visible.ANYBODY, actor.id) if post.removed_at is None]
    notes = await publishing.notes_of(app_of(request), pinned)
    told = await worded(request, tuple(_pinned(notes[post.id]) for post in pinned if post.id in notes))
    uri = actor.featured or f"{actor.uri}/featured"
    whole = Collection(kind="OrderedCollection", uri=uri, items=told.documents, total=len(told.documents))
    return told.mark(_answer(request, whole, asking if inside or beside else visible.ANYBODY))


async def _keeps_apart(request: Request, asking: int) -> bool:
    known = await actors.by_id(asking) if asking != visible.ANYBODY else None
    return known is not None and app_of(request).peers.keeps_apart(known.host)


def _pinned(note: dict[str, Any]) -> dict[str, Any]:
    return publishing.bare(note) | ({"stickied": True} if "stickied" in note else {})


async def context(request: Request) -> Response:
    """All posts of a thread that the asker may see, by id (FEP-7888 §Dereferencing and resolving, FEP-f228).

    Whoever asks for that of an answer is sent to that of its thread.
    """
    asking = await _reader(request)
    post = await _post(request, asking)
    uri = app_of(request).urls.context(post.thread_id)
    if post.thread_id != post.id:
        return respond.redirect(uri, 301)
    face = await collections.face_of(post.group_id) if post.group_id else None
    return await _ids(request, asking, uri, post, collections.thread, collections.count_thread, face)


async def replies(request: Request) -> Response:
    """Direct answers to a post that the asker may see, by id."""
    asking = await _reader(request)
    post = await _post(request, asking)
    uri = app_of(request).urls.replies(post.id)
    return await _ids(request, asking, uri, post, collections.replies, collections.count_replies, None)


async def _ids(
    request: Request, asking: int, uri: str, post: posts.Post, listed: Listed, counted: Counted, owner: str | None
) -> Response:
    """A collection of ids in the order of time: in one piece, or in pages when it is long."""
    after = _cursor(request, "min_id", 0)
    found = await listed(asking, post, after or 0, INLINE + 1)
    more = f"{uri}?page=1&min_id={found[INLINE - 1][0]}" if len(found) > INLINE else None
    items = await _items(request, post, found[:INLINE])
    if after is not None:
        page = Collection(
            kind="OrderedCollectionPage",
            uri=f"{uri}?page=1" + (f"&min_id={after}" if after else ""),
            items=items,
            part_of=uri,
            next=more,
        )
        return _answer(request, page, asking)
    total = await counted(asking, post) if more else len(items)
    whole = Collection(
        kind="OrderedCollection",
        uri=uri,
        items=() if more else items,
        total=total,
        first=f"{uri}?page=1" if more else None,
        attributed_to=owner,
    )
    return _answer(request, whole, asking)


async def _items(request: Request, post: posts.Post, found: list[tuple[int, str]]) -> tuple[Any, ...]:
    """Ids, which are asked for at their origins; of what is for the members of a group of ours and was written
    elsewhere the whole, since its origin shows it to few."""
    if post.visibility != posts.MEMBERS:
        return tuple(uri for _number, uri in found)
    known = (await posts.by_ids([number for number, _uri in found])).values()
    far = [each for each in known if not each.local and each.visibility == posts.MEMBERS]
    notes = await publishing.notes_of(app_of(request), far)
    return tuple(publishing.bare(notes[number]) if number in notes else uri for number, uri in found)


async def _post(request: Request, asking: int) -> posts.Post:
    number = params.number(request)
    found, seen = await posts.by_id(number), await visible.sees(asking, number)  # also of what is not there (PRI-02)
    hidden = found is None or found.visibility not in (posts.PUBLIC, posts.UNLISTED, posts.MEMBERS)
    if found is None or hidden or not (_left(found) or seen):
        raise NotFound("There is no such post.")
    return found


def _left(found: posts.Post) -> bool:
    """Whether a post was deleted, and what others answered in its group is there for everybody still."""
    beginning = found.starter and found.group_id is not None and found.visibility in (posts.PUBLIC, posts.UNLISTED)
    return found.deleted_at is not None and beginning


async def _reader(request: Request) -> int:
    """For whom a thread is shown: who asks, or a member of its group on their server."""
    asking = await viewer(request)
    return asking if asking == visible.ANYBODY else await visible.on_server(asking, params.number(request)) or asking


async def _open(request: Request) -> tuple[Actor, int]:
    """One of our actors, whose posts are listed, and who asks. For who is blocked there are none (attack PRI-10).

    Raises:
        NotFound: there is none of that name, or one of the two blocks the other.
    """
    actor, asking = await named(request), await viewer(request)
    if asking != visible.ANYBODY and await blocks.between(actor.id, asking):
        raise NotFound("There is nobody of that name here.")
    return actor, asking


async def _group(face: Actor) -> Group:
    group = await groups.by_actor(face.id)
    if group is None:
        raise NotFound("There is no such group.")
    return group


def _cursor(request: Request, name: str, start: int) -> int | None:
    """Where a page begins; None when the collection itself is asked for."""
    given = request.query_params.get(name, "")
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    return start if "page" in request.query_params else None


def _answer(request: Request, collection: Collection, asking: int = visible.ANYBODY) -> Response:
    """What only one asker may see is kept by no cache (attack PRI-19)."""
    cache = "max-age=60" if asking == visible.ANYBODY else PRIVATE
    return respond.document(request, documents.write(render.document(collection)), cache=cache)


_ACTORS = [("outbox", outbox), ("followers", followers), ("featured", featured)]
_OF_GROUPS = [("moderators", moderators), ("stewards", stewards)]
routes = [
    *(Route(f"/users/{{name}}/{tail}", endpoint) for tail, endpoint in [*_ACTORS, ("following", following)]),
    *(Route(f"/c/{{name}}/{tail}", endpoint) for tail, endpoint in [*_ACTORS, *_OF_GROUPS]),
    Route("/actor/outbox", of_server),
    Route("/actor/followers", of_server),
    Route("/posts/{id}/context", context),
    Route("/posts/{id}/replies", replies),
]
