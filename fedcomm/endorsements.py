"""Recommending people on one's profile."""

import storage.endorsements
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage import relationships
from storage.actors import Actor
from storage.ids import next_id

MAX_ENDORSED = 100  # people of one member


async def endorse(app: App, actor: Actor, target: Actor) -> None:
    """Somebody whom the member follows stands on their profile.

    Raises:
        Invalid: the member does not follow them, or there are too many.
    """
    (known,) = await relationships.between(actor.id, [target.id])
    if not known.following:
        raise Invalid("You must be already following the person you want to endorse.")
    if not known.endorsed and await storage.endorsements.count(actor.id) >= MAX_ENDORSED:
        raise Invalid("You cannot feature more than {limit} people.", limit=MAX_ENDORSED)
    await storage.endorsements.put(next_id(), actor.id, target.id)


async def unendorse(app: App, actor: Actor, target: Actor) -> None:
    """They stand there no more; who did not is no error."""
    await storage.endorsements.remove(actor.id, target.id)
