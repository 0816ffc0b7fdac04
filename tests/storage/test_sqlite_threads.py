"""Threads for SQLite: one as long as one is enough, more when calls come at once, never more than was said."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from storage.sqlite_engine import connected
from storage.sqlite_threads import Threads

pytestmark = pytest.mark.anyio


class Opened:
    """Opens connections to a file, and knows by which threads each was asked something."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.full = False

    def connect(self) -> sqlite3.Connection:
        """One more, unless there is room for none."""
        if self.full:
            raise sqlite3.OperationalError("unable to open database file")
        self.count += 1
        return connected(self.path)


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path / "some.db")


def _asked(connection: sqlite3.Connection, number: int) -> int:
    return int(connection.execute("SELECT ?", (number,)).fetchone()[0])


def _waits(connection: sqlite3.Connection, done: threading.Event) -> bool:
    return done.wait(5)


async def test_calls_that_come_one_after_the_other_need_one_connection(opened: Opened) -> None:
    threads = Threads(opened.connect, "reader", 3)

    assert [await threads.call(_asked, number) for number in range(50)] == list(range(50))
    threads.close()

    assert opened.count == 1


async def test_a_call_that_finds_nobody_free_waits_for_none_until_there_are_as_many_as_may_be(opened: Opened) -> None:
    threads, done = Threads(opened.connect, "reader", 3), threading.Event()
    slow = [threads.call(_waits, done) for _ in range(2)]

    async with asyncio.timeout(4):
        assert await threads.call(_asked, 7) == 7
    late = [threads.call(_waits, done), threads.call(_asked, 8)]
    await asyncio.sleep(0.05)
    assert not any(call.done() for call in (*slow, *late))
    done.set()

    assert await asyncio.gather(*slow, *late) == [True, True, True, 8]
    threads.close()
    assert opened.count == 3


async def test_what_cannot_have_a_connection_of_its_own_is_done_by_who_has_one(opened: Opened) -> None:
    threads, done = Threads(opened.connect, "reader", 3), threading.Event()
    opened.full = True

    slow, next_ = threads.call(_waits, done), threads.call(_asked, 7)
    done.set()

    assert await asyncio.gather(slow, next_) == [True, 7]
    threads.close()
