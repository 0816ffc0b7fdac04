"""Feeds of groups (their threads), threads (beginning and answers), members and tags; in Atom, RSS and JSON Feed.

A group that is not for everybody has none, nor has a member who does not want to be listed by programs elsewhere
(docs/decisions/0029-feeds.md). What is not of this server is fed by its own.
"""

from collections.abc import Awaitable, Callable
from email.utils import formatdate
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.posts
from fedcomm.errors import NotFound
from storage import syndication, visible
from storage.actors import Actor
from storage.groups import Group
from storage.posts import Post
from storage.syndication import Item
from web import paging, params, respond, state
from web.pages import shown
from web.syndication import atom, items, jsonfeed, rss
from web.syndication.items import Feed

_ITEMS = 25
_LONGEST = 100  # characters of a tag
_MISSING = "There is no such feed."
_FORMS: dict[str, tuple[str, Callable[[Feed], bytes]]] = {
    "atom": (atom.MIME, atom.write),
    "rss": (rss.MIME, rss.write),
    "json": (jsonfeed.MIME, jsonfeed.write),
}
Source = Callable[[int, int], Awaitable[list[Item]]]  # (before, limit)
Endpoint = Callable[[Request], Awaitable[Response]]


def group(form: str) -> Endpoint:
    """`GET /c/{name}/feed.atom`, `.rss`, `.json`: what begins threads in a group here, and what it shows."""

    async def show(request: Request) -> Response:
        face = await storage.actors.local(request.path_params["name"])
        found = await storage.groups.by_actor(face.id) if face else None
        if face is None or found is None or not await has_feed(face, found):
            raise NotFound(_MISSING)
        about = (face.uri, shown.name(face), shown.plain(face.summary), shown.profile(face), face.created_at)
        return await _feed(request, form, about, lambda *page: syndication.of_group(found.id, *page))

    return show


def member(form: str) -> Endpoint:
    """`GET /@{name}/feed.atom`, `.rss`, `.json`: what a member writes for everybody."""

    async def show(request: Request) -> Response:
        actor = await storage.actors.local(request.path_params["name"])
        if actor is None or actor.kind == "Group" or not await has_feed(actor):
            raise NotFound(_MISSING)
        about = (actor.uri, shown.name(actor), shown.plain(actor.summary), shown.profile(actor), actor.created_at)
        return await _feed(request, form, about, lambda *page: syndication.of_author(actor.id, *page))

    return show


def thread(form: str) -> Endpoint:
    """`GET /@{name}/{id}/feed.atom`, `.rss`, `.json`: what began a thread, and its answers."""

    async def show(request: Request) -> Response:
        number = params.number(request)
        root = await storage.posts.by_id(number) if await visible.sees(visible.ANYBODY, number) else None
        author = await storage.actors.by_id(root.author_id) if root else None
        if root is None or author is None or not await thread_has_feed(root):
            raise NotFound(_MISSING)
        title = shown.title(root) or shown.name(author)
        home = shown.permalink(root, author)
        # The name of the post is that of an entry, and no two things may have the same (RFC 4287 §4.2.6).
        about = (f"{state.app_of(request).base_url}{home}", title, "", home, root.published)
        return await _feed(request, form, about, lambda *page: syndication.of_thread(root, *page))

    return show


def tag(form: str) -> Endpoint:
    """`GET /tags/{name}/feed.atom`, `.rss`, `.json`: what is written under a tag for everybody."""

    async def show(request: Request) -> Response:
        name = request.path_params["name"][:_LONGEST].lower()
        home = f"/tags/{quote(name)}"
        about = (f"{state.app_of(request).base_url}{home}", f"#{shown.label(name)}", "", home, 0)
        return await _feed(request, form, about, lambda *page: syndication.tagged(name, *page))

    return show


async def usual(request: Request) -> Response:
    """`GET /@{name}.rss` and `/tags/{name}.rss`: where Mastodon has them, and people type them into readers."""
    return respond.redirect(f"{quote(request.scope['path'].removesuffix('.rss'), safe='/@')}/feed.rss", 301)


async def has_feed(actor: Actor, group: Group | None = None) -> bool:
    """Whether there are feeds of a member, or of a group with this face."""
    if not actor.local or actor.kind == "Application" or not await visible.seen_actors(visible.ANYBODY, [actor.id]):
        return False
    return group.visibility == "public" if group is not None else bool(actor.discoverable)


async def thread_has_feed(root: Post) -> bool:
    """Whether there are feeds of a thread: one that began here, or in a group of ours."""
    group = await storage.groups.by_id(root.group_id) if root.group_id else None
    ours = bool(group.local) if group is not None else bool(root.local)
    return ours and root.starter and await syndication.is_open(root)


async def _feed(request: Request, form: str, about: tuple[str, str, str, str, int], source: Source) -> Response:
    """The page that is asked for; whoever asks, it is the one for everybody."""
    identity, title, summary, home, begun = about
    app, page = state.app_of(request), paging.page_of(request, usual=_ITEMS, most=_ITEMS)
    found = await source(page.bounds[0], page.limit + 1)
    shown_items = found[: page.limit]
    entries = await items.of(app, [item.post for item in shown_items])
    base = f"{app.base_url}{home}/feed.{form}"
    mime, write = _FORMS[form]
    feed = Feed(
        id=identity,
        title=title,
        summary=summary,
        home=f"{app.base_url}{home}",
        url=base,
        page=f"{base}?max_id={page.before}" if page.before else base,
        next=f"{base}?max_id={shown_items[-1].at}" if len(found) > page.limit else "",
        updated=max((entry.updated for entry in entries), default=begun),
        items=entries,
    )
    answer = respond.document(request, write(feed), f"{mime}; charset=utf-8")
    answer.headers["last-modified"] = formatdate(feed.updated // 1000, usegmt=True)
    return answer


_PLACES = (("/c/{name}", group), ("/@{name}", member), ("/@{name}/{id}", thread), ("/tags/{name}", tag))
routes = [Route(f"{place}/feed.{form}", feed_of(form)) for place, feed_of in _PLACES for form in _FORMS]
routes += [Route("/@{name}.rss", usual), Route("/tags/{name}.rss", usual)]
