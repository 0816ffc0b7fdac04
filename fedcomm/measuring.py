"""What there is in a post that a group may limit: links, domains, pictures, people who are named."""

import re
from collections.abc import Iterable

import msgspec

from activitypub.client import domain_of
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import mapping
from fedcomm.standing import Written
from storage.posts import Post

_ANCHOR = re.compile(r"<a ([^>]*)>")  # of HTML that was cleaned: attributes in double quotes
_HREF = re.compile(r'href="([^"]+)"')
_TAGS, _NAMES, _SPACE = re.compile(r"<[^<>]*>"), re.compile(r"@\S+"), re.compile(r"\s+")
LONGEST = 1_000  # characters that are looked at to find the same words again
_NAMING = re.compile(r'class="[^"]*\b(?:mention|hashtag)\b')


def links(html: str, known_hosts: Iterable[str]) -> set[str]:
    """Where clean HTML links to, each once, without our own pages; `known_hosts` are ours first, and those of people.

    A link that is marked as a mention or tag is none when it leads to one of them; anybody can mark a link so.
    """
    own, *_others = known = tuple(known_hosts)
    found: set[str] = set()
    for anchor in _ANCHOR.findall(html):
        href = _HREF.search(anchor)
        if href is None or (host := _host(href[1])) == own or (host in known and _NAMING.search(anchor)):
            continue
        found.add(href[1])
    return found


def domains(html: str, own_host: str) -> frozenset[str]:
    """The domains that clean HTML links to, without ours and those of mentions."""
    return frozenset(domain_of(_host(link)) for link in _unmarked(html) if _host(link) != own_host)


def words(html: str) -> str:
    """What HTML says, for finding the same words again: without names, tags and spaces."""
    return _SPACE.sub("", _NAMES.sub("", _TAGS.sub("", html[:LONGEST])))


def arrived(note: Note, *, own_host: str, without: Iterable[str], addressed: Iterable[str] = ()) -> Written:
    """What is in a post from elsewhere; `without` are ids of those that it names anyhow: its group, whom it answers.

    Who is `addressed` is told of it as whoever is named.
    """
    html = mapping.posts.shown(note)
    mentions = {mention.href for mention in note.mentions}.union(addressed).difference(without)
    hosts = (own_host, host_of(note.uri), *(host_of(mention.href) for mention in note.mentions))
    pictures = len(mapping.posts.attachments(note))
    return _written(html, hosts, note.in_reply_to is None, pictures, len(mentions))


def drafted(html: str, *, own_host: str, hosts: Iterable[str], starter: bool, pictures: int, mentions: int) -> Written:
    """What is in a post of a member here; `hosts` are those of whom it names."""
    return _written(html, (own_host, *hosts), starter, pictures, mentions)


def shared(thread: Post, own_host: str) -> Written:
    """What is in a thread that somebody shows in another group; whom it names was told when it was written."""
    return _written(thread.content, (own_host,), True, thread.attachments_count, 0)


def since(written: Written, before: str, own_host: str) -> Written:
    """As `written`, of the domains only those to which the clean HTML `before` did not link."""
    return msgspec.structs.replace(written, domains=written.domains - domains(before, own_host))


def _written(html: str, hosts: tuple[str, ...], starter: bool, pictures: int, mentions: int) -> Written:
    return Written(
        starter=starter, links=len(links(html, hosts)), pictures=pictures, mentions=mentions,
        domains=domains(html, hosts[0]),
    )  # fmt: skip


def _unmarked(html: str) -> Iterable[str]:
    anchors = (anchor for anchor in _ANCHOR.findall(html) if not _NAMING.search(anchor))
    return (href[1] for anchor in anchors if (href := _HREF.search(anchor)) is not None)


def _host(link: str) -> str:
    return link.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0].lower()
