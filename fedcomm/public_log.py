"""The log that everybody may read: what was done in groups and by who looks after the server, and why, not by whom.

Who did something is told as the team they did it for: moderators are harassed where their names stand in a log. Whom it
was about is named for as long as their account is there, and what it was about is linked while the reader may read it
(docs/decisions/0051-the-public-log.md).
"""

import re
from collections.abc import Sequence
from datetime import date

import msgspec

import storage.actors
import storage.posts
import storage.threads
from fedcomm import admit, peers, settings
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import public_log, visible
from storage.actors import Actor
from storage.ids import ms_of
from storage.paging import Page
from storage.posts import Post
from storage.public_log import KINDS, Decision, Deed, Sanction, Taken, Wanted

AT_ONCE = 20  # posts of one ban that stand with it
_DAY = 86_400_000  # ms
# What an act is called, when it is written and when it is neutral; what is not in here changes a setting.
_NAMES = {
    "removed": ("remove", "restore"),
    "locked": ("lock", "unlock"),
    "pinned": ("pin", "unpin"),
    "flair": ("flair", "flair"),
    "title": ("retitle", "retitle"),
    "share": ("unshare", "share"),
    "moved": ("move", "move"),
    "ban": ("ban", "unban"),
    "taken_out": ("expel", "expel"),
    "role": ("appoint", "dismiss"),
    "rolled_back": ("roll_back", "roll_back"),
    "closed": ("close", "open"),
}
_OF_ACCOUNTS = {"limit": "limit", "unlimit": "unlimit", "suspend": "suspend", "restore": "unsuspend"}
_OF_SERVERS = {"limit": "limit_server", "suspend": "suspend_server", "": "change_server"}
_OF_LISTS = {"blocklist.apply": "apply_list", "blocklist.undo": "undo_list", "blocklist.retract": "retract_list"}
_RULE = re.compile(r"\((\d{1,2})\) ([^\n]+)")  # as it is said by `web/pages/reasons.py`


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A post that something was done with: a thread or an answer, when it was written; itself while it may be read."""

    id: int
    starter: bool
    post: Post | None = None
    author: Actor | None = None

    @property
    def written(self) -> int:
        """When, in ms since 1970."""
        return ms_of(self.id)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log: what was done (`act`), for a `group` or, without one, for the whole server.

    `by_server`: by somebody who looks after this server. `property` and `value` are those of the register in the group.
    `taken` are the newest of the posts that a ban took out, `posts` how many these are in all.
    """

    id: int
    at: int
    act: str
    by_server: bool = True
    group: Actor | None = None
    property: str = ""
    value: str | None = None
    person: Actor | None = None
    about: About | None = None
    host: str = ""
    servers: int = 0
    until: int | None = None
    rule: int = 0
    rule_text: str = ""
    reason: str = ""
    appeal: str = ""
    posts: int = 0
    taken: tuple[About, ...] = ()
    titles: tuple[str, str] | None = None  # that a thread had, and that it was given, while it may be read


class _Known(msgspec.Struct, frozen=True):
    """The rows of the database that some entries are about, and what of these the reader may see."""

    actors: dict[int, Actor]
    posts: dict[int, tuple[Post, Actor]]
    named: frozenset[int]
    taken: dict[int, list[Taken]]
    titles: dict[int, list[tuple[int, str]]]  # that threads had before, and since when


class Asked(msgspec.Struct, frozen=True):
    """Which entries are asked for: of one of `KINDS`, between two days (UTC, both within); '' is any."""

    act: str = ""
    since: str = ""
    until: str = ""


