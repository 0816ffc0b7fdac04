"""How long the last server waits for a post when servers are far away, or some of them never answer."""

import time
from collections.abc import Sequence

from bench import loads
from bench.crowd import Crowd, gathered
from bench.figures import Figure
from bench.house import running
from bench.loads import Author
from bench.plan import Plan

DELAY = 0.1  # seconds until a far server answers
LATE_AIM, HEALTHY_AIM = 0.5, 1.0  # seconds


def late(plan: Plan) -> list[Figure]:
    """Every server answers a tenth of a second late."""
    sizes = plan.sizes
    with gathered(sizes.servers, plan.pem) as crowd, running(plan.folder / "distance", plan.postgres) as house:
        author = loads.famous(plan, house, crowd)
        crowd.behave("well", delay=DELAY)
        waits, wrong = _posts(crowd, author, range(sizes.servers), sizes.posts)
    name = f"last of {sizes.servers} servers, each {DELAY * 1e3:.0f} ms away"
    return [Figure(name=name, value=max(waits), unit="s", aim=LATE_AIM, spread=(min(waits), max(waits)), wrong=wrong)]


def hanging(plan: Plan) -> list[Figure]:
    """Some servers take the request and never answer."""
    sizes = plan.sizes
    with gathered(sizes.servers, plan.pem) as crowd, running(plan.folder / "hanging", plan.postgres) as house:
        author = loads.famous(plan, house, crowd)
        crowd.behave("hanging", range(sizes.hanging))
        waits, wrong = _posts(crowd, author, range(sizes.hanging, sizes.servers), sizes.posts)
    name = f"last healthy server, {sizes.hanging} of {sizes.servers} hanging"
    return [Figure(name=name, value=max(waits), unit="s", aim=HEALTHY_AIM, spread=(min(waits), max(waits)),
                   wrong=wrong)]  # fmt: skip


def _posts(crowd: Crowd, author: Author, well: Sequence[int], number: int) -> tuple[list[float], str]:
    """Seconds from writing a post until the last of the servers that are well has it, for some posts in a row."""
    waits, posts, wrong = [], [], ""
    for count in range(1, number + 1):
        written = time.monotonic()
        posts.append(author.post(f"Post {count}, for near and far."))
        if not crowd.wait("Create", count * len(well), loads.SENT_SECONDS):
            wrong = "not every server got every post"
        waits.append(max((each.at for each in crowd.taken()), default=written) - written)
    return waits, wrong or loads.unlike(crowd.taken(), posts, well, author.pem)
