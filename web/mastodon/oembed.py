"""`/api/oembed`: how a public post of this server is shown in other pages (oEmbed 1.0)."""

from html import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.posts
from fedcomm.errors import NotFound
from storage import visible
from web import params, respond, state
from web.mastodon import subjects

_WIDTH = 400
_DAY = 86_400  # seconds


class Wanted(msgspec.Struct, frozen=True):
    """The post, by its address."""

    url: str = ""
    maxwidth: int = _WIDTH


async def show(request: Request) -> Response:
    """`GET /api/oembed?url=`: its text with a link to it, and nothing that a page of others would run or load."""
    app, wanted = state.app_of(request), params.query(request, Wanted)
    post_id = app.urls.post_id(wanted.url) if app.urls.own(wanted.url) else None
    post = await storage.posts.by_id(post_id) if post_id is not None else None
    if post is None or not post.local or not await visible.sees(visible.ANYBODY, post.id):
        raise NotFound(subjects.MISSING)
    author = await storage.actors.by_id(post.author_id)
    if author is None:
        raise NotFound(subjects.MISSING)
    name = author.name or author.username
    title = "" if post.summary else post.title
    said = f"<p>{escape(post.summary)}</p>" if post.summary else post.content
    link = f'<a href="{escape(post.url)}">{escape(name)} (@{escape(author.username)}@{escape(app.host)})</a>'
    return respond.json(
        {
            "type": "rich", "version": "1.0", "title": title or f"@{author.username}@{app.host}",
            "author_name": name, "author_url": author.url, "provider_name": app.host,
            "provider_url": f"{app.base_url}/", "cache_age": _DAY,
            "html": f'<blockquote cite="{escape(post.url)}">{said}{link}</blockquote>',
            "width": max(1, min(wanted.maxwidth, _WIDTH)), "height": None,
        }
    )  # fmt: skip


routes = [Route("/api/oembed", show)]
