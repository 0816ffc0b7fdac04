"""Limits that hold over a time, in memory: votes of one server on one post, joins and posts in one group, and what is
not asked again so soon.
"""

import time
from collections import OrderedDict

VOTES, EDITS = 30, 20  # of one server on one post, and of one post
POSTS, POSTS_OF_HOST, COPIES = 30, 300, 3  # into one group: of one author, of one server, of the same words
SHORTEST = 20  # characters of words that count as the same
WINDOW = 600.0  # seconds
ALERTS = 86_400.0  # seconds before moderators hear again that one server votes too much
JOINS, ALL_JOINS = 60, 600  # of one server in one group, and of all; who comes later is let in later
JOINS_WINDOW = 60.0  # seconds
_REMEMBERED = 50_000


class ServerLimit:
    """Counts by (thing, host): a hostile server has fresh accounts by the hundred (attacks GRP-13, GRP-23)."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._counts: OrderedDict[tuple[int, str], tuple[float, int]] = OrderedDict()

    def allows(self, thing: int, host: str) -> bool:
        """Whether one more from that server counts; our own members are not limited."""
        if not host:
            return True
        now = time.monotonic()
        since, count = self._counts.pop((thing, host), (now, 0))
        if now - since > self._seconds:
            since, count = now, 0
        self._counts[thing, host] = (since, count + 1)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count < self._most


class PostLimit:
    """Counts posts into a group, by author, by server and by what they say (attack GRP-13)."""

    def __init__(self) -> None:
        self._authors = ServerLimit(POSTS, WINDOW)
        self._hosts = ServerLimit(POSTS_OF_HOST, WINDOW)
        self._copies = ServerLimit(COPIES, WINDOW)

    def allows(self, group_id: int, author_uri: str, host: str, words: str) -> bool:
        """Whether one more post of the author, in these words, is in the group at once."""
        name = words if len(words) >= SHORTEST else ""
        counted = (
            self._authors.allows(group_id, author_uri),
            self._hosts.allows(group_id, host),
            self._copies.allows(group_id, name),
        )
        return all(counted)


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
