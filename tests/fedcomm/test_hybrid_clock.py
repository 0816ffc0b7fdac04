"""The clock of acts only goes forward, whatever the clock of the machine does."""

import asyncio
from collections.abc import Callable

import pytest

import storage.actors
from fedcomm import acts, clock
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.hybrid_clock import HybridClock
from storage import registers
from storage.connect import Writes, apply, use
from storage.groups import Group
from tests import build

pytestmark = pytest.mark.anyio


def test_times_rise_and_sort_as_text(pass_time: Callable[[float], None]) -> None:
    ticking = HybridClock()
    given = [ticking.tick() for _ in range(3)]
    pass_time(-3600)
    given += [ticking.tick() for _ in range(0x10001)]
    pass_time(7200)
    given.append(ticking.tick())

    assert given == sorted(set(given))
    assert {len(each) for each in given} == {17}


def test_what_was_heard_is_earlier_than_what_is_said_next() -> None:
    heard = f"{clock.now_ms() + 10_000:012x}-ffff"
    ticking = HybridClock()

    ticking.hear(heard)

    assert ticking.tick() > heard


@pytest.mark.parametrize("bad", ["", "now", "1-1", "00000000000g-0000", "000000000001-0000-0000", "0x0000000001-0000"])
def test_what_is_no_time_is_refused(bad: str) -> None:
    ticking = HybridClock()

    with pytest.raises(ValueError):
        ticking.hear(bad)


async def test_an_act_after_a_restart_wins_although_the_clock_of_the_machine_was_put_back(
    app: App, config: Config, pass_time: Callable[[float], None]
) -> None:
    group = await build.group("bread")
    await _act(app, group, {"until": None})
    pass_time(-86_400)

    again = await App.open(config)
    await _act(again, group, None)
    await again.close()

    assert await registers.get(group.id, "ban", "x") is None


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_processes_on_one_database_hear_of_each_others_acts(
    app: App, config: Config, pass_time: Callable[[float], None]
) -> None:
    other = await App.open(config)
    group = await build.group("bread")
    pass_time(60)
    ahead = await _act(app, group, {})
    pass_time(-60)
    async with asyncio.timeout(10):
        while other.acts_clock.tick() <= ahead:  # noqa: ASYNC110 - PostgreSQL tells it when it likes
            await asyncio.sleep(0.01)

    with use(other.db):
        await _act(other, group, None)
    await other.close()

    assert await registers.get(group.id, "ban", "x") is None


async def _act(app: App, group: Group, value: dict[str, int | None] | None) -> str:
    """Ban somebody, or lift the ban; gives the clock of the act."""
    face = await storage.actors.by_id(group.actor_id)
    assert face
    writes = Writes()
    act = acts.record(app, writes, group, face, "ban", "x", value, by="https://a.test/users/ann", uri="")
    await apply(writes)
    return act.clock
