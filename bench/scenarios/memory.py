"""How much memory the server takes, at rest and after work."""

import time

from bench import loads, machine
from bench.crowd import gathered
from bench.figures import Figure
from bench.house import running
from bench.plan import Plan

IDLE_AIM, LOADED_AIM = 120.0, 200.0  # MB
REST_SECONDS = 2.0


def run(plan: Plan) -> list[Figure]:
    """After a start; then after activities taken in and posts delivered."""
    sizes = plan.sizes
    with gathered(sizes.servers, plan.pem) as crowd, running(plan.folder / "memory", plan.postgres) as house:
        time.sleep(REST_SECONDS)
        idle = machine.resident_bytes(house.pid)
        loads.befriend(plan, house, crowd)
        author = loads.famous(plan, house, crowd)
        for _ in range(sizes.rounds):
            loads.send(house, loads.arriving(plan, house, crowd, sizes.items))
        house.settle()
        posts = [author.post(f"Post {number} to everybody.") for number in range(sizes.posts * 5)]
        arrived = crowd.wait("Create", len(posts) * sizes.servers, loads.SENT_SECONDS)
        loaded = machine.resident_bytes(house.pid)
        wrong = "" if arrived else "not every server got every post"
        wrong = wrong or loads.unlike(crowd.taken(), posts, range(sizes.servers), author.pem)
    work = f"{sizes.items * sizes.rounds} items taken in, {len(posts) * sizes.servers} deliveries"
    return [
        Figure(name="memory at rest", value=idle / 1e6, unit="MB", aim=IDLE_AIM),
        Figure(name="memory after load", value=loaded / 1e6, unit="MB", aim=LOADED_AIM, wrong=wrong, note=work),
    ]
