"""What a scenario hands back: figures, each with its aim and whether the work behind it was done rightly."""

import statistics
from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured quantity. `aim` is the most it should be; None where there is none."""

    name: str
    value: float
    unit: str  # µs, ms, s or MB
    aim: float | None = None
    wrong: str = ""  # how the work was not done as it should; a fast wrong answer is no figure
    note: str = ""
    spread: tuple[float, float] | None = None  # least and most of the rounds
    beside: str = ""  # the yardstick that tells most about it
    cpu: bool = False  # CPU time; the others are of the clock on the wall, which other work on the machine delays

    @property
    def verdict(self) -> str:
        """WRONG, reached, missed with the factor, or nothing."""
        if self.wrong:
            return "WRONG"
        if self.aim is None:
            return ""
        return "reached" if self.value <= self.aim else f"missed, {self.value / self.aim:.2f} times the aim"


def middle(rounds: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """The median of several rounds, with the least and the most."""
    return statistics.median(rounds), (min(rounds), max(rounds))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
