"""The lead: of several processes on one database, one at a time settles what came in and delivers what goes out.

So both keep their order, and what is remembered about peers on the way is remembered in one place.
"""

import asyncio
import logging
import os
import secrets
from contextlib import suppress

from fedcomm.app import App
from storage import leases
from storage.errors import OperationalError

LOG = logging.getLogger("fedcomm.lead")
LEASE = 6_000  # ms that the lead is had without being renewed
RENEWAL = LEASE / 3_000  # seconds between renewals, and between attempts to get it
_NAME = "lead"


class Lead:
    """Whether this process leads. On SQLite there is one process, which does.

    `held` is set while it leads, `lost` while it does not.
    """

    def __init__(self, app: App) -> None:
        self.me = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.held = asyncio.Event()
        self.lost = asyncio.Event()
        self.lost.set()
        self._shared = app.db.dialect == "postgres"
        self._until = 0.0

    async def keep(self) -> None:
        """Get the lead and renew it, until cancelled."""
        if not self._shared:
            self._turn(self.held, self.lost)
            await asyncio.Event().wait()
        while True:
            await self._try()
            await asyncio.sleep(RENEWAL)

    async def give_back(self) -> None:
        """Another process may lead at once."""
        self._turn(self.lost, self.held)
        if self._shared:
            with suppress(OperationalError):
                await leases.release(_NAME, self.me)

    async def _try(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout_at(self._until if self.held.is_set() else None):  # then another may have it
                mine = await leases.take(_NAME, self.me, LEASE)
        except (OperationalError, TimeoutError) as fault:
            LOG.warning("the lead was not renewed: %r", fault)
            mine = self.held.is_set() and loop.time() < self._until
        else:
            self._until = began + LEASE / 1000
        if mine and not self.held.is_set():
            LOG.info("this process leads")
            self._turn(self.held, self.lost)
        elif not mine and self.held.is_set():
            LOG.warning("the lead was lost: another process has it, or may have it")
            self._turn(self.lost, self.held)

    def _turn(self, on: asyncio.Event, off: asyncio.Event) -> None:
        off.clear()
        on.set()
