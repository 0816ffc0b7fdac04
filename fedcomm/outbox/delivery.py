"""The sender: reads the log once for all peers, back only for those that lag, and delivers in order to each."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime

from fedcomm import audit, clock, pauses
from fedcomm.app import App
from fedcomm.outbox.courier import Courier, Held
from fedcomm.outbox.lanes import MINUTE, Delivery, Lane
from fedcomm.outbox.ledger import Ledger
from fedcomm.outbox.log import CHUNK, Log
from storage import outbox, peers
from storage.errors import OperationalError
from storage.outbox import Entry

LOG = logging.getLogger("fedcomm.delivery")
AT_ONCE = 200  # deliveries in the air, those not counted that take long; the transport takes 512 requests
AT_MOST = 440  # all of them: peers that hang do not keep others from theirs
LONG = 2.0  # seconds in the air after which a delivery takes long
SWEEP = 1.0  # seconds between looks at held lanes and at what another process published
SAVE = 0.02  # seconds that cursors may be behind: a crash repeats at most these deliveries
LIVE_SAVE = 5.0  # seconds between saves of cursors of peers that nothing was for
CATCH_UPS = 20  # peers that are read back for before the tail is looked at again
STRIDE = 50  # deliveries that a peer which catches up has in memory
OWN_PAUSE = 5_000  # ms that a lane is held after a fault of ours
FAULTS = 3  # faults of ours with an entry and peer that end the delivery


class Sender:
    """Delivers the log. One runs at a time for one database (jobs/worker.py sees to it)."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.lanes: dict[str, Lane] = {}
        self.tail = 0
        self.delivering = False
        self._log = Log(app)
        self._ledger = Ledger(app.days)
        self._courier = Courier(app, self._log, self._ledger)
        self._lagging: dict[str, Lane] = {}  # lanes that new entries are not offered to: they come to them in the log
        self._ready: OrderedDict[str, Lane] = OrderedDict()
        self._tasks: dict[asyncio.Task[None], float] = {}
        self._long: set[asyncio.Task[None]] = set()
        self._save_due = asyncio.Event()
        self._save_all_due = False
        self._stopping = False

    async def run(self) -> None:
        """Deliver until cancelled; what is in the air then is finished by `stop`."""
        await self._load()
        saver = asyncio.create_task(self._save_loop())
        self.delivering = True
        try:
            while True:
                self.app.wake_delivery.clear()
                if not await self._pump():
                    await pauses.until(self.app.wake_delivery, SWEEP)
        finally:
            self.delivering = False
            saver.cancel()

    async def stop(self, seconds: float) -> None:
        """Wait for what is in the air, at most `seconds`, and save how far each peer has got."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self._abort()
        try:
            await self._save(everybody=True, last=True)
        except OperationalError as fault:
            LOG.error("cursors not saved, deliveries will be repeated: %s", fault)
        self._courier.close()

    async def abandon(self) -> None:
        """Another process delivers from now on: nothing more is sent or written down here."""
        await self._abort()
        self.lanes, self._lagging = {}, {}

    def alive(self, host: str) -> None:
        """The peer sent us something: what waits for it may go now, not when its pause is over."""
        self._ledger.heard(host)
        lane = self.lanes.get(host)
        if lane is not None and lane.heard(clock.now_ms()):
            self._ledger.moved(lane)
            self.app.wake_delivery.set()

    def again(self, host: str) -> None:
        """An admin wants it tried now, whatever the pause and whoever named it."""
        lane = self.lanes.get(host)
        if lane is not None:
            lane.again()
            self._ledger.doubt(host)
            self._ledger.moved(lane)
            self.app.wake_delivery.set()

    def held(self, host: str, until_ms: int) -> None:
        """An admin wants nothing sent there before that time; what is in the air stays there."""
        lane = self.lanes.get(host)
        if lane is not None:
            lane.hold(until_ms)
            self._ready.pop(host, None)
            self._lagging[host] = lane
            self._ledger.moved(lane)
            self.app.wake_delivery.set()

    def dropped(self, host: str, seq: int) -> None:
        """An admin wants nothing delivered there up to this entry; what is in the air stays there."""
        lane = self.lanes.get(host)
        if lane is not None:
            lane.drop(seq)
            self._lagging[host] = lane
            self._ready.pop(host, None)
            self._moved(lane)
            self.app.wake_delivery.set()

    def rejected(self, host: str, seqs: Sequence[int]) -> None:
        """The peer has said no to these entries: should they fail, that is the end of them."""
        lane = self.lanes.get(host)
        if lane is not None:
            lane.rejected.update(seq for seq in seqs if seq in lane.flying)

    async def save_now(self) -> None:
        """Write down how far every peer has got, also those that nothing was for."""
        if self.delivering:
            await self._save(everybody=True)

    def save_soon(self) -> None:
        """As `save_now`, in a moment."""
        self._save_all_due = True
        self._save_due.set()

    def idle(self) -> bool:
        """Whether nothing is in the air or waiting for a peer that is well."""
        now = clock.now_ms()
        return not self._tasks and not self._ready and all(lane.held(now) for lane in self._lagging.values())

    async def _load(self) -> None:
        """Begin with what stands in the database, whatever was in memory."""
        await self._abort()
        self.tail = min(await outbox.read_up_to(), await outbox.head())
        await self._ledger.load(self.tail)
        self.lanes = {peer.host: Lane(peer) for peer in await peers.everybody()}
        self._lagging = {host: lane for host, lane in self.lanes.items() if lane.cursor < self.tail}

    async def _abort(self) -> None:
        self._ready.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self) -> bool:
        """Read some more of the log and start what may fly; False when there is nothing to do now."""
        self._look_at_the_air()
        read = await self._read_tail()
        now, turns = clock.now_ms(), CATCH_UPS
        for lane in list(self._lagging.values()):
            if not lane.idle or lane.held(now):
                continue
            if not turns:
                read = True
                break
            turns -= 1
            read = await self._catch_up(lane, now) or read
        self._start()
        return read

    async def _read_tail(self) -> bool:
        entries = await self._log.after(self.tail)
        for entry in entries:
            for host, inboxes in (await self._log.takers(entry)).items():
                if self.app.peers.reachable(host):
                    self._offer(await self._lane(host, entry.seq - 1), entry, inboxes)
            self.tail = entry.seq
        return len(entries) == CHUNK

    def _offer(self, lane: Lane, entry: Entry, inboxes: tuple[str, ...]) -> None:
        if lane.host in self._lagging or lane.lost or entry.seq <= lane.cursor:
            return
        if lane.held(clock.now_ms()) or not lane.offer(Delivery(entry, inboxes)):
            lane.read = entry.seq - 1
            self._lagging[lane.host] = lane
            return
        lane.read = entry.seq
        self._ready[lane.host] = lane

    async def _catch_up(self, lane: Lane, now: int) -> bool:
        """Read the log for a lane that lags, until something for it was found; whether there may be more to read."""
        self._lagging[lane.host] = self._lagging.pop(lane.host)  # the next time others come first
        if lane.lost or not self.app.peers.reachable(lane.host):
            lane.read = self.tail
        else:
            await self._read_back(lane, now)
        if not lane.queue:
            lane.advance(lane.read)
            self._moved(lane)
        else:
            self._ready[lane.host] = lane
        if lane.read >= self.tail:
            self._lagging.pop(lane.host, None)
        return not lane.queue and lane.host in self._lagging

    async def _read_back(self, lane: Lane, now: int) -> None:
        settled = await outbox.settled(lane.host, lane.read)
        entries, end = await self._log.behind(lane.read, self.tail)
        old = await outbox.outdated(entry for entry in entries if now - entry.created_at > 7 * 24 * 60 * MINUTE)
        for entry in entries:
            inboxes = (await self._log.destinations(entry)).get(lane.host, ())
            inboxes = self.app.peers.may_take(entry)(lane.host, inboxes)
            done = settled.get(entry.seq, set())
            left = tuple(inbox for inbox in inboxes if inbox not in done)
            needless = "" in done or entry.seq in old or entry.seq in lane.finished
            if left and not needless:
                if len(lane.queue) >= STRIDE:
                    return
                lane.offer(Delivery(entry, left))
            lane.read = entry.seq
        lane.read = max(lane.read, end)

    async def _lane(self, host: str, behind: int) -> Lane:
        lane = self.lanes.get(host)
        if lane is None:
            peer = await peers.get(host)
            if peer is None:
                await peers.meet_at(host, behind, clock.now_ms())
                peer = await peers.get(host)
            assert peer is not None
            lane = self.lanes[host] = Lane(peer)
            if lane.cursor < behind:
                self._lagging[host] = lane
        return lane

    def _start(self) -> None:
        """Let fly what may: each ready lane in turn, as long as there is room in the air."""
        for _turn in range(len(self._ready)):
            if not self._room():
                return
            host, lane = self._ready.popitem(last=False)
            while self._room() and (delivery := lane.take()) is not None:
                task = asyncio.create_task(self._deliver(lane, delivery))
                self._tasks[task] = asyncio.get_running_loop().time()
                task.add_done_callback(self._landed)
            if lane.queue and not lane.flying:
                self._ready[host] = lane

    def _room(self) -> bool:
        flying = len(self._tasks)
        return flying - len(self._long) < AT_ONCE and flying < AT_MOST and not self._stopping

    def _look_at_the_air(self) -> None:
        since = asyncio.get_running_loop().time() - LONG
        self._long = {task for task, began in self._tasks.items() if began < since}

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._long.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            LOG.error("delivery fault=%r", fault, exc_info=fault)
        self._start()

    async def _deliver(self, lane: Lane, delivery: Delivery) -> None:
        seq = delivery.entry.seq
        try:
            held = await self._courier.carry(lane, delivery)
        except Exception as fault:  # ours: tried again, and at last noted, so that it stops nothing else
            if not self._fault(lane, delivery.entry, fault):
                return
        else:
            if held is not None and seq not in lane.rejected:
                await self._hold(lane, seq, held)
                return
        self._settle(lane, seq)

    def _settle(self, lane: Lane, seq: int) -> None:
        lagging = lane.host in self._lagging
        if not lagging and not lane.queue:
            lane.read = max(lane.read, self.tail)
        now = clock.now_ms()
        if not lane.held(now):  # else one that was in the air with it has failed since
            lane.recover(now)
        lane.settle(seq)
        self._moved(lane)
        if lane.queue:
            self._ready[lane.host] = lane
        elif lagging and not lane.flying:
            self.app.wake_delivery.set()

    async def _hold(self, lane: Lane, seq: int, held: Held) -> None:
        was_lost = lane.lost
        lane.fail(clock.now_ms(), held.wait, held.why)
        self._ledger.failed(lane)
        self._set_back(lane, seq)
        LOG.warning("delivery held peer=%s failures=%d why=%s", lane.host, lane.failures, held.why)
        if lane.lost and not was_lost:
            await self._set_aside(lane)

    async def _set_aside(self, lane: Lane) -> None:
        """Nothing is dropped in silence: the log of admins says how many entries a peer does not get any more."""
        waiting = self.tail - lane.cursor
        try:
            since = datetime.fromtimestamp((lane.failing_since or 0) / 1000, UTC).date().isoformat()
            await audit.note(audit.SERVER, "peer.archive", lane.host, most=waiting, since=since)
        except OperationalError as fault:
            LOG.error("peer=%s set aside with at most %d entries, and not noted: %s", lane.host, waiting, fault)

    def _fault(self, lane: Lane, entry: Entry, fault: Exception) -> bool:
        """A fault of ours in a delivery; whether it is given up."""
        LOG.error("delivery peer=%s seq=%d fault=%r", lane.host, entry.seq, fault, exc_info=fault)
        if not isinstance(fault, OperationalError):
            lane.faults[entry.seq] = lane.faults.get(entry.seq, 0) + 1
        if lane.faults.get(entry.seq, 0) >= FAULTS:
            self._ledger.refused(lane, entry.seq, "", 0, repr(fault))
            return True
        lane.next_at = max(lane.next_at, clock.now_ms() + OWN_PAUSE)
        self._set_back(lane, entry.seq)
        return False

    def _set_back(self, lane: Lane, seq: int) -> None:
        lane.flying.pop(seq, None)
        lane.rewind()
        self._ready.pop(lane.host, None)
        self._lagging[lane.host] = lane
        self._moved(lane)

    def _moved(self, lane: Lane) -> None:
        self._ledger.moved(lane)
        self._save_due.set()

    async def _save_loop(self) -> None:
        loop = asyncio.get_running_loop()
        saved_all = loop.time()
        while True:
            await pauses.until(self._save_due, LIVE_SAVE)
            await asyncio.sleep(SAVE)
            self._save_due.clear()
            everybody = self._save_all_due or loop.time() - saved_all > LIVE_SAVE
            self._save_all_due = False
            try:
                await self._save(everybody=everybody)
            except OperationalError as fault:
                LOG.error("cursors not saved now: %s", fault)
                await asyncio.sleep(SWEEP)
                self._save_all_due |= everybody
                self._save_due.set()
                continue
            saved_all = loop.time() if everybody else saved_all

    async def _save(self, *, everybody: bool = False, last: bool = False) -> None:
        busy = set(self._lagging)
        for lane in self.lanes.values() if everybody else ():
            if not lane.idle:
                busy.add(lane.host)
            elif lane.host not in busy:
                lane.read = max(lane.read, self.tail)
                lane.advance(lane.read)
        await self._ledger.save(self.tail, busy, everybody=everybody, last=last)
