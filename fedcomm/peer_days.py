"""Counts what passes between here and each other server, in memory; written down once a minute for all together.

Only the process that leads takes up what came in and delivers, so it counts all of it. What was counted in the last
minute is lost with a process that is killed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from activitypub.errors import ProtocolError
from activitypub.origins import host_of
from fedcomm import clock
from storage.peer_days import DAY, PeerDay

EVERY = 60_000  # ms between two times that it is written down
SHOWN = 30  # days
KEPT = 60


class PeerDays:
    """What was counted and is not written down yet."""

    def __init__(self) -> None:
        self._came: Counter[str] = Counter()  # by signer, whose host is looked for when it is written
        self._taken: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._written_at = 0

    def came(self, signers: Iterable[str]) -> None:
        """Activities of these were taken up."""
        self._came.update(signers)

    def taken(self, host: str) -> None:
        """The server took a delivery."""
        self._taken[host] += 1

    def failed(self, host: str) -> None:
        """A try to deliver there failed, and will be repeated."""
        self._failed[host] += 1

    def refused(self, host: str) -> None:
        """The server did not take a delivery, for good."""
        self._refused[host] += 1

    def collect(self, *, all_: bool = False) -> list[PeerDay]:
        """What is to be written down now: nothing within a minute after the last time, unless `all_` is."""
        now = clock.now_ms()
        if not all_ and now - self._written_at < EVERY:
            return []
        self._written_at = now
        came: Counter[str] = Counter()
        for signer, count in self._came.items():
            came[_host(signer)] += count
        parts = (came, self._taken, self._failed, self._refused)
        hosts = {host for part in parts for host in part if host}
        found = [PeerDay(host, now // DAY, *(part[host] for part in parts)) for host in sorted(hosts)]
        self._came, self._taken, self._failed, self._refused = Counter(), Counter(), Counter(), Counter()
        return found

    def put_back(self, days: Sequence[PeerDay]) -> None:
        """They could not be written down."""
        for each in days:
            self._came[f"https://{each.host}/"] += each.came
            self._taken[each.host] += each.taken
            self._failed[each.host] += each.failed
            self._refused[each.host] += each.refused
        self._written_at = 0


def all_of(days: Iterable[PeerDay], host: str, until_ms: int) -> list[PeerDay]:
    """The last days until then without a gap, the earliest first."""
    known = {each.day: each for each in days}
    last = until_ms // DAY
    return [known.get(day, PeerDay(host, day)) for day in range(last - SHOWN + 1, last + 1)]


def _host(signer: str) -> str:
    try:
        return host_of(signer)
    except ProtocolError:
        return ""
