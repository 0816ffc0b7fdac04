"""`fedcomm` that is killed at its n-th write: `python -m tests.faults.dying FILE serve`.

Once FILE is there, with n in it, two kinds of moments are counted: before each statement of a change is sent to the
database, whichever it is, and after each that made a change durable, when nobody has been told yet.
"""

import faulthandler
import itertools
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import storage.postgres_connection
from fedcomm.cli import main

# What a server writes from time to time, whatever happens, is not counted: n would be another moment each time.
_CHANGE = re.compile(
    r"(INSERT INTO|UPDATE|DELETE FROM) (?!lease\b|process_slot\b|job\b)|WITH .*\b(INSERT INTO|UPDATE|DELETE FROM)\b"
)


class Watched:
    """A connection that is the end of who writes with it."""

    changed = False  # something that is not durable yet

    def before(self, sql: str) -> None:
        """The statement has not been sent."""
        if _CHANGE.match(sql):
            self.changed = True
        if self.changed and not sql.startswith("ROLLBACK"):
            _moment(f"before {sql}")

    def after(self, sql: str, *, open: bool) -> None:
        """The statement has been carried out, and a transaction is still open or not."""
        if self.changed and not open:
            self.changed = False
            _moment(f"after {sql}")


class File(sqlite3.Connection, Watched):
    """One to SQLite."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        self.before(sql)
        done = super().execute(sql, *args)
        self.after(sql, open=self.in_transaction)
        return done

    def executemany(self, sql: str, rows: Sequence[Any]) -> sqlite3.Cursor:  # type: ignore[override]
        self.before(sql)
        return super().executemany(sql, rows)


class Line(storage.postgres_connection.Connection, Watched):
    """One to PostgreSQL."""

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        self.before(query)
        done = await super().execute(query, *args, **options)
        self.after(query, open=self.is_in_transaction())
        return done

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        self.before(query)
        found = await super().fetch(query, *args, **options)
        self.after(query, open=self.is_in_transaction())
        return found

    async def executemany(self, command: str, args: Sequence[Any], **options: Any) -> None:
        self.before(command)
        await super().executemany(command, args, **options)


def _moment(name: str) -> None:
    try:
        last = int(_file.read_text() or 0)
    except FileNotFoundError:
        return
    if last and next(_numbers) >= last:
        os.write(2, f"killed {name}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    faulthandler.enable()  # a death that nobody asked for is told from one that was
    _file, _numbers = Path(sys.argv.pop(1)), itertools.count(1)
    sqlite3.connect = partial(sqlite3.connect, factory=File)
    storage.postgres_connection.Connection = Line  # type: ignore[misc]
    main()
