"""All that somebody did for a group of ours since a time, undone as a set: their account was stolen (attack GRP-23).

What still counts is undone by a job, act by act, each as an act of its own that servers are told of like any other.
What somebody else decided afterwards stays. No act can undo that a request to join or a post that waited was turned
down: who asked was told.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

import storage.accounts
import storage.actors
import storage.flairs
import storage.groups
import storage.invites
from fedcomm import (
    acts,
    admit,
    audit,
    clock,
    curation,
    flairs,
    follows,
    group_profile,
    groups,
    members,
    proposals,
    remote_invites,
    retitling,
    rights,
    sanitise,
    transfers,
)
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, NotFound
from fedcomm.flairs import Wanted
from fedcomm.group_pictures import PLACES
from fedcomm.group_profile import Change
from storage import jobs, posts, registers
from storage import members as stored_members
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.registers import Act, Span

LOG = logging.getLogger("fedcomm.rollback")
HOUR = 3_600_000  # ms
SOON = 60_000  # ms within which a membership ends with the act that ends it
LONGEST = 10 * 8_760  # hours back
AT_ONCE = 100  # acts that are looked up in one query


def _no_picture(place: str, _held: Any) -> dict[str, None]:
    return {place: None}


def _described(place: str, held: Any) -> dict[str, str]:
    return {place: held or ""}


# What a change of the settings can give back, and how; the others are kept by their register alone.
SETTINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "profile:title": ("title", str),
    "profile:summary": ("summary", lambda html: sanitise.text_of(html or "")),
    "join_mode": ("join_mode", str),
    "question": ("question", lambda text: text or ""),
    "posting": ("posting", lambda way: way or "anyone"),
    "votes": ("votes", lambda kinds: kinds or "both"),
    "visibility": ("visibility", str),
    "closed": ("closed", bool),
    "ladder": ("ladder", bool),
    "promotion": ("promotion", lambda people: int(people or 0)),
    "slow": ("slow", lambda seconds: int(seconds or 0)),
    "rules": ("rules", lambda lines: tuple(lines or ())),
    "topics": ("topics", lambda names: tuple(names or ())),
    "languages": ("languages", lambda codes: tuple(codes or ())),
    "listed": ("listed", lambda said: said != "unlisted"),
    # A picture that was replaced is not kept: the group has none then.
    **{f"profile:{place}": ("pictures", partial(_no_picture, place)) for place in PLACES},
    **{f"profile:{place}_description": ("descriptions", partial(_described, place)) for place in PLACES},
}
_UNKNOWN = frozenset(("profile:title", "profile:summary", "join_mode", "visibility", "ladder"))  # set when it was made
# What nothing but the register says.
_WORDS = frozenset(("welcome", "greeter", "introductions", "trusted", "promotional", "share"))


class Case(msgspec.Struct, frozen=True):
    """Whose acts in which group are undone, and by whom; None is whoever runs the server."""

    app: App
    group: Group
    face: Actor
    span: Span
    by: Actor | None


async def order(
    app: App, group_name: str, who: str, hours: int, by: Actor | None = None, account: Account | None = None,
    at: int | None = None,
) -> Actor:  # fmt: skip
    """Let what somebody (by handle or id) did for one of our groups in the last hours be undone soon; gives them.

    `by` is a steward, None whoever runs the server: then `account` is the admin who does, if it is one. The hours end
    `at` a time that is past (ms since 1970; None: now), and what they did since then is undone as well.

    Raises:
        NotFound: there is no such group, nobody of that name, or nothing of theirs to undo.
        NotAllowed: `by` is no steward of the group.
        Conflict: what they did for the group is being undone already.
        Invalid: the server of a handle that is not known does not answer.
    """
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.APPOINT)
    subject = await members.somebody(app, who)
    now = clock.now_ms()
    hours = _within(hours)
    span = _span(group, subject.uri, hours, now, min(at or now, now))
    key = f"roll_back:{group.id}:{subject.id}"  # one at a time: two would each undo the same acts
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        if await jobs.waits(key):
            raise Conflict("What {handle} did for this group is being undone already.", handle=f"@{subject.acct}")
        if subject.kind != "Person" or not await _left(span, "", "rolled_back"):  # what made a group stays
            raise NotFound("{handle} did nothing for this group in that time that counts.", handle=f"@{subject.acct}")
        writes, uri = Writes(), app.urls.activity(next_id())
        value = {"since": str(span.since)}
        acts.record(app, writes, group, face, "rolled_back", subject.uri, value, by=actor_uri, uri=uri)
        args = {"span": msgspec.to_builtins(span), "by": by.uri if by is not None else ""}
        jobs.add(writes, next_id(), "roll_back", args, now, key)
        app.jobs_added(writes)
        await write(writes)
        if by is None:
            await audit.record(account, "group.rollback", f"!{face.username}", who=f"@{subject.acct}", hours=hours)
    return subject


async def ahead(group: Group, who: str, hours: int) -> tuple[list[Act], bool]:
    """The newest of what `order` would let be undone of what somebody did, by their id; and whether there is more."""
    now = clock.now_ms()
    found = await registers.standing(_span(group, who, hours, now, now), AT_ONCE + 1)
    undone = [act for act in found if act.property in UNDOING or act.property in SETTINGS]
    return undone[:AT_ONCE], len(found) > AT_ONCE


def _span(group: Group, who: str, hours: int, now: int, at: int) -> Span:
    return Span(group.id, who, max(at - _within(hours) * HOUR, 0), now)


def _within(hours: int) -> int:
    return min(max(1, hours), LONGEST)


async def work(app: App, span: dict[str, Any], by: str) -> None:
    """The job: roles first, and once more at the end, since nobody who is banned has one."""
    of = msgspec.convert(span, Span)
    group, face = await storage.groups.with_face(of.group_id)
    if group is None or face is None or face.gone:
        return
    orderer = await storage.actors.by_uri(by) if by else None
    if orderer is not None and not (await members.standing(group, orderer)).may(rights.APPOINT):
        orderer = None  # they could when they said so: whoever runs the server does it for them
    case = Case(app, group, face, of, orderer)
    await _each(case, lambda act: act.property == "role")
    await _settings(case)
    await _each(case, lambda act: act.property != "role")
    await _links(case)
    await _each(case, lambda act: act.property == "role")


async def _each(case: Case, wanted: Callable[[Act], bool]) -> None:
    """Undo what counts still and is wanted, newest first; what cannot be undone is passed over."""
    below = 2**62
    while found := await registers.standing(case.span, AT_ONCE, below):
        below = found[-1].id
        earlier = await registers.before(case.span, {act.subject for act in found})
        for act in filter(wanted, found):
            undo = UNDOING.get(act.property)
            if undo is None:
                continue
            held = earlier.get((act.property, act.subject))
            try:
                await undo(case, act, msgspec.json.decode(held) if held is not None else None)
            except AppError as refused:
                LOG.info("not undone act=%s property=%s why=%s", act.uri, act.property, refused)


async def _left(span: Span, *but: str) -> bool:
    return any(act.property not in but for act in await registers.standing(span, AT_ONCE))


async def _settings(case: Case) -> None:
    """All settings at once: servers get one `Update`, and what goes together only together is changed together."""
    found = [act for act in await registers.standing(case.span, 1_000) if act.property in SETTINGS and not act.subject]
    if not found:
        return
    earlier = await registers.before(case.span, [""])
    given: dict[str, Any] = {}
    for act in found:
        known = (act.property, "") in earlier
        if not known and act.property in _UNKNOWN:
            continue
        held = earlier.get((act.property, ""))
        name, read = SETTINGS[act.property]
        value = read(msgspec.json.decode(held) if held is not None else None)
        given[name] = given.get(name, {}) | value if isinstance(value, dict) else value
    try:
        await group_profile.change(case.app, case.face.username, Change(**given), case.by)
    except AppError as refused:
        LOG.info("settings not undone group=%s why=%s", case.face.uri, refused)


async def _links(case: Case) -> None:
    """Links that they made here let nobody in any more; they are no acts of the group."""
    subject, now = await storage.actors.by_uri(case.span.actor_uri), clock.now_ms()
    account = await storage.accounts.by_name(subject.username) if subject is not None and subject.local else None
    if account is None:
        return
    for link in await storage.invites.into(case.group.id, now, 1_000):
        if link.created_by == account.id and case.span.since <= link.created_at <= case.span.until:
            async with transaction():
                if await storage.invites.revoke(link.id, now):
                    await audit.note(audit.SERVER, "invite.revoke", str(link.id))


async def _post(act: Act) -> int:
    found = await posts.by_uri(act.subject)
    if found is None:
        raise NotFound("There is no such post in a group.")
    return found.id


async def _out_again(app: App, by: Actor | None, post_id: int) -> None:
    """It was out before somebody put it back: that was looked at."""
    await curation.remove(app, by, post_id, seconded=True)


async def _removed(case: Case, act: Act, held: Any) -> None:
    await (_out_again if held else curation.restore)(case.app, case.by, await _post(act))


async def _proposed(case: Case, act: Act, held: Any) -> None:
    if held is None and case.by is not None and act.value is not None:
        await proposals.decline(case.app, case.group.id, act.subject, case.by)


async def _locked(case: Case, act: Act, held: Any) -> None:
    over = isinstance(held, dict) and (held.get("until") or clock.now_ms() + 1) <= clock.now_ms()
    await _beside(case, act, held, curation.lock if held and not over else curation.unlock)


async def _pinned(case: Case, act: Act, held: Any) -> None:
    await _beside(case, act, held, curation.pin if held else curation.unpin)


async def _beside(case: Case, act: Act, held: Any, change: Callable[..., Awaitable[None]]) -> None:
    """Of this group, also where it shows a thread of another; where it does not (any more), its word alone."""
    try:
        await change(case.app, case.by, await _post(act), within=case.face.username)
    except NotFound:
        await _word(case, act, held)


async def _moved(case: Case, act: Act, _held: Any) -> None:
    """A thread that was moved out comes back, one that was moved in goes where it was."""
    was = msgspec.json.decode(act.value or "{}")
    face = case.face if "to" in was else await storage.actors.by_uri(was.get("from", ""))
    if face is None or not face.local:
        raise NotFound("There is no such group here any more.")
    await transfers.move(case.app, case.by, await _post(act), face.username)


async def _said(case: Case, act: Act, held: Any) -> None:
    """What somebody was told stays told."""


async def _let_in(case: Case, act: Act, held: Any) -> None:
    """A post that waited and was let in goes out again, unless somebody has looked at it since."""
    looked = await registers.winner(case.group.id, "removed", act.subject)
    if looked is None and msgspec.json.decode(act.value or "{}").get("state") == "released":
        await _out_again(case.app, case.by, await _post(act))


async def _flair(case: Case, act: Act, held: Any) -> None:
    there = {each.uri: each.name for each in await storage.flairs.of_group(case.group.id)}
    names = [there[uri] for uri in held or () if uri in there]
    await flairs.give(case.app, case.by, await _post(act), names[0] if names else "")


async def _title(case: Case, act: Act, held: Any) -> None:
    """Unless its author has said something new since: that is the later word (docs/decisions/0057)."""
    known = await posts.by_uri(act.subject)
    if known is not None and act.value is not None and msgspec.json.decode(act.value)["title"] != known.title:
        return
    await retitling.retitle(case.app, case.by, await _post(act), held.get("title", "") if held else "")


async def _flairs(case: Case, act: Act, held: Any) -> None:
    wanted = [Wanted(each["id"], each["name"], each["color"]) for each in held or ()]
    await flairs.change(case.app, case.face.username, wanted, case.by)


async def _ban(case: Case, act: Act, held: Any) -> None:
    name = case.face.username
    if held is not None and admit.banned(msgspec.json.encode(held).decode()):
        until, remove = held.get("until"), bool(held.get("remove"))
        await members.ban(case.app, name, act.subject, case.by, until, act.summary, remove, seconded=True)
    elif act.value is not None:
        subject = await members.unban(case.app, name, act.subject, case.by)
        await _back(case, act, subject)


async def _taken_out(case: Case, act: Act, held: Any) -> None:
    if (subject := await storage.actors.by_uri(act.subject)) is not None:
        await _back(case, act, subject)


async def _back(case: Case, act: Act, subject: Actor) -> None:
    """Who lives here and was a member until that act is one again; who lives elsewhere has to follow once more."""
    member = await stored_members.of(case.group.id, subject.id)
    if not subject.local or subject.gone or member is None or member.state != "left":
        return
    if act.recorded_at <= (member.left_at or 0) < act.recorded_at + SOON:
        await follows.follow(case.app, subject, case.face.id, invited=True)


async def _role(case: Case, act: Act, held: Any) -> None:
    subject = await storage.actors.by_uri(act.subject)
    if subject is None:
        return
    if held is None:
        await members.dismiss(case.app, case.face.username, subject, case.by)
    else:
        await members.appoint(case.app, case.face.username, subject, case.by, held["role"])


async def _invited(case: Case, act: Act, held: Any) -> None:
    """A link of theirs lets nobody in any more; one that they took back stays so, as others may have been told."""
    if act.value is not None:
        await remote_invites.revoke(case.app, case.face.username, case.by, int(act.subject))


async def _word(case: Case, act: Act, held: Any) -> None:
    actor_uri = await members.who_acts(case.group, case.face, case.by, rights.WELCOME)
    uri = case.app.urls.activity(next_id())
    async with transaction():
        writes = Writes()
        acts.record(
            case.app, writes, case.group, case.face, act.property, act.subject, held, by=actor_uri, uri=uri,
            undoes=act.uri,
        )  # fmt: skip
        await write(writes)


UNDOING: dict[str, Callable[[Case, Act, Any], Awaitable[None]]] = {
    "removed": _removed,
    "proposed": _proposed,
    "locked": _locked,
    "pinned": _pinned,
    "held": _let_in,
    "moved": _moved,
    "flair": _flair,
    "title": _title,
    "flairs": _flairs,
    "ban": _ban,
    "taken_out": _taken_out,
    "role": _role,
    "invitation": _invited,
    "warned": _said,
    **dict.fromkeys(_WORDS, _word),
}
