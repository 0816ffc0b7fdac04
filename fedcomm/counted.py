"""What this process counts as it happens, for `metrics.py`."""

from collections.abc import Iterable


class Counts:
    """Since the process began."""

    def __init__(self) -> None:
        self.too_many = 0  # requests that were answered with 429
        self.taken_in = 0  # activities that were taken up
        self.latency_ms = 0  # from arrival until then, of all together

    def take_in(self, item_ids: Iterable[int], now_ms: int) -> None:
        """Items of the inbox were taken up; an id begins with the time of arrival."""
        for item_id in item_ids:
            self.taken_in += 1
            self.latency_ms += max(0, now_ms - (item_id >> 16))


COUNTS = Counts()
