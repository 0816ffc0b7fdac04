"""The loops behind a server: inbox, delivery, jobs, schedule; and how they stop without losing anything."""

import asyncio
import logging
import os
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from activitypub.errors import Unreachable
from fedcomm import clock, pauses
from fedcomm.app import App
from fedcomm.inbox import ATTEMPTS, Inbox
from fedcomm.intake import IN_MEMORY, OWNED
from fedcomm.jobs import JOBS, SCHEDULE
from fedcomm.outbox.delivery import Sender
from storage import inbox, jobs, leases
from storage.connect import use
from storage.errors import OperationalError
from storage.inbox import Item

LOG = logging.getLogger("fedcomm.worker")
BATCH = 100  # items settled together
CAREFUL = 2 * BATCH  # items that are taken up one by one after a start
DUE = 30.0  # seconds between looks at the schedule
SWEEP = 5.0  # seconds between looks for what was missed or is due again
JOBS_AT_ONCE = 4
PAUSE = 60_000  # ms before a failed job is tried again, doubled each time
LEASE = 6_000  # ms that the right to deliver is held without being renewed (several processes)
RENEWAL = LEASE / 3_000  # seconds between renewals, and between attempts to get it
DELIVERY = "delivery"


class Workers:
    """All loops of one process."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.inbox = Inbox(app)
        self.sender = Sender(app)
        self._me = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._busy = False
        self._read: OrderedDict[int, None] = OrderedDict()  # ids of items that were last read from the database
        self._jobs: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin all loops; what waited when the process last stopped is taken up first."""
        self.app.sender = self.sender
        for loop in (self._inbox_loop, self._delivery_loop, self._job_loop, self._schedule_loop):
            self._tasks.append(asyncio.create_task(self._forever(loop), name=loop.__name__))

    async def stop(self, seconds: float = 20.0) -> None:
        """Finish what is in hand, at most `seconds`; what is left is durable and taken up at the next start."""
        self._stopping = True
        self.app.intake.wake.set()
        self.app.wake_jobs.set()
        deadline = asyncio.get_running_loop().time() + seconds
        for task in self._tasks:
            if task.get_name() in ("_delivery_loop", "_schedule_loop"):
                task.cancel()
        await asyncio.wait(self._tasks, timeout=seconds)
        unfinished = [*self._tasks, *self.inbox.waiting, *self._jobs]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        with use(self.app.db):
            await self.sender.stop(max(0.1, deadline - asyncio.get_running_loop().time()))
            if self._shared():
                with suppress(OperationalError):
                    await leases.release(DELIVERY, self._me)

    @property
    def alive(self) -> bool:
        """Whether every loop still runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def idle(self) -> bool:
        """Whether this process has nothing in hand."""
        return (
            not self.app.intake.queue
            and not self.app.intake.overflowed
            and not self._busy
            and not self.inbox.waiting
            and not self._jobs
            and self.sender.idle()
        )

    async def _forever(self, loop: Callable[[], Awaitable[None]]) -> None:
        """A loop that fails is begun again: a fault in one place does not end the service."""
        while not self._stopping:
            try:
                with use(self.app.db):
                    await loop()
                return
            except OperationalError as fault:
                LOG.error("loop=%s database=%s", loop.__name__, fault)
            except Exception as fault:  # a fault of ours; the log says which
                LOG.error("loop=%s fault=%r", loop.__name__, fault, exc_info=fault)
            await asyncio.sleep(1.0)

    async def _inbox_loop(self) -> None:
        intake = self.app.intake
        intake.overflowed = True  # what an earlier process left is in the database only
        after, swept, careful = 0, 0.0, CAREFUL
        while not self._stopping:
            intake.wake.clear()
            items, take_up = self._take_queued(), self.inbox.settle
            now = asyncio.get_running_loop().time()
            if not items and (intake.overflowed or now - swept > SWEEP):
                items = await self._from_database(after)
                after = items[-1].id if items and not self._shared() else 0
                if not items:  # what came while it was asked is in the database only, too, and asked for next
                    intake.overflowed, swept = intake.overflowed and intake.wake.is_set(), now
                elif careful > 0:
                    careful -= len(items)
                    take_up = self._carefully
            if not items:
                await pauses.until(intake.wake, SWEEP)
                continue
            self._busy = True
            try:
                await take_up(items)
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

    def _take_queued(self) -> list[Item]:
        queue = self.app.intake.queue
        taken = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
        return [item for item in taken if item.id not in self._read]

    async def _from_database(self, after: int) -> list[Item]:
        """What waits in the database. What comes in at this moment may be queued as well, and is known by its id."""
        now = clock.now_ms()
        held = self.inbox.held
        if self._shared():
            items = await inbox.claim(now, now + OWNED, BATCH, held)
        else:
            items = await inbox.waiting(now, after, BATCH, held)
        for item in items:
            self._read[item.id] = None
        while len(self._read) > IN_MEMORY:
            self._read.popitem(last=False)
        return items

    def _shared(self) -> bool:
        return self.app.db.dialect == "postgres"

    async def _delivery_loop(self) -> None:
        """Deliver, as long as no other process on this database does."""
        if not self._shared():
            await self.sender.run()
            return
        while not self._stopping:
            while not await leases.take(DELIVERY, self._me, LEASE):  # noqa: ASYNC110 (another process gives it back)
                await asyncio.sleep(RENEWAL)
            running = asyncio.create_task(self.sender.run())
            renewal = asyncio.create_task(self._renew())
            try:
                await asyncio.wait((running, renewal), return_when=asyncio.FIRST_COMPLETED)
            finally:
                running.cancel()
                renewal.cancel()
                outcomes = await asyncio.gather(running, renewal, return_exceptions=True)
            if isinstance(outcomes[0], Exception):
                raise outcomes[0]
            LOG.warning("the right to deliver was lost: another process has it")
            await self.sender.abandon()

    async def _renew(self) -> None:
        """Until the right to deliver was not renewed in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LEASE / 1000
        while True:
            await asyncio.sleep(RENEWAL)
            began = loop.time()
            try:
                if not await leases.take(DELIVERY, self._me, LEASE):
                    return
                until = began + LEASE / 1000
            except OperationalError as fault:
                LOG.warning("the right to deliver was not renewed: %s", fault)
                if loop.time() > until:
                    return

    async def _job_loop(self) -> None:
        while not self._stopping:
            self.app.wake_jobs.clear()
            now = clock.now_ms()
            room = JOBS_AT_ONCE - len(self._jobs)
            for job in await jobs.claim(now, now + 15 * 60_000, room) if room else ():
                task = asyncio.create_task(self._do(job))
                self._jobs.add(task)
                task.add_done_callback(self._job_ended)
            await pauses.until(self.app.wake_jobs, SWEEP)

    def _job_ended(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self.app.wake_jobs.set()

    async def _do(self, job: jobs.Job) -> None:
        kind = JOBS.get(job.name)
        if kind is None:
            await jobs.park(job.id, f"there is no job called {job.name}")
            return
        if job.attempts > kind.attempts:  # each of them ended with the process, and it may have been their fault
            await jobs.park(job.id, "it was begun too often without an end")
            return
        try:
            async with asyncio.timeout(kind.seconds):
                await kind.do(self.app, **msgspec.json.decode(job.args))
            await jobs.finish(job.id)
        except Exception as fault:  # a peer's or ours: later, and in the end set aside where the admin sees it
            if job.attempts >= kind.attempts:
                LOG.error("job=%s id=%d given up fault=%r", job.name, job.id, fault)
                await jobs.park(job.id, repr(fault))
            else:
                level = logging.INFO if isinstance(fault, Unreachable | TimeoutError) else logging.ERROR
                LOG.log(level, "job=%s id=%d fault=%r", job.name, job.id, fault)
                await jobs.later(job.id, repr(fault), clock.now_ms() + PAUSE * 2 ** (job.attempts - 1))

    async def _schedule_loop(self) -> None:
        """What is done again and again; when it is due stands in the database, so that restarts put nothing off."""
        while True:
            for name, regular in SCHEDULE.items():
                if await leases.due(f"schedule:{name}", self._me, clock.now_ms(), int(regular.every * 1000)):
                    await regular.do(self.app)
            await asyncio.sleep(DUE)


def start(app: App) -> Workers:
    """Begin the loops of this process."""
    workers = Workers(app)
    workers.start()
    return workers
