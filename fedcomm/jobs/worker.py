"""The loops behind a server: inbox, delivery, jobs, schedule; and how they stop without losing anything."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from activitypub.errors import Unreachable
from fedcomm import clock, pauses
from fedcomm.app import App
from fedcomm.jobs import JOBS, SCHEDULE
from fedcomm.jobs.lead import Lead
from fedcomm.jobs.uptake import Uptake
from fedcomm.outbox.delivery import Sender
from fedcomm.smtp import Refused, Unsent
from storage import jobs, leases
from storage.connect import use
from storage.errors import OperationalError

LOG = logging.getLogger("fedcomm.worker")
DUE = 30.0  # seconds between looks at the schedule
SWEEP = 5.0  # seconds between looks for jobs that were missed or are due
JOBS_AT_ONCE = 4
CLAIM = 15_000  # ms that a job in hand is kept from others without being renewed
PAUSE = 60_000  # ms before a failed job is tried again, doubled each time


class Workers:
    """All loops of one process."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.lead = Lead(app)
        self.uptake = Uptake(app, self.lead)
        self.sender = Sender(app)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._jobs: dict[asyncio.Task[None], int] = {}  # those in hand, and their ids

    def start(self) -> None:
        """Begin all loops; what waited when the process last stopped is taken up first."""
        self.app.sender = self.sender
        for loop in (
            self._lead_loop, self._inbox_loop, self._delivery_loop,
            self._job_loop, self._claim_loop, self._schedule_loop,
        ):  # fmt: skip
            self._tasks.append(asyncio.create_task(self._forever(loop), name=loop.__name__))

    async def stop(self, seconds: float = 20.0) -> None:
        """Finish what is in hand, at most `seconds`; what is left is durable and taken up at the next start."""
        self._stopping = True
        self.uptake.stop()
        self.app.wake_jobs.set()
        deadline = asyncio.get_running_loop().time() + seconds
        for task in self._tasks:
            if task.get_name() in ("_lead_loop", "_delivery_loop", "_claim_loop", "_schedule_loop"):
                task.cancel()
        await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._jobs.values())
        unfinished = [*self._tasks, *self.uptake.inbox.waiting, *self._jobs]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        with use(self.app.db):
            await self.sender.stop(max(0.1, deadline - asyncio.get_running_loop().time()))
            await self.lead.give_back()
            if left:
                with suppress(OperationalError):  # then they are due when the claim ends
                    await jobs.give_back(left, clock.now_ms())

    @property
    def alive(self) -> bool:
        """Whether every loop still runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def idle(self) -> bool:
        """Whether this process has nothing in hand."""
        return self.uptake.idle() and not self._jobs and self.sender.idle()

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
        await self.uptake.run()

    async def _lead_loop(self) -> None:
        await self.lead.keep()

    async def _delivery_loop(self) -> None:
        """Deliver, as long as this process leads."""
        while True:
            await self.lead.held.wait()
            running = asyncio.create_task(self.sender.run())
            losing = asyncio.create_task(self.lead.lost.wait())
            try:
                await asyncio.wait((running, losing), return_when=asyncio.FIRST_COMPLETED)
            finally:
                running.cancel()
                losing.cancel()
                outcome, _lost = await asyncio.gather(running, losing, return_exceptions=True)
            if isinstance(outcome, Exception):
                raise outcome
            await self.sender.abandon()

    async def _job_loop(self) -> None:
        while not self._stopping:
            self.app.wake_jobs.clear()
            now = clock.now_ms()
            room = JOBS_AT_ONCE - len(self._jobs)
            for job in await jobs.claim(now, now + CLAIM, room, self._jobs.values()) if room else ():
                task = asyncio.create_task(self._do(job))
                self._jobs[task] = job.id
                task.add_done_callback(self._job_ended)
            await pauses.until(self.app.wake_jobs, SWEEP)

    def _job_ended(self, task: asyncio.Task[None]) -> None:
        self._jobs.pop(task, None)
        self.app.wake_jobs.set()

    async def _claim_loop(self) -> None:
        """Keep jobs in hand from others as long as this process lives, and not much longer."""
        while True:
            await asyncio.sleep(SWEEP)
            if self._jobs:
                await jobs.hold(self._jobs.values(), clock.now_ms() + CLAIM)

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
            if job.attempts >= kind.attempts or isinstance(fault, Refused):
                LOG.error("job=%s id=%d given up fault=%r", job.name, job.id, fault)
                await jobs.park(job.id, repr(fault))
            else:
                level = logging.INFO if isinstance(fault, Unreachable | Unsent | TimeoutError) else logging.ERROR
                LOG.log(level, "job=%s id=%d fault=%r", job.name, job.id, fault)
                asked = (fault.retry_after or 0.0) * 1000 if isinstance(fault, Unreachable) else 0.0
                pause = max(PAUSE * 2 ** (job.attempts - 1), int(asked))
                await jobs.later(job.id, repr(fault), clock.now_ms() + pause)

    async def _schedule_loop(self) -> None:
        """What is done again and again; when it is due stands in the database, so that restarts put nothing off."""
        while True:
            for name, regular in SCHEDULE.items():
                if await leases.due(f"schedule:{name}", self.lead.me, clock.now_ms(), int(regular.every * 1000)):
                    await regular.do(self.app)
            await asyncio.sleep(DUE)


def start(app: App) -> Workers:
    """Begin the loops of this process."""
    workers = Workers(app)
    workers.start()
    return workers
