"""What a member wrote → HTML: paragraphs, links, @people, !groups, #tags, and a little Markdown.

Text as people write it in Mastodon comes out as there: a line break is one, `_` and lone `*` are themselves, there are
no headings, images or HTML. On top of that: `**bold**`, `*stressed*`, `code`, quotes, lists and [links](https://…).
"""

import html
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from fedcomm import sanitise, titles

MOST_MENTIONS, MOST_TAGS, MOST_LINKS = 100, 100, 500  # of one text; later ones stay text
URL_LENGTH = 23  # as which every link counts (Mastodon API: `characters_reserved_per_url`)

_HOST = r"[^\W_](?:[\w.-]{0,251}[^\W_])?(?::[0-9]{1,5})?"
_MENTION = re.compile(rf"[@!]([a-z0-9_](?:[a-z0-9_.-]{{0,99}}[a-z0-9_])?)(?:@({_HOST}))?(?![\w@])", re.IGNORECASE)
_TAG = re.compile(r"#([\w·]{1,100})(?![\w·])")
_URL = re.compile(r"://[^\s<>\"`{}|\\^\[\]\x00-\x1f]{1,2048}", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"`{}|\\^/?#]", re.IGNORECASE)
_TRAILING = ".,;:!?'*~\"”’»…"
_ESCAPABLE = "*`[]>#@!-+\\"
_LONGEST_SHOWN = 30  # characters of a link, after which it is cut (Mastodon does)

Known = Mapping[str, tuple[str, str]] | Callable[[str], tuple[str, str] | None]


class Written(msgspec.Struct, frozen=True):
    """A text ready to be sent. Mentions (`name` or `name@host`, lower case) and tags are in the order of the text."""

    html: str
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    title: str = ""
    links: tuple[str, ...] = ()


def write(text: str, known: Known = {}, base_url: str = "") -> Written:  # noqa: B006 - never changed
    """The text as HTML. A mention becomes a link when `known` has (url, acct) for it, else it stays text."""
    found = _Found(known.get if isinstance(known, Mapping) else known, base_url)
    rendered = _markdown().render(text.replace("\r\n", "\n"), {"found": found})
    return Written(
        html=sanitise.clean(_without_line_ends(rendered)),
        mentions=tuple(found.mentions),
        tags=tuple(found.tags),
        title=titles.split(text)[0],
        links=tuple(found.links),
    )


def mentions(text: str) -> tuple[str, ...]:
    """Whom the text mentions, to get to know them before it is written."""
    return write(text).mentions if "@" in text or "!" in text else ()


def length(text: str) -> int:
    """How long a text is for the limit: links count 23 and the hosts of mentions nothing (Mastodon API)."""
    shorter = re.sub(r"https?" + _URL.pattern, "x" * URL_LENGTH, text, flags=re.IGNORECASE)
    return len(_MENTION.sub(lambda found: f"@{found[1]}", shorter))