async def wanted_by(app: App, viewer: int, asked: Asked, group_id: int = 0) -> Wanted:
    """What of the log a reader asks for, in a group or (0) in all of this server, and which of it is for them.

    Raises:
        Invalid: there is no such kind, or a day that is none.
    """
    if asked.act not in ("", *KINDS):
        raise Invalid("There are no such entries.", field="act", fix=f"ask for one of {', '.join(KINDS)}, or for all")
    shown_to = (await settings.current(app)).blocks_shown
    return Wanted(
        viewer=viewer, kind=asked.act, group_id=group_id, since=_day(asked.since, "since"),
        until=_day(asked.until, "until", most=_DAY - 1),
        shows_servers=shown_to == "everybody" or (shown_to == "members" and viewer != visible.ANYBODY),
    )  # fmt: skip


def _day(text: str, field: str, most: int = 0) -> int:
    """The first ms of a day in UTC, or a later one of it; 0 for none."""
    try:
        day = date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid("This is no day like 2027-01-31.", field=field) from None
    return (day - date(1970, 1, 1)).days * _DAY + most if day is not None and day.year > 1970 else 0


async def read(wanted: Wanted, page: Page) -> tuple[list[Entry], bool]:
    """A page of the log, newest first, and whether there are older entries."""
    found = await _rows(wanted, msgspec.structs.replace(page, limit=page.limit + 1))
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _rows(wanted, page.under(found[-1].id)))
    return await _entries(found, wanted.viewer), older


async def one(number: int, viewer: int) -> Entry:
    """An entry about a group.

    Raises:
        NotFound: there is none that they may see.
    """
    found = await public_log.deed(number, viewer)
    if found is None:
        raise NotFound("There is no such entry.")
    return (await _entries([found], viewer))[0]


async def taken(number: int, viewer: int, page: Page) -> tuple[list[About], bool]:
    """A page of the posts that a ban took out, and whether there are older ones.

    Raises:
        NotFound: there is no such entry that they may see.
    """
    await one(number, viewer)
    found = await public_log.taken_by(number, viewer, msgspec.structs.replace(page, limit=page.limit + 1))
    older = len(found) > page.limit
    kept = found[-page.limit :] if page.forward else found[: page.limit]
    if page.forward and kept:
        older = bool(await public_log.taken_by(number, viewer, page.under(kept[-1].post_id)))
    posts = await _readable(viewer, [each.post_id for each in kept])
    return [_taken(each, posts) for each in kept], older


async def _rows(wanted: Wanted, page: Page) -> list[Deed | Sanction | Decision]:
    """What comes next of all there is, in the order of the page."""
    found: list[Deed | Sanction | Decision] = [
        *await public_log.deeds(wanted, page),
        *await public_log.sanctions(wanted, page),
        *await public_log.decisions(wanted, page),
    ]
    return sorted(found, key=lambda each: each.id, reverse=not page.forward)[: page.limit]


async def _entries(found: Sequence[Deed | Sanction | Decision], viewer: int) -> list[Entry]:
    deeds = [each for each in found if isinstance(each, Deed)]
    people = {each.person_id for each in found if not isinstance(each, Decision) and each.person_id}
    authors = {each.author_id for each in deeds if each.author_id}
    taken: dict[int, list[Taken]] = {}
    for each in await public_log.taken([deed.id for deed in deeds if deed.posts], viewer, AT_ONCE):
        taken.setdefault(each.act_id, []).append(each)
    posts = [deed.post_id for deed in deeds if deed.post_id] + [each.post_id for of in taken.values() for each in of]
    known = _Known(
        await storage.actors.by_ids(sorted({deed.face_id for deed in deeds} | people | authors)),
        await _readable(viewer, posts),
        frozenset(await visible.seen_actors(viewer, sorted(people | authors))),
        taken,
        await storage.threads.titles([deed.post_id for deed in deeds if deed.post_id and deed.property == "title"]),
    )
    return [_entry(each, known) for each in found]


async def _readable(viewer: int, post_ids: list[int]) -> dict[int, tuple[Post, Actor]]:
    """Those of the posts that the viewer may read, with their authors."""
    seen = await visible.seen(viewer, post_ids) if post_ids else set()
    posts = await storage.posts.by_ids(sorted(seen)) if seen else {}
    authors = await storage.actors.by_ids(sorted({post.author_id for post in posts.values()})) if posts else {}
    return {each: (post, authors[post.author_id]) for each, post in posts.items() if post.author_id in authors}


