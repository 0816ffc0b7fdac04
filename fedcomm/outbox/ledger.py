"""What the sender writes down: how far each peer has got and how it is, refusals, inboxes that are gone."""

import asyncio
from collections.abc import Iterable

from fedcomm import clock
from fedcomm.outbox.lanes import DAY, MINUTE, Lane
from fedcomm.peer_days import PeerDays
from storage import outbox, peer_days, peers
from storage.connect import Writes, apply
from storage.errors import OperationalError
from storage.peers import GoneInbox


class Ledger:
    """Collects it, so that it is written in few transactions; what could not be written stays for the next one."""

    def __init__(self, days: PeerDays) -> None:
        self._days = days
        self.gone: dict[str, GoneInbox] = {}
        self._moved: dict[str, Lane] = {}
        self._notes = Writes()
        self._heard: dict[str, int] = {}  # by peer: when it last sent something, written down once a minute
        self._told: dict[str, int] = {}
        self._passed = 0
        self._writing = asyncio.Lock()  # one after the other, so that what is older is not written last

    async def load(self, tail: int) -> None:
        """Begin with what stands in the database."""
        self.gone = {found.inbox: found for found in await peers.gone_inboxes()}
        self._moved, self._notes, self._passed = {}, Writes(), tail

    def moved(self, lane: Lane) -> None:
        """The lane is not as it was."""
        self._moved[lane.host] = lane

    def heard(self, host: str) -> None:
        """The peer has sent something."""
        now = clock.now_ms()
        if now - self._told.get(host, 0) >= MINUTE:
            self._heard[host] = now

    def refused(self, lane: Lane, seq: int, inbox: str, status: int, words: str) -> None:
        """A delivery ended without being taken; says with which answer."""
        self._days.refused(lane.host)
        outbox.note(self._notes, lane.host, seq, inbox, status, words, clock.now_ms())

    def told(self, lane: Lane, seq: int, inbox: str, status: int) -> None:
        """The peer took what is to be known of each server when it did."""
        outbox.note(self._notes, lane.host, seq, inbox, status, "", clock.now_ms())

    def taken(self, lane: Lane, inbox: str) -> None:
        """The peer took a delivery at that inbox: whatever that said before, it is there."""
        self._days.taken(lane.host)
        self.inbox_answers(inbox)

    def failed(self, lane: Lane) -> None:
        """A delivery was not taken now."""
        self._days.failed(lane.host)

    def scheme(self, lane: Lane) -> None:
        """The peer verifies the scheme that the lane has now."""
        peers.set_scheme(self._notes, lane.host, lane.scheme)

    def inbox_gone(self, lane: Lane, inbox: str) -> None:
        """The inbox answered that it is not there; the second time a day later it is not written to any more."""
        now = clock.now_ms()
        known = self.gone.get(inbox)
        first = known.first_refused_at if known else now
        retired = now if now - first >= DAY else None
        self.gone[inbox] = found = GoneInbox(inbox, lane.host, first, now, retired)
        peers.put_gone(self._notes, found)

    def inbox_answers(self, inbox: str) -> None:
        """The inbox took something: whatever it said before, it is there."""
        if self.gone.pop(inbox, None) is not None:
            peers.revive_inbox(self._notes, inbox)

    def doubt(self, host: str) -> None:
        """What inboxes of that host said is asked anew."""
        for inbox in [found.inbox for found in self.gone.values() if found.host == host]:
            self.inbox_answers(inbox)

    def retired(self, lane: Lane, inbox: str) -> bool:
        """Whether the inbox is not written to. One of a server that is heard of again is tried once a day."""
        known = self.gone.get(inbox)
        if known is None or known.retired_at is None:
            return False
        return not lane.heard_at or clock.now_ms() - known.last_refused_at < DAY

    async def save(self, tail: int, busy: Iterable[str], *, everybody: bool, last: bool = False) -> None:
        """Write it down in one transaction; `everybody` also for peers, all but `busy`, that nothing was for; the
        `last` time also what else would have waited for a minute.

        Raises:
            OperationalError: it could not be written now. Nothing is forgotten.
        """
        async with self._writing:
            await self._save(tail, list(busy), everybody, last)

    async def _save(self, tail: int, busy: list[str], everybody: bool, last: bool) -> None:
        notes, self._notes = self._notes, Writes()
        moved, self._moved = self._moved, {}
        heard = self._heard if everybody else {}
        writes = Writes()
        writes.merge(notes)
        for lane in moved.values():
            _write(writes, lane)
        if heard:
            peers.put_heard(writes, heard)
            self._heard = {}
        days = self._days.collect(all_=last) if everybody else []
        if days:
            peer_days.add(writes, days)
        skipping = everybody and tail > self._passed
        if skipping:
            peers.skip_all_but(writes, busy, tail)
            outbox.put_read(writes, tail)
        if not writes:
            return
        try:
            await apply(writes)
        except OperationalError:
            self._days.put_back(days)
            notes.merge(self._notes)
            self._notes, self._moved = notes, moved | self._moved
            self._heard = heard | self._heard
            raise
        if heard:
            self._told = {host: at for host, at in self._told.items() if clock.now_ms() - at < MINUTE} | heard
        if skipping:
            self._passed = tail


def _write(writes: Writes, lane: Lane) -> None:
    peers.put_progress(
        writes,
        lane.host,
        cursor=lane.cursor,
        failures=lane.failures,
        failing_since=lane.failing_since,
        next_attempt_at=lane.next_at or None,
        error=lane.error,
        delivered_at=lane.delivered_at,
    )
