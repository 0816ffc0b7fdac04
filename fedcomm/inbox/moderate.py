"""Lock, Add, Remove, Update of a group: those who run a group do so, here or elsewhere (FEP-1b12 §Group moderation).

Directly they act for groups of ours, whose followers then hear of it; announced by a group elsewhere they count for
that group, when it lists them.
"""

import msgspec

from activitypub.activities import Activity, id_of
from activitypub.actors import Actor as Profile
from activitypub.audience import group_of
from activitypub.errors import Forbidden, ProtocolError
from activitypub.parse import actor as parse_actor
from fedcomm import (
    admit,
    bios,
    borrowing,
    cautions,
    clock,
    group_profile,
    groups,
    letters,
    mapping,
    members,
    memberships,
    moderation,
    rights,
    sanitise,
    sharing,
    showing,
    verdicts,
)  # fmt: skip
from fedcomm.errors import Invalid
from fedcomm.group_profile import MAX_RULE, MAX_RULES
from fedcomm.groups import MAX_SUMMARY
from fedcomm.inbox import announce, membership, shared, topics
from fedcomm.inbox.hand import Hand, Ignored
from storage import blocks, domain_blocks, flairs, registers
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post


class Case(msgspec.Struct, frozen=True):
    """Who does what for which group; `uri` is the id of the act."""

    group: Group
    face: Actor
    moderator: Actor
    act: Activity
    uri: str


async def lock(hand: Hand, activity: Activity) -> None:
    """A moderator closes a thread of a group of ours to answers, or opens it again by an Undo.

    The group is that to which the act is addressed, if that shows a thread of another, else that of the thread.
    """
    post = hand.known_post(_subject(activity))
    named = group_of(activity.audience, lambda uri: _has(hand, hand.facts.group_at(uri), post))
    group = hand.facts.group_at(named) if named else None
    case = ours(hand, activity, group.id if group is not None else post.group_id, rights.LOCK)
    await _lock(hand, case)