def _entry(found: Deed | Sanction | Decision, known: _Known) -> Entry:
    match found:
        case Sanction():
            person = known.actors.get(found.person_id)
            # Named although they are not shown elsewhere any more: that is what the entry tells.
            there = person if person is not None and person.deleted_at is None else None
            return Entry(id=found.id, at=found.at, act=_OF_ACCOUNTS[found.act], person=there)
        case Decision():
            return _decision(found)
        case Deed():
            return _deed(found, known)


def _deed(found: Deed, known: _Known) -> Entry:
    written, neutral = _NAMES.get(found.property, ("settings", "settings"))
    person = known.actors.get(found.person_id or 0) if found.person_id in known.named else None
    rule, rule_text, reason = _reasons(_unnamed(found, known))
    return Entry(
        id=found.id, at=found.at, act=written if found.value is not None else neutral, by_server=bool(found.server),
        group=known.actors.get(found.face_id), property=found.property, value=found.value, person=person,
        about=_about(found, known), rule=rule, rule_text=rule_text, reason=reason, appeal=found.appeal or "",
        until=admit.banned_until(found.value) if found.property == "ban" else None, posts=found.posts,
        taken=tuple(_taken(each, known.posts) for each in known.taken.get(found.id, ())), titles=_titles(found, known),
    )  # fmt: skip


def _titles(found: Deed, known: _Known) -> tuple[str, str] | None:
    if found.property != "title" or found.value is None or found.post_id not in known.posts:
        return None
    was = [title for since, title in known.titles.get(found.post_id, ()) if since < found.at]
    return was[-1] if was else "", msgspec.json.decode(found.value)["title"]


def _about(found: Deed, known: _Known) -> About | None:
    if found.post_id is None or found.author_id is None:
        return None
    there = not found.deleted and found.author_id in known.named
    post, _ = known.posts.get(found.post_id, (None, None))
    author = known.actors.get(found.author_id) if there else None
    return About(id=found.post_id, starter=bool(found.starter), post=post, author=author)


def _taken(found: Taken, posts: dict[int, tuple[Post, Actor]]) -> About:
    post, author = posts.get(found.post_id, (None, None))
    return About(id=found.post_id, starter=bool(found.starter), post=post, author=author)


def _unnamed(found: Deed, known: _Known) -> str:
    """The reason, unless it names somebody who is not named (any more)."""
    about = {found.person_id or 0, found.author_id or 0} - known.named
    names = "|".join(re.escape(known.actors[each].username) for each in about if each in known.actors)
    named = names and re.search(rf"(?<!\w)(?:{names})(?!\w)", found.reason, re.IGNORECASE)
    return "" if named else found.reason.strip()


def _reasons(said: str) -> tuple[int, str, str]:
    """The number and the words of a rule, and what else is said."""
    first, _, rest = said.partition("\n")
    rule = _RULE.fullmatch(first)
    return (int(rule[1]), rule[2], rest) if rule is not None else (0, "", said)


class _Detail(msgspec.Struct, frozen=True):
    policy: str = ""
    public_comment: str = ""
    obfuscate: bool = False
    servers: int | list[str] = 0  # how many; what subscribed lists say no more is named


_DETAIL = msgspec.json.Decoder(_Detail)


def _decision(found: Decision) -> Entry:
    detail = _DETAIL.decode(found.detail)
    if found.act in _OF_LISTS:
        servers = detail.servers if isinstance(detail.servers, int) else len(detail.servers)
        return Entry(id=found.id, at=found.at, act=_OF_LISTS[found.act], servers=servers)
    host = peers.obfuscated(found.host) if detail.obfuscate or found.hidden else found.host
    act = _OF_SERVERS.get(detail.policy, _OF_SERVERS[""])
    return Entry(id=found.id, at=found.at, act=act, host=host, reason=detail.public_comment)
