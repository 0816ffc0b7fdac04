"""Reads one property of a stranger's object, however it is spelled; what cannot be read is absent."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from activitypub.contexts import PUBLIC, PUBLIC_SPELLINGS
from activitypub.errors import Malformed
from activitypub.objects import Audience, Source
from activitypub.origins import check_id, same_origin

MAX_ADDRESSES = 1_000  # kept of each of to, cc and audience
MAX_NAME = 500  # characters of names, titles and answers
MAX_SUMMARY = 10_000  # characters
MAX_CONTENT = 500_000  # characters
MAX_SCANNED = 1_000  # entries of one list that are looked at
_MAX_COUNT = 2**31 - 1
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_EARLIEST, _LATEST = 0, 4_102_444_800_000  # ms: the years 1970 to 2099; anything else is a mistake or a joke
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_WEB_PAGE = ("text/html", "application/xhtml+xml")


def identity(raw: dict[str, Any]) -> str | None:
    """The object's own id, or None when it has none (FEP-fe34 §Embedding).

    Raises:
        Malformed: an id that is no http or https URL, or `id` and `@id` disagree.
    """
    value = raw.get("id")
    if "@id" in raw:
        if value is not None and value != raw["@id"]:
            raise Malformed("`id` and `@id` disagree.")
        value = raw["@id"]
    if value is None or value == "":
        return None
    return check_id(value)


def reference(value: Any) -> str | None:
    """The id of what the value names: an id, an object with one, or the first of a list that has one."""
    if type(value) is str:
        return url(value)
    if type(value) is dict:
        return _of_object(value)
    if type(value) is list:
        return next((found for item in value[:MAX_SCANNED] if (found := reference_of_item(item))), None)
    return None


def reference_of_item(value: Any) -> str | None:
    """As `reference`, for an entry of a list: lists in lists name nothing."""
    return None if type(value) is list else reference(value)


def references(value: Any, limit: int) -> tuple[str, ...]:
    """The ids of at most `limit` things named, in order, each once."""
    found = (reference_of_item(item) for item in listed(value, limit))
    return tuple(dict.fromkeys(uri for uri in found if uri))


def url(value: Any) -> str | None:
    """The value when it is an http or https URL."""
    try:
        return check_id(value)
    except Malformed:
        return None


def link(value: Any) -> str | None:
    """The address of a page for people: a string, a Link, or a list of these, of which web pages come first."""
    if type(value) is str:
        return url(value)
    if type(value) is list:
        best = sorted(value[:MAX_SCANNED], key=lambda item: not _is_page(item))
        return next((found for item in best if type(item) is not list and (found := link(item))), None)
    return _of_link(value) if type(value) is dict else None


def media(value: Any) -> str | None:
    """The address of a picture: a string, an Image, a Link, or a list of these."""
    if type(value) is list:
        return next((found for item in value[:8] if type(item) is not list and (found := media(item))), None)
    if type(value) is dict:
        return link(value["url"]) if "url" in value else _of_link(value)
    return url(value)


def listed(value: Any, limit: int) -> list[Any]:
    """The first entries of a list; a single value counts as a list of one."""
    if type(value) is list:
        return value[:limit]
    return [] if value is None else [value]


def text(value: Any, limit: int) -> str:
    """A text without NUL, cut to `limit` characters; "" when it is none."""
    if not isinstance(value, str):
        return ""
    return value[:limit].replace("\0", "") if "\0" in value else value[:limit]


def translated(raw: dict[str, Any], key: str, limit: int) -> tuple[str, str | None]:
    """A text that may come with a map of languages beside it or instead of it, and its language if that is said."""
    value, versions = raw.get(key), raw.get(f"{key}Map")
    if type(value) is dict:  # seen from AS1-minded senders: the map under the plain name
        value, versions = None, value
    if type(versions) is not dict or not versions:
        return text(value, limit), None
    if type(value) is not str:
        code, value = next(iter(versions.items()))
        return text(value, limit), language(code)
    if len(versions) == 1:
        return text(value, limit), language(next(iter(versions)))
    return text(value, limit), next((language(code) for code, version in versions.items() if version == value), None)


def language(value: Any) -> str | None:
    """A language tag from a string, from Lemmy's `{identifier, name}`, or from the first of a list of these."""
    if type(value) is list:
        value = value[0] if value else None
    if type(value) is dict:
        value = value.get("identifier")
    return value if type(value) is str and value != "und" and _is_language(value[:40]) else None


