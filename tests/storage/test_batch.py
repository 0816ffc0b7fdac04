"""Group commit: what arrives while a batch is under way is the next batch."""

import asyncio

import pytest

from storage.batch import Batcher
from storage.connect import Database, Writes, apply, transaction, value
from storage.errors import IntegrityError, Unavailable

pytestmark = pytest.mark.anyio


async def insert(items: list[tuple[int, str]]) -> list[bool]:
    """Whether each was new."""
    writes = Writes()
    for item in items:
        writes.returning("INSERT INTO thing (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING RETURNING id", item)
    return [bool(answer) for answer in await apply(writes)]


async def test_each_caller_gets_the_result_of_its_own_item(things: Database) -> None:
    batcher = Batcher(insert)
    items = [(number % 40, f"name {number % 40}") for number in range(60)]

    results = await asyncio.gather(*(batcher.submit(item) for item in items))

    assert results == [True] * 40 + [False] * 20
    assert await value("SELECT COUNT(*) FROM thing") == 40


async def test_while_one_batch_is_under_way_the_next_collects() -> None:
    sizes: list[int] = []

    async def flush(items: list[int]) -> list[int]:
        sizes.append(len(items))
        await asyncio.sleep(0.01)
        return items

    batcher = Batcher(flush, limit=50)
    first = asyncio.create_task(batcher.submit(0))
    await asyncio.sleep(0.001)
    rest = await asyncio.gather(*(batcher.submit(number) for number in range(1, 121)))

    assert rest == list(range(1, 121)) and await first == 0
    assert sizes == [1, 50, 50, 20]
    assert len(batcher) == 0


async def test_who_submits_in_the_next_turns_of_the_loop_still_gets_into_the_batch() -> None:
    sizes: list[int] = []

    async def flush(items: list[int]) -> list[int]:
        sizes.append(len(items))
        return items

    async def submit_after(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await batcher.submit(turns)

    batcher = Batcher(flush)
    await asyncio.gather(*(submit_after(turns) for turns in range(6)))

    assert sizes == [6]


async def test_one_bad_item_fails_alone(things: Database) -> None:
    batcher = Batcher(insert)

    items = [(1, "a"), (2, "same"), (3, "same"), (4, "b")]
    results = await asyncio.gather(*(batcher.submit(item) for item in items), return_exceptions=True)

    assert [results[0], results[1], results[3]] == [True, True, True]
    assert isinstance(results[2], IntegrityError)
    assert await value("SELECT COUNT(*) FROM thing") == 3


async def test_when_the_database_is_away_all_are_told_at_once() -> None:
    tries: list[int] = []

    async def flush(items: list[int]) -> list[int]:
        tries.append(len(items))
        raise Unavailable("disk full")

    batcher = Batcher(flush)
    results = await asyncio.gather(*(batcher.submit(number) for number in range(10)), return_exceptions=True)

    assert all(isinstance(result, Unavailable) for result in results)
    assert tries == [10]


async def test_a_fault_in_a_flush_is_told_and_the_batcher_goes_on() -> None:
    async def flush(items: list[int]) -> list[int]:
        return [10 // item for item in items]

    batcher = Batcher(flush)
    with pytest.raises(ZeroDivisionError):
        await batcher.submit(0)
    assert await batcher.submit(2) == 5


async def test_too_few_results_are_a_fault() -> None:
    async def flush(items: list[int]) -> list[int]:
        return items[1:]

    batcher = Batcher(flush)
    async with asyncio.timeout(2):
        with pytest.raises(ValueError):
            await batcher.submit(1)


async def test_who_is_cancelled_before_the_batch_takes_the_item_back() -> None:
    seen: list[int] = []

    async def flush(items: list[int]) -> list[int]:
        seen.extend(items)
        await asyncio.sleep(0.01)
        return items

    batcher = Batcher(flush)
    tasks = [asyncio.create_task(batcher.submit(number)) for number in range(3)]
    await asyncio.sleep(0.001)
    late = [asyncio.create_task(batcher.submit(number)) for number in range(3, 6)]
    await asyncio.sleep(0)
    tasks[0].cancel()  # too late: its batch is under way
    late[0].cancel()
    await asyncio.gather(*tasks, *late, return_exceptions=True)

    assert seen == [0, 1, 2, 4, 5]
    assert tasks[0].cancelled() and late[0].cancelled() and late[2].result() == 5


async def test_closing_finishes_what_was_taken_and_takes_no_more(things: Database) -> None:
    batcher = Batcher(insert, limit=10)
    tasks = [asyncio.create_task(batcher.submit((number, str(number)))) for number in range(35)]
    await asyncio.sleep(0)

    await batcher.close()

    assert all(task.done() for task in tasks)
    assert await value("SELECT COUNT(*) FROM thing") == 35
    with pytest.raises(Unavailable):
        await batcher.submit((99, "late"))


async def test_nothing_is_submitted_inside_a_transaction(things: Database) -> None:
    batcher = Batcher(insert)

    async with transaction():
        with pytest.raises(RuntimeError, match="would wait"):
            await batcher.submit((1, "one"))
