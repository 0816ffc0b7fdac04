"""Pages of a list: what a client asks for, and the `Link` header that leads on (Mastodon API: "Paginating")."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request

from storage.paging import Page
from web import params, state

_CURSORS = ("max_id", "since_id", "min_id")


class _Asked(msgspec.Struct, frozen=True):
    max_id: str = ""
    since_id: str = ""
    min_id: str = ""
    limit: str = ""


def page_of(request: Request, usual: int = 20, most: int = 40) -> Page:
    """The page that is asked for; a cursor or limit that is no number is none."""
    asked = params.query(request, _Asked)
    limit = _number(asked.limit) or usual
    return Page(
        before=_number(asked.max_id), since=_number(asked.since_id), after=_number(asked.min_id), limit=min(limit, most)
    )


def link(request: Request, cursors: Sequence[int], older: bool) -> dict[str, str]:
    """The `Link` header for a page with these cursors, newest first; `next` only while there is something older.

    Every other parameter of the request is kept, and the addresses are absolute.
    """
    if not cursors:
        return {}
    kept = [
        pair
        for pair in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if pair[0] not in _CURSORS
    ]
    base = f"{state.app_of(request).base_url}{request.scope['path']}"
    links = []
    if older:
        links.append(f'<{base}?{urlencode([*kept, ("max_id", cursors[-1])], safe="[]")}>; rel="next"')
    links.append(f'<{base}?{urlencode([*kept, ("min_id", cursors[0])], safe="[]")}>; rel="prev"')
    return {"link": ", ".join(links)}


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63 else 0