class _Found:
    """What one text names."""

    def __init__(self, known: Callable[[str], tuple[str, str] | None], base_url: str) -> None:
        self.known, self.base_url = known, base_url
        self.mentions: dict[str, None] = {}
        self.tags: dict[str, None] = {}
        self.links: dict[str, None] = {}


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("zero", {"breaks": True})
    markdown.enable(["blockquote", "list", "fence", "newline", "backticks", "emphasis", "link"])
    markdown.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    for name, rule in (
        ("escaped", _escaped),
        ("plain", _plain),
        ("mention", _mention),
        ("tag", _tag),
        ("address", _address),
    ):
        markdown.inline.ruler.before("newline", name, rule)
    markdown.validateLink = lambda url: bool(_WEB.match(url))  # type: ignore[method-assign]
    markdown.add_render_rule("link_open", _link_open)
    return markdown


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`> ` begins a quotation, but `>:-(` and `>_<` do not."""
    after = state.bMarks[start] + state.tShift[start] + 1
    if after < state.eMarks[start] and state.src[after] not in " >\t":
        return False
    return blockquote(state, start, end, silent)


def _escaped(state: StateInline, silent: bool) -> bool:
    """`\\*` is a star; any other backslash is itself, so that ¯\\_(ツ)_/¯ stays whole."""
    if state.src[state.pos] != "\\" or state.src[state.pos + 1 : state.pos + 2] not in tuple(_ESCAPABLE):
        return False
    return _text(state, silent, state.src[state.pos + 1], 2)


def _plain(state: StateInline, silent: bool) -> bool:
    """`_` stresses nothing, nor does a `*` between letters or digits."""
    character = state.src[state.pos]
    if character == "_":
        return _text(state, silent, "_", 1)
    around = state.src[state.pos - 1 : state.pos] + state.src[state.pos + 1 : state.pos + 2]
    if character == "*" and len(around) == 2 and around.isalnum():
        return _text(state, silent, "*", 1)
    return False


def _mention(state: StateInline, silent: bool) -> bool:
    match = _MENTION.match(state.src, state.pos) if state.src[state.pos] in "@!" else None
    if match is None or _inside_word(state) or state.linkLevel or not _is_host(match[2]):
        return False
    handle = match[1].lower() + (f"@{match[2].lower()}" if match[2] else "")
    found: _Found = state.env["found"]
    if silent or (handle not in found.mentions and len(found.mentions) >= MOST_MENTIONS):
        return _text(state, silent, match[0], len(match[0]))
    found.mentions[handle] = None
    known = found.known(handle)
    if known is None:
        return _text(state, silent, match[0], len(match[0]))
    url, acct = known
    name = acct.partition("@")[0] or match[1]
    return _markup(state, silent, len(match[0]), (
        f'<span class="h-card" translate="no"><a href="{html.escape(url)}" class="u-url mention">'
        f"{match[0][0]}<span>{html.escape(name)}</span></a></span>"
    ))  # fmt: skip


def _tag(state: StateInline, silent: bool) -> bool:
    match = _TAG.match(state.src, state.pos) if state.src[state.pos] == "#" else None
    if match is None or _inside_word(state) or state.linkLevel or not any(map(str.isalpha, match[1])):
        return False
    name = match[1].lower()
    found: _Found = state.env["found"]
    if silent or (name not in found.tags and len(found.tags) >= MOST_TAGS):
        return _text(state, silent, match[0], len(match[0]))
    found.tags[name] = None
    url = html.escape(f"{found.base_url}/tags/{quote(name)}")
    content = f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{html.escape(match[1])}</span></a>'
    return _markup(state, silent, len(match[0]), content)


def _address(state: StateInline, silent: bool) -> bool:
    """A web address in the text; its `http` has been read as text already."""
    match = _URL.match(state.src, state.pos) if state.src[state.pos] == ":" and not state.linkLevel else None
    if match is None:
        return False
    before = state.src[max(0, state.pos - 6) : state.pos].lower()
    scheme = "https" if before.endswith("https") else "http" if before.endswith("http") else ""
    rest = _trimmed(match[0])
    url = state.src[state.pos - len(scheme) : state.pos] + rest
    if not scheme or before.removesuffix(scheme)[-1:].isalnum() or not _WEB.match(url):
        return False
    found: _Found = state.env["found"]
    if not silent and state.pending.lower().endswith(scheme) and len(found.links) < MOST_LINKS:
        state.pending = state.pending[: -len(scheme)]
        found.links[url] = None
        return _markup(state, silent, len(rest), f'<a href="{html.escape(url)}">{_shown(url)}</a>')
    return _text(state, silent, rest, len(rest))


def _link_open(renderer: RendererHTML, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    url = str(tokens[index].attrGet("href") or "")
    found: _Found = env["found"]
    found.links.setdefault(url)
    return f'<a href="{html.escape(url)}">'


def _text(state: StateInline, silent: bool, text: str, length: int) -> bool:
    if not silent:
        state.pending += text
    state.pos += length
    return True


def _markup(state: StateInline, silent: bool, length: int, content: str) -> bool:
    if not silent:
        state.push("html_inline", "", 0).content = content
    state.pos += length
    return True


def _inside_word(state: StateInline) -> bool:
    before = state.src[state.pos - 1] if state.pos else " "
    return before.isalnum() or before in "_/@#!&"


def _is_host(host: str | None) -> bool:
    return host is None or "." in host or ":" in host or host.lower() == "localhost"


def _trimmed(rest: str) -> str:
    """Without what belongs to the sentence: punctuation, and a bracket that was opened before the address."""
    while rest:
        shorter = rest.rstrip(_TRAILING)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter.endswith("]") and shorter.count("]") > shorter.count("["):
            shorter = shorter[:-1]
        if shorter == rest:
            break
        rest = shorter
    return rest


def _shown(url: str) -> str:
    """An address as Mastodon shows one: without scheme, the end of a long one hidden."""
    scheme, _, rest = url.partition("://")
    prefix = f"{scheme}://{'www.' if rest.lower().startswith('www.') else ''}"
    text = url[len(prefix) :]
    shown, hidden = text[:_LONGEST_SHOWN], text[_LONGEST_SHOWN:]
    ellipsis = ' class="ellipsis"' if hidden else ""
    return (
        f'<span class="invisible">{html.escape(prefix)}</span><span{ellipsis}>{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(hidden)}</span>'
    )


def _without_line_ends(rendered: str) -> str:
    """Line ends mean something in `pre` only."""
    parts = re.split(r"(<pre>.*?</pre>)", rendered, flags=re.DOTALL)
    return "".join(part if index % 2 else part.replace("\n", "") for index, part in enumerate(parts))
