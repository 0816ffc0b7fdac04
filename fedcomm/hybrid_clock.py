"""A hybrid logical clock: time as far as the machine knows it, and always later than all that was seen before."""

import re

from fedcomm import clock

_COUNTER = 0x10000
_WRITTEN = re.compile(r"([0-9a-f]{12})-([0-9a-f]{4})")


class HybridClock:
    """Milliseconds and a counter, written `%012x-%04x`, so that times sort as text."""

    def __init__(self) -> None:
        self._last = (0, 0)

    def tick(self) -> str:
        """A time later than all given or heard of so far."""
        now = clock.now_ms()
        ms, count = self._last
        self._last = (now, 0) if now > ms else (ms + (count + 1) // _COUNTER, (count + 1) % _COUNTER)
        return "{:012x}-{:04x}".format(*self._last)

    def hear(self, written: str) -> None:
        """This database, or another process on it, has got this far.

        Raises:
            ValueError: no time of such a clock.
        """
        self._last = max(self._last, _read(written))

    def raise_floor(self, ms: int) -> None:
        """Times are later than `ms` since 1970 from now on."""
        self._last = max(self._last, (ms, 0))


def _read(written: str) -> tuple[int, int]:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no time of a hybrid clock")
    return int(found[1], 16), int(found[2], 16)
