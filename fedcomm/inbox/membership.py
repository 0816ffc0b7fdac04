"""What groups of Mobilizon say of who belongs to them: they invite, let in, put out, and say what each is in them."""

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import dispatches, memberships
from fedcomm.deputies import MAX_REASON
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.memberships import Known
from storage import actors, blocks, domain_blocks
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.ids import next_id
from storage.memberships import ASKED, JOINED


async def invited(hand: Hand, activity: Activity) -> None:
    """A group elsewhere invites one of ours, as Mobilizon does it; they are told, and decide."""
    by, face = hand.actor(activity.actor), hand.actor(id_of(activity.object) or "")
    who, group = hand.facts.actors.get(activity.target or ""), hand.facts.group_at(face.uri)
    if group is None or group.local or activity.uri is None:
        raise Forbidden("Only groups of other servers invite people so.")
    if who is None or not who.local or who.gone or who.kind != "Person":
        raise Ignored("it is for nobody here")
    if hand.undone(activity) or await _unheard(who, by) or await _unheard(who, face):
        raise Ignored("they do not want to hear of it")
    if not await memberships.invite(hand.app, hand.writes, group, face, who, by, activity.uri):
        raise Ignored("they belong to it, or decide already")
    await write(hand.writes)


async def decided(hand: Hand, activity: Activity, known: Known, *, granted: bool) -> None:
    """A group lets in one of ours who asked, or puts them out, or takes its invitation back."""
    by = hand.actor(activity.actor)
    uri = activity.uri or f"{by.uri}#says/{next_id()}"
    if not await memberships.decide(hand.app, hand.writes, known, by, uri, granted=granted):
        raise Ignored("they did not ask for that, or it is so already")
    if not granted:
        await _tell(hand, hand.writes, known, activity.summary)
    await write(hand.writes)


async def described(hand: Hand, activity: Activity) -> None:
    """A group of Mobilizon, or who looks after it, says what somebody is in it: a member, who looks after it, or
    nothing any more."""
    said = activity.object
    assert isinstance(said, Activity)
    role = said.raw.get("role")
    group = hand.facts.group_at(id_of(said.object) or "")
    if group is None or group.local or not isinstance(role, str):
        raise Ignored("it is about no group elsewhere that is known here")
    who = hand.facts.actors.get(said.actor)
    if who is None and not memberships.ROLES.get(role):
        raise Ignored("it is about nobody here")
    who, by, writes = who or hand.actor(said.actor), hand.actor(activity.actor), Writes()
    uri, face = activity.uri or f"{by.uri}#says/{next_id()}", hand.facts.face_of(group)
    known = await memberships.place(who, group, face) if who.local else None
    if not await memberships.describe(hand.app, writes, group, face, who, by, role, uri):
        raise Ignored("it is known already")
    if known is not None and role not in memberships.ROLES:
        await _tell(hand, writes, known)
    await write(writes)


async def left(hand: Hand, activity: Activity, group: Group) -> None:
    """Somebody is a member of a group elsewhere no more, and does not look after it either."""
    by, face, writes = hand.actor(activity.actor), hand.facts.face_of(group), Writes()
    uri = activity.uri or f"{by.uri}#says/{next_id()}"
    if not await memberships.describe(hand.app, writes, group, face, by, by, "", uri, itself=True):
        raise Ignored("they did not look after it")
    await write(writes)


async def removed(hand: Hand, activity: Activity, group: Group) -> None:
    """Somebody who is not ours was put out of a group elsewhere: if they looked after it, its list says so no more."""
    by, face = hand.actor(activity.actor), hand.facts.face_of(group)
    if group.local or not same_origin(by.uri, face.uri):
        raise Forbidden("Only the server of a group says who was put out of it.")
    memberships.look(hand.app, hand.writes, group)
    await write(hand.writes)


async def _tell(hand: Hand, writes: Writes, before: Known, reason: str = "") -> None:
    """Who asked, or belonged to a group, learns that it does not want that; an invitation just ends."""
    who = await actors.by_id(before.row.actor_id)
    if who is not None and before.row.state == JOINED:
        await dispatches.ended(hand.app, writes, before.face, who, reason[:MAX_REASON])
    elif who is not None and before.row.state == ASKED:
        invited_only = before.group.join_mode == "invite"
        await dispatches.not_let_in(hand.app, writes, before.face, who, reason[:MAX_REASON], invited_only=invited_only)


async def _unheard(who: Actor, other: Actor) -> bool:
    return await blocks.between(who.id, other.id) or await domain_blocks.covers(who.id, other.host)
