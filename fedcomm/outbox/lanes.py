"""A lane: what waits for one peer, in order, and when the peer is tried again."""

import random
from collections import deque

import msgspec

from storage.outbox import Entry
from storage.peers import Peer

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
SCHEDULE = (1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1 * HOUR, 3 * HOUR, 6 * HOUR)  # then each 12 hours
REST = 12 * HOUR
GIVE_UP = 7 * DAY  # then the peer counts as unreachable: probed once a day
PROBE = DAY
FORGET = 90 * DAY
JITTER = 0.2
MAX_RETRY_AFTER = 6 * HOUR
IN_MEMORY = 1_000  # deliveries a lane keeps; what is behind them is read from the log again
IN_FLIGHT = 2  # of one peer, never two of one thread


class Delivery(msgspec.Struct):
    """One entry for one peer."""

    entry: Entry
    inboxes: tuple[str, ...]
    refusals: int = 0  # answers 401 and 403 so far


class Lane:
    """One peer's deliveries in the order of the log. `cursor` is the last entry without a gap before it."""

    def __init__(self, peer: Peer) -> None:
        self.host = peer.host
        self.family = peer.family
        self.scheme = peer.scheme
        self.cursor = peer.cursor
        self.read = peer.cursor  # how far the log was read for this lane
        self.saved = peer.cursor
        self.failures = peer.failures
        self.failing_since = peer.failing_since
        self.next_at = peer.next_attempt_at or 0
        self.queue: deque[Delivery] = deque()
        self.flying: dict[int, Delivery] = {}
        self.finished: set[int] = set()  # settled above the cursor, because they overtook another
        self.working = False

    def offer(self, delivery: Delivery) -> bool:
        """Queue a delivery; False when there is no room, and the log must be read again later."""
        if len(self.queue) >= IN_MEMORY:
            return False
        self.queue.append(delivery)
        return True

    def take(self) -> Delivery | None:
        """The next delivery that may fly now: the oldest whose thread is not in the air."""
        if len(self.flying) >= IN_FLIGHT:
            return None
        if self.failures and self.flying:
            return None  # a peer that was away is first tried with one
        if not self.queue:
            return None
        threads = {flying.entry.thread_id for flying in self.flying.values()}
        if 0 in threads or self.queue[0].entry.thread_id in threads or (threads and not self.queue[0].entry.thread_id):
            return None
        delivery = self.queue.popleft()
        self.flying[delivery.entry.seq] = delivery
        return delivery

    def settle(self, seq: int) -> None:
        """The delivery needs no more; the cursor moves up to the first gap."""
        self.flying.pop(seq, None)
        self.finished.add(seq)
        open_ = min(self.flying, default=None)
        waiting = self.queue[0].entry.seq if self.queue else None
        bound = min((s for s in (open_, waiting) if s is not None), default=self.read + 1)
        self.cursor = max(self.cursor, bound - 1)
        self.finished = {s for s in self.finished if s > self.cursor}

    def put_back(self, seq: int) -> None:
        """The delivery did not get through: it stays the next in its order."""
        delivery = self.flying.pop(seq, None)
        if delivery is not None:
            self.queue.appendleft(delivery)
            if len(self.queue) > 1 and self.queue[1].entry.seq < seq:
                self.queue = deque(sorted(self.queue, key=lambda d: d.entry.seq))

    def held(self, now_ms: int) -> bool:
        """Whether nothing is sent to the peer now."""
        return self.next_at > now_ms

    def fail(self, now_ms: int, retry_after: float | None) -> int:
        """Hold the lane; gives when it is tried again, in ms since 1970."""
        self.failures += 1
        self.failing_since = self.failing_since or now_ms
        self.next_at = now_ms + pause(self.failures, now_ms - self.failing_since, retry_after)
        return self.next_at

    def recover(self) -> None:
        """The peer answers again."""
        self.failures, self.failing_since, self.next_at = 0, None, 0


def pause(failures: int, failing_ms: int, retry_after: float | None) -> int:
    """How long to wait, in ms, after that many failures in a row; `retry_after` is what the peer asked for, in s."""
    if retry_after is not None and failing_ms < GIVE_UP:
        return min(max(int(retry_after * 1000), 1_000), MAX_RETRY_AFTER)
    if failing_ms >= GIVE_UP:
        usual = PROBE
    else:
        usual = SCHEDULE[failures - 1] if failures <= len(SCHEDULE) else REST
    return int(usual * random.uniform(1 - JITTER, 1 + JITTER))
