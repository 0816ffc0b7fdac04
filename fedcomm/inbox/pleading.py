"""Answers of authors elsewhere, who decide whether one of ours may answer, like or boost a post of theirs."""

from activitypub.activities import Activity
from activitypub.properties import url
from fedcomm import pleas
from fedcomm.inbox.hand import Hand
from storage.connect import write
from storage.pleas import Plea


async def decided(hand: Hand, activity: Activity, plea: Plea, *, granted: bool) -> None:
    """The author says yes, with the id of an authorization, or no."""
    hand.actor(activity.actor)
    if granted:
        await pleas.grant(hand.app, hand.writes, plea, activity.actor, url(activity.raw.get("result")) or "")
    else:
        await pleas.refuse(hand.app, hand.writes, plea)
    await write(hand.writes)
