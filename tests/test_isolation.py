"""What tests of one process share, and that none of them notices: the event loop and connections to PostgreSQL."""

import asyncio
import signal
import socket
import warnings
from asyncio import Runner
from collections.abc import AsyncIterator, Coroutine

import asyncpg
import pytest

from storage import postgres_connection
from storage.connect import Database, execute, use, value
from tests.databases import KEPT, Databases
from tests.kept import MOST
from tests.loop import LastingLoop


async def numbers() -> AsyncIterator[int]:
    yield 1
    yield 2


def test_what_a_test_leaves_in_the_loop_ends_with_it_and_the_next_begins_with_nothing() -> None:
    loop, told, left = LastingLoop(), list[str](), list[asyncio.Task[None]]()
    one, other = socket.socketpair()
    listening = socket.create_server(("127.0.0.1", 0))
    for each in (one, other, listening):
        each.setblocking(False)

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("cancelled")

    async def first() -> None:
        left.append(asyncio.ensure_future(forever()))
        loop.call_later(0.5, told.append, "a timer")
        loop.add_reader(one, told.append, "a file")
        loop.add_signal_handler(signal.SIGUSR1, told.append, "a signal")
        await asyncio.start_server(lambda _reader, _writer: told.append("a guest"), sock=listening)
        await asyncio.to_thread(int)
        await anext(numbers())

    async def second() -> None:
        other.send(b"x")
        with socket.create_connection(listening.getsockname()):
            await asyncio.sleep(0.55)
        assert await asyncio.to_thread(int) == 0
        assert [number async for number in numbers()] == [1, 2]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def run(test: Coroutine[object, object, None]) -> None:
        with Runner(loop_factory=lambda: loop) as runner:
            runner.run(test)

    run(first())
    assert left[0].cancelled() and told == ["cancelled"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(second())
    assert told == ["cancelled"] and signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
    for each in (one, other, listening):
        each.close()
    loop.finish()
    assert loop.is_closed()


@pytest.mark.anyio
async def test_a_connection_that_was_kept_is_as_a_new_one(databases: Databases) -> None:
    databases.kept.close()  # what earlier tests left may be all that there is room for
    url = await databases.new("postgres")
    first = await postgres_connection.connect(url, "name")
    await first.execute("SET search_path TO nowhere; LISTEN something; SELECT pg_advisory_lock(7); BEGIN")
    await postgres_connection.end(first, 1)
    assert first.get_server_pid() in databases.kept.backends(url)

    again = await postgres_connection.connect(url, "name")

    assert again is first and not again.is_in_transaction()
    left = "SELECT current_setting('search_path'), (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*)" \
           " FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"  # fmt: skip
    assert tuple(await again.fetchrow(left)) == ('"$user", public', 0, 0)
    assert (await again.fetchval("SHOW timezone"), await again.fetchval("SHOW application_name")) == ("UTC", "name")
    await postgres_connection.end(again, 1)
    admin = await asyncpg.connect(url)
    await admin.execute("SELECT pg_terminate_backend($1::int, 5000)", again.get_server_pid())
    await admin.close()
    assert await postgres_connection.connect(url, "name") is not again  # it was cut off meanwhile
    databases.drop(url)


@pytest.mark.anyio
async def test_kept_connections_stand_in_nobodys_way(databases: Databases) -> None:
    """A database is emptied and copied while they are there; one that nobody uses again has none."""
    databases.kept.close()
    url = await databases.new("postgres")
    opened = await Database.open(url)
    with use(opened):
        await execute("INSERT INTO meta (key, value) VALUES ('left', 'here')")
    await opened.close()
    assert databases.kept.backends(url)
    databases.drop(url)

    seen = set[str]()
    while url not in seen:  # in turn
        assert len(seen) < 50, "it was not used again"
        seen.add(await databases.new("postgres"))
    opened = await Database.open(url)
    with use(opened):
        assert await value("SELECT COUNT(*) FROM meta WHERE key = 'left'") == 0
    await opened.close()
    for each in seen - {url}:
        databases.drop(each)
    copied = await databases.copy(url)
    opened = await Database.open(copied)
    await opened.close()

    assert databases.kept.backends(copied) == [] == databases.kept.backends(url)
    databases.drop(copied)
    databases.drop(url)


@pytest.mark.anyio
async def test_no_more_connections_are_kept_than_leave_room_for_the_next_test(databases: Databases) -> None:
    databases.kept.close()
    urls = [await databases.new("postgres") for _ in range(KEPT // MOST + 3)]
    for url in urls:
        for connection in [await postgres_connection.connect(url, "name") for _ in range(MOST + 1)]:
            await postgres_connection.end(connection, 1)
    kept = [len(databases.kept.backends(url)) for url in urls]

    assert max(kept) == MOST and len(databases.kept.files()) == KEPT and 0 in kept
    for url in urls:
        databases.drop(url)
