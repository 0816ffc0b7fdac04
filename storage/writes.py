"""Changes collected to be made all at once."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from storage.dialect import Args

Hear = Callable[[list[tuple[Any, ...]]], None]


class Group(msgspec.Struct):
    """One statement with the arguments of each time it runs."""

    sql: str
    rows: list[Args]
    answers: bool = False  # its rows are wanted


class Writes:
    """Statements for one transaction; the same statement is grouped, in the order of its first appearance.

    So a statement added again later runs together with the first of its kind: put what depends on an order into
    different statements that are added in that order.
    """

    __slots__ = ("_adding", "_heard", "answers", "groups", "hooks")

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.hooks: list[Callable[[], None]] = []
        self.answers = 0
        self._adding: dict[str, list[Args]] = {}
        self._heard: list[tuple[int, Hear]] = []

    def __bool__(self) -> bool:
        return bool(self.groups)

    def add(self, sql: str, args: Args = ()) -> None:
        """Run this, with others of the same text."""
        rows = self._adding.get(sql)
        if rows is None:
            self.add_many(sql, (args,))
        else:
            rows.append(args)

    def add_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run this once for each of `rows`."""
        present = self._adding.get(sql)
        if present is None:
            self._adding[sql] = collected = list(rows)
            self.groups.append(Group(sql, collected))
        else:
            present.extend(rows)

    def returning(self, sql: str, args: Args = ()) -> int:
        """Run this by itself and keep its rows: they are in the list of results at the index given here."""
        self.groups.append(Group(sql, [args], answers=True))
        self.answers += 1
        return self.answers - 1

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
        """Take in the changes of another; its results start at the index given here."""
        first = self.answers
        for group in other.groups:
            if group.answers:
                self.returning(group.sql, group.rows[0])
            else:
                self.add_many(group.sql, group.rows)
        self.hooks.extend(other.hooks)
        self._heard.extend((first + index, hear) for index, hear in other._heard)
        return first
