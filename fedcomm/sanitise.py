"""HTML from elsewhere → the HTML we store, show and hand to clients: what Mastodon's clients expect, and nothing else.

Every input takes time in proportion to its length. The parser alone would not: 20 kB of `<b x=1><b x=2>…` followed by
paragraphs became 16 MB and took 3 s, 20 000 nested `<div>` 1 s. Hence the limits before it.
"""

import html
import re

import nh3

LONGEST = 100_000  # characters; what comes after is cut off
_MOST_TAGS = 4_000
_MOST_REBUILT = 50_000  # elements that the parser may have to make again

_NO_ATTRIBUTES = "br del s pre blockquote code b strong u i em ul ruby rt rp".split()
_DROPPED = "script style template noscript iframe object svg math title textarea select".split()
_CLASSES = {
    "mention", "hashtag", "ellipsis", "invisible", "quote-inline", "h-card", "h-feed", "h-entry", "h-event", "h-cite",
    "u-url", "u-uid", "u-photo", "u-email", "u-in-reply-to", "p-name", "p-author", "p-nickname", "p-summary",
    "p-category", "dt-published", "e-content",
}  # fmt: skip
_NUMBERS = {str(number) for number in range(-9, 1000)}

# A formatting element with attributes is made again in every later paragraph, each one of them (HTML §13.2.4.3);
# of those without attributes at most three of a kind.
_REBUILT = re.compile(r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/])", re.IGNORECASE)
_UNFAMILIAR = re.compile(r"<(?:/?(?:h[1-6r]|t[abdhrf]|div|caption|col)|/(?:se|su|ar|de|fi|d[dt]))", re.IGNORECASE)
_HEADING = re.compile(r"<(/?)h[1-6](?=[\s/>])[^<>]*>", re.IGNORECASE)
_CELL_ENDS = re.compile(r"</t[dh]\s{0,9}>", re.IGNORECASE)
_ROW_ENDS = re.compile(
    r"</(?:div|tr|section|article|summary|details|figure|figcaption|dd|dt)\s{0,9}>|<hr(?=[\s/>])[^<>]*>", re.IGNORECASE
)
_TABLE = re.compile(r"</?(?:table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col)(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>?")

# What follows is for what the parser returned: attributes in double quotes, every other `<` escaped.
_ANCHOR = re.compile(r'<a((?: [a-z]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_LINK = re.compile(
    r"https?://([^\s<>\"'\\^`{|}/?#\x00-\x20\x7f]+)[^\s<>\"'\\^`{|}\x00-\x20\x7f]{0,2048}\Z", re.IGNORECASE
)
_HIDDEN = re.compile(r'<span class="invisible">[^<]*</span>')
_HIDING = re.compile(r' class="(?:invisible|ellipsis)"')
_HOSTLIKE = re.compile(r"\s{0,9}(?:https?://)?(?:www\.)?([^\s/?#:@\[\]]{3,253})(?=[/?#:\s]|\Z)", re.IGNORECASE)
_BREAKS_AFTER = re.compile(r"(</?(?:p|blockquote|ul|ol|li|pre)(?: [^>]*)?>\s*)<br>(?:\s*<br>)*")
_BREAKS = re.compile(r"(?:<br>\s*)+(</(?:p|blockquote|li)>|\Z)?")  # a whole run, and what ends it (attack NET-23)
_EMPTY_CLASS = re.compile(r'(<(?:a|span|p)(?: [a-z]+="[^"]+")*?) class=""')
_PRE_START = re.compile(r"<pre>\n+")
_BLOCK_ENDS = re.compile(r"</(?:p|blockquote|pre|li|ul|ol)>|<br>")


def clean(given: str) -> str:
    """What may be shown of HTML that somebody else wrote; cleaning it again changes nothing.

    Links are absolute `http` or `https` and carry `rel="nofollow noopener noreferrer"`; none looks as if it led to
    another host than it does (CVE-2023-36462). At most `LONGEST` characters.
    """
    given = _familiar(_cut(given))
    tags = given.count("<")
    if not tags and "&" not in given:
        return _whole(html.escape(given, quote=False), given)
    if tags > _MOST_TAGS or tags * tags > _MOST_REBUILT < tags * len(_REBUILT.findall(given)):
        return _as_text(given)
    cleaned = _cleaner.clean(given).replace("\r", "\n")
    if ' class=""' in cleaned:
        cleaned = _EMPTY_CLASS.sub(r"\1", cleaned)
    if "<a" in cleaned:
        cleaned = _ANCHOR.sub(_honest, cleaned)
    if "<br>" in cleaned:
        cleaned = _BREAKS.sub(_useful, _BREAKS_AFTER.sub(r"\1", cleaned))
    if "<pre>\n" in cleaned:
        cleaned = _PRE_START.sub("<pre>", cleaned)
    return _whole(cleaned, given)


