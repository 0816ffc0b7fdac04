"""What it costs to look for posts, where there are many: a word, a phrase, and what nobody ever wrote."""

import time
from urllib.parse import quote

from bench import loads
from bench.figures import Figure, middle
from bench.house import House, running
from bench.pages import request
from bench.plan import Plan

PAGE = 20
AGAIN = 50  # requests of one round


def run(plan: Plan) -> list[Figure]:
    """A member wrote all of them; another one looks for them."""
    number = plan.sizes.library
    with running(plan.folder / "searching", plan.postgres) as house:
        house.person("anna")
        reader = house.person("ben")
        house.stop()
        begun = time.monotonic()
        house.inside("bench.library", "anna", str(number))
        filled = time.monotonic() - begun
        house.start()
        house.settle()
        note = f"{number} posts, put there in {filled:.0f} s"
        return [
            *_figures(plan, house, reader, "a word in each of them", "bed", min(PAGE, number), note),
            *_figures(plan, house, reader, "a word in one of 100", "potato", min(PAGE, number // 100)),
            *_figures(plan, house, reader, "two words in one of 100", "potato frost", min(PAGE, number // 100)),
            *_figures(plan, house, reader, "a phrase in one of 1000", '"potato frost"', min(PAGE, number // 1_000)),
            *_figures(plan, house, reader, "what nobody wrote", "snowdrop", 0),
        ]


def _figures(
    plan: Plan, house: House, token: str, name: str, words: str, expected: int, note: str = ""
) -> list[Figure]:
    """The CPU time of the server, and how long one waits: on PostgreSQL most of the work is done elsewhere."""
    path = f"/api/v2/search?q={quote(words)}&type=statuses&limit={PAGE}"
    found = len(house.ask("GET", path, token)["statuses"])
    wrong = "" if found == expected else f"{found} found, {expected} there"
    costs, waits = [], []
    for _ in range(plan.sizes.rounds + 1):
        begun, cpu = time.perf_counter(), house.cpu
        answered = loads.send(house, [request(house, token, path)] * AGAIN, 1)
        if not answered.all(200):
            raise loads.Fault(f"{path} was answered with {answered.statuses}")
        costs.append((house.cpu - cpu) / AGAIN * 1e3)
        waits.append((time.perf_counter() - begun) / AGAIN * 1e3)
    cost, spread = middle(costs[1:])
    wait, wait_spread = middle(waits[1:])
    return [
        Figure(name=f"search: {name}", value=cost, unit="ms", spread=spread, wrong=wrong, cpu=True, note=note),
        Figure(name=f"search: {name}", value=wait, unit="ms", spread=wait_spread),
    ]
