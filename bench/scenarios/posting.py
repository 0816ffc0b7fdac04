"""What a post costs that stays here: written by a client, for twenty members who follow its author."""

import time

from bench.figures import Figure, middle, percentile
from bench.house import House, running
from bench.plan import Plan

AIM_MS = 3.0
FOLLOWERS = 20


def run(plan: Plan) -> list[Figure]:
    """From the client's request to the last home timeline."""
    with running(plan.folder / "posting", plan.postgres) as house:
        author = house.person("anna")
        for index in range(FOLLOWERS):
            reader = house.person(f"reader{index}")
            house.command("follow", account=f"reader{index}", whom="@anna")
        house.settle()
        rounds, waits, ids = [], [], []
        for _ in range(plan.sizes.rounds + 1):
            begun = house.cpu
            for number in range(plan.sizes.own_posts):
                asked = time.perf_counter()
                ids.append(_post(house, author, number))
                waits.append(time.perf_counter() - asked)
            house.settle()
            rounds.append((house.cpu - begun) / plan.sizes.own_posts * 1e3)
        wrong = _amiss(house, reader, ids)
    value, spread = middle(rounds[1:])
    note = f"answered after {percentile(waits, 0.5) * 1e3:.1f} ms (median)"
    return [Figure(name="post to 20 local followers", value=value, unit="ms", aim=AIM_MS, spread=spread, wrong=wrong,
                   note=note, cpu=True)]  # fmt: skip


def _post(house: House, token: str, number: int) -> str:
    text = f"Bed {number}: dug, raked and sown with #rye. https://garden.example/beds/{number}"
    return str(house.ask("POST", "/api/v1/statuses", token, {"status": text})["id"])


def _amiss(house: House, reader: str, ids: list[str]) -> str:
    entries = house.count("SELECT COUNT(*) FROM home_entry")
    if entries != len(ids) * (FOLLOWERS + 1):
        return f"{entries} entries in home timelines of {len(ids) * (FOLLOWERS + 1)}"
    home = [each["id"] for each in house.ask("GET", "/api/v1/timelines/home?limit=20", reader)]
    return "" if home == ids[::-1][:20] else "a follower does not see the newest posts"
