"""Undo: something that was done is taken back, by who did it."""

from collections.abc import Awaitable
from functools import partial

from activitypub.activities import Activity, id_of
from fedcomm import admit, groups, members, moderation, rights, seconding, verdicts
from fedcomm import follows as service
from fedcomm.inbox.hand import Hand, Ignored, Wants
from fedcomm.inbox.react import KINDS
from storage import blocks, boosts, follows, reactions, shares
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.posts import Post


def vote(hand: Hand, activity: Activity) -> None:
    """A vote is taken back; the same vote coming again, or late, counts no more (attack SIG-05).

    A group of ours passes that on as seldom as votes, and nothing of who is banned: whoever takes back what they never
    said must not speak through it (attacks GRP-01, GRP-13).
    """
    inner = activity.object
    assert isinstance(inner, Activity)
    hand.take_back(inner.uri)
    voter = hand.withdrawing(activity.actor)
    post = hand.facts.posts.get(id_of(inner.object) or "")
    if post is None or post.deleted_at is not None:
        return  # that the vote was taken back is remembered, whenever it and its post come
    reactions.remove(hand.writes, post.id, voter.id, KINDS[inner.type])
    hand.writes.after(partial(hand.app.forget_post, post.id))
    group = hand.facts.group_of(post)
    if group is None or not group.local or admit.banned(hand.facts.standing(group, voter.uri).ban):
        return
    if hand.facts.shown(post, voter) and hand.app.undo_limit.allows(post.id, voter.host):
        groups.pass_on(hand.app, hand.writes, group, hand.facts.face_of(group), hand.raw_of(activity), about=post)


def announce(hand: Hand, activity: Activity) -> None:
    """A boost is taken back; a group's boost takes the thread out of what the group shows as its own."""
    inner = activity.object
    uri = id_of(inner) or ""
    booster = hand.withdrawing(activity.actor)
    known = hand.facts.boosts.get(uri)
    hand.take_back(uri)
    if known is None or known.actor_id != booster.id:
        return  # it may still come, and counts no more
    boosts.remove(hand.writes, known)
    if (group := hand.facts.group_at(booster.uri)) is not None:
        shares.drop(hand.writes, group.id, known.post_id)
    hand.writes.after(partial(hand.app.forget_post, known.post_id))


async def by_id(hand: Hand, activity: Activity) -> None:
    """What is undone is named by its id alone: a boost, a vote or a follow that is looked up by it."""
    uri = id_of(activity.object) or ""
    who = hand.withdrawing(activity.actor)
    if uri in hand.facts.boosts:
        announce(hand, activity)
    else:
        hand.take_back(uri)
        reactions.remove_by_uri(hand.writes, uri, who.id)
    asked = await follows.by_uri(uri)
    if asked is not None and asked.follower_id == who.id:
        await service.record_end(hand.app, who.id, asked.target_id)
    await write(hand.writes)


def delete(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """A moderator puts a post back into a group of ours, or an author takes a deletion back (Lemmy, PieFed)."""
    inner = activity.object
    assert isinstance(inner, Activity)
    gone = hand.facts.posts.get(id_of(inner.object) or "")
    if gone is not None and revived(hand, gone, activity.actor):
        group = hand.facts.group_of(gone)
        if group is not None and group.local:
            face = hand.facts.face_of(group)
            groups.pass_on(hand.app, hand.writes, group, face, hand.raw_of(activity), about=gone)
        return None
    known = hand.known_post(id_of(inner.object) or "")
    group = hand.facts.group_of(known)
    if group is None or not group.local or known.removed_at is None:
        raise Ignored("it is nothing that can be put back")
    moderator = hand.actor(activity.actor)
    admit.right(hand.facts.standing(group, moderator.uri), rights.REMOVE)
    return _put_back(hand, activity, group, known, moderator)


async def _put_back(hand: Hand, activity: Activity, group: Group, known: Post, moderator: Actor) -> None:
    inner, face, writes = activity.object, hand.facts.face_of(group), Writes()
    proposed = await seconding.standing(group, known.uri)
    if proposed is not None:  # of which no other server has heard
        act = seconding.over(hand.app, writes, group, face, proposed, moderator.uri)
        seconding.show(hand.app, writes, act, known)
        await write(writes)
        return
    undone = (inner.uri if isinstance(inner, Activity) else None) or ""
    moderation.record_restoration(hand.app, writes, group, face, known, moderator, activity.uri or "", undone)
    groups.pass_on(hand.app, writes, group, face, hand.raw_of(activity), about=known)
    groups.show_limited(hand.app, writes, group, face, known)
    await write(writes)


def revived(hand: Hand, gone: Post, by: str) -> bool:
    """Whether it is for its author to take back that this post was deleted; then its origin was asked for it.

    Raises:
        Wants: it was not asked yet.
    """
    author = hand.facts.author_of(gone)
    if author is None or author.uri != by or gone.local:
        return False
    if gone.uri in hand.refreshed:
        return gone.deleted_at is None
    if gone.deleted_at is None:
        return False
    raise Wants(revived_posts=(gone.uri,))


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
    admit.right(hand.facts.standing(group, moderator.uri), rights.BAN)
    face = hand.facts.face_of(group)
    await members.show_threads_again(hand.app, writes, group, face, subject)
    moderation.record_unban(hand.app, writes, group, face, subject, moderator.uri, activity.uri or "", inner.uri or "")
    await verdicts.lifted(hand.app, writes, group, face, subject)
    await members.take_in_again(writes, group, face, subject)
    also = await verdicts.server_of(group, subject)
    groups.pass_on(hand.app, writes, group, face, hand.raw_of(activity), also=also)
