"""What the engines promise under stress: cancelled tasks, a full disk, a killed process, colliding transactions."""

import asyncio
import os
import signal
import stat
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from storage import postgres_engine, sqlite_engine
from storage.connect import (
    Database,
    Writes,
    after_commit,
    apply,
    execute,
    in_transaction,
    rows,
    transaction,
    use,
    value,
)
from storage.errors import OperationalError, Unavailable
from tests.databases import Databases
from tests.storage.processes import started

pytestmark = pytest.mark.anyio

INSERT = "INSERT INTO thing (id, name) VALUES (?, ?)"
COUNT = "SELECT COUNT(*) FROM thing"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
on_postgres = pytest.mark.parametrize("dialect", ["postgres"])


async def test_readers_do_not_wait_for_an_open_transaction(things: Database) -> None:
    open_, done = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await execute(INSERT, (1, "one"))
            open_.set()
            await done.wait()

    writing = asyncio.create_task(slow())
    await open_.wait()
    async with asyncio.timeout(2):
        assert await asyncio.gather(*(value(COUNT) for _ in range(20))) == [0] * 20
    done.set()
    await writing
    assert await value(COUNT) == 1


async def test_a_cancelled_task_rolls_back_and_frees_the_writer(things: Database) -> None:
    begun = asyncio.Event()

    async def stuck() -> None:
        async with transaction():
            await execute(INSERT, (1, "one"))
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(stuck())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(5):
        await execute(INSERT, (1, "another"))
    assert await rows("SELECT name FROM thing") == [("another",)]


async def test_a_task_cancelled_at_any_moment_leaves_all_or_nothing(things: Database) -> None:
    told: list[int] = []

    async def change(number: int) -> None:
        async with transaction():
            await execute(INSERT, (number * 2, f"{number} first"))
            await execute(INSERT, (number * 2 + 1, f"{number} second"))
            after_commit(lambda: told.append(number))

    for number in range(40):
        task = asyncio.create_task(change(number))
        for _ in range(number % 20):
            await asyncio.sleep(0 if number < 20 else 0.0003)
        task.cancel()
        await asyncio.wait((task,))
        assert not in_transaction()

    async with asyncio.timeout(5):
        found = [found for (found,) in await rows("SELECT id FROM thing ORDER BY id")]
    assert found == [id_ for number in sorted(told) for id_ in (number * 2, number * 2 + 1)]


async def test_a_cancelled_wait_for_changes_leaves_all_or_nothing(things: Database) -> None:
    for number in range(30):
        writes = Writes()
        writes.add(INSERT, (number * 2, f"{number} first"))
        writes.returning(INSERT + " RETURNING id", (number * 2 + 1, f"{number} second"))
        task = asyncio.create_task(apply(writes))
        for _ in range(number % 10):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))

    await execute(INSERT, (1000, "last"))  # what was begun is over
    odd = await value("SELECT COUNT(*) FROM thing WHERE id % 2 = 1 AND id <> 1000")
    assert odd == await value("SELECT COUNT(*) FROM thing WHERE id % 2 = 0 AND id <> 1000")


async def test_writers_take_turns_in_order(things: Database) -> None:
    await execute(INSERT, (0, "0"))

    async def count_up() -> None:
        async with transaction():
            lock = " FOR UPDATE" if things.dialect == "postgres" else ""
            flag = await value("SELECT flag FROM thing WHERE id = 0" + lock)
            await asyncio.sleep(0)
            await execute("UPDATE thing SET flag = ? WHERE id = 0", (flag + 1,))

    await asyncio.gather(*(count_up() for _ in range(25)))

    assert await value("SELECT flag FROM thing WHERE id = 0") == 25


