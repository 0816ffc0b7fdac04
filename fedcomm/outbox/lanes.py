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
FORGET = 30 * DAY  # then it is set aside: nothing is kept for it, until it is heard of again
JITTER = 0.2
MAX_RETRY_AFTER = 6 * HOUR
IN_MEMORY = 200  # deliveries a lane keeps; what is behind them is read from the log again
IN_FLIGHT = 2  # of one peer, never two of one thread and never two posts that one actor tells of
STUCK = 3  # failures inside the peer (5xx) after which one entry lets another try whether the peer is well


class Delivery(msgspec.Struct):
    """One entry for one peer."""

    entry: Entry
    inboxes: tuple[str, ...]


class Lane:
    """One peer's deliveries in the order of the log. `cursor` is the last entry without a gap before it."""

    def __init__(self, peer: Peer) -> None:
        self.host = peer.host
        self.scheme = peer.scheme
        self.cursor = peer.cursor
        self.read = peer.cursor  # how far the log was read for this lane
        self.failures = peer.failures
        self.failing_since = peer.failing_since
        self.next_at = peer.next_attempt_at or 0
        self.hold_until = 0 if peer.failures else self.next_at  # an admin wants nothing sent there before (ms)
        self.error = peer.last_error
        self.delivered_at = peer.last_out_at
        self.failed_at = 0  # when it last failed, as far as this process knows
        self.asked = False  # the peer itself named the time of the next attempt
        self.heard_at = 0  # when the peer last sent something, as far as this process knows
        self.queue: deque[Delivery] = deque()
        self.flying: dict[int, Delivery] = {}
        self.finished: set[int] = set()  # settled above the cursor, because they overtook another
        self.reached: dict[int, set[str]] = {}  # of entries that are held: the inboxes that need nothing more
        self.refusals: dict[int, int] = {}  # answers 401 and 403 to entries that are held
        self.refusing = False  # an entry was refused so for good, and nothing was taken since
        self.rejected: set[int] = set()  # entries that the peer has said no to, by an activity of its own
        self.faults: dict[int, int] = {}  # faults of ours with entries that are held
        self.failed: dict[int, int] = {}  # answers 5xx to entries that are held
        self.passed: dict[int, int] = {}  # others that were taken instead of entries that are held
        self.overtaken: int | None = None  # the entry instead of which another was taken off the queue

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or in the air."""
        return not self.queue and not self.flying

    def offer(self, delivery: Delivery) -> bool:
        """Queue a delivery; False when there is no room, and the log must be read again later."""
        if len(self.queue) >= IN_MEMORY:
            return False
        self.queue.append(delivery)
        return True

    def take(self) -> Delivery | None:
        """The next delivery that may fly now: the oldest, unless it might overtake what is in the air."""
        if not self.queue or len(self.flying) >= IN_FLIGHT:
            return None
        if self.failures and self.flying:
            return None  # a peer that was away is first tried with one
        if any(_ordered(flying.entry, self.queue[0].entry) for flying in self.flying.values()):
            return None
        place = self._place()
        self.overtaken = self.queue[0].entry.seq if place else None
        delivery = self.queue[place]
        del self.queue[place]
        self.flying[delivery.entry.seq] = delivery
        return delivery

    def _place(self) -> int:
        """Where in the queue the next delivery is: behind the first when the peer may fail at that one alone."""
        first = self.queue[0].entry
        if not self.failures or self.failed.get(first.seq, 0) < STUCK:
            return 0
        others = (at for at, d in enumerate(self.queue) if d.entry.thread_id != first.thread_id or not first.thread_id)
        return next((at for at in others if at), 0)

    def stuck(self, seq: int) -> bool:
        """The peer failed at the entry once more (5xx). Whether it has failed at this one only, again and again."""
        self.failed[seq] = self.failed.get(seq, 0) + 1
        return self.passed.get(seq, 0) >= STUCK

    def took(self) -> None:
        """What was just in the air was taken: when it had overtaken another, that speaks against the other."""
        if self.overtaken is not None:
            self.passed[self.overtaken] = self.passed.get(self.overtaken, 0) + 1

    def settle(self, seq: int) -> None:
        """The delivery needs no more; the cursor moves up to the first gap."""
        self.flying.pop(seq, None)
        for memory in (self.reached, self.refusals, self.faults, self.failed, self.passed):
            memory.pop(seq, None)
        self.rejected.discard(seq)
        self.finished.add(seq)
        bound = self.read + 1
        if self.flying:
            bound = min(bound, *self.flying)
        if self.queue:
            bound = min(bound, self.queue[0].entry.seq)
        self.advance(bound - 1)

    def advance(self, seq: int) -> None:
        """Everything up to `seq` is settled."""
        if seq > self.cursor:
            self.cursor = seq
            self.finished = {s for s in self.finished if s > seq}

    def held(self, now_ms: int) -> bool:
        """Whether nothing is sent to the peer now."""
        return self.next_at > now_ms

    @property
    def lost(self) -> bool:
        """Whether the peer was tried for so long that nothing is kept for it any more."""
        return self.failing_since is not None and self.next_at - self.failing_since > FORGET

    def fail(self, now_ms: int, retry_after: float | None, error: str) -> None:
        """Hold the lane. Two that were in the air together and fail together are one failure."""
        together = self.held(now_ms)
        if not together:
            self.failures += 1
            self.failing_since = self.failing_since or now_ms
            self.asked = False
        failing = now_ms - (self.failing_since or now_ms)
        again = now_ms + pause(self.failures, failing, retry_after)
        if not together:
            self.next_at = again
        elif retry_after is not None:
            self.next_at = max(self.next_at, again)
        self.asked = self.asked or (retry_after is not None and failing < GIVE_UP)
        self.failed_at, self.error = now_ms, error

    def rewind(self) -> None:
        """What waits is read from the log again, from the first that is not settled."""
        self.queue.clear()
        self.read = self.cursor

    def drop(self, seq: int) -> None:
        """What waits up to this entry does not go any more."""
        self.queue.clear()
        self.advance(min(seq, min(self.flying, default=seq + 1) - 1))
        self.read = max(self.read, self.cursor, seq)

    def recover(self, now_ms: int) -> None:
        """The peer answers again."""
        self.failures, self.failing_since, self.error, self.asked = 0, None, "", False
        self.next_at = self.hold_until if self.hold_until > now_ms else 0
        self.delivered_at = now_ms

    def heard(self, now_ms: int) -> bool:
        """The peer has sent something. Whether what waits for it goes earlier than it would have.

        A peer that sends much and takes nothing is tried once a minute, and not before the time that it named itself.
        """
        self.heard_at = now_ms
        if self.lost:
            self.failures, self.failing_since, self.next_at, self.asked = 0, None, 0, False
            return True
        if not self.failures or self.asked or not self.held(now_ms):
            return False
        earlier = max(now_ms, self.failed_at + MINUTE)
        self.next_at, changed = min(self.next_at, earlier), earlier < self.next_at
        return changed

    def again(self) -> None:
        """Nothing is held any more; should it fail, it waits as long as before."""
        self.next_at, self.hold_until, self.asked = 0, 0, False

    def hold(self, until_ms: int) -> None:
        """Nothing is sent there before, also when what is in the air now is taken."""
        self.next_at = self.hold_until = until_ms


def _ordered(first: Entry, second: Entry) -> bool:
    """Whether the second must not arrive before the first.

    On two connections it may. What is of one thread, or of none, is read in its order; and posts of one actor stand in
    their order where a peer sorts by arrival, as after an outage. Votes of different threads pass each other.
    """
    if first.thread_id == second.thread_id or not first.thread_id or not second.thread_id:
        return True
    return first.actor_id == second.actor_id and first.post_id is not None and second.post_id is not None


def set_aside(peer: Peer) -> bool:
    """Whether a server was tried for so long that nothing is kept for it any more (`Lane.lost`)."""
    return peer.failing_since is not None and (peer.next_attempt_at or 0) - peer.failing_since > FORGET


def pause(failures: int, failing_ms: int, retry_after: float | None) -> int:
    """How long to wait, in ms, after that many failures in a row; `retry_after` is what the peer asked for, in s.

    A peer that asks for moments again and again gets them doubled each time, up to what the schedule says.
    """
    if failing_ms >= GIVE_UP:
        usual = PROBE
    else:
        usual = SCHEDULE[failures - 1] if failures <= len(SCHEDULE) else REST
    if retry_after is not None and failing_ms < GIVE_UP:
        asked = min(max(int(retry_after * 1000), 1_000), MAX_RETRY_AFTER)
        return int(max(asked * random.uniform(1, 1 + JITTER), min(usual, 500 * 2 ** min(failures, 30))))
    return int(usual * random.uniform(1 - JITTER, 1 + JITTER))