@lru_cache(maxsize=256)
def _is_language(value: str) -> bool:
    return _LANGUAGE.fullmatch(value) is not None


def time(value: Any) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 time; None for no time, or one outside the years 1970 to 2099."""
    return _time(value) if type(value) is str and len(value) <= 40 else None


@lru_cache(maxsize=256)  # an activity and its object mostly carry the same one
def _time(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        milliseconds = (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
    return milliseconds if _EARLIEST <= milliseconds < _LATEST else None


def count(value: Any) -> int | None:
    """A whole number from 0 to 2³¹-1."""
    return value if type(value) is int and 0 <= value <= _MAX_COUNT else None


def pixels(value: Any) -> int | None:
    """A width or height that a picture can have."""
    return value if type(value) is int and 0 < value <= 100_000 else None


def media_type(value: Any) -> str:
    """A media type without parameters, in lower case, or ""."""
    return _media_type(value[:130]) if type(value) is str else ""


@lru_cache(maxsize=256)
def _media_type(value: str) -> str:
    plain = value.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else ""


def source(value: Any) -> Source | None:
    """What the author typed: an object, or a bare string as Friendica's and older Pleroma's."""
    if type(value) is str and value:
        return Source(text(value, MAX_CONTENT))
    if type(value) is dict and type(value.get("content")) is str:
        return Source(text(value["content"], MAX_CONTENT), media_type(value.get("mediaType")) or "text/plain")
    return None


def audience(raw: dict[str, Any]) -> Audience:
    """Whom an object names in `to`, `cc` and `audience`; what is no address (`null`, `2`) is passed over.

    A channel that stands beside a person in `attributedTo` is where it was published (PeerTube), so it is one as well.
    """
    to, cc, group = raw.get("to"), raw.get("cc"), raw.get("audience")
    authors = raw.get("attributedTo")
    return Audience(
        to=_addresses(to) if to else (),
        cc=_addresses(cc) if cc else (),
        audience=_addresses(group) if group else _channels(authors) if type(authors) is list else (),
        beyond=_beyond(to) + _beyond(cc) + _beyond(group),
    )


def writer(raw: dict[str, Any], uri: str, owner: str | None, addressed: Audience) -> tuple[str | None, Audience]:
    """Who wrote a post that names an `actor` besides its owner, and whom it is for.

    What is said in a discussion of a group of Mobilizon 5 is attributed to the group, and `actor` says it
    (Converter.Comment, Resolvers.Discussion); only the origin of its id can vouch for that one. What is published in
    the name of a group (an Event, an Article, what begins a discussion there) is the group's.
    """
    by = reference(raw["actor"])
    if by is None or owner is None or by == owner or not same_origin(by, uri) or raw.get("type") != "Note":
        return owner, addressed
    if not raw.get("inReplyTo") and same_origin(owner, uri):
        return owner, addressed
    return by, msgspec.structs.replace(addressed, audience=(*addressed.audience, owner))


def _channels(authors: list[Any]) -> tuple[str, ...]:
    return _addresses([each for each in authors[:10] if type(each) is dict and each.get("type") == "Group"])


def _addresses(value: Any) -> tuple[str, ...]:
    found: list[str] = []
    for item in value[:MAX_ADDRESSES] if type(value) is list else (value,):
        if type(item) is str:
            uri = PUBLIC if item in PUBLIC_SPELLINGS else url(item)
        else:
            uri = reference_of_item(item)
        if uri is not None:
            found.append(uri)
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))


def _beyond(value: Any) -> int:
    return len(value) - MAX_ADDRESSES if type(value) is list and len(value) > MAX_ADDRESSES else 0


def _of_object(value: dict[str, Any]) -> str | None:
    try:
        return identity(value) or (url(value["href"]) if "href" in value else None)
    except Malformed:
        return None


def _of_link(value: dict[str, Any]) -> str | None:
    return url(value.get("href")) or url(value.get("url"))


def _is_page(item: Any) -> bool:
    return type(item) is str or (type(item) is dict and item.get("mediaType") in _WEB_PAGE)


def first(values: Iterable[Any], read: Callable[[Any], str | None]) -> str | None:
    """The first value that `read` can make something of."""
    found: Iterator[str | None] = (read(value) for value in values if value is not None)
    return next((value for value in found if value), None)
