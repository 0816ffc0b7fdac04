"""Votes in polls: a note with the name of an answer and no text (FEP-9967 §Voting)."""

from functools import partial

from activitypub.activities import Activity
from activitypub.objects import Note
from fedcomm import admit, clock
from fedcomm import polls as service
from fedcomm.inbox.hand import Hand, Ignored
from storage import polls
from storage.actors import Actor


def vote(hand: Hand, activity: Activity, ballot: Note, voter: Actor) -> None:
    """Count a vote in a poll of ours; what is late, unknown or cast twice counts nothing (attack ORI-32)."""
    question = hand.facts.posts.get(ballot.in_reply_to or "")
    if question is None or not question.local or question.deleted_at is not None:
        raise Ignored("it is no poll of ours")
    if voter.id == question.author_id or question.author_id in hand.facts.blockers(voter.uri):
        raise Ignored("the voter may not vote")
    group = hand.facts.group_of(question)
    if group is not None and group.local:
        admit.voting(group, hand.facts.standing(group, voter.uri))
    polls.cast(hand.writes, question.id, voter.id, ballot.name[:200], ballot.uri, clock.now_ms())
    service.changed(hand.app, hand.writes, question.id)
    hand.writes.after(partial(hand.app.forget_post, question.id))
