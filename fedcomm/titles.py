"""The title of a thread: the first line of what somebody wrote, without whom it is addressed to."""

import re

LONGEST = 100  # characters; Lemmy cuts at 200
_MENTIONS = re.compile(r"(?:[@!][\w.-]{1,100}(?:@[\w.-]{1,253}(?::\d{1,5})?)?(?:[ \t\xa0]{1,9}|[,:;] ?|(?=\n)|\Z))+")
_CLOSING = re.compile(r"(?:[ \t\xa0]{1,9}(?:![\w.-]{1,100}|[@!][\w.-]{1,100}@[\w.-]{0,252}\w(?::\d{1,5})?))+\Z")
_LINK = re.compile(r"!?\[([^\[\]]{1,200})\]\([^()\s]{0,2048}\)")
_WEB = re.compile(r"https?://[^\s]", re.IGNORECASE)
_LEADING_MARK = re.compile(r"(?:#{1,6}|>|[-*+])[ \t]{1,9}")
_MARKS = re.compile(r"\*\*|`|(?<!\w)[*](?=\S)|(?<=\S)[*](?!\w)")


def split(text: str) -> tuple[str, str]:
    """(title, what follows it) of a text: without the mentions around its first line, and marks of Markdown.

    Many name the group at the end of it: what ends it with its server, or with a `!`, is no part of the title either.

    When the first line is too long for a title, the title is its beginning and what follows is the whole text. So it is
    with a line that links somewhere, since a title is plain text: nobody could follow the link, and no limit count it.
    """
    rest = unaddressed(text)
    line, _, body = rest.partition("\n")
    title = _clear(_CLOSING.sub("", line[: 20 * LONGEST].rstrip()))
    if len(title) > LONGEST:
        return _shortened(title), rest
    return title, rest if _WEB.search(line) else body.strip()


def unaddressed(text: str) -> str:
    """A text without the mentions that it begins with."""
    rest = text.strip()
    while mentions := _MENTIONS.match(rest):
        rest = rest[mentions.end() :].lstrip()
    return rest


def _clear(line: str) -> str:
    """A line without what stands in it only for its looks."""
    line = _LINK.sub(r"\1", line[: 10 * LONGEST].strip())
    if mark := _LEADING_MARK.match(line):
        line = line[mark.end() :]
    return " ".join(_MARKS.sub("", line).split())


def _shortened(title: str) -> str:
    words = title[:LONGEST].rpartition(" ")[0]
    return (words if len(words) > LONGEST // 2 else title[: LONGEST - 1]).rstrip(" ,.;:–-") + "…"
