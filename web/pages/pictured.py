"""Custom emojis on pages, as pictures in names and texts.

While a page is written each name of an emoji leaves a mark in it. When it is done one query says which there are, and
each mark becomes a picture, or the name again. Nobody who writes texts can guess what a mark looks like.
"""

import re
import secrets
from functools import partial

from markupsafe import Markup, escape
from starlette.responses import Response

import storage.emojis
from fedcomm import emojis
from storage.emojis import Emoji

MOST = 500  # on one page; what is named after them stays a name
_TAGS = re.compile(r"(<[^<>]*>)")  # of what was cleaned, where no attribute holds one of these


class Plain:
    """Texts as they are, for pages that ask nothing."""

    def text(self, words: str, host: str) -> Markup:
        """A text of somebody of this server; '' is ours."""
        return escape(words)

    def html(self, cleaned: str, host: str) -> Markup:
        """As `text`, of HTML that was cleaned when it was stored."""
        return Markup(cleaned)


class Named(Plain):
    """What the texts of one page name."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(8)
        self._named: dict[tuple[str, str], int] = {}

    def text(self, words: str, host: str) -> Markup:
        """A text of somebody of this server; '' is ours."""
        return Markup(emojis.replaced(str(escape(words)), partial(self._marked, host)))

    def html(self, cleaned: str, host: str) -> Markup:
        """As `text`, of HTML that was cleaned when it was stored; what stands in its tags is left alone."""
        if ":" not in cleaned:
            return Markup(cleaned)
        parts = (
            part if part[:1] == "<" else emojis.replaced(part, partial(self._marked, host))
            for part in _TAGS.split(cleaned)
        )
        return Markup("".join(parts))

    async def complete(self, page: Response) -> None:
        """Put pictures where the page names emojis that there are."""
        if not self._named:
            return
        wanted = list(self._named)
        known = await storage.emojis.named({host for host, _ in wanted}, sorted({name for _, name in wanted}))
        shown = [_picture(known.get(each), each[1]) for each in wanted]
        mark = re.compile(rf"<!--{self._secret} ([0-9]+)-->")
        page.body = mark.sub(lambda found: shown[int(found[1])], bytes(page.body).decode()).encode()
        page.headers["content-length"] = str(len(page.body))

    def _marked(self, host: str, shortcode: str) -> str:
        if len(self._named) >= MOST and (host, shortcode) not in self._named:
            return f":{shortcode}:"
        return f"<!--{self._secret} {self._named.setdefault((host, shortcode), len(self._named))}-->"


def _picture(found: Emoji | None, shortcode: str) -> str:
    """The emoji, still for readers who want less movement; its name where there is none that this server shows."""
    url, still = emojis.addresses("", found) if found else ("", "")
    if not url.startswith("/"):
        return f":{shortcode}:"
    return (
        f'<picture><source srcset="{escape(still)}" media="(prefers-reduced-motion: reduce)">'
        f'<img class="emoji" src="{escape(url)}" alt=":{shortcode}:" title=":{shortcode}:" loading="lazy"></picture>'
    )


PLAIN = Plain()
