"""Move: somebody elsewhere has another account now; followers here go along (FEP-7628 §Move activity).

What is moved otherwise is a thread (`topics.py`).
"""

import msgspec

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from fedcomm import admit, clock
from fedcomm.inbox import topics
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage import actors, follows, jobs
from storage.connect import Writes, write
from storage.ids import next_id

COOLDOWN = 7 * 86_400_000  # ms in which a second move of an account elsewhere leads nobody on, as at Mastodon


async def move(hand: Hand, activity: Activity) -> None:
    """An account moves, which is believed only when the old one says it and the new one names that (attack ORI-17). Or
    a group elsewhere has a thread no more, which another one has.

    Raises:
        Wants: how both profiles read now must be asked first.
    """
    old_uri, new_uri = activity.actor, activity.target
    if id_of(activity.object) != old_uri and activity.origin is not None:
        return await topics.moved(hand, activity)
    if id_of(activity.object) != old_uri or not new_uri or new_uri == old_uri:
        raise Forbidden("An account moves itself, and to another one.")
    old = hand.facts.actors.get(old_uri)
    if old is None or not await follows.followers_here(old.id):
        raise Ignored("nobody here follows the account")
    if new_uri not in hand.refreshed and not hand.app.urls.own(new_uri):
        raise Wants(fresh_actors=(new_uri,))
    new = await actors.by_uri(new_uri)
    if new is None or new.gone or old_uri not in msgspec.json.decode(new.also_known_as):
        raise Forbidden("The new account does not say that it was the old one.")
    if (old.kind == "Group") != (new.kind == "Group"):
        raise Forbidden("A person does not become a group, nor a group a person.")
    admit.server(hand.app.peers, new.host)
    now = clock.now_ms()
    if old.moved_at is not None and old.moved_at > now - COOLDOWN:
        raise Ignored("the account has moved not long ago")  # loops end here
    writes = Writes()
    actors.change_later(writes, old.id, moved_to_id=new.id, moved_at=now)
    jobs.add(writes, next_id(), "follow_moved", {"old": old.id, "new": new.id}, 0, key=f"follow_moved:{old.id}")
    hand.app.jobs_added(writes)
    await write(writes)
