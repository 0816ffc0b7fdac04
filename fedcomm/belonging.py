"""Whether people belong in a group: newcomers who are answered, talks of several, people who come back.

Nothing here counts how often something is looked at, and nothing ranks people. What was counted is kept for an hour.
"""

from collections.abc import Sequence
from statistics import median

import msgspec

from fedcomm import clock
from storage import group_statistics, unanswered
from storage.group_statistics import Begun
from storage.groups import Group
from storage.ids import ms_of

WEEKS = 12
TOGETHER = 3  # people who make a talk
_KEPT_FOR = 3_600_000  # ms
_MINUTE, _DAY = 60_000, 86_400_000  # ms
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY  # the first one after the beginning of 1970


class Span(msgspec.Struct, frozen=True):
    """What happened in a week, or in all of them; `began` in ms.

    `newcomers` are threads that newcomers began, of which `answered` were answered within a day; of the last day only
    those count that were answered already. `minutes` is the median until a first answer, `together` are threads in
    which three or more people talked. Of those who `wrote`, some `came_back`: they had written in a week before.
    """

    began: int
    threads: int
    newcomers: int
    answered: int
    minutes: int | None
    together: int
    wrote: int
    came_back: int


class Figures(msgspec.Struct, frozen=True):
    """The last twelve weeks, the first one first, all of them together, and what waits for an answer now."""

    weeks: list[Span]
    whole: Span
    waiting: int
    languages: list[tuple[str, int]]
    counted_at: int


_figures = msgspec.json.Decoder(Figures)


async def of(group: Group) -> Figures:
    """The figures of a group, at most an hour old."""
    now = clock.now_ms()
    kept = await group_statistics.kept(group.id, now - _KEPT_FOR)
    if kept is not None:
        return _figures.decode(kept)
    figures = await count(group.id, now)
    await group_statistics.keep(group.id, msgspec.json.encode(figures).decode(), now)
    return figures


async def count(group_id: int, now_ms: int) -> Figures:
    """The same, counted anew."""
    first = (now_ms - _MONDAY) // _WEEK * _WEEK + _MONDAY - (WEEKS - 1) * _WEEK
    begun = await group_statistics.begun(group_id, first)
    wrote = await group_statistics.wrote(group_id, first, _WEEK)
    before = await group_statistics.before(group_id, sorted({who for who, _week in wrote}), first)
    people = _people(wrote, before)
    weeks = [
        _span(first + week * _WEEK, [each for each in begun if _week_of(each, first) == week], *people[week], now_ms)
        for week in range(WEEKS)
    ]
    everybody = {who for who, _week in wrote}
    came_back = set().union(*(back for _all, back in people))
    return Figures(
        weeks,
        _span(first, begun, everybody, came_back, now_ms),
        await group_statistics.waiting(group_id, now_ms - unanswered.AFTER),
        await group_statistics.languages(group_id, first),
        now_ms,
    )


def _people(wrote: Sequence[tuple[int, int]], before: set[int]) -> list[tuple[set[int], set[int]]]:
    """For each week who wrote, and who of them had written in a week before it."""
    known, found = set(before), []
    for week in range(WEEKS):
        now = {who for who, when in wrote if when == week}
        found.append((now, now & known))
        known |= now
    return found


def _week_of(thread: Begun, first_ms: int) -> int:
    return (ms_of(thread.id) - first_ms) // _WEEK


def _span(began: int, threads: Sequence[Begun], wrote: set[int], came_back: set[int], now_ms: int) -> Span:
    new = [each for each in threads if each.newcomer and (each.people or ms_of(each.id) <= now_ms - _DAY)]
    waits = [max(each.answered_at - ms_of(each.id), 0) for each in threads if each.person and each.answered_at]
    return Span(
        began=began,
        threads=len(threads),
        newcomers=len(new),
        answered=sum(each.answered_at is not None and each.answered_at - ms_of(each.id) <= _DAY for each in new),
        minutes=int(median(waits)) // _MINUTE if waits else None,
        together=sum(each.people + each.person >= TOGETHER for each in threads),
        wrote=len(wrote),
        came_back=len(came_back),
    )
