"""Who turns to people here without anybody here knowing them: which rule of the admins holds it.

A post of somebody whom nobody here has to do with, which names people here who neither follow them nor wrote what it
answers, is a first contact. The rules (`settings.Settings`, and what was decided about its server) say which of these
wait (`inbox/contacts.py`). Where there is no such post, nothing is asked for.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from activitypub.objects import Note
from fedcomm import clock, mapping, measuring, sanitise, settings
from fedcomm.app import App
from fedcomm.settings import Settings
from storage import caught
from storage.actors import Actor
from storage.posts import Attachment

AROUND = 7 * 86_400_000  # ms after which somebody of whom a post is here is known
HOUR, MINUTE = 3_600_000, 60_000  # ms
SHORTEST = 12  # letters of a text that is compared with others; of a shorter one pictures and links are
_NO_WORD = re.compile(r"https?://\S+|@\S+|#\S+|\S*\d\S*")
_LINK = re.compile(r"https?://[^\s?#]+")
_NO_LETTER = re.compile(r"[\W_]+")


class First(msgspec.Struct, frozen=True):
    """A first contact: how many strangers it names, and its text as it is compared with others."""

    author: Actor
    named: frozenset[int]
    links: int
    text: str
    key: str
    uri: str


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a first contact: `kind` says which rule holds it, '' that none does."""

    first: First
    kind: str
    state: str  # '' for what is new

    @property
    def held(self) -> bool:
        """Whether it is nothing that anybody here is told of."""
        return bool(self.kind) or self.state in (caught.WAITING, caught.REFUSED)


def key_of(text: str, uri: str, pictures: Iterable[str] = ()) -> str:
    """What posts with the same text have in common, whomever they name and wherever they link.

    Of short ones it is what they show (`pictures`) or where they lead, whatever they say beside it; else nothing.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    letters, links = _NO_LETTER.sub("", _NO_WORD.sub(" ", plain)), sorted(set(_LINK.findall(plain)))
    shown = sorted(set(pictures))
    short = f"pictures {' '.join(shown)}" if shown else f"links {' '.join(links)}" if links else f"post {uri}"
    alike = letters if len(letters) >= SHORTEST else short
    return hashlib.blake2b(alike.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _picture(file: Attachment) -> str:
    """What copies of a picture have in common before any of them is fetched; without it where the file is.

    Each server writes another address, and the same blurhash: that is made of what is to be seen.
    """
    return f"{file.blurhash} {file.width}x{file.height}" if file.blurhash else file.url.partition("?")[0]


def first(app: App, author: Actor, written: Note, people: Iterable[Actor], answered: int) -> First | None:
    """What somebody elsewhere writes to `people`, if it names some of here besides the author whom it answers."""
    named = {who.id for who in people if who.local and who.kind == "Person"} - {answered}
    if author.local or author.kind == "Group" or not named:
        return None
    text = sanitise.text_of(mapping.posts.shown(written))
    links = measuring.arrived(written, own_host=app.host, without=()).links
    key = key_of(text, written.uri, map(_picture, mapping.posts.attachments(written)))
    return First(author, frozenset(named), links, text, key, written.uri)


async def judge(app: App, firsts: Sequence[First]) -> dict[str, Verdict]:
    """What becomes of some first contacts, by the ids of the posts; those that are none after all are left out."""
    rules, now = await settings.current(app), clock.now_ms()
    people = list({each.author.id for each in firsts})
    known = await caught.known(people, now - AROUND)
    firsts = [each for each in firsts if each.author.id not in known]
    if not firsts:
        return {}
    tied = await caught.followers(people, list({who for each in firsts for who in each.named}))
    states = await caught.states([each.uri for each in firsts])
    counts = await caught.same({each.key for each in firsts}, now - rules.hold_within * MINUTE)
    found: dict[str, Verdict] = {}
    for each in firsts:
        strangers = len([who for who in each.named if (who, each.author.id) not in tied])
        state = states.get(each.uri, "")
        if not strangers or state == caught.RELEASED:
            continue
        counts[each.key] = counts.get(each.key, 0) + (not state)
        found[each.uri] = Verdict(each, _rule(app, rules, each, strangers, counts[each.key], now), state)
    return found


def _rule(app: App, rules: Settings, first: First, strangers: int, same: int, now: int) -> str:
    """The first rule that holds it, '' for none."""
    author = first.author
    if rules.hold_same and same >= rules.hold_same:
        return "same"
    young = now - (author.published or author.created_at) < rules.hold_young * HOUR
    if rules.hold_young and young and strangers >= rules.hold_mentions:
        return "young"
    if rules.hold_links and first.links >= rules.hold_links:
        return "links"
    if rules.hold_contact or app.peers.holds_contact(author.host):
        return "contact"
    return ""
