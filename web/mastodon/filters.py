"""`/api/v2/filters`: what a member does not want to meet, or only behind a warning."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.filters
from fedcomm import filters
from fedcomm.errors import NotFound
from fedcomm.filters import KeywordWish, Wish
from storage.filters import BY_KEYWORD, BY_POST, Filter, Filtered, Keyword
from web import auth, params, respond
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import filtered


class KeywordPart(msgspec.Struct, frozen=True, rename={"drop": "_destroy"}):
    """A word of a filter as clients send it."""

    id: str = ""
    keyword: str | None = None
    whole_word: bool | None = None
    drop: bool = False


class FilterWish(msgspec.Struct, frozen=True):
    """A filter as clients send it; None = not said."""

    title: str | None = None
    context: list[str] | None = None
    filter_action: str | None = None
    expires_in: int | None = None
    keywords_attributes: list[KeywordPart] = []


class PostPart(msgspec.Struct, frozen=True):
    """A post for a filter to name."""

    status_id: str = ""


async def everything(request: Request) -> Response:
    """`GET /api/v2/filters`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json([filtered.filter_entity(found) for found in await storage.filters.of(viewer.actor_id)])


async def one(request: Request) -> Response:
    """`GET /api/v2/filters/:id`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json(filtered.filter_entity(await own(viewer, params.number(request))))


async def create(request: Request) -> Response:
    """`POST /api/v2/filters`"""
    viewer = await auth.require(request, "write:filters")
    wish, words = await _wish(request)
    made = await filters.create(await auth.actor_of(viewer), wish, words)
    return respond.json(filtered.filter_entity(made))


async def change(request: Request) -> Response:
    """`PUT /api/v2/filters/:id`; what is not said stays as it is."""
    viewer = await auth.require(request, "write:filters")
    wish, words = await _wish(request)
    made = await filters.change(await auth.actor_of(viewer), params.number(request), wish, words)
    return respond.json(filtered.filter_entity(made))


async def delete(request: Request) -> Response:
    """`DELETE /api/v2/filters/:id`"""
    viewer = await auth.require(request, "write:filters")
    await filters.delete(await auth.actor_of(viewer), params.number(request))
    return respond.json({})


async def keywords(request: Request) -> Response:
    """`GET /api/v2/filters/:filter_id/keywords`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json(filtered.keywords((await own(viewer, params.number(request))).keywords))


async def add_keyword(request: Request) -> Response:
    """`POST /api/v2/filters/:filter_id/keywords`"""
    viewer = await auth.require(request, "write:filters")
    part = await params.read(request, KeywordPart)
    word = KeywordWish(keyword=part.keyword, whole_word=part.whole_word)
    made = await filters.change(await auth.actor_of(viewer), params.number(request), Wish(), [word])
    return respond.json(filtered.keyword(made.keywords[-1]))


async def keyword(request: Request) -> Response:
    """`GET /api/v2/filters/keywords/:id`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json(filtered.keyword((await own_keyword(viewer, params.number(request)))[1]))


async def change_keyword(request: Request) -> Response:
    """`PUT /api/v2/filters/keywords/:id`"""
    viewer = await auth.require(request, "write:filters")
    found, word = await own_keyword(viewer, params.number(request))
    part = await params.read(request, KeywordPart)
    wish = KeywordWish(id=word.id, keyword=part.keyword, whole_word=part.whole_word)
    made = await filters.change(await auth.actor_of(viewer), found.id, Wish(), [wish])
    return respond.json(filtered.keyword(next(each for each in made.keywords if each.id == word.id)))


async def delete_keyword(request: Request) -> Response:
    """`DELETE /api/v2/filters/keywords/:id`"""
    viewer = await auth.require(request, "write:filters")
    found, word = await own_keyword(viewer, params.number(request))
    await filters.change(await auth.actor_of(viewer), found.id, Wish(), [KeywordWish(id=word.id, drop=True)])
    return respond.json({})


async def posts(request: Request) -> Response:
    """`GET /api/v2/filters/:filter_id/statuses`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json([filtered.named(each) for each in (await own(viewer, params.number(request))).posts])


