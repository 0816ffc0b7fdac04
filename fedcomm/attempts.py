"""How often somebody may try something: the last tries of each key, in memory, for a limited number of keys."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

from fedcomm import clock
from fedcomm.errors import TooMany

MAX_KEYS = 50_000
MINUTE = 60_000  # ms


class Attempts:
    """Counts tries by key: at most `limit` within `window` ms."""

    def __init__(self, limit: int, window: int) -> None:
        self.limit, self.window = limit, window
        self._times: OrderedDict[str, deque[int]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one try.

        Raises:
            TooMany: there were as many as allowed.
        """
        now = clock.now_ms()
        times = self._recent(key, now)
        if len(times) >= self.limit:
            wait = (times[0] + self.window - now) / 1000
            raise TooMany("Too many attempts. Please wait a while before you try again.", retry_after=wait)
        times.append(now)

    def give_back(self, key: str) -> None:
        """Do not count the last try after all."""
        if times := self._times.get(key):
            times.pop()

    def _recent(self, key: str, now: int) -> deque[int]:
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and not now - self.window < times[0] <= now:  # also when the clock was set back
            times.popleft()
        while len(self._times) > MAX_KEYS:
            self._times.popitem(last=False)
        return times


def network(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 address (one customer has at least that)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
