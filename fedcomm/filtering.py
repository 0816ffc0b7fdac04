"""Holding posts against a member's filters: what in a post matches, as Mastodon's clients show it.

A word is looked for as plain text, whatever stands in it, so that none can take long (attack NET-23). Upper and lower
case are the same. A whole word that begins or ends with a letter has no other letter beside it there
(Mastodon: custom_filter_keyword.rb); letters are those of all scripts, with the marks on them.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import category, normalize
from weakref import WeakKeyDictionary

import msgspec

import storage.filters
from fedcomm import clock
from storage import bus, connect
from storage.connect import Database
from storage.filters import CHANNEL, Filter

_MOST_KNOWN = 5_000  # members whose filters are remembered


class Match(msgspec.Struct, frozen=True):
    """What a filter found in a post: the words as they stand there, and the post itself if it is named."""

    filter: Filter
    words: tuple[str, ...]
    posts: tuple[int, ...]


class _Known:
    """The filters of those who were here lately; what a change overtook while it was read is not kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Filter, ...]] = OrderedDict()
        self._changes = 0

    async def of(self, owner_id: int) -> tuple[Filter, ...]:
        found = self._kept.get(owner_id)
        if found is None:
            changes = self._changes
            found = tuple(each for each in await storage.filters.of(owner_id) if each.keywords or each.posts)
            if changes == self._changes:
                self._kept[owner_id] = found
                if len(self._kept) > _MOST_KNOWN:
                    self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(owner_id)
        return found

    def heard(self, payload: str) -> None:
        self._changes += 1
        self._kept.pop(int(payload), None)

    def clear(self) -> None:
        self._changes += 1
        self._kept.clear()


_known: WeakKeyDictionary[Database, _Known] = WeakKeyDictionary()


async def active(owner_id: int) -> list[Filter]:
    """The filters of somebody that hold now and find anything at all."""
    found = await _here().of(owner_id)
    if not found:
        return []
    now = clock.now_ms()
    return [each for each in found if each.expires_at is None or each.expires_at > now]


def matches(filters: Sequence[Filter], post_id: int, text: str) -> list[Match]:
    """What each of the filters finds in a post that reads so; those that find nothing are left out."""
    text = normalize("NFC", text)
    folded = text.casefold()
    found = []
    for each in filters:
        words = _words(each, text, folded)
        named = tuple(part.post_id for part in each.posts if part.post_id == post_id)
        if words or named:
            found.append(Match(each, words, named))
    return found


def _here() -> _Known:
    database = connect.current()
    found = _known.get(database)
    if found is None:
        found = _known[database] = _Known()
        bus.subscribe(CHANNEL, found.heard)
        bus.after_gap(found.clear)
    return found


def _words(found: Filter, text: str, folded: str) -> tuple[str, ...]:
    """The first word of the filter that stands in the text, as it stands there."""
    for word in found.keywords:
        needle = normalize("NFC", word.keyword)
        if needle.casefold() in folded:
            for match in _pattern(needle).finditer(text):
                if not word.whole_word or _alone(text, match.start(), match.end()):
                    return (match[0],)
    return ()


def _alone(text: str, start: int, end: int) -> bool:
    """Whether the letters at both ends of this part have no other letter beside them."""
    before = start > 0 and _letter(text[start]) and _letter(text[start - 1])
    return not before and not (end < len(text) and _letter(text[end - 1]) and _letter(text[end]))


def _letter(character: str) -> bool:
    return character.isalnum() or character == "_" or category(character)[0] == "M"


@lru_cache(maxsize=10_000)
def _pattern(needle: str) -> re.Pattern[str]:
    return re.compile(re.escape(needle), re.IGNORECASE)
