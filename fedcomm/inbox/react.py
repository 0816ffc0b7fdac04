"""Like and Dislike: votes, the last word of each person counts."""

from functools import partial

from activitypub.activities import Activity, id_of
from activitypub.attached import is_emoji
from fedcomm import admit, alerts, clock, groups
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.inbox.hand import Hand, Ignored, PutOff
from storage import posts, reactions, telling
from storage.actors import Actor
from storage.circumstances import DAY
from storage.ids import next_id
from storage.posts import Post

KINDS = {"Like": "like", "EmojiReact": "like", "Dislike": "dislike"}


def vote(hand: Hand, activity: Activity) -> None:
    """Somebody votes on a post that is known here; votes on others are nobody's business here."""
    kind = KINDS[activity.type]
    voter = hand.actor(activity.actor)
    post = hand.known_post(id_of(activity.object) or "")
    if hand.undone(activity):
        raise Ignored("it was undone before")
    if not _may(hand, post, voter, kind):
        raise Ignored("the voter may not vote on this")
    group = hand.facts.group_of(post)
    if group is not None and group.local and not _in_time(hand, activity, post, voter):
        return alerts.of_votes(hand.app, hand.writes, group, post, voter.host)
    record(hand, post, voter, kind, activity, truth="signed")
    if group is not None and group.local:
        face = hand.facts.face_of(group)
        groups.pass_on(hand.app, hand.writes, group, face, hand.raw_of(activity), about=post)


def _in_time(hand: Hand, activity: Activity, post: Post, voter: Actor) -> bool:
    """Whether a vote counts now; else never: too many of its server wait already.

    Raises:
        PutOff: it counts later.
    """
    known = voter.created_at <= clock.now_ms() - DAY
    vote = activity.uri or f"{voter.uri} {activity.type}"
    seconds = hand.app.vote_limit.seconds(post.id, voter.host, vote, known=known)
    if seconds:
        group = hand.facts.group_of(post)
        assert group is not None
        alerts.of_votes(hand.app, hand.writes, group, post, voter.host)
        raise PutOff("many of its server vote on this post now", seconds, hand.writes)
    return seconds is not None


def record(hand: Hand, post: Post, voter: Actor, kind: str, activity: Activity, *, truth: str) -> None:
    """Count the vote, and tell the author here of a like.

    Raises:
        Ignored: a reaction without an emoji, or with several.
    """
    if activity.type == "EmojiReact" and not is_emoji(activity.content):
        raise Ignored("it carries no emoji")
    now = clock.now_ms()
    reactions.put(hand.writes, post.id, voter.id, kind, activity.uri or "", truth, hand.entered_by, now)
    if kind == "like" and post.local and post.author_id not in hand.facts.blockers(voter.uri):
        telling.tell(hand.writes, next_id(), post.author_id, "favourite", voter.id, post.id, now)
    hand.writes.after(partial(hand.app.forget_post, post.id))


def _may(hand: Hand, post: Post, voter: Actor, kind: str) -> bool:
    if post.author_id in hand.facts.blockers(voter.uri):
        return False
    if not hand.facts.shown(post, voter):  # nobody votes on what they cannot have read (attack PRI-17)
        return False
    if post.visibility in (posts.FOLLOWERS, posts.DIRECT):
        return bool(post.local)
    group = hand.facts.group_of(post)
    if group is None or not group.local:
        return True
    if post.removed_at is not None:
        return False
    try:
        admit.voting(group, hand.facts.standing(group, voter.uri), kind)
    except (Invalid, NotAllowed):
        return False
    return True
