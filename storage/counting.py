"""Counters that stay right when several change them at once: each first holds the row that it counts for.

A statement of PostgreSQL sees what was committed when it began. One that counts rows and waits for another's change to
the counter would go on with what it counted before; the statement after this one begins when the wait is over.
All that hold or count several rows take posts first (answers before what they answer), then talks, then groups, then
actors, so that no two wait for one another. The log comes last by itself (`Writes.at_last`).
"""

from collections.abc import Sequence

from storage.connect import Writes, dialect
from storage.dialect import Args

_TURNS = 7263563  # with an actor: the two numbers of a lock
_WRITTEN = "FROM post WHERE author_id = ? AND group_id = ?"


def hold(writes: Writes, table: str, row_id: int, key: str = "id") -> None:
    """Nobody else changes this row until these writes are made or given up; SQLite has one writer anyway."""
    if dialect() == "postgres":
        writes.add(f"SELECT 1 FROM {table} WHERE {key} = ? FOR NO KEY UPDATE", (row_id,), each_once)


def each_once(rows: list[Args]) -> list[Args]:
    """What is done once, however many ask for it in one transaction."""
    return list(dict.fromkeys(rows))


def hold_some(writes: Writes, table: str, row_ids: Sequence[int]) -> None:
    """As `hold`, of several rows, in the order of their ids; of posts the last first."""
    if dialect() == "postgres":
        order = "id DESC" if table == "post" else "id"
        writes.add(f"SELECT 1 FROM {table} WHERE id IN (?ints) ORDER BY {order} FOR NO KEY UPDATE", (list(row_ids),))


def one_by_one(writes: Writes, actor_id: int) -> None:
    """What this actor writes is written in turns, until the transaction ends.

    No row is held: a post holds that of its author last, and so does who bans them.
    """
    if dialect() == "postgres":
        writes.add("SELECT pg_advisory_xact_lock(?, ?)", (_TURNS, actor_id & 0x7FFFFFFF))


def hold_written(writes: Writes, author_id: int, group_id: int, beside: Sequence[int] = ()) -> None:
    """As `hold`, of all that somebody wrote in a group, of the threads in which it stands, and of the group.

    `beside` are other posts that are held with these.
    """
    if dialect() == "postgres":
        mine = (author_id, group_id)
        sql = f"SELECT 1 {_WRITTEN} OR id IN (?ints) ORDER BY id DESC FOR NO KEY UPDATE"
        writes.add(sql, (*mine, list(beside)))
        threads = f"SELECT thread_id {_WRITTEN}"
        writes.add(f"SELECT 1 FROM talk WHERE id IN ({threads}) ORDER BY id, group_id FOR NO KEY UPDATE", mine)
    hold(writes, "groups", group_id)
