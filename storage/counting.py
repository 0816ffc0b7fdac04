"""Counters that stay right when several change them at once: each first holds the row that it counts for.

A statement of PostgreSQL sees what was committed when it began. One that counts rows and waits for another's change to
the counter would go on with what it counted before; the statement after this one begins when the wait is over.
All that hold or count several rows take posts first (answers before what they answer), then talks, then groups, then
actors, and last of all write into the log (`storage.outbox`), so that no two wait for one another.
"""

from storage.connect import Writes, dialect


def hold(writes: Writes, table: str, row_id: int, key: str = "id") -> None:
    """Nobody else changes this row until these writes are made or given up; SQLite has one writer anyway."""
    if dialect() == "postgres":
        writes.add(f"SELECT 1 FROM {table} WHERE {key} = ? FOR NO KEY UPDATE", (row_id,))
