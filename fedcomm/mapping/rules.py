"""Rules of a group as part of what it says of itself: other servers show that, and nothing else, to who joins."""

import html
import re
from collections.abc import Sequence

from fedcomm import sanitise

_LIST = re.compile(r"(?:<p>[^<]*</p>\s*)?<ol>(.*?)</ol>\s*\Z", re.DOTALL)
_ITEM = re.compile(r"<li>(.*?)</li>", re.DOTALL)


def with_rules(summary: str, rules: Sequence[str], heading: str) -> str:
    """The summary of a group of ours with its rules below it, numbered."""
    if not rules:
        return summary
    items = "".join(f"<li>{html.escape(rule, quote=False)}</li>" for rule in rules)
    return f"{summary}<p>{html.escape(heading, quote=False)}</p><ol>{items}</ol>"


def without_rules(summary: str, rules: Sequence[str]) -> str:
    """The clean summary that somebody elsewhere sends back, without the rules below it."""
    found = _LIST.search(summary)
    if found is None or [_words(item) for item in _ITEM.findall(found[1])] != [
        _words(html.escape(rule)) for rule in rules
    ]:
        return summary
    return summary[: found.start()]


def told(summary: str) -> list[str]:
    """The rules of a group elsewhere, as plain text: the numbered list with which what it says of itself ends."""
    found = _LIST.search(summary)
    return [words for item in _ITEM.findall(found[1]) if (words := " ".join(_words(item)))] if found else []


def _words(item: str) -> list[str]:
    return sanitise.text_of(item).split()
