"""Who may send what (FEP-fe34 §Authorization). Each rule names one of these; they run before its handler.

That the signer is the actor, and that the id is of the actor's origin, was seen to before (`authenticity.reduce`).
"""

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from fedcomm.inbox.hand import Hand


def anybody(hand: Hand, activity: Activity) -> None:
    """Whoever says it says it for itself."""


def oneself(hand: Hand, activity: Activity) -> None:
    """Only the actor that it is about.

    Raises:
        Forbidden: somebody else's profile or account.
    """
    if id_of(activity.object) != activity.actor:
        raise Forbidden("An actor is changed and deleted by itself only.")


def who_did_it(hand: Hand, activity: Activity) -> None:
    """Only the one who did what is taken back.

    Raises:
        Forbidden: somebody else did it.
    """
    inner = activity.object
    if not isinstance(inner, Activity) or inner.actor != activity.actor:
        raise Forbidden("It is taken back by who did it only.")


def a_group(hand: Hand, activity: Activity) -> None:
    """Only a group, and not one of ours.

    Raises:
        Forbidden: no group that is known here.
    """
    group = hand.facts.group_at(activity.actor)
    if group is None or group.local:
        raise Forbidden("Only groups pass on what others did.")


def whom_we_asked(hand: Hand, activity: Activity) -> None:
    """Only somebody elsewhere whom a member of ours asked; the handler looks for the request.

    Raises:
        Forbidden: it says to be of ours.
    """
    if hand.app.urls.own(activity.actor):
        raise Forbidden("Ours do not answer from elsewhere.")
