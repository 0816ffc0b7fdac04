"""Which of several processes on one PostgreSQL this one is, so that their ids never meet."""

import asyncio
import secrets
import time

from storage.connect import Database, current
from storage.errors import OperationalError, SlotLost
from storage.ids import SLOTS

EXPIRY = 60.0  # seconds after which a slot that was not renewed is free
RENEWAL = 15.0  # seconds
_MARGIN = 5.0  # seconds before its expiry at which we stop making ids
_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"  # one clock for all: the database's
_CLAIM = (
    f"INSERT INTO process_slot (slot, owner, seen_at) VALUES (?, ?, {_NOW})"
    " ON CONFLICT (slot) DO UPDATE SET owner = excluded.owner, seen_at = excluded.seen_at"
    f" WHERE process_slot.seen_at < {_NOW} - ? RETURNING slot"
)
_RENEW = f"UPDATE process_slot SET seen_at = {_NOW} WHERE slot = ? AND owner = ?"
_RELEASE = "DELETE FROM process_slot WHERE slot = ? AND owner = ?"


class Slot:
    """A claimed slot, which ids of the database carry from now on."""

    def __init__(self, database: Database, number: int, owner: str) -> None:
        self.number = number
        self._database = database
        self._owner = owner

    async def renew(self) -> None:
        """Ours for another while.

        Raises:
            SlotLost: it was not renewed in time and another process has taken it.
        """
        if self._database.path is not None:
            return
        began = time.monotonic()
        if not await self._database.engine.execute(_RENEW, (self.number, self._owner)):
            self._database.ids.hold(self.number, 0.0)
            raise SlotLost(f"slot {self.number} was not renewed in time and another process has it")
        self._database.ids.hold(self.number, began + EXPIRY - _MARGIN)

    async def keep(self) -> None:
        """Renew it until cancelled.

        Raises:
            SlotLost: as `renew`. A database that does not answer for a while is asked again.
        """
        while True:
            await asyncio.sleep(RENEWAL)
            try:
                await self.renew()
            except OperationalError:
                continue  # without an answer the slot expires, and `next_id` says so

    async def release(self) -> None:
        """Free for others at once."""
        if self._database.path is None:
            self._database.ids.hold(self.number, 0.0)
            await self._database.engine.execute(_RELEASE, (self.number, self._owner))


async def claim(label: str) -> Slot:
    """A slot of the database in use; SQLite, which has one process, gives 0. `label` is for whoever reads the table.

    Raises:
        SlotLost: all are taken.
    """
    database = current()
    if database.path is not None:
        return Slot(database, 0, label)
    owner = f"{label} {secrets.token_hex(8)}"
    for number in range(SLOTS):
        began = time.monotonic()
        if await database.engine.rows(_CLAIM, (number, owner, int(EXPIRY * 1000))):
            database.ids.hold(number, began + EXPIRY - _MARGIN)
            return Slot(database, number, owner)
    raise SlotLost(f"all {SLOTS} slots for processes are taken")
