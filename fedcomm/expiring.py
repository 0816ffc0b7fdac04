"""Suspended accounts of ours: what was not taken back in time is deleted for good, as on Mastodon."""

from fedcomm import accounts, clock, sanctions
from fedcomm.app import App
from fedcomm.errors import AppError
from storage import people


async def end(app: App) -> None:
    """Delete the accounts that have been suspended for so long, one transaction each."""
    for name in await people.suspended_before(clock.now_ms() - sanctions.KEPT):
        try:
            await accounts.delete(app, name)
        except AppError:  # taken back, or deleted, in this moment
            continue
