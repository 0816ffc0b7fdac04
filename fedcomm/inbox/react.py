"""Like and Dislike: votes, the last word of each person counts."""

from activitypub.activities import Activity, id_of
from activitypub.attached import is_emoji
from fedcomm import admit, alerts, clock, groups
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.inbox.hand import Hand, Ignored
from storage import posts, reactions, telling
from storage.actors import Actor
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
    if group is not None and group.local and not hand.app.vote_limit.allows(post.id, voter.host):
        return alerts.of_votes(hand.app, hand.writes, group, post, voter.host)
    record(hand, post, voter, kind, activity, truth="signed")
    if group is not None and group.local:
        face = hand.facts.face_of(group)
        groups.pass_on(hand.app, hand.writes, group, face, hand.raw_of(activity), about=post)


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
    hand.writes.after(lambda: hand.app.forget_post(post.id))


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
