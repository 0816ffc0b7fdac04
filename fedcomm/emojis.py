"""Custom emojis: admins upload them, texts name them as `:shortcode:`, other servers are told what they look like."""

import re
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

import storage.emojis
from activitypub import objects
from fedcomm import audit, clock, elsewhere
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from fedcomm.urls import Urls
from storage import bus, connect, fragments
from storage.accounts import Account
from storage.connect import Database, Writes, transaction, write
from storage.emojis import Emoji
from storage.ids import next_id

MOST = 2_000  # of ours
MOST_BYTES = 262_144  # of a picture (Mastodon: custom_emoji.rb)
MOST_PIXELS = 2_048  # either way
LONGEST_CATEGORY = 100  # characters
MOST_LEARNT = 30  # of one post or profile
ENDINGS = {"image/png": "png", "image/gif": "gif", "image/webp": "webp"}

_SHORTCODE = re.compile(r"[A-Za-z0-9_]{2,50}")
_IN_TEXT = re.compile(r"(?<![A-Za-z0-9:]):([A-Za-z0-9_]{2,50}):(?![A-Za-z0-9:])")
_MOST_NAMED = 50  # in one text


class _Ours:
    """The emojis of one server, until somebody changes them; a read that a change overtook is not kept."""

    def __init__(self) -> None:
        self.found: dict[str, Emoji] | None = None
        self.changes = 0

    def forget(self) -> None:
        self.found = None
        self.changes += 1
        fragments.here().clear()  # every text may show it


_ours: WeakKeyDictionary[Database, _Ours] = WeakKeyDictionary()


async def ours() -> dict[str, Emoji]:
    """Those of this server by their names, in the order of the picker."""
    database = connect.current()
    known = _ours.get(database) or _remember(database)
    if known.found is None:
        changes = known.changes
        found = {each.shortcode: each for each in await storage.emojis.ours()}
        if changes != known.changes:
            return found
        known.found = found
    return known.found


def replaced(text: str, by: Callable[[str], str]) -> str:
    """The text with something else for each name of an emoji in it, or not."""
    return _IN_TEXT.sub(lambda found: by(found[1]), text) if ":" in text else text


def names_in(text: str) -> list[str]:
    """What a text names as emojis, whether there are such or not."""
    return list(dict.fromkeys(_IN_TEXT.findall(text)))[:_MOST_NAMED] if ":" in text else []


async def told(urls: Urls, *texts: str) -> tuple[objects.Emoji, ...]:
    """Those of ours that texts name, as other servers are told of them."""
    names = names_in("\n".join(texts))
    known = await ours() if names else {}
    return tuple(as_told(urls, known[name]) for name in names if name in known)


def as_told(urls: Urls, found: Emoji) -> objects.Emoji:
    """One of ours, as other servers are told of it."""
    return objects.Emoji(
        found.shortcode, urls.emoji_picture(found.id, ENDINGS[found.mime]), urls.emoji(found.id), found.mime
    )  # fmt: skip


def addresses(base: str, found: Emoji) -> tuple[str, str]:
    """Where this server shows an emoji, as it is and still; `base` '' for its own pages."""
    if found.host:
        url = elsewhere.address(base, "e", found.id, found.url, found.host)
        return url, elsewhere.still(url)
    urls = Urls(base)
    return urls.emoji_picture(found.id, ENDINGS[found.mime]), urls.emoji_still(found.id)


def learn(writes: Writes, host: str, found: Iterable[objects.Emoji]) -> None:
    """Keep what another server calls so; each server names its own (attack XSS-04: nothing but names and addresses)."""
    now = clock.now_ms()
    for each in list(found)[:MOST_LEARNT]:
        kept = Emoji(next_id(), host, each.shortcode, each.uri, each.url, each.media_type[:100], "", 0, now)
        if _SHORTCODE.fullmatch(each.shortcode):
            storage.emojis.learn(writes, kept)


async def add(
    by: Account | None, shortcode: str, content: bytes, category: str = "", *, replace: bool = False
) -> Emoji:
    """A new emoji for everybody here; with `replace` in place of the one that has its name.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: it is no small picture, or its name cannot be one.
        Conflict: the name is taken, or there are too many.
    """
    _admin(by)
    name, kind = shortcode.strip().strip(":"), kind_of(content)
    if not _SHORTCODE.fullmatch(name):
        raise Invalid(
            "The name of an emoji has from 2 to 50 letters (a to z), digits and underscores.", field="shortcode"
        )
    async with transaction():
        present = {each.shortcode for each in await storage.emojis.ours()}
        if name in present and not replace:
            raise Conflict("There is an emoji of this name.", fix="choose another name, or replace it")
        if len(present) >= MOST and name not in present:
            raise Conflict("There can be at most {most} emojis.", most=MOST)
        made = Emoji(next_id(), "", name, "", "", kind, _category(category), 1, clock.now_ms())
        writes = Writes()
        storage.emojis.put(writes, made, content)
        await write(writes)
        await audit.record(by, "emoji.add", name)
    return made


async def change(by: Account | None, shortcode: str, category: str, in_picker: bool) -> None:
    """Put an emoji elsewhere in the picker, or out of it.

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: there is none of this name.
    """
    _admin(by)
    async with transaction():
        found, writes = await _named(shortcode), Writes()
        storage.emojis.change(writes, found.id, _category(category), in_picker)
        await write(writes)
        await audit.record(by, "emoji.change", found.shortcode, category=category, in_picker=in_picker)


async def remove(by: Account | None, shortcode: str) -> None:
    """Delete an emoji; texts that name it show its name then.

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: there is none of this name.
    """
    _admin(by)
    async with transaction():
        found, writes = await _named(shortcode), Writes()
        storage.emojis.drop(writes, found.id)
        await write(writes)
        await audit.record(by, "emoji.remove", found.shortcode)


def kind_of(content: bytes) -> str:
    """The kind of a small picture, by its bytes and nothing that is said of it.

    Raises:
        Invalid: too large, or none of PNG, GIF and WebP.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("The picture of an emoji has at most {most} bytes.", field="image", most=MOST_BYTES)
    kind, width, height = _measured(content)
    if not kind or not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise Invalid("The picture of an emoji is a small PNG, GIF or WebP.", field="image")
    return kind


def _measured(content: bytes) -> tuple[str, int, int]:
    """(kind, width, height) as the beginning of the file has them; '' for any other file."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR":
        return "image/png", int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif", int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", *_of_webp(content)
    return "", 0, 0


def _of_webp(content: bytes) -> tuple[int, int]:
    """Width and height of a WebP (RFC 9649 §2.5 to 2.7)."""
    match content[12:16]:
        case b"VP8X":
            return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return (
                int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF
            )  # fmt: skip
    return 0, 0


def _admin(by: Account | None) -> None:
    if by and by.role != "admin":
        raise NotAllowed("Only admins can change the emojis.")


def _category(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_CATEGORY]


async def _named(shortcode: str) -> Emoji:
    for found in await storage.emojis.ours():
        if found.shortcode == shortcode.strip().strip(":"):
            return found
    raise NotFound("There is no emoji of this name.", fix="see `fedcomm emoji list`")


def _remember(database: Database) -> _Ours:
    known = _ours[database] = _Ours()
    bus.subscribe(storage.emojis.CHANNEL, lambda _payload: known.forget())
    bus.after_gap(known.forget)
    return known
