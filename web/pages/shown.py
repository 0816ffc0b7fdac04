"""How times, names and addresses are shown on pages, whatever somebody chose as their name."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from gettext import NullTranslations
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from activitypub.origins import host_of
from fedcomm import elsewhere, passes, sanitise, titles
from fedcomm.urls import Urls
from storage.actors import Actor
from storage.attachments import Attached
from storage.posts import PUBLIC, Post
from web.languages import later

LONGEST_NAME = 60  # characters
_BRIEF = 20  # characters of a name that is said again …
_BRIEF_BYTES = 32  # … and their weight: signs of Chinese or Korean say more each
_MOST_MARKS = 2  # on one letter
_MONTHS = (
    later("January"),
    later("February"),
    later("March"),
    later("April"),
    later("May"),
    later("June"),
    later("July"),
    later("August"),
    later("September"),
    later("October"),
    later("November"),
    later("December"),
)
# What tells them apart; each says of itself that it is most of those below it, too.
_BROWSERS = (
    ("Firefox/", "Firefox"), ("Edg", "Edge"), ("OPR/", "Opera"), ("Vivaldi/", "Vivaldi"), ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_BLANKS = re.compile(r"\s+")


def label(text: str, longest: int = LONGEST_NAME) -> str:
    """One line of a text somebody chose: nothing invisible, nothing that turns or piles up letters (attack XSS-15)."""
    kept: list[str] = []
    marks = 0
    for character in text[: 4 * longest]:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS and (kind[0] != "C" or character in "\n\t"):
            kept.append(character)
    line = _BLANKS.sub(" ", "".join(kept)).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def name(actor: Actor) -> str:
    """What somebody is called: the name they gave themselves, else the one in their handle."""
    return label(actor.name) or label(actor.username)


def brief(actor: Actor) -> str:
    """The beginning of a name, for what is said again beside the whole of it on a page that is to weigh little."""
    line = label(name(actor), _BRIEF)
    raw = line.encode()
    if len(raw) <= _BRIEF_BYTES:
        return line
    return raw[: _BRIEF_BYTES - 3].decode(errors="ignore").rstrip("\u200d …") + "…"


def handle(actor: Actor, host: str) -> str:
    """The address by which people of any server find somebody; `host` is ours."""
    return label(f"{actor.username}@{actor.host or host}", 200)


def profile(actor: Actor) -> str:
    """The page of a person or group on this server; of the server itself the one about it."""
    if actor.kind == "Application" and not actor.host:
        return "/about"
    acct = quote(actor.acct, safe="@:")
    return f"/c/{acct}" if actor.kind == "Group" else f"/@{acct}"


def permalink(post: Post, author: Actor) -> str:
    """The page of a post on this server."""
    return f"/@{quote(author.acct, safe='@:')}/{post.id}"


def title(post: Post) -> str:
    """What a post is called where it is named: its title, else its first line, and a warning instead of both.

    '' when it says nothing, or nothing that may be read before it is opened.
    """
    words = post.summary if warned(post) else post.title or post.summary
    if not words and not post.sensitive:
        words = titles.split(sanitise.text_of(post.content))[0]
    return label(words, titles.LONGEST + 1)


def warned(post: Post) -> bool:
    """Whether its summary is a warning, behind which all else it says is folded; of an article it is a summary."""
    return bool(post.summary) and post.kind in ("note", "question")


def by(author: Actor, post: Post) -> Post:
    """A post as it is shown: sensitive, if all of its author are since who looks after the server said so."""
    return msgspec.structs.replace(post, sensitive=1) if author.sensitive_at is not None else post


def folded(post: Post) -> bool:
    """Whether its text is only read by who opens it."""
    return warned(post) or bool(post.sensitive)


def home(post: Post) -> str:
    """The server whose emojis a post names; '' is ours."""
    return "" if post.local else host_of(post.uri)


def browser(user_agent: str) -> str:
    """The program and the system that a browser says it is, in two words if it is a usual one."""
    said = [next((name for mark, name in known if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in said if name) if said[0] else label(user_agent, 120)


def plain(cleaned: str) -> str:
    """The text of HTML that was cleaned when it was stored."""
    return sanitise.text_of(cleaned)


def file(key: str, mime: str) -> str:
    """The path of a picture that is kept here."""
    return Urls("").file(key, mime)


def whole(attached: Attached, post: Post) -> str:
    """The path at which this server shows a picture of a post; '' when it does not. It ends as `passes` says."""
    if attached.key:
        return passes.near(file(attached.key, attached.mime), post.visibility)
    return preview(attached, post)


def preview(attached: Attached, post: Post) -> str:
    """As `whole`, smaller where there is a preview."""
    if attached.preview_key:
        return passes.near(file(attached.preview_key, attached.preview_mime), post.visibility)
    return _here("m", attached.id, attached.url, home(post), post.visibility) if attached.kind == "image" else ""


def face(actor: Actor) -> str:
    """The path of somebody's picture; '' when they have none, or this server does not show it."""
    return actor.icon if actor.local else _here("i", actor.id, actor.icon, actor.host)


def banner(actor: Actor) -> str:
    """As `face`, of the picture at the top of their page."""
    return actor.image if actor.local else _here("h", actor.id, actor.image, actor.host)


def still(path: str) -> str:
    """The path of the same picture without movement; the path itself of one that never moves."""
    return elsewhere.still(path)


def _here(kind: str, subject: int, url: str, host: str, visibility: int = PUBLIC) -> str:
    """Never the address at another server, which would learn who reads (attack PRI-21)."""
    path = elsewhere.address("", kind, subject, url, host, visibility)
    return path if path.startswith("/media/") else ""


def web_address(url: str) -> str:
    """A link that may be followed; '' for anything but http and https."""
    return url if url.startswith(("https://", "http://")) and " " not in url else ""


class Moment(msgspec.Struct, frozen=True):
    """A time for machines and for people."""

    iso: str
    text: str


def moment(at_ms: int, zone: tzinfo, words: NullTranslations) -> Moment:
    """A time as the reader's clock shows it; without a zone of their own it says that it is UTC."""
    try:
        at = datetime.fromtimestamp(at_ms / 1000, zone)
    except (ValueError, OverflowError, OSError):
        return Moment("", "")
    shown = words.gettext("{day} {month} {year}, {hour}:{minute}").format(
        **_date(at, words), hour=f"{at.hour:02}", minute=f"{at.minute:02}"
    )
    universal = " UTC" if zone is UTC else ""
    return Moment(at.isoformat(timespec="seconds").replace("+00:00", "Z"), f"{shown}{universal}")


def day(at_ms: int, words: NullTranslations) -> Moment:
    """A day that is the same one for everybody, given as a moment of it in UTC."""
    try:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return Moment("", "")
    return Moment(at.date().isoformat(), words.gettext("{day} {month} {year}").format(**_date(at, words)))


def _date(at: datetime, words: NullTranslations) -> dict[str, str]:
    return {"day": str(at.day), "month": words.gettext(_MONTHS[at.month - 1]), "year": str(at.year)}


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of that name, UTC when there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError):  # unknown, or this machine has no zones
        return UTC
