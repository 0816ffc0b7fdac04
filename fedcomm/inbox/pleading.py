"""Whether somebody may answer, like or boost a post: what authors elsewhere say to ours, and ours to who asks from
elsewhere (GoToSocial: "Requesting, Obtaining, and Proving Interaction Authorization").
"""

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from activitypub.properties import reference, url
from fedcomm import admit, pleas
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.inbox.hand import Hand, Ignored
from storage import actors
from storage.actors import Actor
from storage.connect import write
from storage.pleas import Plea
from storage.posts import Post


async def decided(hand: Hand, activity: Activity, plea: Plea, *, granted: bool) -> None:
    """The author says yes, with the id of an authorization, or no."""
    hand.actor(activity.actor)
    if granted:
        await pleas.grant(hand.app, hand.writes, plea, activity.actor, url(activity.raw.get("result")) or "")
    else:
        await pleas.refuse(hand.app, hand.writes, plea)
    await write(hand.writes)


async def asked(hand: Hand, activity: Activity) -> None:
    """Whether somebody elsewhere may answer, like or boost a post of one of ours: whoever can see it may.

    What they then do comes as if they had not asked.
    """
    asker, post = hand.actor(activity.actor), hand.known_post(id_of(activity.object) or "")
    thing = reference(activity.raw.get("instrument"))
    if thing is None or activity.uri is None or not same_origin(thing, activity.actor):
        raise Forbidden("Nobody asks for what others do.")
    if not post.local or not hand.facts.shown(post, asker):
        raise Ignored("it is about nothing here that they can see")
    author = await actors.by_id(post.author_id)
    if author is None or author.gone or not hand.app.undo_limit.allows(post.id, asker.host):
        raise Ignored("nobody here answers")
    granted = _may(hand, post, asker)
    await pleas.answer(hand.app, hand.writes, activity, author, post, thing, asker, granted=granted)
    await write(hand.writes)


def _may(hand: Hand, post: Post, asker: Actor) -> bool:
    if post.author_id in hand.facts.blockers(asker.uri):
        return False
    group = hand.facts.group_of(post)
    if group is None or not group.local:
        return True
    try:
        admit.voting(group, hand.facts.standing(group, asker.uri))
    except (Invalid, NotAllowed):
        return False
    return True
