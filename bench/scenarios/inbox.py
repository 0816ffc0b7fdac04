"""What an activity costs that comes in: a post of somebody whom ten members follow."""

from bench import loads
from bench.crowd import Crowd, gathered
from bench.figures import Figure, middle, percentile
from bench.house import ONLY_WEB, House, running
from bench.plan import Plan

ANSWERED_AIM, EFFECT_AIM = 90.0, 180.0  # µs


def run(plan: Plan) -> list[Figure]:
    """To the 202, which is after the commit, and with what it does here: a post, ten home timelines, counters."""
    with gathered(1, plan.pem) as crowd:
        return [*_answered(plan, crowd), *_with_effect(plan, crowd)]


def _answered(plan: Plan, crowd: Crowd) -> list[Figure]:
    """By a server that gives nothing its effect; members were made before by one that does everything."""
    with running(plan.folder / "answered", plan.postgres) as house:
        loads.befriend(plan, house, crowd)
        house.stop()
        house.start(ONLY_WEB)
        rounds, seconds, wrong = _rounds(plan, house, crowd, settle=False)
        items = plan.sizes.items * (plan.sizes.rounds + 1)
        kept = house.count("SELECT COUNT(*) FROM inbox_item WHERE state = 0")
        if kept != items:
            wrong = wrong or f"{kept} of {items} are in the database"
    value, spread = middle(rounds)
    late = (
        f"answers after {percentile(seconds, 0.5) * 1e3:.1f} ms (median), {percentile(seconds, 0.99) * 1e3:.1f} (99 %)"
    )
    return [Figure(name="inbox item to the 202", value=value, unit="µs", aim=ANSWERED_AIM, spread=spread, wrong=wrong,
                   note=late, beside="empty_request", cpu=True)]  # fmt: skip


def _with_effect(plan: Plan, crowd: Crowd) -> list[Figure]:
    with running(plan.folder / "effect", plan.postgres) as house:
        loads.befriend(plan, house, crowd)
        rounds, _, wrong = _rounds(plan, house, crowd, settle=True)
        items = plan.sizes.items * (plan.sizes.rounds + 1)
        wrong = wrong or _amiss(house, items)
        again, repeated = _repeats(plan, house, crowd)
        repeated = repeated or _amiss(house, items + plan.sizes.items)
    value, spread = middle(rounds)
    return [
        Figure(name="inbox item with its effect", value=value, unit="µs", aim=EFFECT_AIM, spread=spread, wrong=wrong,
               beside="empty_request", cpu=True),
        Figure(name="inbox item that was there before", value=again, unit="µs", wrong=repeated,
               beside="empty_request", cpu=True),
    ]  # fmt: skip


def _rounds(plan: Plan, house: House, crowd: Crowd, settle: bool) -> tuple[list[float], list[float], str]:
    """µs of each round but the first, which warms up; seconds of each answer; what went wrong."""
    rounds, seconds, wrong = [], [], ""
    for _ in range(plan.sizes.rounds + 1):
        requests = loads.arriving(plan, house, crowd, plan.sizes.items)
        begun = house.cpu
        answers = loads.send(house, requests)
        if settle:
            house.settle()
        rounds.append((house.cpu - begun) / plan.sizes.items * 1e6)
        seconds.extend(answers.seconds)
        if not answers.all(202):
            wrong = f"answers were {answers.statuses}"
    return rounds[1:], seconds, wrong


def _repeats(plan: Plan, house: House, crowd: Crowd) -> tuple[float, str]:
    requests = loads.arriving(plan, house, crowd, plan.sizes.items)
    loads.send(house, requests)
    house.settle()
    begun = house.cpu
    answers = loads.send(house, requests)
    used = (house.cpu - begun) / len(requests) * 1e6
    house.settle()
    return used, "" if answers.all(202) else f"answers were {answers.statuses}"


def _amiss(house: House, items: int) -> str:
    posts = house.count("SELECT COUNT(*) FROM post WHERE content LIKE '%seed potatoes%'")
    entries = house.count("SELECT COUNT(*) FROM home_entry")
    if (posts, entries) == (items, items * loads.FOLLOWERS):
        return ""
    return f"of {items} items came {posts} posts and {entries} entries in home timelines"
