"""What is told is heard once by everybody, after the commit or never."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from storage import bus
from storage.connect import Database, Writes, apply, execute, rows, transaction, use, value
from storage.postgres_listener import PostgresListener
from tests.databases import Databases

pytestmark = pytest.mark.anyio


async def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    pytest.fail("waited in vain")


async def test_who_tells_outside_a_transaction_is_heard_at_once(database: Database) -> None:
    heard: list[str] = []
    end = bus.subscribe("posts", heard.append)
    bus.subscribe("others", lambda _payload: pytest.fail("another channel"))

    await bus.publish("posts", "17 ü")
    assert heard == ["17 ü"]

    end()
    await bus.publish("posts", "18")
    await asyncio.sleep(0.05)
    assert heard == ["17 ü"]


async def test_what_is_told_in_a_transaction_is_heard_after_its_commit_once(database: Database) -> None:
    heard: list[str] = []
    bus.subscribe("posts", heard.append)

    async with transaction():
        await bus.publish("posts", "1")
        assert heard == []
    assert heard == ["1"]
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await bus.publish("posts", "2")
            raise ZeroDivisionError

    await asyncio.sleep(0.1)
    assert heard == ["1"]


async def test_what_is_told_with_collected_changes_is_heard_when_they_are_made(database: Database) -> None:
    heard: list[str] = []
    bus.subscribe("tags", heard.append)
    writes = Writes()
    writes.add("INSERT INTO tag (id, name) VALUES (1, 'x')")
    bus.add(writes, "tags", "1")

    assert heard == []
    await apply(writes)
    assert heard == ["1"]


async def test_other_processes_on_one_database_hear_it_too(databases: Databases) -> None:
    url = await databases.new("postgres")
    here, there = [await Database.open(url) for _ in range(2)]
    heard_here: list[str] = []
    heard_there: list[tuple[str, int]] = []
    with use(there):
        bus.subscribe("tags", lambda payload: heard_there.append((payload, 0)))
    with use(here):
        bus.subscribe("tags", heard_here.append)
        async with transaction():
            await execute("INSERT INTO tag (id, name) VALUES (1, 'x')")
            await bus.publish("tags", "in a transaction")
        await bus.publish("tags", "alone")
        writes = Writes()
        bus.add(writes, "tags", "with changes")
        await apply(writes)
    await until(lambda: len(heard_there) == 3)

    assert [payload for payload, _ in heard_there] == ["in a transaction", "alone", "with changes"]
    assert heard_here == ["in a transaction", "alone", "with changes"]
    with use(there):
        assert await value("SELECT COUNT(*) FROM tag") == 1
    for database in (here, there):
        await database.close()
    databases.drop(url)


async def test_what_is_too_long_is_refused_before_anything_is_changed(database: Database) -> None:
    with pytest.raises(ValueError, match="longer"):
        await bus.publish("posts", "ü" * 4000)
    await bus.publish("posts", "x" * 7800)


async def test_one_subscribers_fault_is_not_the_others(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    bus.subscribe("posts", lambda payload: heard.append(str(int(payload))))
    bus.subscribe("posts", heard.append)

    await bus.publish("posts", "no number")

    assert heard == ["no number"]
    assert "a subscriber failed" in caplog.text


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_who_was_cut_off_is_told_so_and_hears_again(database: Database, databases: Databases) -> None:
    gaps: list[bool] = []
    heard: list[str] = []
    bus.after_gap(lambda: gaps.append(True))
    bus.subscribe("posts", heard.append)
    other = await Database.open(database.url)

    listeners = "application_name = 'fedcomm listener' AND datname = current_database()"
    await rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listeners}")
    await until(lambda: gaps == [True])
    with use(other):
        await bus.publish("posts", "after the gap")
    await until(lambda: heard == ["after the gap"])
    await other.close()


async def test_who_ends_while_it_is_being_connected_again_leaves_nothing_behind(databases: Databases) -> None:
    url = await databases.empty("postgres")  # whose connections are not kept for another test
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
    try:
        for turns in range(6):  # of the loop since it was cut off
            listener = PostgresListener(url, lambda _payload: None, lambda: None)
            await listener.start()
            listener._connection.terminate()
            for _turn in range(turns):
                await asyncio.sleep(0)
            await listener.close()
            assert listener._connection.is_closed()
        gc.collect()  # a failure that nobody asks for is told of when it goes
        await asyncio.sleep(0)
    finally:
        databases.drop(url)

    assert faults == []


async def test_who_has_read_a_change_can_make_sure_to_have_heard_of_it(databases: Databases) -> None:
    url = await databases.new("postgres")
    one, other = await Database.open(url), await Database.open(url)
    heard: list[str] = []
    try:
        with use(other):
            bus.subscribe("tags", heard.append)
        for number in range(50):
            with use(one):
                writes = Writes()
                writes.add("INSERT INTO tag (id, name) VALUES (?, ?)", (number, str(number)))
                bus.add(writes, "tags", str(number))
                await apply(writes)
            with use(other):
                assert await value("SELECT MAX(id) FROM tag") == number
                assert await bus.heard_all()
            assert heard[-1] == str(number)
    finally:
        await one.close()
        await other.close()
        databases.drop(url)


async def test_who_was_cut_off_does_not_say_to_have_heard_everything(databases: Databases) -> None:
    url = await databases.new("postgres")
    one = await Database.open(url)
    missed: list[bool] = []
    try:
        with use(one):
            bus.after_gap(lambda: missed.append(True))
            await rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fedcomm listener'"
                " AND datname = current_database()"
            )
            heard = await bus.heard_all()
            await until(lambda: missed == [True])

            assert not heard
            assert await bus.heard_all()
    finally:
        await one.close()
        databases.drop(url)


async def test_in_one_process_everything_is_heard_at_once(database: Database) -> None:
    assert await bus.heard_all()
