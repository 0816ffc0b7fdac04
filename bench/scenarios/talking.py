"""What a thread costs in which thousands of answers stand: its page for anybody, and what a client of a member gets."""

from bench import loads
from bench.figures import Figure, middle
from bench.house import House, running
from bench.pages import request
from bench.plan import Plan

AGAIN = 10  # requests of one round
IN_A_CLIENT = 4_096  # answers at most
PEOPLE = ("anna", "ben", "carl")


def run(plan: Plan) -> list[Figure]:
    """Three people talk in a group."""
    number = plan.sizes.talk
    with running(plan.folder / "talking", plan.postgres) as house:
        token, *_ = [house.person(name) for name in PEOPLE]
        house.command("group.create", name="rye", title="Rye", summary="", steward="anna")
        house.command("follow", account="anna", whom="@rye")
        began = house.ask("POST", "/api/v1/statuses", token, {"status": "@rye How deep do you sow?"})
        house.settle()
        house.stop()
        house.inside("bench.talk", began["id"], str(number), *PEOPLE)
        house.start()
        house.settle()
        path = f"/api/v1/statuses/{began['id']}/context"
        shown = len(house.ask("GET", path, token)["descendants"])
        wrong = "" if shown == min(number, IN_A_CLIENT) else f"{shown} of {number} answers shown"
        return [
            _figure(plan, house, f"page of a thread of {number}", "", f"/@anna/{began['id']}"),
            _figure(plan, house, f"thread of {number} in a client", token, path, wrong),
        ]


def _figure(plan: Plan, house: House, name: str, token: str, path: str, wrong: str = "") -> Figure:
    rounds = []
    for _ in range(plan.sizes.rounds + 1):
        begun = house.cpu
        answered = loads.send(house, [request(house, token, path)] * AGAIN, 1)
        if not answered.all(200):
            raise loads.Fault(f"{path} was answered with {answered.statuses}")
        rounds.append((house.cpu - begun) / AGAIN * 1e3)
    value, spread = middle(rounds[1:])
    return Figure(name=name, value=value, unit="ms", spread=spread, wrong=wrong, cpu=True)
