"""What waits for somebody who looks after groups or this server, as they see it: each with whom it is about and a text.

Of groups elsewhere reports and requests are kept here; the posts that wait for them, appeals and what is proposed there
are asked for (`_afar`).
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

import storage.actors
import storage.groups
import storage.posts
from fedcomm import holding, powers, rights, sanitise
from fedcomm.app import App
from fedcomm.desk import reading
from fedcomm.desk.values import Appeal, Proposal
from fedcomm.errors import Conflict, NotAllowed
from storage import appeals, docket, registers, reports, reviews, visible
from storage.accounts import Account
from storage.actors import Actor
from storage.docket import Entry, Scope
from storage.groups import Group
from storage.posts import Post

MOST_TEXT = 500  # characters that are shown of each
MOST_AFAR, SECONDS = 8, 4.0  # groups elsewhere that are asked at once, and how long somebody waits for all of them
DESK = "desk"  # of what waits for a group elsewhere, on its server
_AFAR = ("", docket.HELD, docket.APPEAL, docket.PROPOSAL)
_RIGHTS = {
    docket.PROPOSAL: rights.REMOVE, docket.REPORT: rights.OVERSEE, docket.HELD: rights.HOLD,
    docket.REVIEW: rights.HOLD, docket.REQUEST: rights.APPROVE,
}  # fmt: skip
_STAFF = {
    docket.PROPOSAL: powers.REPORTS, docket.CASE: powers.REPORTS, docket.CAUGHT: powers.SPAM,
    docket.SIGN_UP: powers.PEOPLE,
}  # fmt: skip


class Keeper(msgspec.Struct, frozen=True):
    """Who decides; `account` is theirs here, with which they may look after this server as well, if they have one."""

    actor: Actor
    account: Account | None = None
    only: int = 0  # the group in which they decide, where it is but one

    @property
    def admin(self) -> bool:
        """Whether they run this server."""
        return self.account is not None and self.account.role == "admin" and self.account.state == "active"


class Place(msgspec.Struct, frozen=True):
    """A group with its face."""

    group: Group
    face: Actor


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits: the group, whom it is about, and what there is to read.

    `key` names it in forms; `posts` are those that it is about.
    """

    key: str
    kind: str
    id: int
    at: int
    place: Place | None = None
    who: Actor | None = None
    called: str = ""  # who it is, where they are not known here
    about: str = ""  # why it waits: the category of a report, the kind of a post that waits; the id of what is proposed
    title: str = ""
    text: str = ""
    posts: tuple[int, ...] = ()
    by: Actor | None = None  # who proposes it
    whole: bool = False  # it is about all that they wrote in the group
    by_name: str = ""  # who proposes it, where they are not known here
    why: str = ""  # why somebody took out what an appeal is about
    url: str = ""  # where it is looked at, on another server


class Overview(msgspec.Struct, frozen=True):
    """A page of what waits; behind which number the next begins (0: nowhere); groups that did not answer."""

    cases: list[Case]
    next: int = 0
    silent: tuple[Place, ...] = ()


async def scope(keeper: Keeper) -> tuple[Scope, dict[int, Place]]:
    """What somebody decides, and the groups in which they do. Admins also for groups that nobody here looks after."""
    mine = [each for each in await registers.moderated(keeper.actor.uri) if keeper.only in (0, each)]
    alone = set(await registers.unmoderated()) - set(mine) if keeper.admin else set()
    places = await _places([*mine, *alone])
    holders, programs = await registers.holders(list(places)), await docket.programs(list(places))
    may: dict[str, list[int]] = {kind: [] for kind in (*_RIGHTS, docket.APPEAL)}
    for group_id, place in places.items():
        given = _rights(keeper.actor, place.group, holders.get(group_id, []), programs.get(group_id, ""))
        for kind, right in _RIGHTS.items():
            if (right in given and _asks(place, kind, given)) or (group_id in alone and kind != docket.REPORT):
                may[kind].append(group_id)
        if rights.RESTORE in given and _asks(place, docket.APPEAL, given):
            may[docket.APPEAL].append(group_id)
    of_server = powers.of(keeper.account) if keeper.account is not None else frozenset()
    staff = frozenset(kind for kind, power in _STAFF.items() if power in of_server)
    decides = {group_id for ids in may.values() for group_id in ids}
    wanted = Scope(reader=keeper.actor.id, uri=keeper.actor.uri, groups=may, staff=staff, admin=keeper.admin)
    return wanted, {group_id: place for group_id, place in places.items() if group_id in decides}


