"""From the one SQL we write to what SQLite and PostgreSQL each want.

We write `?` for a value, and for a list of them (a Python list or tuple as the argument):

    id IN (?ints)            uri NOT IN (?texts)            INSERT … SELECT v.value, ? FROM (?ints) AS v

A statement all of whose values stand in one `VALUES (?, ?, …)` may run for many rows at once (`for_rows`): so one that
reads what it changes itself takes its values another way.

There is no `?` inside a literal, and `ON CONFLICT` after `SELECT` needs a `WHERE 1 = 1` before it (SQLite's parser).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

Args = Sequence[Any]

_QUOTED = re.compile(r"'(?:[^']|'')*'")
_PLACE = re.compile(
    r"(?P<negated>\bNOT\s+)?\bIN\s*\(\s*\?(?P<among>ints|texts)\s*\)"
    r"|\(\s*\?(?P<each>ints|texts)\s*\)\s+AS\s+(?P<alias>\w+)"
    r"|\?(?P<stray>ints|texts)\b"
    r"|\?",
    re.IGNORECASE,
)
_TUPLE = r"\((?:\?|CAST\(\? AS \w+\))(?:, (?:\?|CAST\(\? AS \w+\)))*\)"
_VALUES = re.compile(rf"\bVALUES\s*({_TUPLE})", re.IGNORECASE)
_ARRAYS = {"ints": "bigint[]", "texts": "text[]"}
_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_READS = ("SELECT", "VALUES", "EXPLAIN")


class Statement(msgspec.Struct, frozen=True):
    """One statement as its database wants it."""

    sql: str
    reads: bool  # changes nothing, so that any connection will do
    lists: tuple[int, ...]  # which arguments are lists
    tuple: str = ""  # in which all values stand, if they do


@lru_cache(maxsize=4096)
def for_sqlite(sql: str) -> Statement:
    """The statement with lists as JSON arrays (`arguments` makes them).

    Raises:
        ValueError: a `?` in a literal, or a list where it has no meaning.
    """
    return _translated(sql, _sqlite_place)


@lru_cache(maxsize=1024)
def for_rows(statement: Statement, count: int) -> str:
    """The same for so many rows, whose values follow each other; for a statement with a `tuple`."""
    return statement.sql.replace(statement.tuple, ", ".join([statement.tuple] * count))


@lru_cache(maxsize=4096)
def for_postgres(sql: str) -> Statement:
    """The statement with `$1`, `$2` … for its arguments and lists as arrays.

    Raises:
        ValueError: a `?` in a literal, or a list where it has no meaning.
    """
    return _translated(sql, _postgres_place)


def arguments(statement: Statement, args: Args) -> Args:
    """The arguments as SQLite wants them: lists become JSON."""
    if not statement.lists:
        return args
    changed = list(args)
    for place in statement.lists:
        changed[place] = msgspec.json.encode(list(changed[place])).decode()
    return changed


def reads(sql: str) -> bool:
    """Whether the statement only reads; one that begins with `WITH` and names a change anywhere does not."""
    start = sql.lstrip("( \n\t")[:7].upper()
    if start.startswith("WITH"):
        return not _CHANGES.search(sql)
    return start.startswith(_READS)


def _translated(sql: str, place: Any) -> Statement:
    if any("?" in literal for literal in _QUOTED.findall(sql)):
        raise ValueError(f"a ? inside a literal: {sql}")
    lists: list[int] = []
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        if match["stray"]:
            raise ValueError(f"a list stands after IN or as (?{match['stray']}) AS name: {sql}")
        if match["among"] or match["each"]:
            lists.append(count)
        count += 1
        replaced: str = place(match, count)
        return replaced

    found = _VALUES.search(sql)
    row = found[1] if found and not lists and found[1].count("?") == sql.count("?") else ""
    return Statement(_PLACE.sub(replace, sql), reads(sql), tuple(lists), row)


def _sqlite_place(match: re.Match[str], _number: int) -> str:
    if match["among"]:
        return f"{match['negated'] or ''}IN (SELECT value FROM json_each(?))"
    if match["each"]:
        return f"json_each(?) AS {match['alias']}"
    return "?"


def _postgres_place(match: re.Match[str], number: int) -> str:
    kind = _ARRAYS.get((match["among"] or match["each"] or "").lower())
    if match["among"]:
        return f"{'<> ALL' if match['negated'] else '= ANY'}(${number}::{kind})"
    if match["each"]:
        return f"unnest(${number}::{kind}) AS {match['alias']}(value)"
    return f"${number}"
