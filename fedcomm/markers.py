"""Keeping how far somebody has read."""

import storage.markers
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import Invalid

TIMELINES = ("home", "notifications")


async def move(app: App, account_id: int, places: dict[str, int]) -> None:
    """Keep the last entry read of each timeline.

    Raises:
        Invalid: there is no such timeline.
    """
    for timeline, last_read_id in places.items():
        if timeline not in TIMELINES:
            raise Invalid("There are markers for home and notifications only.", field=timeline)
        await storage.markers.set_last_read(account_id, timeline, last_read_id, clock.now_ms())
