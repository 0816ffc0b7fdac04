"""Members vote in polls of other servers, and everybody learns what came of it."""

import msgspec
import pytest

from fedcomm import clock, polls
from fedcomm.drafting import PollDraft
from storage import jobs
from storage import posts as rows
from storage.connect import rows as read
from tests.fediverse import Fediverse, Instance

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def early_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The votes of a minute are told when it is over: each test begins with one."""
    real, length = clock.now, polls.TOGETHER / 1000
    ahead = length - real() % length
    monkeypatch.setattr(clock, "now", lambda: real() + ahead)


async def counts(instance: Instance, uri: str) -> tuple[list[int], int]:
    """Votes and voters as an instance knows them."""
    post = await instance.knows(uri)
    with instance.here():
        found = await rows.poll_of(post.id)
    assert found is not None
    return msgspec.json.decode(found.votes), found.voters_count


async def test_a_vote_reaches_who_asked_and_the_counts_reach_everybody(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    alice, bob, carol = await a.person("alice"), await b.person("bob"), await c.person("carol")
    await bob.follow(alice.handle)
    await carol.follow(alice.handle)
    await fediverse.settle()
    post = await alice.post("Which?", poll=PollDraft(("red", "green"), seconds=3600))
    await fediverse.settle()

    there = await b.knows(post.uri)
    with b.here():
        await polls.vote(b.app, bob.actor, there.id, [1])
    await fediverse.settle()
    told = [await counts(each, post.uri) for each in (a, b, c)]
    with a.here():
        (waiting,) = await read("SELECT args FROM job WHERE name = 'tell_poll'")
        await polls.tell(a.app, **msgspec.json.decode(waiting[0]))
    await fediverse.settle()

    assert told == [([0, 1], 1), ([0, 1], 1), ([0, 0], 0)]
    assert [await counts(each, post.uri) for each in (a, b, c)] == [([0, 1], 1)] * 3
    with c.here():
        assert (await c.knows(post.uri)).edited_at is None


async def test_all_votes_of_a_minute_are_told_at_once(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice, *voters = [await a.person(name) for name in ("alice", "bob", "carol", "dora")]
    post = await alice.post("Which?", poll=PollDraft(("red", "green"), seconds=3600))

    with a.here():
        for voter in voters:
            await polls.vote(a.app, voter.actor, post.id, [0])
        waiting = await read("SELECT run_at FROM job WHERE name = 'tell_poll' ORDER BY run_at")
        due, _ = await jobs.backlog(0)

    assert await counts(a, post.uri) == ([3, 0], 3)
    assert len(waiting) == 2 and due == 0  # one of them is for the end of the poll
