"""Undo: something that was done is taken back, by who did it."""

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import host_of
from fedcomm import admit, clock, groups, members, moderation
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.inbox.react import KINDS
from storage import blocks, boosts, posts, reactions
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group


def vote(hand: Hand, activity: Activity) -> None:
    """A vote is taken back; the same vote coming again, or late, counts no more (attack SIG-05)."""
    inner = activity.object
    assert isinstance(inner, Activity)
    _bury(hand, inner.uri)
    voter = hand.actor(activity.actor)
    post = hand.known_post(id_of(inner.object) or "")
    reactions.remove(hand.writes, post.id, voter.id, KINDS[inner.type])
    hand.writes.after(lambda: hand.app.forget_post(post.id))
    group = hand.facts.group_of(post)
    if group is not None and group.local:
        face = hand.facts.face_of(group)
        groups.pass_on(hand.app, hand.writes, face, hand.raw_of(activity), thread_id=post.thread_id)


def announce(hand: Hand, activity: Activity) -> None:
    """A boost is taken back; a group's boost takes the thread out of what the group shows as its own."""
    inner = activity.object
    uri = id_of(inner) or ""
    booster = hand.actor(activity.actor)
    known = hand.facts.boosts.get(uri)
    _bury(hand, uri)
    if known is None or known.actor_id != booster.id:
        raise Ignored("it is no boost that is known here")
    boosts.remove(hand.writes, known)
    hand.writes.after(lambda: hand.app.forget_post(known.post_id))


def by_id(hand: Hand, activity: Activity) -> None:
    """What is undone is named by its id alone: a boost, or a vote that is looked up by it."""
    uri = id_of(activity.object) or ""
    if uri in hand.facts.boosts:
        return announce(hand, activity)
    voter = hand.actor(activity.actor)
    _bury(hand, uri)
    reactions.remove_by_uri(hand.writes, uri, voter.id)


def delete(hand: Hand, activity: Activity) -> None:
    """A moderator puts a post back into a group of ours; an author's deletion is for good."""
    inner = activity.object
    assert isinstance(inner, Activity)
    known = hand.known_post(id_of(inner.object) or "")
    group = hand.facts.group_of(known)
    if group is None or not group.local or known.removed_at is None:
        raise Ignored("it is nothing that can be put back")
    moderator = hand.actor(activity.actor)
    admit.moderating(hand.facts.standing(group, moderator.uri))
    face = hand.facts.face_of(group)
    moderation.record_restoration(
        hand.app, hand.writes, group, face, known, moderator, activity.uri or "", inner.uri or ""
    )
    groups.pass_on(hand.app, hand.writes, face, hand.raw_of(activity), thread_id=known.thread_id)
    groups.show_thread(hand.app, hand.writes, face, known)


async def block(hand: Hand, activity: Activity) -> None:
    """A block between people, or a ban from a group of ours, is lifted."""
    inner = activity.object
    assert isinstance(inner, Activity)
    blocker = hand.actor(activity.actor)
    subject = hand.facts.actors.get(id_of(inner.object) or "")
    group = hand.facts.group_at(inner.target or "")
    if subject is None:
        raise Ignored("it is about nobody here")
    writes = Writes()
    if group is not None:
        await _unban(hand, activity, inner, group, blocker, subject, writes)
    else:
        blocks.remove(writes, blocker.id, subject.id)
    await write(writes)


async def _unban(
    hand: Hand, activity: Activity, inner: Activity, group: Group, moderator: Actor, subject: Actor, writes: Writes
) -> None:
    if not group.local:
        raise Forbidden("That a ban from a group elsewhere is lifted comes from that group.")
    admit.moderating(hand.facts.standing(group, moderator.uri))
    face = hand.facts.face_of(group)
    await members.show_threads_again(hand.app, writes, group, face, subject)
    moderation.record_unban(hand.app, writes, group, face, subject, moderator.uri, activity.uri or "", inner.uri or "")
    await members.take_in_again(writes, group, face, subject)
    groups.pass_on(hand.app, writes, face, hand.raw_of(activity))


def _bury(hand: Hand, uri: str | None) -> None:
    if uri and host_of(uri) == host_of(hand.signer):
        posts.bury(hand.writes, uri, hand.entered_by, "undone", clock.now_ms())
