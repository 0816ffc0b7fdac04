"""Muting: what somebody says stays away from a member, who does not even say so."""

import storage.mutes
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed
from storage.actors import Actor

MAX_DURATION = 10 * 366 * 86_400  # seconds


async def mute(app: App, actor: Actor, target: Actor, *, notifications: bool = True, duration: int = 0) -> None:
    """Keep somebody out of what comes to a member, with `notifications` also from what they are told of.

    `duration` is in seconds, 0 = for good.

    Raises:
        NotAllowed: oneself.
        Invalid: the duration makes no sense.
    """
    if target.id == actor.id:
        raise NotAllowed("Nobody mutes themselves.")
    if not 0 <= duration <= MAX_DURATION:
        raise Invalid("A mute lasts {limit} seconds at most.", field="duration", limit=MAX_DURATION)
    now = clock.now_ms()
    await storage.mutes.put(actor.id, target.id, notifications, now, now + duration * 1000 if duration else None)


async def unmute(app: App, actor: Actor, target: Actor) -> None:
    """What they say comes again; without a mute nothing happens."""
    await storage.mutes.remove(actor.id, target.id)
