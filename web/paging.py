"""Pages of a list: what a client asks for, and the `Link` header that leads on (Mastodon API: "Paginating")."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request

from storage.paging import Page
from web import params, state

_CURSORS = ("max_id", "since_id", "min_id")
# Clients ask for the same pages again and again; to take a query apart twice costs 8 µs: short ones are remembered.
_SHORT = 200  # bytes


class _Asked(msgspec.Struct, frozen=True):
    max_id: str = ""
    since_id: str = ""
    min_id: str = ""
    limit: str = ""


def page_of(request: Request, usual: int = 20, most: int = 40) -> Page:
    """The page that is asked for; a cursor or limit that is no number is none."""
    query: bytes = request.scope["query_string"]
    return (_page if len(query) < _SHORT else _page.__wrapped__)(query, usual, most)


def link(request: Request, cursors: Sequence[int], older: bool) -> dict[str, str]:
    """The `Link` header for a page with these cursors, newest first; `next` only while there is something older.

    Every other parameter of the request is kept, and the addresses are absolute.
    """
    if not cursors:
        return {}
    query: bytes = request.scope["query_string"]
    kept = (_kept if len(query) < _SHORT else _kept.__wrapped__)(query)
    base = f"{state.app_of(request).base_url}{request.scope['path']}?{kept}"
    back = f'<{base}min_id={cursors[0]}>; rel="prev"'
    return {"link": f'<{base}max_id={cursors[-1]}>; rel="next", {back}' if older else back}


@lru_cache(maxsize=1024)
def _page(query: bytes, usual: int, most: int) -> Page:
    asked = params.filled(params.nested(query), _Asked)
    return Page(
        before=_number(asked.max_id),
        since=_number(asked.since_id),
        after=_number(asked.min_id),
        limit=min(_number(asked.limit) or usual, most),
    )


@lru_cache(maxsize=1024)
def _kept(query: bytes) -> str:
    """What of a query is not about the page, with a `&` behind it."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    kept = [pair for pair in pairs if pair[0] not in _CURSORS]
    return f"{urlencode(kept, safe='[]')}&" if kept else ""


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63 else 0