async def add_post(request: Request) -> Response:
    """`POST /api/v2/filters/:filter_id/statuses`"""
    viewer = await auth.require(request, "write:filters")
    wanted = subjects.identifier((await params.read(request, PostPart)).status_id)
    made = await filters.add_post(await auth.actor_of(viewer), params.number(request), wanted)
    return respond.json(filtered.named(made))


async def post(request: Request) -> Response:
    """`GET /api/v2/filters/statuses/:id`"""
    viewer = await auth.require(request, "read:filters")
    return respond.json(filtered.named(await _own_post(viewer, params.number(request))))


async def delete_post(request: Request) -> Response:
    """`DELETE /api/v2/filters/statuses/:id`"""
    viewer = await auth.require(request, "write:filters")
    await filters.drop_post(await auth.actor_of(viewer), params.number(request))
    return respond.json({})


async def own(viewer: Viewer, filter_id: int) -> Filter:
    """A filter of the viewer.

    Raises:
        NotFound: they have none with this id (attack OAU-13).
    """
    for found in await storage.filters.of(viewer.actor_id):
        if found.id == filter_id:
            return found
    raise NotFound(subjects.MISSING)


async def own_keyword(viewer: Viewer, keyword_id: int) -> tuple[Filter, Keyword]:
    """A word of the viewer's filters, and the filter that has it.

    Raises:
        NotFound: they have none with this id (attack OAU-13).
    """
    found = await own(viewer, await storage.filters.holder(BY_KEYWORD, viewer.actor_id, keyword_id) or 0)
    return found, next(word for word in found.keywords if word.id == keyword_id)


async def wish_of(request: Request) -> tuple[dict[str, Any], FilterWish]:
    """What the request says, as it says it and as a filter; an empty time is an endless one."""
    values = await params.merged(request)
    wish = params.filled(values, FilterWish)
    if "expires_in" in values and wish.expires_in is None:
        wish = msgspec.structs.replace(wish, expires_in=0)
    return values, wish


async def _wish(request: Request) -> tuple[Wish, list[KeywordWish]]:
    _values, wish = await wish_of(request)
    words = [
        KeywordWish(
            id=subjects.identifier(part.id) or -1 if part.id else 0, keyword=part.keyword, whole_word=part.whole_word,
            drop=part.drop,
        )
        for part in wish.keywords_attributes
    ]  # fmt: skip
    return Wish(wish.title, wish.context, wish.filter_action, wish.expires_in), words


async def _own_post(viewer: Viewer, filtered_id: int) -> Filtered:
    found = await own(viewer, await storage.filters.holder(BY_POST, viewer.actor_id, filtered_id) or 0)
    return next(each for each in found.posts if each.id == filtered_id)


routes = [
    Route("/api/v2/filters", everything),
    Route("/api/v2/filters", create, methods=["POST"]),
    Route("/api/v2/filters/{id}", one),
    Route("/api/v2/filters/{id}", change, methods=["PUT"]),
    Route("/api/v2/filters/{id}", delete, methods=["DELETE"]),
    Route("/api/v2/filters/{id}/keywords", keywords),
    Route("/api/v2/filters/{id}/keywords", add_keyword, methods=["POST"]),
    Route("/api/v2/filters/{id}/statuses", posts),
    Route("/api/v2/filters/{id}/statuses", add_post, methods=["POST"]),
    Route("/api/v2/filters/keywords/{id}", keyword),
    Route("/api/v2/filters/keywords/{id}", change_keyword, methods=["PUT"]),
    Route("/api/v2/filters/keywords/{id}", delete_keyword, methods=["DELETE"]),
    Route("/api/v2/filters/statuses/{id}", post),
    Route("/api/v2/filters/statuses/{id}", delete_post, methods=["DELETE"]),
]
