"""What is left of a post when servers were busy or away: everything arrives, in order, once. The clock is moved."""

import time
from pathlib import Path

from bench import loads
from bench.crowd import Crowd, gathered
from bench.figures import Figure
from bench.house import House, running
from bench.loads import Author
from bench.plan import Plan

MINUTE = 60
STEPS = 12  # of two minutes, after which everybody must have everything
STEP_SECONDS = 3.0  # for deliveries after the clock has moved


def run(plan: Plan) -> list[Figure]:
    """Ten servers answer 503 for a minute; then all are away for some minutes; a conversation goes on meanwhile."""
    sizes = plan.sizes
    clock = plan.folder / "clock"
    clock.write_text("0")
    with gathered(sizes.servers, plan.pem) as crowd:
        with running(plan.folder / "outage", plan.postgres, TEST_CLOCK=str(clock)) as house:
            author = loads.famous(plan, house, crowd)
            begun = house.cpu
            posts = _busy(plan, crowd, author, clock)
            posts += _away(plan, crowd, author, clock, posts[-1])
            minutes = _catch_up(plan, house, crowd, clock, len(posts))
            used = (house.cpu - begun) / (len(posts) * sizes.servers) * 1e6
            deliveries, tries = crowd.taken(), crowd.tries()
    wrong = loads.unlike(deliveries, posts, range(sizes.servers), author.pem) or loads.disordered(deliveries, posts)
    note = f"{len(posts)} posts, {tries - len(deliveries)} requests in vain"
    return [
        Figure(
            name="delivery with outages", value=used, unit="µs", wrong=wrong, note=note, beside="rsa_sign", cpu=True
        ),
        Figure(name="last server has everything after its return", value=minutes, unit="min", wrong=wrong),
    ]


def _busy(plan: Plan, crowd: Crowd, author: Author, clock: Path) -> list[str]:
    """The first half of the posts, while some servers answer 503 for a minute."""
    busy = range(plan.sizes.hanging)
    crowd.behave("refusing", busy)
    posts = _conversation(author, plan.sizes.outage_posts // 2, None)
    crowd.wait("Create", len(posts) * (crowd.size - len(busy)), loads.SENT_SECONDS)
    _move(clock, MINUTE)
    crowd.behave("well", busy)
    return posts


def _away(plan: Plan, crowd: Crowd, author: Author, clock: Path, last: str) -> list[str]:
    """The second half, while nobody can be reached."""
    crowd.behave("away")
    posts = _conversation(author, plan.sizes.outage_posts - plan.sizes.outage_posts // 2, last)
    time.sleep(1.0)
    _move(clock, 3 * MINUTE)
    time.sleep(1.0)
    crowd.behave("well")
    return posts


def _catch_up(plan: Plan, house: House, crowd: Crowd, clock: Path, posts: int) -> float:
    """Minutes of the moved clock until everybody had everything."""
    for step in range(STEPS):
        if crowd.wait("Create", posts * plan.sizes.servers, STEP_SECONDS):
            return 2.0 * step
        _move(clock, 2 * MINUTE)
    return 2.0 * STEPS


def _conversation(author: Author, number: int, last: str | None) -> list[str]:
    """Posts of which each answers the one before."""
    posts = []
    for count in range(number):
        last = author.post(f"Part {count} of a longer story.", last)
        posts.append(last)
    return posts


def _move(clock: Path, seconds: int) -> None:
    clock.write_text(str(int(clock.read_text()) + seconds))
    time.sleep(0.3)  # it is looked at ten times a second
