"""Changes collected to be made all at once."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from storage.dialect import Args

Hear = Callable[[list[tuple[Any, ...]]], None]
Fold = Callable[[list[Args]], list[Args]]


class Group(msgspec.Struct):
    """One statement with the arguments of each time it runs."""

    sql: str
    rows: list[Args]
    answers: bool = False  # its rows are wanted
    fold: Fold | None = None  # makes fewer of its arguments, which change the same

    @property
    def calls(self) -> list[Args]:
        """The arguments of each time it runs."""
        return self.rows if self.fold is None or self.answers else self.fold(self.rows)


class Writes:
    """Statements for one transaction; the same statement is grouped, in the order of its first appearance.

    So a statement added again later runs together with the first of its kind: put what depends on an order into
    different statements that are added in that order.
    """

    __slots__ = ("_adding", "_heard", "_places", "answers", "groups", "hooks", "last")

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.hooks: list[Callable[[], None]] = []
        self.answers = 0
        self.last: Writes | None = None  # what was added `at_last`
        self._adding: dict[str, list[Args]] = {}
        self._places: dict[str, list[int]] = {}  # of the groups of a statement
        self._heard: list[tuple[int, Hear]] = []

    def __bool__(self) -> bool:
        return bool(self.groups or self.last)

    def add(self, sql: str, args: Args = (), fold: Fold | None = None) -> None:
        """Run this, with others of the same text. With `fold` that is done with what it makes of all their arguments.

        So what a hundred do to one row is one statement. The same text goes with the same `fold`.
        """
        rows = self._adding.get(sql)
        if rows is None:
            self._begin(sql, (args,), fold)
        else:
            rows.append(args)

    def add_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run this once for each of `rows`."""
        present = self._adding.get(sql)
        if present is None:
            self._begin(sql, rows)
        else:
            present.extend(rows)

    def returning(self, sql: str, args: Args = ()) -> int:
        """Run this by itself and keep its rows: they are in the list of results at the index given here."""
        self.groups.append(Group(sql, [args], answers=True))
        self.answers += 1
        return self.answers - 1

    def at_last(self, sql: str, args: Args = ()) -> None:
        """Run this after all else of the transaction, whatever is written in it yet: everybody waits for what it locks.

        Who holds that waits for nothing any more, so nobody waits for who waits for them (`storage/counting.py`).
        """
        if self.last is None:
            self.last = Writes()
        self.last.add(sql, args)

    def end(self) -> None:
        """Nothing else comes in the transaction: what was added `at_last` is to run now."""
        last, self.last = self.last, None
        if last is not None:
            self.merge(last)

    def after(self, hook: Callable[[], None]) -> None:
        """Call `hook` once these changes are durable."""
        self.hooks.append(hook)

    def hearing(self, sql: str, args: Args, hear: Hear) -> None:
        """Run this by itself, and call `hear` with its rows once these changes are durable."""
        self._heard.append((self.returning(sql, args), hear))

    def hooks_after(self, answers: Sequence[list[tuple[Any, ...]]]) -> list[Callable[[], None]]:
        """What is to be called once these changes, which gave these answers, are durable."""
        return [*self.hooks, *(partial(hear, answers[index]) for index, hear in self._heard)]

    def merge(self, other: "Writes") -> int:
        """Take in the changes of another; its results start at the index given here.

        The other's statements run in the order that they have there. They join those of the same text that are here
        already only where that keeps them in it: who takes links away and writes them anew must not begin with the end.
        """
        first, place = self.answers, 0
        for group in other.groups:
            if group.answers:
                self.returning(group.sql, group.rows[0])
                place = len(self.groups) - 1
            else:
                place = self._join(group, place)
        if other.last is not None:
            self.last = self.last or Writes()
            self.last.merge(other.last)
        self.hooks.extend(other.hooks)
        self._heard.extend((first + index, hear) for index, hear in other._heard)
        return first

    def _join(self, group: Group, since: int) -> int:
        """Where the statements of a group run, which is not before that place."""
        places = self._places.get(group.sql, [])
        at = bisect_left(places, since)
        if at == len(places):
            return self._begin(group.sql, group.rows, group.fold)
        self.groups[places[at]].rows.extend(group.rows)
        return places[at]

    def _begin(self, sql: str, rows: Iterable[Args], fold: Fold | None = None) -> int:
        collected = list(rows)
        self._adding.setdefault(sql, collected)
        self._places.setdefault(sql, []).append(len(self.groups))
        self.groups.append(Group(sql, collected, fold=fold))
        return len(self.groups) - 1
