"""Follow, and what is answered to it: joining and leaving groups is the same for other servers."""

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import host_of
from fedcomm import clock, memberships, pleas, questions, refusals, requests
from fedcomm import follows as service
from fedcomm.inbox import membership, pleading
from fedcomm.inbox.hand import Hand, Ignored
from storage import actors, blocks, domain_blocks, follows, outbox
from storage.actors import Actor
from storage.connect import write
from storage.follows import Follow
from storage.groups import Group


async def follow(hand: Hand, activity: Activity) -> None:
    """Somebody elsewhere follows one of ours; a group takes them in or lets them wait (FEP-1b12 §Following a Group)."""
    follower = hand.actor(activity.actor)
    target = await _ours(hand, id_of(activity.object))
    if hand.undone(activity):
        raise Ignored("it was undone before")
    if await blocks.between(target.id, follower.id) or await domain_blocks.covers(target.id, follower.host):
        return await service.refuse(hand.app, target, follower, activity.uri or "")
    await service.record_follow(hand.app, follower, target, activity.uri or "")


async def join(hand: Hand, activity: Activity) -> None:
    """Somebody elsewhere joins a group of ours as Mobilizon does it: the same as following it; the answer bears the
    same id. In an event nobody here can take part."""
    await _group(hand, activity)
    await follow(hand, activity)


async def leave(hand: Hand, activity: Activity) -> None:
    """Somebody elsewhere leaves a group of ours as Mobilizon does it; who leaves one there looks after it no more."""
    place = hand.facts.group_at(id_of(activity.object) or "")
    if place is not None and not place.local:
        return await membership.left(hand, activity, place)
    target, follower = await _group(hand, activity), hand.actor(activity.actor)
    await service.record_end(hand.app, follower.id, target.id)


async def accepted(hand: Hand, activity: Activity) -> None:
    """Somebody whom one of ours asked says yes; nobody else can (attack ORI-16). Or a moderator of a group of ours who
    lives elsewhere lets somebody in."""
    if (place := _decided(hand, activity)) is not None:
        asker, by = hand.actor(id_of(activity.object) or ""), hand.actor(activity.actor)
        return await requests.accept(hand.app, place.username, asker.id, by)
    if (known := await memberships.named(id_of(activity.object))) is not None:
        return await membership.decided(hand, activity, known, granted=True)
    if (plea := await pleas.asked(id_of(activity.object) or "", activity.actor)) is not None:
        return await pleading.decided(hand, activity, plea, granted=True)
    found = await _request(hand, activity)
    target = hand.actor(activity.actor)
    await service.record_acceptance(hand.app, found, target)


async def rejected(hand: Hand, activity: Activity) -> None:
    """Somebody whom one of ours asked says no, or ends it; or a server does not want an activity of ours.

    NodeBB 4.15.1 rejects by its own actor what it cannot handle, and leaves the delivery without an answer. Or a
    moderator of a group of ours who lives elsewhere turns somebody down.
    """
    if (place := _decided(hand, activity)) is not None:
        asker, by = hand.actor(id_of(activity.object) or ""), hand.actor(activity.actor)
        return await requests.deny(hand.app, place.username, asker.id, activity.summary[: requests.MAX_REASON], by)
    uri = id_of(activity.object) or ""
    if (known := await memberships.named(uri)) is not None:
        return await membership.decided(hand, activity, known, granted=False)
    if (plea := await pleas.asked(uri, activity.actor)) is not None:
        return await pleading.decided(hand, activity, plea, granted=False)
    if (
        hand.app.urls.own(uri)
        and await follows.by_uri(service.first_id(uri)) is None
        and (seqs := await outbox.seqs_of(uri))
    ):
        return await _unwanted(hand, activity, seqs)
    found = await _request(hand, activity)
    group = hand.facts.group_at(activity.actor)
    if group is None:
        return await service.record_end(hand.app, found.follower_id, found.target_id)
    await refusals.end(hand.app, found, group, hand.facts.face_of(group), activity.summary)


async def _unwanted(hand: Hand, activity: Activity, seqs: list[int]) -> None:
    """The server of the actor, and no other, gets these entries of the log no more."""
    host = host_of(activity.actor)
    for seq in seqs:
        outbox.note(hand.writes, host, seq, "", 0, f"rejected by {activity.actor}", clock.now_ms())
    if (sender := hand.app.sender) is not None:
        hand.writes.after(lambda: sender.rejected(host, seqs))
    await write(hand.writes)


async def undone(hand: Hand, activity: Activity) -> None:
    """A follower leaves. What names no follow we know by its id is found by who and whom."""
    inner = activity.object
    target_uri = id_of(inner.object) if isinstance(inner, Activity) else None
    follower = hand.facts.actors.get(activity.actor)
    hand.take_back(inner.uri if isinstance(inner, Activity) else None)
    await write(hand.writes)
    if follower is None:
        return
    target = await actors.by_uri(target_uri) if target_uri else None
    if target is None or not target.local:
        return
    await service.record_end(hand.app, follower.id, target.id)


async def offered(hand: Hand, activity: Activity) -> None:
    """A group elsewhere tells its moderators here that somebody asks to join; they answer with Accept or Reject."""
    group, face = _asking(hand, activity)
    who, told = hand.actor(id_of(activity.object) or ""), activity.audience.everyone
    if not await questions.offered(hand.writes, group, face, who, activity.uri or "", activity.summary, told):
        raise Ignored("nobody here decides about it")
    await write(hand.writes)


async def withdrawn(hand: Hand, activity: Activity) -> None:
    """Who asked a group elsewhere waits no more: others have decided, or they have left."""
    inner = activity.object
    group, face = _asking(hand, activity)
    who = hand.facts.actors.get((id_of(inner.object) if isinstance(inner, Activity) else None) or "")
    if who is not None:
        questions.over(hand.writes, group, face, who)
    await write(hand.writes)


def _asking(hand: Hand, activity: Activity) -> tuple[Group, Actor]:
    group = hand.facts.group_at(activity.actor)
    if group is None or group.local:
        raise Forbidden("Only groups let people in.")
    return group, hand.facts.face_of(group)


def _decided(hand: Hand, activity: Activity) -> Actor | None:
    """The group of ours about which somebody elsewhere decides, when an answer is that; who may is asked later."""
    group = hand.facts.group_at(activity.target or "")
    return hand.facts.face_of(group) if group is not None and group.local else None


async def _ours(hand: Hand, uri: str | None) -> Actor:
    target = hand.facts.actors.get(uri or "")
    if target is None or not target.local or target.gone or target.kind == "Application":
        raise Ignored("it is about nobody here")
    return target


async def _group(hand: Hand, activity: Activity) -> Actor:
    target = await _ours(hand, id_of(activity.object))
    if target.kind != "Group":
        raise Ignored("only groups are joined")
    return target


async def _request(hand: Hand, activity: Activity) -> Follow:
    """The request of one of ours that is answered: by its id, or by who and whom.

    An id of ours that is not that of the request is that of an earlier one, which was taken back: its answer is late.
    """
    inner = activity.object
    uri = id_of(inner) or ""
    found = await follows.by_uri(service.first_id(uri)) if uri else None
    answering = hand.facts.actors.get(activity.actor)
    if found is None and isinstance(inner, Activity) and answering is not None and not hand.app.urls.own(uri):
        asking = await actors.by_uri(inner.actor)
        if asking is not None and asking.local:
            found = await follows.of(asking.id, answering.id)
    if found is None or answering is None or found.target_id != answering.id:
        raise Ignored("nobody here asked for that")
    return found
