"""Putting away what a member was told."""

import storage.notice_groups
import storage.notifications
from fedcomm.app import App
from fedcomm.errors import NotFound


async def clear(app: App, owner_id: int) -> None:
    """Put everything away."""
    await storage.notifications.clear(owner_id)


async def dismiss(app: App, owner_id: int, notice_ids: list[int]) -> None:
    """Put some away.

    Raises:
        NotFound: none of them is theirs.
    """
    if not await storage.notifications.dismiss(owner_id, notice_ids):
        raise NotFound("There is no such notification.")


async def dismiss_group(app: App, owner_id: int, key: str) -> None:
    """Put away what is in a group; of one that is not there nothing is left to put away."""
    await storage.notice_groups.dismiss(owner_id, key)
