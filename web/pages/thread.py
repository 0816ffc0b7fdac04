"""The page of a thread, or of one answer and what answers it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.flairs
import storage.groups
import storage.posts
import storage.registers
import storage.threads
from fedcomm import admit, completing, conversations, flairs, members, rights
from fedcomm.errors import NotFound
from storage import visible
from storage.actors import Actor
from storage.posts import Post
from storage.timelines import Entry
from web import params, respond, state
from web.pages import beside, frame, remains, shown, syndication, threads, trees
from web.pages.readers import reader_of


async def show(request: Request) -> Response:
    """`GET /@{name}/{id}`, with its answers as a tree, or with `?order=time` in the order of time."""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    try:
        post, author = await seen(viewer, params.number(request))
    except NotFound:
        left = await remains.page(request, viewer, params.number(request))
        if left is None:
            raise
        return left
    if request.path_params["name"].lower() != author.acct.lower():
        return respond.redirect(shown.permalink(post, author), 301)
    if reader and request.method == "GET":
        await conversations.looked_at(state.app_of(request), viewer, post.thread_id)
    coming = await completing.ask(state.app_of(request), post.id) if reader else None
    flat, after = request.query_params.get("order") == "time", _number(request.query_params.get("after", ""))
    tree = await (trees.flat if flat else trees.tree)(viewer, post, after)
    beginning = await _beginning(viewer, post)
    may = await rights_of(reader.actor, post) if reader else frozenset()
    return await frame.page(
        request,
        "thread.html",
        post=post,
        author=author,
        tree=tree.top,
        answers=tree,
        flat=flat,
        after=after,
        above=[] if post.starter else await trees.above(viewer, post),
        back={"page": post.id},
        group=await _face(viewer, post),
        may=may,
        receipt=reader is not None and (rights.OVERSEE in may or reader.admin or author.id == viewer),
        feeds=await syndication.thread_has_feed(post),
        pinned=await is_pinned(post),
        flairs=await storage.flairs.of_group(post.group_id) if post.starter and post.group_id else [],
        also_in=await beside.also_in(state.app_of(request).peers, viewer, reader.actor if reader else None, post),
        sharable=await beside.choices(reader.actor, post) if reader else [],
        beginning=beginning,
        begun_gone=(await storage.threads.gone(viewer, [post.thread_id])).get(post.thread_id, ""),
        completing=coming is not None and coming.ended_at is None,
        locked=admit.closed(post) or (beginning is not None and admit.closed(beginning.post)),
        until=post.locked_until or (beginning.post.locked_until if beginning is not None else None),
    )


async def seen(viewer: int, post_id: int) -> tuple[Post, Actor]:
    """The post and who wrote it, if the viewer may see it.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    post = await storage.posts.by_id(post_id) if await visible.sees(viewer, post_id) else None
    author = await storage.actors.by_id(post.author_id) if post else None
    if post is None or author is None:
        raise NotFound("There is no such post here, or it is not for you.")
    return post, author


async def rights_of(actor: Actor, post: Post) -> frozenset[str]:
    """What somebody may do with the thread in its group, wherever that is."""
    group = await storage.groups.by_id(post.group_id) if post.group_id else None
    if group is None:
        return frozenset()
    standing = await members.standing(group, actor)
    return standing.rights if flairs.changes(standing, post) else standing.rights - {rights.FLAIR}


async def is_pinned(post: Post) -> bool:
    """Whether it is the beginning of a thread that stands above the others of its group."""
    return post.group_id is not None and await storage.registers.get(post.group_id, "pinned", post.uri) is not None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


async def _beginning(viewer: int, post: Post) -> threads.Line | None:
    """What began the thread, where that is another post that the viewer may see."""
    if post.thread_id == post.id or not await visible.sees(viewer, post.thread_id):
        return None
    return next(iter(await threads.lines(viewer, [Entry(0, post.thread_id)], "thread")), None)


async def _face(viewer: int, post: Post) -> Actor | None:
    _group, face = await storage.groups.with_face(post.group_id)
    return face if face is not None and await visible.seen_actors(viewer, [face.id]) else None


routes = [
    Route("/@{name}/{id}", show),
    Route("/@{name}/statuses/{id}", show),
]
