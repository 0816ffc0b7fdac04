"""What a delivery costs: one post to the followers on many servers, each with a signature of its own."""

import time

from bench import loads
from bench.crowd import gathered
from bench.figures import Figure, middle
from bench.house import running
from bench.plan import Plan

BESIDES_SIGNATURE = 60.0  # µs
SAVED_SECONDS = 0.1  # within this the cursors of all peers are written down


def run(plan: Plan) -> list[Figure]:
    """CPU a delivery: signing, sending, reading the answer, remembering; and the share of publishing the post."""
    sizes = plan.sizes
    with gathered(sizes.servers, plan.pem) as crowd, running(plan.folder / "fanout", plan.postgres) as house:
        author = loads.famous(plan, house, crowd)
        rounds, waits, wrong = [], [], ""
        posts: list[str] = []
        for _ in range(sizes.rounds + 1):
            begun = house.cpu
            for _ in range(sizes.posts):
                written = time.monotonic()
                posts.append(author.post(f"Post {len(posts)} to everybody, with a word about #rye."))
                if not crowd.wait("Create", len(posts) * sizes.servers, loads.SENT_SECONDS):
                    wrong = "not every server got every post"
                waits.append(max(each.at for each in crowd.taken()) - written)
            time.sleep(SAVED_SECONDS)
            rounds.append((house.cpu - begun) / (sizes.posts * sizes.servers) * 1e6)
        wrong = wrong or loads.unlike(crowd.taken(), posts, range(sizes.servers), author.pem)
    value, spread = middle(rounds[1:])
    aim = 1.3 * plan.yardsticks["rsa_sign"] + BESIDES_SIGNATURE
    last, _ = middle(waits[sizes.posts :])
    return [
        Figure(name="delivery (fan-out of a post)", value=value, unit="µs", aim=aim, spread=spread, wrong=wrong,
               note=f"aim: 1.3 signatures + {BESIDES_SIGNATURE:.0f} µs", beside="rsa_sign", cpu=True),
        Figure(name=f"last of {sizes.servers} servers after posting", value=last, unit="s", wrong=wrong),
    ]  # fmt: skip
