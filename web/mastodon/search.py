"""`/api/v2/search`: people, groups, posts and tags by name, handle or address (Mastodon API: "Search")."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.posts
from fedcomm import finding, searching
from fedcomm.app import App
from storage import post_text, search, visible
from web import auth, paging, params, respond, state
from web.errors import Refusal
from web.mastodon import collections, subjects
from web.mastodon.entities import account, status
from web.mastodon.entities.small import tag


class Wanted(msgspec.Struct, frozen=True):
    """What to look for."""

    q: str = ""
    type: str = ""
    resolve: bool = False
    following: bool = False
    account_id: str = ""
    limit: int = 20
    offset: int = 0


async def find(request: Request) -> Response:
    """`GET /api/v2/search`; asking other servers is for members."""
    viewer = await auth.optional(request, "read:search")
    wanted = params.query(request, Wanted)
    if viewer is None and (wanted.resolve or wanted.offset):
        raise Refusal(401, auth.NOBODY)
    app, seeing = state.app_of(request), subjects.id_of(viewer)
    text = wanted.q.strip().removesuffix(f"@{app.host}")[:500]
    limit, offset = max(1, min(wanted.limit, 40)), max(0, min(wanted.offset, 10_000))
    named = await _named(app, seeing, text, wanted.resolve) if not offset else None
    people: list[int] = []
    if wanted.type in ("", "accounts"):
        people = [named[1]] if named and named[0] == "actor" else []
        people = await _present(app, people)
        if not _is_url(text):
            people += await search.actors(seeing, text, limit, offset, followed=wanted.following)
    # Whoever types a tag is shown tags; its posts are at the tag, or found by who asks for posts.
    kinds = ("statuses",) if text.startswith("#") else ("", "statuses")
    posts = await _posts(request, wanted, seeing, text, named) if wanted.type in kinds else []
    tags = await search.tags(text, limit, offset) if wanted.type in ("", "hashtags") and not _is_url(text) else []
    shown = await status.by_id(app.base_url, seeing, posts)
    value: dict[str, Any] = {
        "accounts": msgspec.Raw(await account.list_of(app.base_url, list(dict.fromkeys(people))[:limit])),
        "statuses": [msgspec.Raw(shown[post_id]) for post_id in posts if post_id in shown],
        "hashtags": [tag(app.base_url, name) for name in tags],
        "collections": await collections.found(request, seeing, text) if wanted.type in ("", "collections") else [],
    }
    return respond.json(value)


async def _posts(request: Request, wanted: Wanted, seeing: int, text: str, named: tuple[str, int] | None) -> list[int]:
    """What the address names, or what has the words; strangers find by address alone, as with Mastodon."""
    by_address = [named[1]] if named and named[0] == "post" else []
    if by_address or _is_url(text) or not seeing:
        return by_address
    query = await searching.understood(state.app_of(request), seeing, text)
    if wanted.account_id:
        query = msgspec.structs.replace(query, author_id=subjects.identifier(wanted.account_id) or -1)
    return await post_text.find(seeing, query, paging.page_of(request), max(0, min(wanted.offset, 10_000)))


async def _named(app: App, seeing: int, text: str, resolve: bool) -> tuple[str, int] | None:
    """What an address or a whole handle names that `seeing` may see; peers are only asked if `resolve` says so."""
    found = None
    if resolve or app.urls.own(text):
        found = await finding.resolve(app, text)
    elif _is_url(text):
        post = await storage.posts.by_uri(text)
        actor = await storage.actors.by_uri(text)
        found = ("post", post.id) if post else ("actor", actor.id) if actor else None
    if found and found[0] == "post" and not await visible.sees(seeing, found[1]):
        return None
    return found


async def _present(app: App, actor_ids: list[int]) -> list[int]:
    """Those who are not gone, and not of a server that is not heard."""
    found = (await storage.actors.by_ids(actor_ids)).values()
    return [actor.id for actor in found if not actor.gone and not (actor.host and app.peers.blocked(actor.host))]


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


routes = [Route("/api/v2/search", find)]
