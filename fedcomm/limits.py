"""Limits that hold over a time, in memory: votes of one server on one post, joins and posts in one group, and what is
not asked again so soon.
"""

import time
from collections import Counter, OrderedDict

VOTES, EDITS = 30, 20  # of one server on one post, and of one post
VOTES_KNOWN = 300  # of people of one server who have been known here for a day
VOTES_WAITING = 5_000  # of one server, on all posts; what comes after that does not count
POSTS, POSTS_OF_HOST, COPIES = 30, 300, 3  # into one group: of one author, of one server, of the same words
SHORTEST = 20  # characters of words that count as the same
WINDOW = 600.0  # seconds
ALERTS = 86_400.0  # seconds before moderators hear again that one server votes too much
JOINS, ALL_JOINS = 60, 600  # of one server in one group, and of all; who comes later is let in later
JOINS_WINDOW = 60.0  # seconds
DISPATCHES, DISPATCHES_WINDOW = 20, 86_400.0  # messages to one member about what one server elsewhere decides
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


class VoteLimit:
    """When the votes of one server on one post count: so many at once, the others one after the other, in order.

    Who stuffs gets no more in a time than who was refused before, and nobody's vote is lost for coming when a thread is
    read by many (attack GRP-11). New accounts cost nothing; those known here for a day have room of their own.
    """

    def __init__(
        self, most: int = VOTES, known: int = VOTES_KNOWN, waiting: int = VOTES_WAITING, window: float = WINDOW
    ) -> None:
        self._most, self._waiting, self._window = {False: most, True: known}, waiting, window
        self._counts: OrderedDict[tuple[int, str, bool], tuple[float, int]] = OrderedDict()
        self._last: dict[tuple[int, str, bool], float] = {}  # when the last of those that wait counts
        self._due: OrderedDict[str, tuple[float, str]] = OrderedDict()  # of those that wait: when, and which server
        self._of_host: Counter[str] = Counter()

    def seconds(self, post: int, host: str, vote: str, *, known: bool) -> float | None:
        """After how many seconds the vote with that id counts: 0.0 for now, None for never; ours count at once."""
        if not host:
            return 0.0
        now, key = time.monotonic(), (post, host, known)
        if (waits := self._due.get(vote)) is not None:
            return waits[0] - now if waits[0] > now else self._counted(vote)
        if self._last.get(key, 0.0) <= now:
            self._last.pop(key, None)
            since, count = self._counts.pop(key, (now, 0))
            since, count = (now, 0) if now - since > self._window else (since, count)
            self._counts[key] = (since, count + 1)
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
            if count < self._most[known]:
                return 0.0
            self._last[key] = since + self._window
        self._forget(now)
        if self._of_host[host] >= self._waiting:
            return None
        due = self._last[key] = self._last[key] + self._window / self._most[known]
        self._due[vote] = (due, host)
        self._of_host[host] += 1
        return due - now

    def _counted(self, vote: str) -> float:
        self._of_host[self._due.pop(vote)[1]] -= 1
        return 0.0

    def _forget(self, now: float) -> None:
        """Those that did not come again in their time: taken back, or on a post that is gone."""
        while self._due and next(iter(self._due.values()))[0] < now - self._window:
            self._counted(next(iter(self._due)))


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

    def lately(self, name: str) -> bool:
        """Whether it was done lately."""
        return time.monotonic() - self._done.get(name, -self._seconds) < self._seconds

    def due(self, name: str) -> bool:
        """Whether it was not done lately; then it counts as done now."""
        if self.lately(name):
            return False
        self._done[name] = time.monotonic()
        self._done.move_to_end(name)
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        return True
