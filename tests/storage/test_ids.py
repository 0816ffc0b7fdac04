"""Ids sort by time, never meet, and go on above those of before."""

import asyncio
import itertools

import pytest

from storage import ids, slots
from storage.connect import Database, execute, rows, use, value
from storage.errors import SlotLost
from storage.ids import IdSource, ms_of, next_id
from tests.databases import Databases

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000_123


def source(slot: int = 0) -> IdSource:
    """Ids at a moment that stands still until it is moved."""
    return IdSource(slot, lambda: NOW)


def test_ids_rise_even_when_time_stands_still_or_goes_back() -> None:
    clock = iter([NOW] * 2000 + [NOW - 5000] * 10 + [NOW + 60_000])
    made = IdSource(3, lambda: next(clock))

    given = [made.next_id() for _ in range(2011)]

    assert given == sorted(set(given))
    assert ms_of(given[0]) == NOW and ms_of(given[-1]) == NOW + 60_000
    assert all(0 < each < 2**63 for each in given)
    assert {each >> 10 & 63 for each in given} == {3}


def test_ids_of_different_slots_never_meet() -> None:
    given = [made.next_id() for made in (source(slot) for slot in range(64)) for _ in range(600)]

    assert len(set(given)) == len(given)
    with pytest.raises(ValueError):
        source().hold(64, None)


def test_a_changed_slot_keeps_ids_rising() -> None:
    made = source(9)
    before = made.next_id()
    made.hold(2, None)

    assert made.next_id() > before


def test_dated_ids_sort_where_they_belong_and_never_meet_those_of_the_present() -> None:
    made = source()
    present = [made.next_id() for _ in range(100)]
    earlier = [made.next_id(NOW - 86_400_456) for _ in range(300)]
    same = [made.next_id(NOW - 1) for _ in range(300)]

    assert {ms_of(each) for each in earlier} == {NOW - 86_400_456}
    assert max(earlier) < min(same) < min(present)
    assert len({*present, *earlier, *same}) == 700


def test_many_posts_of_one_second_get_ids_of_that_second() -> None:
    made = source()
    second = (NOW // 1000 - 5) * 1000

    given = [made.next_id(second, coarse=True) for _ in range(100_000)]

    assert len(set(given)) == 100_000
    assert all(second <= ms_of(each) < second + 1000 for each in given)


def test_what_was_exactly_at_the_start_of_a_second_sorts_there() -> None:
    made = source()
    second = (NOW // 1000 - 5) * 1000

    given = [made.next_id(second + after) for after in (0, 0, 1)]

    assert given == sorted(given) and [ms_of(each) - second for each in given] == [0, 0, 1]


def test_a_date_in_the_future_or_before_time_began_is_bent() -> None:
    made = source()

    assert ms_of(made.next_id(NOW + 10**9)) == NOW
    assert 0 <= ms_of(made.next_id(-5)) < 1000


async def test_ids_go_on_above_the_floor_that_a_restore_leaves(databases: Databases, dialect: str) -> None:
    url = await databases.new(dialect)
    database = await Database.open(url)
    with use(database):
        floor = (ids.now_ms() + 3_600_000) << 16
        await execute("DELETE FROM meta WHERE key IN ('id_floor', 'generation')")
        await execute("INSERT INTO meta (key, value) VALUES ('id_floor', ?), ('generation', '4')", (str(floor),))
    await database.close()

    again = await Database.open(url)
    with use(again):
        assert again.generation == 4
        assert next_id() > floor
        last = [next_id() for _ in range(5)][-1]
    await again.close()

    third = await Database.open(url)
    with use(third):
        assert next_id() > last
    await third.close()
    databases.drop(url)


async def test_processes_on_one_database_have_slots_of_their_own(databases: Databases) -> None:
    url = await databases.new("postgres")
    opened = [await Database.open(url) for _ in range(3)]

    async def live(database: Database) -> tuple[int, list[int]]:
        with use(database):
            slot = await slots.claim("test")
            return slot.number, [next_id() for _ in range(2000)]

    lives = await asyncio.gather(*(live(database) for database in opened))

    assert sorted(number for number, _given in lives) == [0, 1, 2]
    assert len(set(itertools.chain.from_iterable(given for _number, given in lives))) == 6000
    for database in opened:
        await database.close()
    databases.drop(url)


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_a_slot_that_was_not_renewed_goes_to_another_process(database: Database) -> None:
    slot = await slots.claim("first")
    await slot.renew()
    assert slot.number == 0
    assert (await slots.claim("second")).number == 1

    await execute("UPDATE process_slot SET seen_at = seen_at - ? WHERE slot = 0", (int(slots.EXPIRY * 1000) + 1000,))
    assert (await slots.claim("third")).number == 0
    with pytest.raises(SlotLost):
        await slot.renew()
    with pytest.raises(SlotLost):
        next_id()


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_a_released_slot_is_free_and_sixty_four_are_all(database: Database) -> None:
    taken = [await slots.claim("test") for _ in range(64)]
    with pytest.raises(SlotLost, match="taken"):
        await slots.claim("one too many")

    await taken[17].release()
    assert (await slots.claim("next")).number == 17
    assert await value("SELECT COUNT(*) FROM process_slot") == 64


async def test_no_ids_are_made_once_a_slot_may_be_another_processes(things: Database) -> None:
    things.ids.hold(0, 0.0)

    with pytest.raises(SlotLost):
        next_id()
    things.ids.hold(0, None)
    assert next_id() > 0


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_sqlite_needs_no_slots(database: Database) -> None:
    slot = await slots.claim("the only one")
    await slot.renew()
    await slot.release()

    assert slot.number == 0 and next_id() > 0
    assert await rows("SELECT * FROM process_slot") == []
