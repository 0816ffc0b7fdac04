"""Filter and FilterResult: what a viewer's filters find in posts (Mastodon API: "Filter", "FilterResult").

As in Mastodon since 4.0, nothing is left out here for a filter that hides: the answer says so, the client does it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from fedcomm import filtering, sanitise
from fedcomm.filtering import Match
from storage.filters import Filter, Filtered, Keyword
from web.mastodon.entities.times import moment_or_none

_encode = msgspec.json.Encoder().encode


class _Option(msgspec.Struct, frozen=True):
    title: str


class _Poll(msgspec.Struct, frozen=True):
    options: list[_Option]


class _File(msgspec.Struct, frozen=True):
    description: str | None = None


class _Said(msgspec.Struct, frozen=True):
    """What of a rendered post its reader reads."""

    content: str = ""
    spoiler_text: str = ""
    poll: _Poll | None = None
    media_attachments: list[_File] = []


_said = msgspec.json.Decoder(_Said)


async def results(viewer: int, bodies: Mapping[int, bytes]) -> dict[int, bytes]:
    """The value of `filtered` as JSON for those of the rendered posts in which the viewer's filters find something."""
    active = await filtering.active(viewer) if bodies else []
    if not active:
        return {}
    found = {post_id: filtering.matches(active, post_id, _text(body)) for post_id, body in bodies.items()}
    return {post_id: _encode([_result(match) for match in matches]) for post_id, matches in found.items() if matches}


def filter_entity(found: Filter) -> dict[str, Any]:
    """A filter with all it holds."""
    return _head(found) | {"keywords": keywords(found.keywords), "statuses": [named(each) for each in found.posts]}


def keywords(words: Iterable[Keyword]) -> list[dict[str, Any]]:
    """The words of a filter."""
    return [keyword(word) for word in words]


def keyword(word: Keyword) -> dict[str, Any]:
    """One word (Mastodon API: "FilterKeyword")."""
    return {"id": str(word.id), "keyword": word.keyword, "whole_word": bool(word.whole_word)}


def named(found: Filtered) -> dict[str, Any]:
    """A post that a filter names (Mastodon API: "FilterStatus")."""
    return {"id": str(found.id), "status_id": str(found.post_id)}


def old_filter(found: Filter, word: Keyword) -> dict[str, Any]:
    """A word with its filter, as clients of before 4.0 know filters."""
    return {
        "id": str(word.id), "phrase": word.keyword, "context": found.contexts, "whole_word": bool(word.whole_word),
        "expires_at": moment_or_none(found.expires_at), "irreversible": found.action == "hide",
    }  # fmt: skip


def _head(found: Filter) -> dict[str, Any]:
    return {
        "id": str(found.id), "title": found.title, "context": found.contexts,
        "expires_at": moment_or_none(found.expires_at), "filter_action": found.action,
    }  # fmt: skip


def _result(match: Match) -> dict[str, Any]:
    return {
        "filter": _head(match.filter), "keyword_matches": match.words or None,
        "status_matches": [str(post_id) for post_id in match.posts] or None,
    }  # fmt: skip


@lru_cache(maxsize=2_000)
def _text(body: bytes) -> str:
    """What is read of a post: warning, text, answers of its poll, what is said of its pictures."""
    said = _said.decode(b"{" + body + b"}")
    parts = [said.spoiler_text, sanitise.text_of(said.content)]
    parts += [option.title for option in said.poll.options] if said.poll else []
    parts += [file.description for file in said.media_attachments if file.description]
    return "\n\n".join(parts)
