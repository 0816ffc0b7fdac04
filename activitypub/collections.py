"""Walks the collections of peers within a budget, whatever their size and however their pages are linked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from activitypub.client import Allowance, Client, Sign
from activitypub.errors import Forbidden, Malformed
from activitypub.origins import same_origin

_KINDS = frozenset(("Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"))


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one walk may cost."""

    pages: int = 10  # documents, the collection itself included
    items: int = 500
    seconds: float = 60


_USUAL = Budget()


async def walk(
    client: Client,
    url: str,
    budget: Budget = _USUAL,
    *,
    sign: Sign | None = None,
    allowance: Allowance | None = None,
    plain: bool = False,
) -> AsyncIterator[dict[str, Any] | str]:
    """The items of a collection, objects or ids, in its order; it ends when the budget does, without a word.

    A page is read once, and only on the origin of the collection. `totalItems` is not asked: it may say anything.
    Items are not vouched for: what has another origin than the collection is at most a hint (FEP-fe34); with `plain`
    (`Client.get_document`) everything is.

    Raises:
        NotFound, Gone, Unreachable: as `Client.get_document`, also in the middle.
        Forbidden: as there, or a redirect leads to another origin.
        Malformed: no collection.
    """
    deadline = asyncio.get_running_loop().time() + budget.seconds
    left = budget.items
    seen: set[str] = set()
    following: str | None = url
    for _ in range(budget.pages):
        if following is None:
            return
        try:
            async with asyncio.timeout_at(deadline):
                found = await client.get_document(following, sign, allowance=allowance, plain=plain)
        except TimeoutError:
            return
        if not same_origin(found.url, url):
            raise Forbidden("The collection is at home on another origin.")
        seen |= {following, found.url}
        items, following = _read(found.raw)
        for item in items[:left]:
            yield item
        left -= len(items)
        if left <= 0 or following in seen or (following is not None and not same_origin(following, url)):
            return


def _read(page: dict[str, Any]) -> tuple[list[dict[str, Any] | str], str | None]:
    # The items that are here, and where the next are. A first page is mostly embedded (Mastodon) or a link (Lemmy).
    kinds = page.get("type")
    if _KINDS.isdisjoint(kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)):
        raise Malformed("This is no collection.")
    items = _items(page)
    first = page.get("first")
    if items or first is None:
        # Some show the newest items besides in the collection itself; the walk goes on in the pages.
        return items, _link(page.get("next")) or (first if isinstance(first, str) else None)
    if isinstance(first, dict):
        return _items(first), _link(first.get("next"))
    return [], _link(first)


def _items(page: dict[str, Any]) -> list[dict[str, Any] | str]:
    value = page.get("orderedItems", page.get("items"))
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict | str)]


def _link(value: object) -> str | None:
    # Some embed the page where others link to it: then it has an id to ask at.
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None