def plain(given: str) -> str:
    """The text in HTML that somebody else wrote, for titles and previews: no tags, no entities, lines kept."""
    return text_of(clean(given))


def text_of(cleaned: str) -> str:
    """As `plain`, of what `clean` has returned."""
    lines = html.unescape(_TAG.sub("", _BLOCK_ENDS.sub("\n", cleaned))).split("\n")
    return "\n".join(text for line in lines if (text := line.strip()))


def from_text(text: str) -> str:
    """Plain text as HTML: an empty line begins a paragraph, any other line end is a break."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    lines = ("<br>".join(html.escape(block, quote=False).split("\n")) for block in blocks if block)
    return clean("".join(f"<p>{block}</p>" for block in lines))


def _cut(given: str) -> str:
    """As much of it as can be parsed in reasonable time."""
    given = given[:LONGEST].replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    if given.count("<") <= _MOST_TAGS:
        return given
    return "<".join(given.split("<", _MOST_TAGS)[:_MOST_TAGS])


def _familiar(given: str) -> str:
    """Headings, tables and the like in the elements that clients know."""
    if not _UNFAMILIAR.search(given):
        return given
    given = _HEADING.sub(lambda found: "</strong></p>" if found[1] else "<p><strong>", given)
    return _TABLE.sub("", _ROW_ENDS.sub("<br>", _CELL_ENDS.sub(" ", given)))


def _useful(breaks: re.Match[str]) -> str:
    """Line breaks, unless the text or its block ends after them anyway."""
    return breaks[0] if breaks[1] is None else breaks[1]


def _honest(found: re.Match[str]) -> str:
    """A link to a web address, of which no part is hidden that would tell where it leads."""
    attributes, content = dict(_ATTRIBUTE.findall(found[1])), found[2]
    link = _LINK.match(html.unescape(attributes.pop("href", "")))
    if link is None:
        return f"<a{_written(attributes)}>{_HIDING.sub('', content)}</a>"
    host = link[1].rpartition("@")[2].lower().removeprefix("www.")
    seen = _text(_HIDDEN.sub("", content))
    if "invisible" in content and not _names(seen, host):
        content = _HIDING.sub("", content)
        seen = _text(content)
    if _looks_like_host(seen) and not _names(seen, host) and not seen.endswith(f"[{host}]"):
        content = f"{content} [{html.escape(host)}]"
    return f"<a{_written({'href': html.escape(link[0]), **attributes})}>{content}</a>"


def _written(attributes: dict[str, str]) -> str:
    return "".join(
        f' {name}="{attributes[name]}"' for name in ("href", "class", "translate", "rel") if name in attributes
    )


def _text(content: str) -> str:
    return html.unescape(_TAG.sub("", content))


def _looks_like_host(seen: str) -> bool:
    named = _HOSTLIKE.match(seen)
    last = named[1].rpartition(".") if named else ("", "", "")
    return bool(last[0]) and len(last[2]) >= 2 and last[2].isalpha()


def _names(seen: str, host: str) -> bool:
    named = _HOSTLIKE.match(seen)
    return named is not None and named[1].lower() == host.partition(":")[0]


def _whole(cleaned: str, given: str) -> str:
    """The result, unless it has grown so that cleaning it again would cut it."""
    fits = len(cleaned) <= LONGEST and cleaned.count("<") <= _MOST_TAGS
    return cleaned if fits else _as_text(given)


def _as_text(given: str) -> str:
    text = html.unescape(_TAG.sub(" ", given)).replace("\r", "\n").replace("\0", "").strip()
    return f"<p>{html.escape(text[: LONGEST // 6], quote=False)}</p>" if text else ""


_cleaner = nh3.Cleaner(
    tags={*_NO_ATTRIBUTES, "a", "span", "p", "ol", "li"},
    clean_content_tags=set(_DROPPED),
    attributes={"*": set(), "a": {"href"}},
    allowed_classes={"a": _CLASSES, "span": _CLASSES, "p": {"quote-inline"}},
    tag_attribute_values={
        "a": {"translate": {"no"}},
        "span": {"translate": {"no"}},
        "ol": {"start": _NUMBERS, "reversed": {""}},
        "li": {"value": _NUMBERS},
    },
    link_rel="nofollow noopener noreferrer",
    url_schemes={"http", "https"},
    url_relative="deny",
    generic_attribute_prefixes=set(),
)
