"""What reading costs: pages of a client that are asked for again and again, and home when nothing of it is known."""

import json

from bench import loads
from bench.figures import Figure, middle
from bench.house import House, running
from bench.pages import request
from bench.plan import Plan

AGAIN = 200  # requests of one round
PAGE = 20
HOME, HOME_AIM = "home of 20", 0.1  # ms


def run(plan: Plan) -> list[Figure]:
    """A group and its members, who wrote, answered and voted; then the pages that a client begins with."""
    with running(plan.folder / "reading", plan.postgres) as house:
        reader, pages = _settled(plan, house)
        cold = [_cold(plan, house, reader, pages[HOME][0]) for _ in range(plan.sizes.rounds)]
        value, spread = middle(cold)
        figures = [Figure(name="home of 20, just started", value=value, unit="ms", spread=spread, cpu=True)]
        for name, (path, length) in pages.items():
            wrong = _amiss(house.ask("GET", path, reader), length)
            rounds = [_warm(house, reader, path) for _ in range(plan.sizes.rounds + 1)][1:]
            value, spread = middle(rounds)
            figures.append(Figure(name=name, value=value, unit="ms", spread=spread, wrong=wrong, cpu=True,
                                  aim=HOME_AIM if name == HOME else None, beside="empty_request"))  # fmt: skip
        return [*figures, *_inside(house, reader, pages)]


def _inside(house: House, reader: str, pages: dict[str, tuple[str, int]]) -> list[Figure]:
    """The same pages in a process that nobody connects to (bench/inside.py): what HTTP and sockets do not cost."""
    house.stop()
    found = json.loads(house.inside("bench.inside", reader, *(path for path, _ in pages.values())))
    made = [(f"{HOME}, its query and JSON alone", found["page"], HOME_AIM)]
    made += [(f"{name}, without HTTP", found["application"][path], None) for name, (path, _) in pages.items()]
    return [Figure(name=name, value=value, unit="ms", aim=aim, cpu=True) for name, value, aim in made]


def _settled(plan: Plan, house: House) -> tuple[str, dict[str, tuple[str, int]]]:
    """The token of a reader, and by name the paths and how many posts or notices each shows."""
    author, reader = house.person("anna"), house.person("ben")
    house.command("group.create", name="rye", title="Rye", summary="", steward="anna")
    for name in ("anna", "ben"):
        house.command("follow", account=name, whom="@rye")
    house.command("follow", account="ben", whom="@anna")
    house.settle()
    for number in range(2 * PAGE):
        about = "@rye " if number % 2 else ""
        _post(house, author, f"{about}Bed {number}: dug, raked and sown. https://garden.example/beds/{number}")
    began = _post(house, reader, "How deep do you sow?")
    for number in range(plan.sizes.thread):
        _post(house, author, f"@ben As deep as answer {number} says.", began)
    house.settle()
    (group,) = house.ask("GET", "/api/v1/lists", reader)
    anna = house.ask("GET", "/api/v1/accounts/lookup?acct=anna")["id"]
    notices = min(PAGE, plan.sizes.thread)
    return reader, {
        HOME: (f"/api/v1/timelines/home?limit={PAGE}", PAGE),
        "list of a group, 20": (f"/api/v1/timelines/list/{group['id']}?limit={PAGE}", PAGE),
        "posts of an account, 20": (f"/api/v1/accounts/{anna}/statuses?limit={PAGE}&exclude_replies=true", PAGE),
        "20 notifications": (f"/api/v1/notifications?limit={PAGE}", notices),
        f"thread of {plan.sizes.thread}": (f"/api/v1/statuses/{began}/context", plan.sizes.thread),
    }


def _post(house: House, token: str, text: str, parent: str | None = None) -> str:
    return str(house.ask("POST", "/api/v1/statuses", token, {"status": text, "in_reply_to_id": parent})["id"])


def _warm(house: House, token: str, path: str) -> float:
    """CPU milliseconds of one of many."""
    begun = house.cpu
    answered = loads.send(house, [request(house, token, path)] * AGAIN, 4)
    if not answered.all(200):
        raise loads.Fault(f"{path} was answered with {answered.statuses}")
    return (house.cpu - begun) / AGAIN * 1e3


def _cold(plan: Plan, house: House, token: str, path: str) -> float:
    """CPU milliseconds of the first after a start, without what any first request costs."""
    house.stop()
    house.start()
    house.ask("GET", "/api/v1/markers?timeline[]=home", token)
    begun = house.cpu
    house.ask("GET", path, token)
    return (house.cpu - begun) * 1e3


def _amiss(found: object, length: int) -> str:
    entries = found["descendants"] if isinstance(found, dict) else found
    number = len(entries) if isinstance(entries, list) else 0
    return "" if number == length else f"{number} of {length} shown: {json.dumps(found)[:100]}"
