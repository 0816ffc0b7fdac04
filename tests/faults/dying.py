"""`fedcomm` that dies at its n-th write to SQLite once a file is there: `python -m tests.faults.dying FILE N serve`."""

import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fedcomm.cli import main

_WRITES = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE", "COMMIT")


class Dying(sqlite3.Connection):
    """Counts what it is asked to write."""

    armed = Path(sys.argv[1])
    last = int(sys.argv[2])
    numbers = itertools.count(1)

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        self._count(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, rows: Sequence[Any]) -> sqlite3.Cursor:  # type: ignore[override]
        self._count(sql)
        return super().executemany(sql, rows)

    def _count(self, sql: str) -> None:
        if sql.startswith(_WRITES) and self.armed.exists() and next(self.numbers) >= self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def connect(*args: Any, _connect: Any = sqlite3.connect, **options: Any) -> sqlite3.Connection:
    """A connection that dies."""
    found: sqlite3.Connection = _connect(*args, **options, factory=Dying)
    return found


if __name__ == "__main__":
    sqlite3.connect = connect  # type: ignore[assignment]
    del sys.argv[1:3]
    main()