async def page(app: App, keeper: Keeper, kind: str, group_id: int, after: int, limit: int) -> Overview:
    """What waits of one kind, or of all (''), in one group, or in all and for the server (0), the longest first."""
    wanted, places = await scope(keeper)
    kinds = [kind] if kind in docket.KINDS else docket.KINDS if not kind else []
    found = await docket.waiting(wanted, kinds, group_id, after, limit + 1)
    cases, silent = await _cases(keeper, places, found[:limit]), tuple[Place, ...]()
    if not after and kind in _AFAR:
        there = [place for key, place in places.items() if not place.group.local and group_id in (0, key)]
        told, silent = await _afar(app, keeper, [each for each in there if each.group.id in wanted.groups[docket.HELD]])
        told = [each for each in told if kind in ("", each.kind)]
        cases = sorted([*cases, *told], key=lambda case: case.at) if told else cases
    return Overview(cases, found[limit - 1].id if len(found) > limit else 0, silent)


async def several(keeper: Keeper, keys: Sequence[str]) -> dict[str, Case]:
    """Those of the cases with these keys that wait for them, but for those of groups elsewhere (`DESK`)."""
    wanted, places = await scope(keeper)
    parted = [key.partition("-")[::2] for key in keys]
    named = {(kind, int(number)) for kind, number in parted if kind in docket.KINDS and is_number(number)}
    kinds, ids = sorted({kind for kind, _id in named}), sorted({number for _kind, number in named})
    found = await docket.waiting(wanted, kinds, 0, 0, 2 * len(ids) + 1, ids) if ids else []
    mine = [each for each in found if (each.kind, each.id) in named]
    return {case.key: case for case in await _cases(keeper, places, mine)}


def is_number(text: str) -> bool:
    """Whether a text is what a number of a row can be."""
    return text.isascii() and text.isdigit() and len(text) < 19


async def _places(group_ids: Sequence[int]) -> dict[int, Place]:
    groups = await storage.groups.by_ids(list(group_ids)) if group_ids else {}
    faces = await storage.actors.by_ids([group.actor_id for group in groups.values()])
    return {
        key: Place(group, faces[group.actor_id])
        for key, group in groups.items()
        if group.actor_id in faces and not faces[group.actor_id].gone
    }


def _asks(place: Place, kind: str, given: frozenset[str]) -> bool:
    """Whether that kind of thing is looked for: of groups elsewhere on their desk, reviews among the posts there."""
    if bool(place.group.local) or kind not in (docket.APPEAL, docket.PROPOSAL, docket.REVIEW):
        return True
    return kind != docket.REVIEW and rights.HOLD in given


def _rights(actor: Actor, group: Group, holders: list[tuple[str, str]], program: str) -> frozenset[str]:
    """As `members.standing` has them, of many groups at once."""
    role = (rights.in_force(holders) if group.local else dict(holders)).get(actor.uri, "")
    return rights.of(role) if group.local else rights.afar(role, program)


async def _cases(keeper: Keeper, places: dict[int, Place], found: Sequence[Entry]) -> list[Case]:
    """With a number of questions to the database that does not grow with them."""
    ids = {kind: [each.id for each in found if each.kind == kind] for kind in docket.KINDS}
    described = (
        await _proposed(ids[docket.PROPOSAL])
        | await _reports(keeper, [*ids[docket.REPORT], *ids[docket.CASE]])
        | await _held(ids[docket.HELD])
        | await _reviews(ids[docket.REVIEW])
        | await _asking(ids[docket.REQUEST])
        | await _appeals(ids[docket.APPEAL])
        | await _strangers(ids[docket.CAUGHT])
        | await _newcomers(ids[docket.SIGN_UP])
    )
    who = await storage.actors.by_ids([number for number, _rest in described.values() if number])
    more = await _places([each.group_id for each in found if each.group_id and each.group_id not in places])
    return [
        Case(
            key=f"{each.kind}-{each.id}", kind=each.kind, id=each.id, at=each.at, who=who.get(described[each.id][0]),
            place=(places | more).get(each.group_id), **described[each.id][1],
        )
        for each in found
        if each.id in described
    ]  # fmt: skip


_Described = dict[int, tuple[int, dict[str, Any]]]  # of each entry whom it is about, and what there is to read


async def _reports(keeper: Keeper, ids: Sequence[int]) -> _Described:
    found = await reports.by_ids(ids) if ids else []
    named = [number for each in found for number in each.post_ids]
    seen = await visible.seen(keeper.actor.id, named) if named else set()
    posts = await storage.posts.by_ids([number for number in named if number in seen]) if named else {}
    return {
        each.id: (
            each.target_id,
            {
                "about": each.category, "posts": tuple(each.post_ids),
                "title": next((_words(posts[n]) for n in each.post_ids if n in posts), ""),
                "text": each.words[:MOST_TEXT],
            },
        )
        for each in found
    }  # fmt: skip


async def _held(ids: Sequence[int]) -> _Described:
    found = await docket.held(ids)
    return {
        each.id: (each.actor_id, {"about": each.kind} | holding.words(each, MOST_TEXT))
        for each in found.values()
        if each.body
    }


async def _reviews(ids: Sequence[int]) -> _Described:
    return {
        key: (
            each.post.author_id,
            {"about": docket.REVIEW, "title": _words(each.post), "text": each.reason[:MOST_TEXT]},
        )
        for key, each in (await reviews.by_ids(ids)).items()
    }


