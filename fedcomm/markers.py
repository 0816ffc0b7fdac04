"""Keeping how far somebody has read."""

import storage.markers
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid
from storage.connect import transaction

TIMELINES = ("home", "notifications")


async def move(app: App, account_id: int, places: dict[str, int]) -> None:
    """Keep the last entry read of each timeline, or of none of them.

    Raises:
        Invalid: there is no such timeline.
        Conflict: another program moved one of them at the same moment.
    """
    if any(timeline not in TIMELINES for timeline in places):
        raise Invalid("There are markers for home and notifications only.")
    known = await storage.markers.of(account_id, list(places))
    async with transaction():
        for timeline in sorted(places):
            version = known[timeline].version if timeline in known else 0
            now = clock.now_ms()
            if not await storage.markers.set_last_read(account_id, timeline, places[timeline], version, now):
                raise Conflict("Another program has just moved this marker. Please try again.")
