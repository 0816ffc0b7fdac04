"""Searching what is known here: people, groups, tags and posts. No other server is asked; that is `find`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import searching
from storage import post_text, search
from storage.actors import Actor
from storage.paging import Page
from storage.timelines import Entry
from web import params, state
from web.pages import frame, places, threads
from web.pages.readers import Reader, members_only

_PEOPLE, _TAGS, _POSTS = 10, 10, 20
_LONGEST = 500  # characters
_MOST = 1_000  # posts that are paged through


class Sought(msgspec.Struct, frozen=True):
    """Words, a part of a name, or an address; `offset` posts were shown before."""

    q: str = ""
    offset: int = 0


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /search?q=`"""
    sought = params.query(request, Sought)
    app, viewer = state.app_of(request), reader.actor.id
    text = sought.q.strip().removesuffix(f"@{app.host}")[:_LONGEST]
    offset = max(0, min(sought.offset, _MOST))
    posts: list[int] = []
    if text:
        query = await searching.understood(app, viewer, text)
        posts = await post_text.find(viewer, query, Page(limit=_POSTS + 1), offset)
    return await frame.page(
        request,
        "search.html",
        q=sought.q[:_LONGEST],
        people=await _people(viewer, text) if text and not offset else [],
        tags=await search.tags(text, _TAGS) if text and not offset else [],
        nodes=await threads.posts(viewer, [Entry(post_id, post_id) for post_id in posts[:_POSTS]]),
        further=offset + _POSTS if len(posts) > _POSTS and offset + _POSTS <= _MOST else 0,
        beginning=not offset,
        elsewhere="@" in text.lstrip("@!") or "://" in text,
        back=places.hidden("", 0),
    )


async def _people(viewer: int, text: str) -> list[Actor]:
    """People and groups that the viewer may see, and whom they block, so that the block can be lifted."""
    found = await search.actors(viewer, text, _PEOPLE)
    known = await storage.actors.by_ids(found)
    return [known[actor_id] for actor_id in found if actor_id in known]


routes = [Route("/search", show)]
