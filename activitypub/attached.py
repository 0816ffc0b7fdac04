"""Reads what hangs on a stranger's object: tags, attachments, answers of a poll, lines of a profile, a quoted post."""

import re
from typing import Any

from activitypub import contexts, quirks
from activitypub.actors import Field
from activitypub.objects import Attachment, Emoji, Flair, Happening, Hashtag, Mention, Option, Poll
from activitypub.properties import (
    MAX_NAME,
    MAX_SCANNED,
    MAX_SUMMARY,
    count,
    link,
    listed,
    media,
    media_type,
    pixels,
    reference,
    text,
    time,
    url,
)

MAX_TAGS = 50  # kept of each: mentions, hashtags, emoji
MAX_FLAIRS, MAX_FLAIR = 20, 50  # of a group; characters of one
MAX_ATTACHMENTS = 16
MAX_OPTIONS = 20  # of a poll
MAX_FIELDS = 20  # of a profile
_JOINER, _KEYCAP = "\u200d", "\u20e3"
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))  # a flag has two
# How a character looks: as picture or text, in which colour of skin, as the flag of which region.
_SIGNS_ON = frozenset((_KEYCAP, "\ufe0f", "\ufe0e", *map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)))))
_ADDRESS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_SHORTCODE = re.compile(r"(?!\.)[A-Za-z0-9_+.-]{1,100}(?<!\.)")  # neither `.` nor `..`, nor a path (attack NET-26)


def tags(value: Any) -> tuple[tuple[Mention, ...], tuple[Hashtag, ...], tuple[Emoji, ...], str | None]:
    """Mentions, hashtags, emoji and the object quoted by a link (FEP-e232) from `tag`; at most `MAX_TAGS` of each."""
    mentions: dict[str, Mention] = {}
    hashtags: dict[str, Hashtag] = {}
    emojis: dict[str, Emoji] = {}
    quote: str | None = None
    for item in listed(value, MAX_SCANNED):
        kind = item.get("type") if type(item) is dict else None
        if kind == "Mention" and (mention := _mention(item)) and len(mentions) < MAX_TAGS:
            mentions.setdefault(mention.href, mention)
        elif kind in ("Hashtag", "as:Hashtag") and (hashtag := _hashtag(item)) and len(hashtags) < MAX_TAGS:
            hashtags.setdefault(hashtag.name.casefold(), hashtag)
        elif kind in ("Emoji", "toot:Emoji") and (emoji := _emoji(item)) and len(emojis) < MAX_TAGS:
            emojis.setdefault(emoji.shortcode, emoji)
        elif kind == "Link" and quote is None and _names_a_quote(item):
            quote = url(item.get("href"))
    return tuple(mentions.values()), tuple(hashtags.values()), tuple(emojis.values()), quote


def flairs(value: Any) -> tuple[Flair, ...]:
    """Labels of a group for its threads, from `tag` or `lemmy:tagsForPosts`; at most `MAX_FLAIRS`."""
    found: dict[str, Flair] = {}
    for item in listed(value, MAX_SCANNED):
        if type(item) is not dict or type(item.get("type")) is not str or item["type"] not in quirks.FLAIRS:
            continue
        if flair := _flair(item):
            found.setdefault(flair.uri, flair)
    return tuple(found.values())[:MAX_FLAIRS]


def attachments(value: Any) -> tuple[Attachment, ...]:
    """Pictures, sounds, films, files and links; at most `MAX_ATTACHMENTS`."""
    found = (_attachment(item) for item in listed(value, MAX_ATTACHMENTS))
    return tuple(attachment for attachment in found if attachment)


def poll(raw: dict[str, Any]) -> Poll | None:
    """The answers of a question, at most `MAX_OPTIONS` (FEP-9967 §Question object)."""
    multiple = bool(raw.get("anyOf"))
    answers = raw.get("anyOf") if multiple else raw.get("oneOf")
    options = tuple(option for item in listed(answers, MAX_OPTIONS) if (option := _option(item)))
    if not options:
        return None
    closed = raw.get("closed")
    return Poll(
        options=options,
        multiple=multiple,
        ends=time(raw.get("endTime")) or time(closed),
        closed=closed is True,
        voters=count(raw.get("votersCount")),
    )


def happening(raw: dict[str, Any]) -> Happening | None:
    """When and where an event takes place (Mobilizon, Gancio); None when neither is said."""
    starts, ends = (text(raw.get(key), 40) if time(raw.get(key)) else "" for key in ("startTime", "endTime"))
    found = Happening(starts, ends, _place(next(iter(listed(raw.get("location"), 1)), None)))
    return found if found.starts or found.place else None


