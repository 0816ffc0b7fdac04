"""The loop that takes up what came in, as long as this process leads."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from fedcomm import clock, pauses
from fedcomm.app import App
from fedcomm.counted import COUNTS
from fedcomm.inbox import ATTEMPTS, Inbox
from fedcomm.intake import IN_MEMORY
from fedcomm.jobs.lead import Lead
from storage import inbox
from storage.ids import next_id
from storage.inbox import Item

BATCH = 100  # items settled together
CAREFUL = 2 * BATCH  # items of an earlier process that are taken up one by one
SWEEP = 5.0  # seconds between looks for what was missed or is due again


class Uptake:
    """Takes items up from memory, and from the database what is there only."""

    def __init__(self, app: App, lead: Lead) -> None:
        self.app = app
        self.inbox = Inbox(app)
        self._lead = lead
        self._ending = asyncio.Event()
        self._busy = False
        self._read: OrderedDict[int, None] = OrderedDict()  # ids of items that were last read from the database

    async def run(self) -> None:
        """Take items up until `stop` is called."""
        while not self._ending.is_set():
            await pauses.until_either(self._lead.held, self._ending)
            if self._lead.held.is_set():
                await self._while_leading()
                await self._abandon()

    def stop(self) -> None:
        """Take nothing more up; `run` returns once what is in hand is settled."""
        self._ending.set()
        self.app.intake.wake.set()

    def idle(self) -> bool:
        """Whether nothing is in hand, and nothing known to wait that this process is to take up."""
        if self._busy or self.inbox.waiting or self.inbox.put_off:
            return False
        return not self._lead.held.is_set() or not (self.app.intake.queue or self.app.intake.in_database)

    async def _while_leading(self) -> None:
        intake = self.app.intake
        intake.in_database = True  # so is what an earlier process left
        left, careful = next_id(), CAREFUL
        after, swept = 0, 0.0
        while not self._ending.is_set() and self._lead.held.is_set():
            intake.wake.clear()
            items, take_up = self._take_queued(), self.inbox.settle
            now = asyncio.get_running_loop().time()
            if not items and (intake.in_database or now - swept > SWEEP):
                items = await self._from_database(after)
                after = items[-1].id if items and intake.alone else 0
                if not items:  # what came while it was asked is in the database only, too, and asked for next
                    intake.in_database, swept = intake.in_database and intake.wake.is_set(), now
                elif careful > 0 and items[0].id < left:
                    careful -= len(items)
                    take_up = self._carefully
            if not items:
                await pauses.until(intake.wake, SWEEP)
                continue
            self._busy = True
            try:
                await take_up(items)
                COUNTS.take_in((item.id for item in items), clock.now_ms())
                self.app.days.came(item.signer for item in items)
            finally:
                self._busy = False

    async def _carefully(self, items: Sequence[Item]) -> None:
        """Take up one by one what an earlier process left: one of them may have been its end, and shall not be ours."""
        for item in items:
            if item.attempts >= ATTEMPTS:
                await inbox.park(item.id, "it was begun too often without an end")
                continue
            await inbox.begin(item.id)
            await self.inbox.settle([item])
            await inbox.survived(item.id)

    async def _abandon(self) -> None:
        """Whoever leads next finds in the database what waits here for peers."""
        if self._ending.is_set():
            return
        waiting = tuple(self.inbox.waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self.inbox = Inbox(self.app)

    def _take_queued(self) -> list[Item]:
        queue = self.app.intake.queue
        taken = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
        return [item for item in taken if item.id not in self._read]

    async def _from_database(self, after: int) -> list[Item]:
        """What waits in the database. What comes in at this moment may be queued as well, and is known by its id."""
        items = await inbox.waiting(clock.now_ms(), after, BATCH, self.inbox.held)
        for item in items:
            self._read[item.id] = None
        while len(self._read) > IN_MEMORY:
            self._read.popitem(last=False)
        return items