async def _asking(ids: Sequence[int]) -> _Described:
    return {key: (each.actor_id, {"text": each.answer[:MOST_TEXT]}) for key, each in (await docket.asking(ids)).items()}


async def _appeals(ids: Sequence[int]) -> _Described:
    found = await appeals.by_ids(ids) if ids else []
    posts = await storage.posts.by_ids([each.post_id for each in found]) if found else {}
    removals = await registers.acts([each.act_id for each in found])
    return {
        each.id: (
            each.author_id,
            {
                "title": _words(posts[each.post_id]), "text": each.text[:MOST_TEXT], "posts": (each.post_id,),
                "why": removals[each.act_id].summary.strip() if each.act_id in removals else "",
            },
        )
        for each in found
        if each.post_id in posts
    }  # fmt: skip


async def _proposed(ids: Sequence[int]) -> _Described:
    """Of what is proposed the post is shown, and who proposes it; of a person all that they wrote is meant."""
    found = await docket.proposed(ids)
    named = [uri for each in found.values() for uri in (each.by, each.subject)]
    people = await storage.actors.by_uris(named) if named else {}
    posts = await docket.posts_at([each.subject for each in found.values()])
    return {
        key: (
            posts[each.subject].author_id if each.subject in posts else people[each.subject].id,
            {
                "about": each.subject, "text": each.reason[:MOST_TEXT], "by": people.get(each.by),
                "title": _words(posts[each.subject]) if each.subject in posts else "",
                "whole": each.subject not in posts,
            },
        )
        for key, each in found.items()
        if each.subject in posts or each.subject in people
    }  # fmt: skip


async def _strangers(ids: Sequence[int]) -> _Described:
    found = await docket.strangers(ids)
    return {key: (each.actor_id, {"text": each.excerpt[:MOST_TEXT]}) for key, each in found.items()}


async def _newcomers(ids: Sequence[int]) -> _Described:
    found = await docket.newcomers(ids)
    return {key: (0, {"called": each.username, "text": each.reason[:MOST_TEXT]}) for key, each in found.items()}


async def _afar(app: App, keeper: Keeper, places: Sequence[Place]) -> tuple[list[Case], tuple[Place, ...]]:
    """What waits for groups elsewhere as their servers say now, and the groups whose servers say nothing."""
    asked = places[:MOST_AFAR]
    told = await asyncio.gather(*(_told(app, keeper, place) for place in asked))
    silent = [place for place, found in zip(asked, told, strict=True) if found is None]
    return [case for found in told for case in found or []], (*silent, *places[MOST_AFAR:])


async def _told(app: App, keeper: Keeper, place: Place) -> list[Case] | None:
    try:
        async with asyncio.timeout(SECONDS):
            there = await reading.read(app, place.group, place.face, keeper.actor, rights.HOLD)
    except (Conflict, NotAllowed, TimeoutError):
        return None
    waiting = reading.clean(there.waiting).posts
    looks = reading.clean_appeals(there.appeals, keeper.actor), reading.clean_proposals(there.proposals, keeper.actor)
    named = [each.author for part in (waiting, *looks) for each in part] + [each.by for each in looks[1]]
    people = await storage.actors.by_uris(named) if named else {}
    held = [
        Case(
            key=f"{DESK}-{place.group.id}-{each.id}", kind=docket.HELD, id=int(each.id), at=each.held_at, place=place,
            who=people.get(each.author), called=each.handle or each.author, about=each.kind, title=each.title,
            text=_text(each.html),
        )
        for each in waiting
    ]  # fmt: skip
    return [*held, *_second_looks(place, people, *looks)]


def _second_looks(
    place: Place, people: dict[str, Actor], appealed: Sequence[Appeal], proposed: Sequence[Proposal]
) -> list[Case]:  # fmt: skip
    start = f"{DESK}-{place.group.id}"
    found = [
        Case(
            key=f"{start}-{each.id}-{docket.APPEAL}", kind=docket.APPEAL, id=int(each.id), at=each.at, place=place,
            who=people.get(each.author), called=each.handle or each.author, title=each.shown, text=each.text,
            why=each.why, url=each.url,
        )
        for each in appealed
    ]  # fmt: skip
    return found + [
        Case(
            key=f"{start}-{each.id}-{docket.PROPOSAL}", kind=docket.PROPOSAL, id=int(each.id), at=each.at, place=place,
            who=people.get(each.author), called=each.handle or each.author, title=each.shown, text=each.why,
            by=people.get(each.by), by_name=each.by_handle or each.by, whole=each.whole, url=each.url,
        )
        for each in proposed
    ]  # fmt: skip


def _words(post: Post) -> str:
    return f"{post.title} {post.summary or sanitise.text_of(post.content)}".strip()[:MOST_TEXT]


def _text(html: str) -> str:
    return sanitise.text_of(html)[:MOST_TEXT]
