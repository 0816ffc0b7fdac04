"""The sender: reads the log once for all peers, back only for those that lag, and delivers in order to each."""

import asyncio
import logging
from collections import OrderedDict

import httpx

from activitypub.errors import Forbidden, Malformed, ProtocolError, Unreachable
from activitypub.signatures.digest import digest
from fedcomm import clock
from fedcomm.app import App
from fedcomm.outbox.answers import Verdict, judge, retry_after
from fedcomm.outbox.lanes import DAY, FORGET, Delivery, Lane
from fedcomm.outbox.signing import Signer, SigningRequest
from fedcomm.reach import Destinations, wanted
from storage import outbox, peers
from storage.connect import Writes, apply
from storage.outbox import Entry

LOG = logging.getLogger("fedcomm.delivery")
CHUNK = 200  # entries of the log read at once
AT_ONCE = 200  # deliveries in the air, all peers together; the transport takes 256 requests
SWEEP = 1.0  # seconds between looks at held lanes and at what another process published
SAVE = 0.02  # seconds that cursors may be behind: a crash repeats at most these deliveries
LIVE_SAVE = 5.0  # seconds between saves of cursors of peers that nothing was for
REMEMBERED = 2_000  # entries whose destinations and digest are kept
REFUSALS = 3  # more answers 401 or 403 than this end a delivery
_HEADERS = {"Content-Type": "application/activity+json", "Accept": "application/activity+json"}


