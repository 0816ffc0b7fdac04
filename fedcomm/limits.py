"""Limits that hold over a time, in memory: votes of one server on one post, and what is not asked again so soon."""

import time
from collections import OrderedDict

VOTES = 30  # of one server on one post
WINDOW = 600.0  # seconds
_REMEMBERED = 50_000


class VoteLimit:
    """Counts votes by (post, host): fresh accounts by the hundred are cheap for a hostile server (attack GRP-13)."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[int, str], tuple[float, int]] = OrderedDict()

    def allows(self, post_id: int, host: str) -> bool:
        """Whether one more vote from that server counts; our own members are not limited."""
        if not host:
            return True
        now = time.monotonic()
        since, count = self._counts.pop((post_id, host), (now, 0))
        if now - since > WINDOW:
            since, count = now, 0
        self._counts[post_id, host] = (since, count + 1)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count < VOTES


class Lately:
    """What was done a while ago and need not be done again; `seconds` is the while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._done: OrderedDict[str, float] = OrderedDict()

    def due(self, name: str) -> bool:
        """Whether it was not done lately; then it counts as done now."""
        now = time.monotonic()
        if now - self._done.get(name, -self._seconds) < self._seconds:
            return False
        self._done[name] = now
        self._done.move_to_end(name)
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        return True
