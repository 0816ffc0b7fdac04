"""What a large group costs: a post to thousands of members on hundreds of servers, and many who vote at once.

Posting must cost what the servers cost, not what the members do; votes are to be folded into counters.
"""

import time

import msgspec

from bench import loads, members
from bench.crowd import Crowd, gathered
from bench.figures import Figure, middle
from bench.house import House, running
from bench.members import Crew
from bench.plan import Plan

GROUP = "rye"
PARTING_SECONDS = 300.0
VOTE_AIM = 500 / 14  # empty requests: 2,000 in a second of one core of the machine where one of these takes 14 µs


def run(plan: Plan) -> list[Figure]:
    """The same group twice: with one member on each server, and with all of them; then votes."""
    sizes = plan.sizes
    each, rest = 1, sizes.members // sizes.community - 1
    with gathered(sizes.community, plan.pem) as crowd, running(plan.folder / "community", plan.postgres) as house:
        token = house.person("anna")
        house.command("group.create", name=GROUP, title="Rye", summary="", steward="anna")
        house.command("follow", account="anna", whom=f"@{GROUP}")
        house.settle()
        _fill(plan, house, crowd, Crew(GROUP, 0, each, 1, _hosts(crowd), plan.pem))
        few, few_wrong = _posting(plan, house, crowd, token)
        _fill(plan, house, crowd, Crew(GROUP, sizes.members, rest, 1 + each, _hosts(crowd), plan.pem))
        many, wrong = _posting(plan, house, crowd, token)
        votes = _votes(plan, house, crowd, token)
        parting = _parting(plan, house, crowd, token)
    value, spread = middle(many)
    of_few, few_spread = middle(few)
    servers = f"on {sizes.community} servers"
    note = f"{value / of_few:.2f} times that of {sizes.community} members"
    return [
        Figure(name=f"post to {sizes.community} members {servers}", value=of_few, unit="ms", spread=few_spread,
               wrong=few_wrong, cpu=True),
        Figure(name=f"post to {2 * sizes.members} members {servers}", value=value, unit="ms", spread=spread,
               wrong=wrong, note=note, cpu=True),
        votes,
        parting,
    ]  # fmt: skip


def _hosts(crowd: Crowd) -> list[str]:
    return [crowd.host(index) for index in range(crowd.size)]


def _fill(plan: Plan, house: House, crowd: Crowd, crew: Crew) -> None:
    house.stop()
    said = plan.folder / f"crew{crew.first}.json"
    said.write_bytes(msgspec.json.encode(crew))
    house.inside("bench.members", str(said))
    house.start()
    house.settle()
    crowd.forget()


def _posting(plan: Plan, house: House, crowd: Crowd, token: str) -> tuple[list[float], str]:
    """CPU milliseconds of a post with all its deliveries, by round but the first; and what went wrong."""
    rounds, posts, wrong = [], 0, ""
    crowd.forget()
    for _ in range(plan.sizes.rounds + 1):
        begun = house.cpu
        for _ in range(plan.sizes.posts):
            posts += 1
            house.ask("POST", "/api/v1/statuses", token, {"status": f"@{GROUP} Bed {posts} is sown."})
            if not crowd.wait("Announce", posts * crowd.size, loads.SENT_SECONDS):
                wrong = "not every server got every post"
        house.settle()
        time.sleep(0.1)  # within this the cursors of all peers are written down
        rounds.append((house.cpu - begun) / plan.sizes.posts * 1e3)
    return rounds[1:], wrong or _unlike(crowd, posts)


def _unlike(crowd: Crowd, posts: int) -> str:
    got = [0] * crowd.size
    for delivery in crowd.taken():
        got[delivery.host] += delivery.activity["type"] == "Announce"
    amiss = sum(number != posts for number in got)
    return f"{amiss} servers did not get each post once" if amiss else ""


def _votes(plan: Plan, house: House, crowd: Crowd, token: str) -> Figure:
    """Each round somebody else on each server, many times over, likes one post of the group."""
    rounds, seconds, wrong = [], [], ""
    voters = [(host, n) for n in range(1, plan.sizes.votes // crowd.size + 1) for host in _hosts(crowd)]
    for number in range(plan.sizes.rounds + 1):
        text = {"status": f"@{GROUP} Question {number}: who is for it?"}
        post = house.ask("POST", "/api/v1/statuses", token, text)
        house.settle()
        requests = [_like(plan, house, members.actor_of(host, n), post["uri"]) for host, n in voters]
        begun, at = house.cpu, time.monotonic()
        answers = loads.send(house, requests)
        seconds.append(time.monotonic() - at)
        house.settle()
        rounds.append((house.cpu - begun) / len(requests) * 1e6)
        counted = house.ask("GET", f"/api/v1/statuses/{post['id']}", token)["favourites_count"]
        if not answers.all(202) or counted != len(requests):
            wrong = f"{counted} of {len(requests)} votes were counted; answers were {answers.statuses}"
    value, spread = middle(rounds[1:])
    rate = len(voters) / middle(seconds[1:])[0]
    note = f"{1e6 / value:.0f} a second of one core, {rate:.0f} taken by the clock; aim: {VOTE_AIM:.1f} empty requests"
    return Figure(name=f"vote of {len(voters)} at once", value=value, unit="µs", spread=spread, wrong=wrong, note=note,
                  aim=VOTE_AIM * plan.yardsticks["empty_request"], beside="empty_request", cpu=True)  # fmt: skip


def _parting(plan: Plan, house: House, crowd: Crowd, token: str) -> Figure:
    """The group is for its own server from now on: each member elsewhere gets a `Reject` and a message, others wait."""
    far, longest, at, wrong = plan.sizes.members, 0.0, 0.0, ""
    crowd.forget()
    begun, deadline = house.cpu, time.monotonic() + PARTING_SECONDS
    house.command("group.change", group=GROUP, changes={"visibility": "local"})
    while min(crowd.count("Reject"), crowd.count("Create")) < far and not wrong:
        at = time.monotonic()
        house.ask("POST", "/api/v1/statuses", token, {"status": "Meanwhile elsewhere"})
        longest = max(longest, time.monotonic() - at)
        time.sleep(0.1)
        if at > deadline:
            wrong = f"{crowd.count('Reject')} of {far} were told that they are no members"
    house.settle()
    value = (house.cpu - begun) / far * 1e3
    return Figure(name=f"goodbye to each of {far} members", value=value, unit="ms", wrong=wrong, cpu=True,
                  note=f"who posts meanwhile waits {longest * 1e3:.0f} ms at most")  # fmt: skip


def _like(plan: Plan, house: House, actor: str, post: str) -> bytes:
    like = {"@context": "https://www.w3.org/ns/activitystreams", "id": f"{actor}#likes/{post}", "type": "Like",
            "actor": actor, "object": post}  # fmt: skip
    return loads.signed(plan, house, actor, like)