def is_emoji(content: str) -> bool:
    """Whether it is one emoji, as a reaction has it (FEP-c0e0): a character with its signs, a flag, `:shortcode:`."""
    if content[:1] == ":" == content[-1:]:
        return _SHORTCODE.fullmatch(content.strip(":").partition("@")[0]) is not None
    signs, halves, joined = 0, 0, False
    for letter in content:
        if letter == _JOINER:
            joined = True
        elif letter in _FLAGS:
            halves += 1
        elif letter not in _SIGNS_ON:
            if letter.isascii() and _KEYCAP not in content:
                return False  # letters and the like; with a keycap they are emojis
            signs, joined = signs + (not joined), False
    return (signs, halves) in ((1, 0), (0, 2))


def fields(value: Any) -> tuple[Field, ...]:
    """The lines of a profile; at most `MAX_FIELDS`."""
    found = []
    for item in listed(value, MAX_FIELDS):
        if type(item) is dict and contexts.short_name(text(item.get("type"), 64)) in quirks.PROFILE_FIELDS:
            found.append(Field(text(item.get("name"), MAX_NAME), text(item.get("value"), MAX_SUMMARY)))
    return tuple(found)


def quote(raw: dict[str, Any]) -> str | None:
    """The post that is quoted, under any of the names it goes by."""
    for key in quirks.QUOTES:
        if key in raw and (found := reference(raw[key])):
            return found
    return None


def _place(value: Any) -> str:
    raw = value if type(value) is dict else {"name": value}
    address = raw.get("address")
    parts = [raw.get("name"), *(address.get(key) for key in _ADDRESS if type(address) is dict)]
    parts += [address] if type(address) is str else []
    return ", ".join(dict.fromkeys(part for part in (text(each, MAX_NAME).strip() for each in parts) if part))


def _mention(item: dict[str, Any]) -> Mention | None:
    href = url(item.get("href"))
    return Mention(href, text(item.get("name"), MAX_NAME)) if href else None


def _hashtag(item: dict[str, Any]) -> Hashtag | None:
    name = text(item.get("name"), MAX_NAME).lstrip("#").strip()
    return Hashtag(name, url(item.get("href")) or "") if len(name.split()) == 1 else None


def _flair(item: dict[str, Any]) -> Flair | None:
    uri = url(item.get("id"))
    name = next((found for key in quirks.FLAIR_NAMES if (found := text(item.get(key), MAX_FLAIR))), "")
    if uri is None or not name:
        return None
    colors = [_color(item, keys) for keys in quirks.FLAIR_COLORS]
    return Flair(uri=uri, name=name, text_color=colors[0], background_color=colors[1])


def _color(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    found = next((value for key in keys if type(value := item.get(key)) is str), "")
    return found.lower() if _COLOR.fullmatch(found) else ""


def _emoji(item: dict[str, Any]) -> Emoji | None:
    shortcode = text(item.get("name"), MAX_NAME).strip(":")
    icon = item.get("icon")
    address = media(icon)
    if address is None or not _SHORTCODE.fullmatch(shortcode):
        return None
    kind = media_type(icon.get("mediaType")) if type(icon) is dict else ""
    return Emoji(shortcode, address, url(item.get("id")) or "", kind)


def _names_a_quote(item: dict[str, Any]) -> bool:
    kind, rel = item.get("mediaType"), item.get("rel")
    quoted = "https://misskey-hub.net/ns#_misskey_quote"
    is_document = type(kind) is str and ("activity+json" in kind or "activitystreams" in kind)
    return is_document and (rel == quoted or (type(rel) is list and quoted in rel))


def _attachment(item: Any) -> Attachment | None:
    raw = item if type(item) is dict else {}
    kind = contexts.short_name(text(raw.get("type"), 64)) or "Document"
    address = link(raw.get("href") or raw.get("url")) if raw else url(item)
    if address is None or kind in quirks.NO_ATTACHMENTS:
        return None
    focus = raw.get("focalPoint")
    return Attachment(
        kind=kind,
        url=address,
        media_type=media_type(raw.get("mediaType")) or _media_type_of(raw.get("url")),
        description=text(raw.get("name"), MAX_SUMMARY) or text(raw.get("summary"), MAX_SUMMARY),
        width=pixels(raw.get("width")),
        height=pixels(raw.get("height")),
        blurhash=text(raw.get("blurhash"), 120),
        focus=_focus(focus) if type(focus) is list else None,
        duration=text(raw.get("duration"), 40),
    )


def _media_type_of(value: Any) -> str:
    inner = next((item for item in listed(value, 1) if type(item) is dict), {})
    return media_type(inner.get("mediaType"))


def _focus(value: list[Any]) -> tuple[float, float] | None:
    if len(value) != 2 or not all(type(part) in (int, float) and -1 <= part <= 1 for part in value):
        return None
    return float(value[0]), float(value[1])


def _option(item: Any) -> Option | None:
    if type(item) is not dict or not (name := text(item.get("name"), MAX_NAME)):
        return None
    replies = item.get("replies")
    return Option(name, count(replies.get("totalItems")) or 0 if type(replies) is dict else 0)
