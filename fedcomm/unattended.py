"""A server that nobody has looked after for a week lets nobody in unasked any more (as Mastodon since 4.2.8).

Whoever asks for an account waits for an admin from then on. It opens again only when an admin says so.
"""

import storage.accounts
import storage.settings
from fedcomm import audit, clock, dispatches, settings, staff_mail
from fedcomm.app import App
from storage import actors, bus
from storage.connect import Writes, transaction, write

WEEK = 7 * 86_400_000  # ms


async def look(app: App) -> None:
    """The regular job: whether anybody who looks after the server was here lately."""
    if (await settings.current(app)).registration != "open":
        return
    now = clock.now_ms()
    async with transaction():
        last = await storage.accounts.last_attended()
        opened = await storage.settings.changed_at("registration") or 0
        if last is None or max(last, opened) > now - WEEK or (await settings.current(app)).registration != "open":
            return
        writes = Writes()
        for who in (await actors.by_ids(await storage.accounts.staff())).values():
            await dispatches.unattended(app, writes, who)
        await staff_mail.post(app, writes, staff_mail.CLOSED)
        await storage.settings.store("registration", "approval", now)
        await storage.settings.store("unattended_at", now, now)
        await bus.publish("settings", "")
        await write(writes)
        await audit.note(audit.SERVER, "settings.unattended", "registration")
