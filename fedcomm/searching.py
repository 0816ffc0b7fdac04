"""What somebody means who looks for posts: words, "words together", -not these, and operators as Mastodon has them.

`from:me`, `from:name@host`, `has:media|image|video|audio|poll`, `is:reply|sensitive`, `language:de`,
`before:2026-01-31`, `after:`, `during:`, `in:library|public|all`; days are those of UTC.
"""

import re
from datetime import UTC, date, datetime

import msgspec

from fedcomm import search_words
from fedcomm.app import App
from fedcomm.search_words import Phrase
from storage import actors, post_text
from storage.post_text import Query

MOST_TERMS = 30
_DAY = 86_400_000  # ms
_NOBODY = -1
_TERM = re.compile(r'(-?)(?:([a-z]{2,8}):)?("[^"]*"|[^\s"]+)')


async def understood(app: App, viewer: int, text: str) -> Query:
    """The search that is meant; what is no operator is looked for as words."""
    query = Query()
    for minus, name, value in _TERM.findall(text)[:MOST_TERMS]:
        operated = await _operated(app, viewer, query, name, value.strip('"'), bool(minus)) if name else None
        query = operated or _worded(query, f"{name}:{value}" if name else value, bool(minus))
    return query


def _worded(query: Query, value: str, minus: bool) -> Query:
    together = search_words.phrase(value) if value.startswith('"') else None
    found = [together] if together else search_words.phrases(value)
    added = tuple(_words(phrase) for phrase in found)
    if minus:
        return msgspec.structs.replace(query, without=query.without + added)
    return msgspec.structs.replace(query, words=query.words + added)


async def _operated(app: App, viewer: int, query: Query, name: str, value: str, minus: bool) -> Query | None:
    """The query with one operator more; None when there is no such operator."""
    if name == "from" and not minus:
        return msgspec.structs.replace(query, author_id=await _author(app, viewer, value))
    if name in ("has", "is") and value in post_text.HAS:
        field = "has_not" if minus else "has"
        return msgspec.structs.replace(query, **{field: (*getattr(query, field), value)})
    if minus:
        return None
    if name in ("before", "after", "during") and (day := _day(value)) is not None:
        after = {"after": day + _DAY, "during": day}.get(name, query.after)
        before = {"before": day, "during": day + _DAY}.get(name, query.before)
        return msgspec.structs.replace(query, after=after, before=before)
    if name == "language":
        return msgspec.structs.replace(query, language=value.lower()[:20])
    if name == "in" and value in ("all", "library", "public"):
        return msgspec.structs.replace(query, within=value)
    return None


async def _author(app: App, viewer: int, value: str) -> int:
    if value == "me":
        return viewer
    username, _, host = value.lstrip("@").partition("@")
    host = "" if host.lower() == app.host else host.lower()
    found = await actors.by_handle(username, host)
    return found.id if found else _NOBODY


def _day(value: str) -> int | None:
    try:
        found = date.fromisoformat(value)
        return max(1, int(datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp() * 1000))
    except ValueError:
        return None


def _words(found: Phrase) -> post_text.Words:
    return found.words, found.open
