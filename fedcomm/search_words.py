"""Cutting texts into the words they are found by, the same for both databases.

Case and accents make no difference. Scripts that put no spaces between words are cut into overlapping pairs of letters,
and the last letter of a run stands alone, so that every part of a run is a phrase of pairs.
"""

import re
from collections.abc import Iterable
from functools import cache
from unicodedata import category, normalize

import msgspec

MOST_WORDS = 10_000  # of one post
_END = "¦"  # stands where a text ends, and in no query
_LONGEST = 60  # characters of a word
_ACCENTS = re.compile("[\u0300-\u036f]")
# Thai, Lao, Myanmar, Khmer; kana, ideographs, Hangul
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_DENSE += "\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_DENSE}]+|[^{_DENSE}]+")
_DENSE_ONE = re.compile(f"[{_DENSE}]")
_PLAIN = re.compile("[a-z0-9]+")  # what `_letters` finds in ASCII, in a fifth of the time


class Phrase(msgspec.Struct, frozen=True):
    """Words that stand one after the other; with `open` the last one may go on."""

    words: tuple[str, ...]
    open: bool = False


def words(texts: Iterable[str]) -> list[str]:
    """The words of texts in their order; no phrase goes on from one text into the next."""
    found: list[str] = []
    for text in texts:
        runs = _runs(text)
        if text.isascii():
            found += [run[:_LONGEST] for run in runs]
        else:
            found += [piece for run in runs for piece in _pieces(run, whole=True)]
        found.append(_END)
    return found[:MOST_WORDS]


def phrases(text: str) -> list[Phrase]:
    """What a text must contain to contain each of these words."""
    return [_phrase([run]) for run in _runs(text)]


def phrase(text: str) -> Phrase | None:
    """What a text must contain to contain these words one after the other."""
    runs = _runs(text)
    return _phrase(runs) if runs else None


def _phrase(runs: list[str]) -> Phrase:
    *before, last = runs
    found = [piece for run in before for piece in _pieces(run, whole=True)]
    alone = len(last) == 1 and _dense(last)
    return Phrase((*found, *_pieces(last, whole=False)), open=alone)


def _runs(text: str) -> list[str]:
    if text.isascii():
        return _PLAIN.findall(text.lower())
    plain = normalize("NFC", _ACCENTS.sub("", normalize("NFKD", text))).casefold()
    found = _letters().findall(plain)
    return [run for word in found for run in _RUN.findall(word)] if _DENSE_ONE.search(plain) else found


def _pieces(run: str, *, whole: bool) -> list[str]:
    """The words that one run is kept as (`whole`), or looked for by."""
    if not _dense(run):
        return [run[:_LONGEST]]
    if len(run) == 1:
        return [run]
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    return [*pairs, run[-1]] if whole else pairs


@cache
def _letters() -> re.Pattern[str]:
    """A run of letters and digits with the marks on them, which Python does not count as letters."""
    marks = "".join(chr(code) for code in range(0x300, 0x1200) if category(chr(code))[0] == "M")
    return re.compile(f"(?:[^\\W_]++|[{marks}\u1700-\u17ff\ua800-\ua8ff\uaa00-\uaaff]++)++")


def _dense(run: str) -> bool:
    return _DENSE_ONE.match(run) is not None