class Sender:
    """Delivers the log. One runs at a time for one database (jobs/worker.py sees to it)."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.lanes: dict[str, Lane] = {}
        self.tail = 0
        self._signer = Signer()
        self._live: set[str] = set()
        self._ready: OrderedDict[str, Lane] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved: set[Lane] = set()
        self._notes = Writes()
        self._save_due: asyncio.Event = asyncio.Event()
        self._retired: set[str] = set()
        self._destinations: OrderedDict[int, Destinations] = OrderedDict()
        self._digests: OrderedDict[int, str] = OrderedDict()

    async def run(self) -> None:
        """Deliver until cancelled; what is in the air then is finished by `stop`."""
        await self._load()
        saver = asyncio.create_task(self._save_loop())
        try:
            while True:
                self.app.wake_delivery.clear()
                if not await self._pump():
                    await _wait(self.app.wake_delivery, SWEEP)
        finally:
            saver.cancel()

    async def stop(self, seconds: float) -> None:
        """Wait for what is in the air, at most `seconds`, and save how far each peer has got."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await self._save(everybody=True)
        self._signer.close()

    def alive(self, host: str) -> None:
        """The peer sent us something: what waits for it goes now, not when its pause is over."""
        lane = self.lanes.get(host)
        if lane is not None and lane.failures > 1 and lane.next_at > clock.now_ms():
            lane.next_at = 0
            self.app.wake_delivery.set()

    async def save_now(self) -> None:
        """Write down how far every peer has got, also those that nothing was for."""
        await self._save(everybody=True)

    def idle(self) -> bool:
        """Whether nothing is in the air or waiting for a peer that is well."""
        now = clock.now_ms()
        return not self._tasks and all(lane.host in self._live or lane.held(now) for lane in self.lanes.values())

    async def _load(self) -> None:
        self.tail = await outbox.head()
        self._retired = await peers.all_retired()
        for peer in await peers.everybody():
            lane = self.lanes[peer.host] = Lane(peer)
            if lane.cursor >= self.tail:
                self._live.add(peer.host)

    async def _pump(self) -> bool:
        """Read some more of the log and start what may fly; False when there is nothing to do now."""
        read = await self._read_tail()
        now = clock.now_ms()
        for lane in list(self.lanes.values()):
            if lane.host not in self._live and not lane.held(now) and self._deliverable(lane):
                read = await self._catch_up(lane) or read
        self._start()
        return read

    def _deliverable(self, lane: Lane) -> bool:
        return self.app.peers.reachable(lane.host) and not lane.queue and not lane.flying

    async def _read_tail(self) -> bool:
        entries = await outbox.after(self.tail, CHUNK)
        for entry in entries:
            for host, inboxes in (await self._destinations_of(entry)).items():
                lane = await self._lane(host, entry.seq - 1)
                if host in self._live:
                    self._offer(lane, entry, inboxes)
            self.tail = entry.seq
        return bool(entries)

    def _offer(self, lane: Lane, entry: Entry, inboxes: tuple[str, ...]) -> None:
        if not wanted(entry.form, self.app.peers.family(lane.host)):
            return
        if lane.failures or not lane.offer(Delivery(entry, inboxes)):
            self._live.discard(lane.host)
            lane.read = self.tail
            return
        lane.read = entry.seq
        self._ready[lane.host] = lane

    async def _catch_up(self, lane: Lane) -> bool:
        """Read the log for a lane that lags: a chunk, or until its memory is full."""
        settled = lane.finished | await outbox.settled(lane.host, lane.read)
        entries = await outbox.after(lane.read, CHUNK)
        for entry in entries:
            inboxes = (await self._destinations_of(entry)).get(lane.host)
            if inboxes and entry.seq not in settled and wanted(entry.form, self.app.peers.family(lane.host)):
                lane.offer(Delivery(entry, inboxes))
            lane.read = entry.seq
        if lane.queue:
            self._ready[lane.host] = lane
        else:
            lane.cursor = max(lane.cursor, lane.read)
            self._moved.add(lane)
            self._save_due.set()
        if len(entries) < CHUNK and lane.read >= self.tail and not lane.failures:
            self._live.add(lane.host)
        return bool(entries)

    async def _lane(self, host: str, behind: int) -> Lane:
        lane = self.lanes.get(host)
        if lane is None:
            peer = await peers.get(host)
            if peer is None:
                await peers.meet_at(host, behind, clock.now_ms())
                peer = await peers.get(host)
            assert peer is not None
            lane = self.lanes[host] = Lane(peer)
            if lane.cursor >= behind:
                self._live.add(host)
        return lane

    async def _destinations_of(self, entry: Entry) -> Destinations:
        known = self._destinations.get(entry.seq)
        if known is None:
            known = self._destinations[entry.seq] = await self.app.reach.destinations(entry)
            if len(self._destinations) > REMEMBERED:
                self._destinations.popitem(last=False)
        return known

    def _start(self) -> None:
        """Let fly what may: each ready lane in turn, as long as there is room in the air."""
        for host, lane in list(self._ready.items()):
            while len(self._tasks) < AT_ONCE and (delivery := lane.take()) is not None:
                task = asyncio.create_task(self._deliver(lane, delivery))
                self._tasks.add(task)
                task.add_done_callback(self._landed)
            if not lane.queue:
                self._ready.pop(host, None)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            LOG.error("delivery fault=%r", fault, exc_info=fault)
        if self._ready:
            self._start()
        if not self._ready:
            self.app.wake_delivery.set()

    async def _deliver(self, lane: Lane, delivery: Delivery) -> None:
        seq = delivery.entry.seq
        while delivery.inboxes:
            inbox = delivery.inboxes[0]
            verdict, status, words, wait = await self._post(lane, delivery, inbox)
            if verdict is Verdict.LATER:
                self._hold(lane, seq, words, wait)
                return
            if verdict is Verdict.GONE:
                self._refuse(lane, inbox)
            if verdict is not Verdict.TAKEN:
                outbox.note(self._notes, lane.host, seq, inbox, status, words, clock.now_ms())
            delivery.inboxes = delivery.inboxes[1:]
        self._settle(lane, seq)

    async def _post(self, lane: Lane, delivery: Delivery, inbox: str) -> tuple[Verdict, int, str, float | None]:
        if inbox in self._retired or not self.app.peers.reachable(lane.host):
            return Verdict.REFUSED, 0, "not written to", None
        try:
            answer = await self._send(lane, delivery, inbox, lane.scheme)
            if answer.status_code in (401, 403):
                answer = await self._other_scheme(lane, delivery, inbox, answer)
        except Unreachable as fault:
            return Verdict.LATER, 0, str(fault), fault.retry_after
        except (Forbidden, Malformed) as fault:
            return Verdict.REFUSED, 0, str(fault), None
        except ProtocolError as fault:
            return Verdict.LATER, 0, str(fault), None
        verdict = judge(answer.status_code)
        if answer.status_code in (401, 403):
            delivery.refusals += 1
            verdict = Verdict.REFUSED if delivery.refusals > REFUSALS else Verdict.LATER
        return verdict, answer.status_code, _words(answer), retry_after(answer)

    async def _send(self, lane: Lane, delivery: Delivery, inbox: str, scheme: str) -> httpx.Response:
        entry = delivery.entry
        key, key_id = await self.app.keyring.private(entry.actor_id, scheme)
        signed = await self._signer.sign(
            SigningRequest(
                "rfc9421" if scheme != "cavage" else "cavage",
                key,
                key_id,
                inbox,
                entry.body,
                self._digest(entry),
                clock.now(),
            )
        )
        headers = {**_HEADERS, "User-Agent": self.app.user_agent, **signed}
        request = httpx.Request("POST", self.app.url(inbox), headers=headers, content=entry.body)
        answer = await self.app.transport.handle_async_request(request)
        await answer.aread()
        return answer

    async def _other_scheme(self, lane: Lane, delivery: Delivery, inbox: str, first: httpx.Response) -> httpx.Response:
        """A second knock with the other scheme; a peer that takes it is remembered by it."""
        other = "cavage" if lane.scheme != "cavage" else "rfc9421"
        answer = await self._send(lane, delivery, inbox, other)
        if answer.is_success:
            lane.scheme = other
            await peers.set_scheme(lane.host, other)
            return answer
        return first

    def _digest(self, entry: Entry) -> str:
        known = self._digests.get(entry.seq)
        if known is None:
            known = self._digests[entry.seq] = digest(entry.body)
            if len(self._digests) > REMEMBERED:
                self._digests.popitem(last=False)
        return known

    def _settle(self, lane: Lane, seq: int) -> None:
        if lane.host in self._live and not lane.queue:
            lane.read = max(lane.read, self.tail)
        lane.recover()
        lane.settle(seq)
        self._moved.add(lane)
        if lane.queue:
            self._ready[lane.host] = lane
        self._save_due.set()

    def _hold(self, lane: Lane, seq: int, words: str, wait: float | None) -> None:
        now = clock.now_ms()
        lane.flying.pop(seq, None)
        lane.queue.clear()
        self._ready.pop(lane.host, None)
        self._live.discard(lane.host)
        lane.read = lane.cursor
        if lane.failing_since and now - lane.failing_since > FORGET:
            lane.read = lane.cursor = self.tail  # gone for three months: nothing is kept for it any more
        next_ms = lane.fail(now, wait)
        peers.hold(self._notes, lane.host, words, next_ms, now)
        self._save_due.set()
        LOG.warning("delivery held peer=%s failures=%d why=%s", lane.host, lane.failures, words)

    def _refuse(self, lane: Lane, inbox: str) -> None:
        peers.refuse_inbox(self._notes, inbox, lane.host, clock.now_ms(), DAY)

    async def _save_loop(self) -> None:
        quiet = 0.0
        while True:
            await _wait(self._save_due, LIVE_SAVE)
            await asyncio.sleep(SAVE)
            quiet += SAVE
            everybody = not self._save_due.is_set() or quiet > LIVE_SAVE
            self._save_due.clear()
            await self._save(everybody=everybody)
            if everybody:
                quiet = 0.0

    async def _save(self, *, everybody: bool = False) -> None:
        """Write down how far each peer has got, in one transaction."""
        writes, self._notes = self._notes, Writes()
        moved, self._moved = self._moved, set()
        now = clock.now_ms()
        for lane in moved:
            peers.advance(writes, lane.host, lane.cursor, now)
            outbox.forget_notes(writes, lane.host, lane.cursor)
            lane.saved = lane.cursor
        if everybody:
            for lane in self.lanes.values():
                if lane.host in self._live and not lane.queue and not lane.flying and lane.saved < self.tail:
                    lane.cursor = lane.read = lane.saved = self.tail
                    peers.skip(writes, lane.host, lane.cursor)
        if writes:
            await apply(writes)
            self._retired |= await peers.all_retired() if self._retired or everybody else set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _words(answer: httpx.Response) -> str:
    return answer.content[:200].decode("utf-8", "replace")
