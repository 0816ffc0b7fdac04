"""The way in: verified activities become durable in batches, and only then is their sender told so."""

import asyncio
import hashlib
from collections import OrderedDict, deque

import msgspec

from storage import bus, inbox
from storage.batch import Batcher
from storage.connect import Database, Writes, apply, use
from storage.ids import next_id
from storage.inbox import Item

IN_MEMORY = 5_000  # items kept for the worker; the rest it reads from the database
SEEN = 50_000  # marks of the latest items, so that a repeat costs no transaction


class _Arrival(msgspec.Struct, frozen=True):
    id: int
    mark: bytes
    signer: str
    body: bytes


class Intake:
    """Takes verified activities in; `queue` holds what is durable and has not had its effect.

    On PostgreSQL other processes take in as well, and what is acknowledged first shall have its effect first: whoever
    leads (jobs/lead.py) reads it all from the database then, and nothing is queued.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batcher: Batcher[_Arrival, bool] = Batcher(self._flush)
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self.queue: deque[Item] = deque()
        self.alone = db.dialect == "sqlite"  # no other process takes anything in
        self.in_database = False  # more waits in the database than in `queue`
        self.wake = asyncio.Event()

    async def take(self, signer: str, uri: str, body: bytes) -> bool:
        """Make the activity durable; False when it was there already.

        `uri` is the activity's id. The mark against repeats is of signer and id, and made only now, after
        verification: nobody can use up an id for somebody else (attack ORI-21).
        """
        marked = mark(signer, uri)
        if marked in self._seen:
            return False
        return await self._batcher.submit(_Arrival(next_id(), marked, signer, body))

    async def close(self) -> None:
        """Take nothing more, and make durable what was taken."""
        await self._batcher.close()

    async def _flush(self, arrivals: list[_Arrival]) -> list[bool]:
        """Runs in the batcher's own task, so the database to use is named here."""
        writes = Writes()
        queued = self.alone and not self.in_database and len(self.queue) + len(arrivals) <= IN_MEMORY
        writes.add_many(inbox.INSERT, [(a.id, a.mark, a.signer, a.body) for a in arrivals])
        kept = writes.returning(inbox.KEPT, ([arrival.id for arrival in arrivals],))
        with use(self._db):
            if not self.alone:
                bus.add(writes, "inbox", "")
            results = await apply(writes)
        self.in_database = self.in_database or not queued
        new = {found[0] for found in results[kept]}
        for arrival in arrivals:
            self._seen[arrival.mark] = None
            if arrival.id in new and queued:
                self.queue.append(Item(arrival.id, arrival.signer, arrival.body, 0))
        while len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        self.wake.set()
        return [arrival.id in new for arrival in arrivals]

    def more(self) -> None:
        """Something waits in the database that is not in `queue`."""
        self.in_database = True
        self.wake.set()


def mark(signer: str, uri: str) -> bytes:
    """What an activity is recognised by when it comes again."""
    return hashlib.blake2b(f"{signer}\n{uri}".encode(), digest_size=16).digest()
