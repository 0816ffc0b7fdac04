"""Ids that sort by time: 47 bits of milliseconds, 6 of the process, 10 of a counter; always positive in 64 bits."""

import random
import time
from collections.abc import Callable
from contextvars import ContextVar

from storage.errors import SlotLost

SLOTS = 64  # processes on one database
_COUNTERS = 512  # ids of the present have counters below this, dated ones from here on, so that they never meet
_LATEST_MS = (1 << 47) - 1


def now_ms() -> int:
    """Milliseconds since 1970 by the clock of the machine."""
    return time.time_ns() // 1_000_000


class IdSource:
    """Makes the ids of one process on one database."""

    def __init__(self, slot: int = 0, now: Callable[[], int] = now_ms) -> None:
        self.now = now  # ms; may be replaced while running
        self.held_until: float | None = None  # of time.monotonic(); None: nobody else can have this slot
        self._slot = slot
        self._ms = 0
        self._counter = 0
        self._dated = random.randrange(_COUNTERS * 1000)

    @property
    def slot(self) -> int:
        """Which of the processes on this database this one is."""
        return self._slot

    @property
    def last(self) -> int:
        """Nothing made for the present is higher than this."""
        return self._id(self._ms, self._counter)

    def hold(self, slot: int, until: float | None) -> None:
        """The slot is ours until then (`time.monotonic()`); None: for good."""
        if not 0 <= slot < SLOTS:
            raise ValueError(f"slot {slot} is not within 0..{SLOTS - 1}")
        if slot != self._slot:
            self._slot = slot
            self._ms, self._counter = self._ms + 1, 0  # still higher than all before
        self.held_until = until

    def raise_floor(self, floor: int) -> None:
        """Ids of the present are higher than `floor` from now on."""
        ms = floor >> 16
        if ms >= self._ms:
            self._ms, self._counter = ms + 1, 0

    def next_id(self, at_ms: int | None = None, *, coarse: bool = False) -> int:
        """A new id: higher than all before, or, with a time in the past, one that sorts there.

        A dated one is new with near certainty only; a clash shows as an IntegrityError of the key. Try that again with
        another id. `coarse` says that the time was given in whole seconds: such ids are spread over that second, for
        many may be of it. A time that is exact and by chance at the start of a second stays before what follows it.

        Raises:
            SlotLost: the slot was not renewed in time.
        """
        if self.held_until is not None and time.monotonic() >= self.held_until:
            raise SlotLost(f"slot {self._slot} was not renewed in time")
        now = self.now()
        if at_ms is not None and at_ms < now:
            return self._dated_id(max(at_ms, 0), now, coarse)
        if now > self._ms:
            self._ms, self._counter = now, 0
        elif self._counter + 1 < _COUNTERS:
            self._counter += 1
        else:
            self._ms, self._counter = self._ms + 1, 0
        return self._id(self._ms, self._counter)

    def _dated_id(self, at_ms: int, now: int, coarse: bool) -> int:
        self._dated = (self._dated + 1) % (_COUNTERS * 1000)
        spread, counter = divmod(self._dated, _COUNTERS)
        if coarse:
            at_ms = min(at_ms + spread, now)
        return self._id(at_ms, _COUNTERS + counter)

    def _id(self, ms: int, counter: int) -> int:
        return min(ms, _LATEST_MS) << 16 | self._slot << 10 | counter


source: ContextVar[IdSource] = ContextVar("fedcomm_ids")  # set by `connect.use`


def next_id(at_ms: int | None = None, *, coarse: bool = False) -> int:
    """A new id for the database in use (`IdSource.next_id`)."""
    return source.get().next_id(at_ms, coarse=coarse)


def ms_of(any_id: int) -> int:
    """When it was made, in milliseconds since 1970; for a dated one, when it sorts."""
    return any_id >> 16
