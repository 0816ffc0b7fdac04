"""Limits that hold over a time, in memory: how many votes one server may bring to one post."""

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
