"""What it costs that many look on: at rest, and for each of whom something is told."""

import asyncio
import time

from bench import machine
from bench.figures import Figure, middle
from bench.house import House, running
from bench.onlookers import Onlookers
from bench.plan import Plan

EACH_AIM, MEMORY_AIM = 60.0, 40.0  # µs for one told one, kB for one connection
REST_SECONDS = 3.0


def run(plan: Plan) -> list[Figure]:
    """As many members follow an author, and each looks at their home, while the author writes."""
    with running(plan.folder / "streaming", plan.postgres) as house:
        author = house.person("anna")
        tokens = []
        for index in range(plan.sizes.onlookers):
            tokens.append(house.person(f"reader{index}"))
            house.command("follow", account=f"reader{index}", whom="@anna")
        house.settle()
        return asyncio.run(_looked_at(plan, house, author, tokens))


async def _looked_at(plan: Plan, house: House, author: str, tokens: list[str]) -> list[Figure]:
    alone = await _cpu_of(plan, house, author, None, 0)
    before = machine.resident_bytes(house.pid)
    crowd = Onlookers(house.port)
    await crowd.come(tokens, "stream=user")
    memory = (machine.resident_bytes(house.pid) - before) / len(tokens) / 1e3
    begun = house.cpu
    await asyncio.sleep(REST_SECONDS)
    rest = (house.cpu - begun) / REST_SECONDS * 1e3
    told = await _cpu_of(plan, house, author, crowd, len(tokens))
    crowd.leave()
    each = [(with_all - middle(alone[0])[0]) / len(tokens) * 1e6 for with_all in told[0]]
    value, spread = middle(each)
    name = f"{len(tokens)} streams"
    return [
        Figure(name=f"{name}: told one of them", value=value, unit="µs", aim=EACH_AIM, spread=spread, cpu=True,
               wrong=told[2], note=f"the last of all after {told[1] * 1e3:.0f} ms (median)"),
        Figure(name=f"{name}: memory of one", value=memory, unit="kB", aim=MEMORY_AIM),
        Figure(name=f"{name}: one second of rest", value=rest, unit="ms", cpu=True),
    ]  # fmt: skip


async def _cpu_of(
    plan: Plan, house: House, author: str, crowd: Onlookers | None, number: int
) -> tuple[list[float], float, str]:
    """CPU seconds of each post, how long the last onlooker of one waits, and what was amiss."""
    costs, waits, wrong = [], [], ""
    for count in range(plan.sizes.rounds + 2):
        begun, asked, told = house.cpu, time.perf_counter(), crowd.told if crowd else 0
        wish = {"status": f"Bed {count}: dug, raked and sown."}
        await asyncio.to_thread(house.ask, "POST", "/api/v1/statuses", author, wish)
        if crowd is not None:
            if not await crowd.wait(told + number):
                wrong = f"{crowd.told - told} messages of {number}"
            waits.append(crowd.last - asked)
        await asyncio.to_thread(house.settle)
        costs.append(house.cpu - begun)
    return costs[1:], middle(waits[1:])[0] if waits else 0.0, wrong