async def locked(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a thread of it is closed to answers, or open again."""
    act = activity.object
    known = hand.facts.posts.get(_subject(act)) if isinstance(act, Activity) else None
    await _lock(hand, theirs(hand, activity, unfollowed=announce.from_here(hand, known)))


async def listing(hand: Hand, activity: Activity) -> None:
    """A thread of a group of ours is pinned, or somebody made a moderator by a steward, or the other way round. Or a
    group of Mobilizon takes out one of ours, or one of NodeBB has a thread no more; or one of ours shows it no more."""
    if (known := await memberships.named(id_of(activity.object))) is not None:
        return await membership.decided(hand, activity, known, granted=False)
    if activity.type == "Remove" and (elsewhere := hand.facts.group_at(activity.origin or "")) is not None:
        return await membership.removed(hand, activity, elsewhere)
    left = hand.facts.group_at(activity.target or "") if activity.type == "Remove" else None
    if left is not None and not left.local:
        return await topics.removed(hand, activity, left)
    post = hand.facts.posts.get(id_of(activity.object) or "")
    if left is not None:
        return await _unshare(hand, activity, left, post)
    named = group_of(activity.audience, lambda uri: hand.facts.group_at(uri) is not None)
    group = hand.facts.group_at(named) if named else None
    group_id = group.id if group is not None else post.group_id if post is not None else None
    case = ours(hand, activity, group_id, rights.OVERSEE)
    await _list(hand, case)


async def _unshare(hand: Hand, activity: Activity, group: Group, post: Post | None) -> None:
    """A group of ours shows a thread of another no more, says who looks after it, or began or shared the thread."""
    by = hand.actor(activity.actor)
    if post is None or activity.uri is None:
        raise Ignored("it names nothing that the group shows")
    await sharing.ended(hand.app, group, hand.facts.face_of(group), post, by, activity.uri)


async def listed(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a thread is pinned or somebody moderates it, or is and does so no more.

    That one of ours looks after it, or does no more, is heard though nobody here follows it: they can act from here.
    """
    ours = hand.ours_in(activity)
    act = activity.object
    known = hand.facts.posts.get(id_of(act.object) or "") if isinstance(act, Activity) else None
    case = theirs(hand, activity, unfollowed=ours is not None or announce.from_here(hand, known))
    if ours is not None and case.act.type == "Add" and await _unwanted(hand, ours, case.face):
        raise Ignored("who would look after the group has blocked it")
    await _list(hand, case)


async def _banned_here(hand: Hand, activity: Activity, subject: Actor | None) -> bool:
    """Whether it is about somebody here whom the group has banned."""
    group = hand.facts.group_at(activity.actor)
    if group is None or subject is None or not subject.local:
        return False
    return admit.banned(await registers.get(group.id, "ban", subject.uri))


async def _unwanted(hand: Hand, ours: Actor, face: Actor) -> bool:
    return await blocks.between(ours.id, face.id) or await domain_blocks.covers(ours.id, face.host)


async def unbanned(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a ban was lifted; to its server also when nobody there follows it since."""
    act = activity.object
    ban = act.object if isinstance(act, Activity) else None
    assert isinstance(ban, Activity)
    subject = hand.facts.actors.get(id_of(ban.object) or "")
    case = theirs(hand, activity, unfollowed=await _banned_here(hand, activity, subject))
    if subject is None or ban.target not in (None, case.face.uri):
        raise Ignored("it is about nobody here")
    writes = Writes()
    moderation.record_unban(
        hand.app, writes, case.group, case.face, subject, case.moderator.uri, case.uri, ban.uri or ""
    )
    await verdicts.lifted(hand.app, writes, case.group, case.face, subject)
    await write(writes)


async def warned(hand: Hand, activity: Activity) -> None:
    """A moderator warns who wrote a post in a group, because of it (Lemmy 1.0); nobody else hears of it."""
    by, post = hand.actor(activity.actor), hand.known_post(id_of(activity.object) or "")
    group, author = hand.facts.group_of(post), hand.facts.author_of(post)
    if group is None or author is None or not activity.summary or not (group.local or author.local):
        raise Ignored("it is about nobody here, or says not why")
    face = hand.facts.face_of(group)
    if group.local:
        admit.right(hand.facts.standing(group, by.uri), rights.REMOVE)
    elif not announce.moderates(hand, group, face, by.uri):
        raise Forbidden("Only moderators of a group warn in it.")
    reason, uri, writes = activity.summary[: cautions.MAX_REASON], activity.uri or "", Writes()
    await cautions.record(hand.app, writes, group, face, post, author, by, uri, reason)
    await write(writes)


async def describe(hand: Hand, activity: Activity, group: Group) -> None:
    """A steward elsewhere changes what a group of ours is called, says of itself, its pictures, and who may post in it.

    Nothing else of the document counts: neither its keys nor its addresses are a steward's to change (attack GRP-07).
    """
    case = ours(hand, activity, group.id, rights.SETTINGS)
    said = _profile(activity)
    told = sanitise.clean(said.summary[: MAX_SUMMARY + MAX_RULES * MAX_RULE])
    told = bios.without_hint(told, bios.handle(case.face, hand.app.host))
    summary = mapping.rules.without_rules(told, await group_profile.rules(group.id))
    writes = Writes()
    try:
        changed = group_profile.record(
            hand.app, writes, case.group, case.face, by=case.moderator.uri, uri=case.uri, title=said.name or None,
            summary_html=sanitise.clean(summary[:MAX_SUMMARY]), only_moderators=said.posting_restricted,
        )  # fmt: skip
    except Invalid as why:
        raise Forbidden(str(why)) from why
    if not borrowing.later(hand.app, writes, case.group, case.face, case.moderator, said) and not changed:
        raise Ignored("nothing of it has changed")
    await write(writes)
    if changed:
        await group_profile.tell(hand.app, group.id, hand.raw_of(activity))


async def _lock(hand: Hand, case: Case) -> None:
    undone = case.act.object if case.act.type == "Undo" else None
    post = hand.known_post(_subject(case.act))
    if not _has(hand, case.group, post):
        raise Forbidden("The post is not in this group.")
    if case.act.ends is not None and case.act.ends <= clock.now_ms():
        raise Ignored("it is over")
    writes = Writes()
    if isinstance(undone, Activity):
        moderation.record_unlock(
            hand.app, writes, case.group, case.face, post, case.moderator, case.uri, undone.uri or ""
        )
    else:
        moderation.record_lock(
            hand.app, writes, case.group, case.face, post, case.moderator, case.uri, case.act.summary,
            case.act.ends,
        )  # fmt: skip
    await _done(hand, case, writes, post)


async def _list(hand: Hand, case: Case) -> None:
    """PieFed 1.6.6 names no target where the community was made by its API: then the object says what is meant."""
    uri, target = id_of(case.act.object) or "", case.act.target
    post = hand.facts.posts.get(uri)
    if target == case.face.featured or (target is None and post is not None):
        return await _pin(hand, case, hand.known_post(uri))
    if post is not None and target in {flair.uri for flair in await flairs.of_group(case.group.id)}:
        return await _flair(hand, case, hand.known_post(uri), str(target))
    if target == moderation.stewards_of(case.face):
        return await _steward(hand, case, hand.actor(uri))
    if target is not None and target != case.face.moderators:
        raise Forbidden("This is no list of the group.")
    await _role(hand, case, hand.actor(uri))


async def _pin(hand: Hand, case: Case, post: Post) -> None:
    if not _has(hand, case.group, post) or not post.starter:
        raise Forbidden("The post began no thread in this group.")
    _check(hand, case, rights.PIN)
    pinned = case.act.type == "Add"
    writes = Writes()
    moderation.record_pin(hand.app, writes, case.group, case.face, post, case.moderator, case.uri, pinned=pinned)
    await _done(hand, case, writes, post)


async def _flair(hand: Hand, case: Case, post: Post, flair: str) -> None:
    """As fedcomm says it: a flair is a list of threads, and each is on one at most."""
    if post.group_id != case.group.id or not post.starter:
        raise Forbidden("The post began no thread in this group.")
    _check(hand, case, rights.FLAIR)
    uris, writes = [flair] if case.act.type == "Add" else [], Writes()
    moderation.record_flair(hand.app, writes, case.group, case.face, post, uris, case.moderator.uri, case.uri)
    await _done(hand, case, writes, post)


async def _role(hand: Hand, case: Case, subject: Actor) -> None:
    if subject.kind != "Person":
        raise Forbidden("Only people moderate a group.")
    given = case.act.type == "Add"
    if case.group.local:
        if given or subject.id != case.moderator.id:  # everybody may step down
            _check(hand, case, rights.APPOINT)
        if given and admit.banned(await registers.get(case.group.id, "ban", subject.uri)):
            raise Forbidden("They are banned from this group.")
        if given and registers.role(await registers.get(case.group.id, "role", subject.uri)):
            raise Ignored("they look after the group already")  # a steward is not made a mere moderator by it
        if not given and await members.is_last_steward(case.group, subject.uri):
            raise Forbidden("A group needs a steward.")  # attack GRP-22
    writes = Writes()
    moderation.record_role(
        hand.app, writes, case.group, case.face, subject.uri, case.moderator.uri, case.uri, given=given
    )
    if case.group.local and given and not subject.local:
        await letters.appointed(hand.app, writes, case.face, subject, next_id())
    await _done(hand, case, writes, None, members.told(subject))


async def _steward(hand: Hand, case: Case, subject: Actor) -> None:
    """By the list that only fedcomm has: who is not on it any more is a moderator still."""
    if subject.kind != "Person":
        raise Forbidden("Only people moderate a group.")
    given, writes = case.act.type == "Add", Writes()
    if case.group.local:
        _check(hand, case, rights.STEWARDS)
        before = registers.role(await registers.get(case.group.id, "role", subject.uri))
        if before == (rights.STEWARD if given else rights.MODERATOR) or not (before or given):
            raise Ignored("it is so already")
        if given and admit.banned(await registers.get(case.group.id, "ban", subject.uri)):
            raise Forbidden("They are banned from this group.")
        if not given and await members.is_last_steward(case.group, subject.uri):
            raise Forbidden("A group needs a steward.")  # attack GRP-22
        if given:
            await members.keep_stewards(hand.app, writes, case.group, case.face, subject.uri, case.moderator.uri)
    role = rights.STEWARD if given else rights.MODERATOR
    moderation.record_role(
        hand.app, writes, case.group, case.face, subject.uri, case.moderator.uri, case.uri, given=True, role=role
    )
    await _done(hand, case, writes, None, members.told(subject))


async def _done(hand: Hand, case: Case, writes: Writes, post: Post | None, also: tuple[str, ...] = ()) -> None:
    if case.group.local and post is not None and post.group_id != case.group.id:
        told = shared.concerned(hand, post)
        showing.decided(hand.app, writes, case.group, case.face, post, hand.raw_of(case.act), told)
    elif case.group.local:
        groups.pass_on(hand.app, writes, case.group, case.face, hand.raw_of(case.act), about=post, also=also)
    await write(writes)


def ours(hand: Hand, activity: Activity, group_id: int | None, right: str) -> Case:
    """The case of somebody who acts for one of our groups, and has the right to; or for one of their own server."""
    moderator = hand.actor(activity.actor)
    group = hand.facts.groups.get(group_id) if group_id is not None else None
    if group is None:
        raise Ignored("it is about no group that is known here")
    if not group.local:
        return theirs(hand, announce.at_home(hand, activity, group))
    if activity.uri is None:  # nobody could pass it on, or take it back
        raise Forbidden("What somebody does for a group needs an id.")
    admit.right(hand.facts.standing(group, moderator.uri), right)
    return Case(group, hand.facts.face_of(group), moderator, activity, activity.uri or "")


def _has(hand: Hand, group: Group | None, post: Post) -> bool:
    """Whether a thread is in a group, or the group shows it beside its own."""
    return group is not None and (post.group_id == group.id or shared.shows(hand, hand.facts.face_of(group), post))


def _check(hand: Hand, case: Case, right: str) -> None:
    """What somebody may do in a group elsewhere, that group has asked."""
    if case.group.local:
        admit.right(hand.facts.standing(case.group, case.moderator.uri), right)


def theirs(hand: Hand, activity: Activity, *, unfollowed: bool = False) -> Case:
    """The case of somebody who acted for a group elsewhere, as that group passes on; `unfollowed`: to whoever lives
    here and has to know it."""
    group, face = announce.announcer(hand, activity, late=unfollowed)
    act = activity.object
    assert isinstance(act, Activity)
    if not announce.moderates(hand, group, face, act.actor):
        raise Forbidden("Only moderators act for a group.")
    return Case(group, face, hand.actor(act.actor), act, act.uri or activity.uri or "")


def _subject(act: Activity) -> str:
    """The id of what a Lock, or the Undo of one, is about."""
    inner = act.object if act.type == "Undo" else act
    return (id_of(inner.object) if isinstance(inner, Activity) else None) or ""


def _profile(activity: Activity) -> Profile:
    raw = activity.raw.get("object")
    if not isinstance(raw, dict):
        raise Ignored("it does not say what has changed")
    try:
        return parse_actor(raw)
    except ProtocolError as why:
        raise Ignored(f"it does not say what has changed: {why}") from why