async def test_sqlite_is_set_up_for_a_server(tmp_path: Path, durable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
    monkeypatch.setitem(sqlite_engine._PRAGMAS, "synchronous", durable)

    opened = await Database.open(f"sqlite://{tmp_path / 'new.db'}")
    written = await opened.call_on_writer(
        lambda connection: [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    )
    await opened.close()

    assert written == ["wal", 2, 1, 5000, 0]


async def test_a_new_sqlite_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "new.db"

    database = await Database.open(f"sqlite://{path}")
    with use(database):
        await execute("CREATE TABLE t (a INTEGER)")
        assert {stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()} == {0o600}
        assert len(list(tmp_path.iterdir())) == 3
    await database.close()


@on_sqlite
async def test_readers_of_sqlite_cannot_write(things: Database) -> None:
    engine = things.engine

    with pytest.raises(Unavailable, match="readonly"):
        await engine.on_reader(lambda connection: connection.execute("DELETE FROM thing"))  # type: ignore[attr-defined]


@on_sqlite
async def test_a_full_disk_undoes_the_transaction_and_nothing_else(things: Database) -> None:
    await execute(INSERT, (1, "kept"))

    def limit(connection: object, pages: str = "page_count") -> None:
        ((now,),) = connection.execute(f"PRAGMA {pages}").fetchall()  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {now}")  # type: ignore[attr-defined]

    await things.call_on_writer(limit)
    big = "x" * 2_000_000
    with pytest.raises(Unavailable, match="full"):
        await execute("UPDATE thing SET body = ?", (big,))
    with pytest.raises(Unavailable, match="full"):
        async with transaction():
            await execute(INSERT, (2, "lost"))
            await execute("UPDATE thing SET body = ?", (big,))
    with pytest.raises(OperationalError, match="failed"):
        async with transaction():
            await execute(INSERT, (3, "lost"))
            with pytest.raises(Unavailable):
                await execute("UPDATE thing SET body = ?", (big,))
            await execute(INSERT, (4, "SQLite would write this by itself"))
    writes = Writes()
    writes.add(INSERT, (5, "lost"))
    writes.add("UPDATE thing SET body = ?", (big,))
    with pytest.raises(Unavailable, match="full"):
        await apply(writes)

    assert await rows("SELECT name, body FROM thing") == [("kept", None)]
    await things.call_on_writer(lambda connection: connection.execute("PRAGMA max_page_count = 1000000"))
    await execute("UPDATE thing SET body = ?", (big,))


@on_postgres
async def test_changes_that_collide_with_others_are_made_again(things: Database) -> None:
    await execute(INSERT, (1, "one"))
    await execute(INSERT, (2, "two"))
    update = "UPDATE thing SET flag = flag + 1 WHERE id = ?"
    writes = Writes()
    writes.add(update, (2,))
    writes.add(update + " AND 1 = 1", (1,))

    first_done = asyncio.Event()

    async def collide() -> None:
        await first_done.wait()
        await apply(writes)

    colliding = asyncio.create_task(collide())
    async with transaction():
        await execute(update, (1,))
        first_done.set()
        await asyncio.sleep(0.2)  # the other has changed 2 and waits for 1
        await execute(update, (2,))
    await colliding

    assert await rows("SELECT flag FROM thing") == [(2,), (2,)]


@on_postgres
async def test_the_pool_outlives_lost_connections(things: Database) -> None:
    end_others = (
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    end_me = "SELECT pg_terminate_backend(pg_backend_pid())"

    assert await value(end_others) >= 1  # the one that listens
    with pytest.raises(Unavailable):
        await rows(end_me)
    async with asyncio.timeout(5):
        assert await value(COUNT) == 0
    with pytest.raises(Unavailable):
        async with transaction():
            await execute(INSERT, (1, "lost"))
            await rows(end_me)

    assert await value(COUNT) == 0
    await execute(INSERT, (1, "kept"))


DIES = """
import asyncio, sys
from storage.connect import Database, execute, use
async def main():
    database = await Database.open(sys.argv[1])
    with use(database):
        await execute("INSERT INTO tag (id, name) VALUES (1, 'x')")
    raise SystemExit(3)
asyncio.run(main())
"""


async def test_a_process_that_dies_without_closing_ends(database_url: str) -> None:
    process = started(DIES, database_url)

    assert await asyncio.to_thread(process.wait, 20) == 3


WRITES_FOR_EVER = """
import asyncio, sys
from storage.batch import Batcher
from storage.connect import Database, Writes, apply, use

async def flush(items):
    writes = Writes()
    for item in items:
        writes.add("INSERT INTO tag (id, name) VALUES (?, ?)", (item, f"name {item}"))
        writes.add("INSERT INTO post_tag (tag_id, post_id) VALUES (?, ?)", (item, item))
    await apply(writes)
    return items

async def main():
    database = await Database.open(sys.argv[1])
    with use(database):
        batcher = Batcher(flush, limit=20)
        async def one(first):
            for item in range(first, 10**9, 100):
                print(await batcher.submit(item), flush=True)
        await asyncio.gather(*(one(first) for first in range(100)))
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_the_killing_of_the_process(database_url: str) -> None:
    for attempt in range(3):
        process = started(
            WRITES_FOR_EVER.replace("range(first,", f"range({attempt * 10_000_000} + first,"), database_url
        )
        assert process.stdout is not None
        said = [int(await asyncio.to_thread(process.stdout.readline)) for _ in range(150 + attempt * 333)]
        os.kill(process.pid, signal.SIGKILL)
        rest = await asyncio.to_thread(process.stdout.read)
        process.wait()
        said += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]

        database = await Database.open(database_url)
        with use(database):
            kept = {found for (found,) in await rows("SELECT id FROM tag")}
            whole = {found for (found,) in await rows("SELECT tag_id FROM post_tag")}
        await database.close()
        assert set(said) <= kept
        assert kept == whole  # a batch is there with all its rows, or not at all


async def test_closing_finishes_what_was_begun(databases: Databases, dialect: str) -> None:
    url = await databases.new(dialect)
    database = await Database.open(url)
    insert = "INSERT INTO tag (id, name) VALUES (?, ?)"

    with use(database):
        running = [asyncio.create_task(execute(insert, (number, str(number)))) for number in range(9)]
        await asyncio.sleep(0)
        await database.close()
        outcomes = await asyncio.gather(*running, return_exceptions=True)

    again = await Database.open(url)
    with use(again):
        assert await value("SELECT COUNT(*) FROM tag") == outcomes.count(1) >= 1
    assert all(outcome == 1 or isinstance(outcome, Unavailable) for outcome in outcomes)
    await again.close()
    databases.drop(url)


@on_sqlite
async def test_one_long_read_does_not_stop_the_others(things: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT COUNT(*) FROM n"
    slow = asyncio.create_task(value(endless))
    await asyncio.sleep(0.01)

    assert await value(COUNT) == 0

    assert not slow.done()
    assert await slow == 3000000


@on_postgres
async def test_more_tasks_than_connections_take_turns(things: Database) -> None:
    async def use_one(number: int) -> None:
        async with transaction():
            await execute(INSERT, (number, str(number)))
            await asyncio.sleep(0.001)

    tasks = [asyncio.create_task(use_one(number)) for number in range(100)]
    await asyncio.sleep(0.005)
    for task in tasks[::7]:
        task.cancel()
    async with asyncio.timeout(20):
        await asyncio.wait(tasks)

    kept = {found[0] for found in await rows("SELECT id FROM thing")}  # also of who was cancelled while it committed
    assert kept >= {number for number, task in enumerate(tasks) if not task.cancelled()}
    assert any(task.cancelled() for task in tasks)
    async with asyncio.timeout(5):  # no place was lost on the way
        await asyncio.gather(*(use_one(number) for number in range(1000, 1030)))


@on_postgres
async def test_a_cancelled_query_leaves_its_connection_usable(things: Database) -> None:
    for _ in range(12):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await rows("SELECT pg_sleep(30)")

    async with asyncio.timeout(5):
        assert await asyncio.gather(*(value(COUNT) for _ in range(30))) == [0] * 30


async def test_a_database_that_is_older_than_what_is_needed_is_refused(
    database_url: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (sqlite_engine.OLDEST, postgres_engine.OLDEST) == ((3, 40, 0), 15)
    monkeypatch.setattr(sqlite_engine, "OLDEST", (99, 0, 0))
    monkeypatch.setattr(postgres_engine, "OLDEST", 99)

    with pytest.raises(OperationalError, match=r"is too old: \d+"):
        await Database.open(database_url)


@on_postgres
async def test_a_database_that_cannot_hold_every_letter_is_refused(database: Database) -> None:
    name = "fedcomm_test_latin"
    await execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        with pytest.raises(OperationalError, match="LATIN1: UTF8 is needed"):
            await Database.open(urlunsplit(urlsplit(database.url)._replace(path=f"/{name}")))
    finally:
        await execute(f"DROP DATABASE {name} WITH (FORCE)")
