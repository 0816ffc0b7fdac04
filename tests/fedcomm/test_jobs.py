"""A job is done once, by whichever process; one that fails is tried again and in the end set aside."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from activitypub.errors import Unreachable
from fedcomm import clock, queue
from fedcomm.app import App
from fedcomm.jobs import JOBS, Job, worker
from storage import jobs
from storage.connect import Writes, apply, execute, rows, use
from storage.ids import next_id
from tests.fedcomm.several import Another, counted, tried, until

pytestmark = pytest.mark.anyio


async def wait_for(app: App, name: str, times: int) -> None:
    """Put jobs of that name into the table."""
    writes = Writes()
    for number in range(times):
        jobs.add(writes, next_id(), name, {"number": number}, clock.now_ms())
    await apply(writes)
    app.wake_jobs.set()


@pytest.mark.attack("FLT-27")
async def test_of_several_workers_only_one_does_a_job(
    another: Another, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    async def note(_app: App, number: int) -> None:
        await asyncio.sleep(0.01)
        done.append(number)

    monkeypatch.setitem(JOBS, "note", Job(note))
    apps = [await another() for _ in range(3 if dialect == "postgres" else 1)]
    with use(apps[0].db):
        await wait_for(apps[0], "note", 40)
        for app in apps:
            app.wake_jobs.set()

        await until(lambda: _none_waits(apps[0]))

    assert sorted(done) == list(range(40))


async def test_a_job_that_fails_is_tried_again_later_and_set_aside_in_the_end(
    another: Another, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    tries: list[float] = []

    async def fail(_app: App, number: int) -> None:
        tries.append(clock.now())
        raise Unreachable("not now")

    monkeypatch.setitem(JOBS, "fail", Job(fail, attempts=3))
    app = await another()
    with use(app.db):
        await wait_for(app, "fail", 1)
        for number in range(1, 4):
            await until(partial(tried, tries, number))
            await until(lambda: counted("SELECT COUNT(*) FROM job WHERE error <> ''", 1))
            pass_time(60 * 2**number)
            app.wake_jobs.set()
        await until(lambda: _parked(app, 1))

        assert (await queue.state(app))["jobs_parked"] == 1
    assert [later - earlier >= 60 for earlier, later in pairwise(tries)] == [True, True]


async def test_a_job_whose_worker_died_is_soon_done_by_the_next_but_not_for_ever(
    another: Another, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    done: list[int] = []

    async def note(_app: App, number: int) -> None:
        done.append(number)

    monkeypatch.setitem(JOBS, "note", Job(note, attempts=2))
    app = await another()
    with use(app.db):
        writes, later = Writes(), clock.now_ms() + 10_000  # when the dead worker comes to them
        jobs.add(writes, 1, "note", {"number": 1}, later)
        jobs.add(writes, 2, "note", {"number": 2}, later)
        await apply(writes)
        await execute("UPDATE job SET attempts = id - 1")
        claimed = await jobs.claim(later, later + worker.CLAIM, 2)

        pass_time(10 + worker.CLAIM / 1000)
        app.wake_jobs.set()
        await until(lambda: _parked(app, 1))

    assert sorted(job.id for job in claimed) == [1, 2]
    assert done == [1]


async def test_a_job_stays_with_its_process_however_long_it_takes(
    another: Another, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    async def take_long(_app: App, number: int) -> None:
        begun.append(number)
        await asyncio.sleep(1.0)

    monkeypatch.setattr(worker, "CLAIM", 400)
    monkeypatch.setattr(worker, "SWEEP", 0.1)
    monkeypatch.setitem(JOBS, "take_long", Job(take_long))
    apps = [await another() for _ in range(2 if dialect == "postgres" else 1)]
    with use(apps[0].db):
        await wait_for(apps[0], "take_long", 2)

        await until(lambda: _none_waits(apps[0]))

    assert sorted(begun) == [0, 1]


async def test_what_is_in_hand_at_an_orderly_stop_is_due_at_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = asyncio.Event()

    async def take_for_ever(_app: App, number: int) -> None:
        going_on.set()
        await asyncio.Event().wait()

    monkeypatch.setitem(JOBS, "take_for_ever", Job(take_for_ever))
    workers = worker.start(app)
    await wait_for(app, "take_for_ever", 1)
    await going_on.wait()

    await workers.stop(2.0)

    assert [job.attempts for job in await jobs.claim(clock.now_ms(), clock.now_ms(), 9)] == [1]


async def test_the_queue_counts_jobs_in_hand_and_not_those_that_wait_for_long(
    another: Another, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    going_on, may_end = asyncio.Event(), asyncio.Event()

    async def take_long(_app: App, number: int) -> None:
        going_on.set()
        await may_end.wait()
        raise Unreachable("not now")

    monkeypatch.setitem(JOBS, "take_long", Job(take_long, attempts=9))
    app = await another()
    with use(app.db):
        await wait_for(app, "take_long", 1)
        await going_on.wait()
        busy = await queue.state(app)
        await execute("UPDATE job SET attempts = 5")
        may_end.set()
        await until(partial(counted, "SELECT COUNT(*) FROM job WHERE error <> ''", 1))

        assert (busy["idle"], busy["jobs"]) == (False, 1)
        await execute("UPDATE job SET run_at = ?", (clock.now_ms() + 3_600_000,))
        assert (await queue.state(app))["idle"]


async def _none_waits(app: App) -> bool:
    return await rows("SELECT COUNT(*) FROM job") == [(0,)]


async def _parked(app: App, count: int) -> bool:
    return await rows("SELECT COUNT(*) FROM job WHERE state = 3") == [(count,)]
