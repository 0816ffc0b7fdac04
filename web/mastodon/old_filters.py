"""`/api/v1/filters`: the same filters as clients of before Mastodon 4.0 know them: each word is one."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.filters
from fedcomm import filters
from fedcomm.errors import Invalid
from fedcomm.filters import KeywordWish, Wish
from storage.filters import Filter, Keyword
from web import auth, params, respond
from web.mastodon.entities import filtered
from web.mastodon.filters import own_keyword, wish_of

_OLD = {"deprecation": "@1668384000"}  # when Mastodon 4.0 came (RFC 9745)


class OldWish(msgspec.Struct, frozen=True):
    """What only the old form has; None = not said."""

    phrase: str | None = None
    whole_word: bool | None = None
    irreversible: bool | None = None

    @property
    def action(self) -> str | None:
        """What the filter shall do."""
        return None if self.irreversible is None else "hide" if self.irreversible else "warn"


async def everything(request: Request) -> Response:
    """`GET /api/v1/filters`"""
    viewer = await auth.require(request, "read:filters")
    found = await storage.filters.of(viewer.actor_id)
    return respond.json(
        [filtered.old_filter(each, word) for each in found for word in each.keywords], headers=_OLD
    )  # fmt: skip


async def one(request: Request) -> Response:
    """`GET /api/v1/filters/:id`"""
    viewer = await auth.require(request, "read:filters")
    return _answer(*await own_keyword(viewer, params.number(request)))


async def create(request: Request) -> Response:
    """`POST /api/v1/filters`"""
    viewer = await auth.require(request, "write:filters")
    values, wish = await wish_of(request)
    old = params.filled(values, OldWish)
    word = KeywordWish(keyword=old.phrase or "", whole_word=old.whole_word)
    title = (old.phrase or "").strip()[: filters.LONGEST_TITLE]
    made = await filters.create(
        await auth.actor_of(viewer), Wish(title, wish.context, old.action, wish.expires_in), [word]
    )  # fmt: skip
    return _answer(made, made.keywords[-1])


async def change(request: Request) -> Response:
    """`PUT /api/v1/filters/:id`; of a filter with several words only the word can be changed this way."""
    viewer = await auth.require(request, "write:filters")
    found, word = await own_keyword(viewer, params.number(request))
    values, wish = await wish_of(request)
    old = params.filled(values, OldWish)
    wanted = Wish(None, wish.context, old.action, wish.expires_in)
    if len(found.keywords) > 1 and _differs(found, wanted):
        raise Invalid("This filter has several words: change it with a program that knows such filters.")
    part = KeywordWish(id=word.id, keyword=old.phrase, whole_word=old.whole_word)
    made = await filters.change(await auth.actor_of(viewer), found.id, wanted, [part])
    return _answer(made, next(each for each in made.keywords if each.id == word.id))


async def delete(request: Request) -> Response:
    """`DELETE /api/v1/filters/:id`: the word, and the filter when it finds nothing any more."""
    viewer = await auth.require(request, "write:filters")
    found, word = await own_keyword(viewer, params.number(request))
    actor = await auth.actor_of(viewer)
    if len(found.keywords) == 1 and not found.posts:
        await filters.delete(actor, found.id)
    else:
        await filters.change(actor, found.id, Wish(), [KeywordWish(id=word.id, drop=True)])
    return respond.json({}, headers=_OLD)


def _differs(found: Filter, wanted: Wish) -> bool:
    changed = wanted.contexts is not None and sorted(wanted.contexts) != sorted(found.contexts)
    acts = wanted.action is not None and (wanted.action == "hide") != (found.action == "hide")
    return changed or acts or bool(wanted.expires_in) or (wanted.expires_in == 0 and found.expires_at is not None)


def _answer(found: Filter, word: Keyword) -> Response:
    return respond.json(filtered.old_filter(found, word), headers=_OLD)


routes = [
    Route("/api/v1/filters", everything),
    Route("/api/v1/filters", create, methods=["POST"]),
    Route("/api/v1/filters/{id}", one),
    Route("/api/v1/filters/{id}", change, methods=["PUT"]),
    Route("/api/v1/filters/{id}", delete, methods=["DELETE"]),
]
