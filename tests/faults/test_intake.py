"""A server that is killed while it takes activities in: what it acknowledged has its effect, once (fault FLT-02)."""

import asyncio
import os
import random
import signal

import pytest

from fedcomm.intake import mark
from tests.faults.asking import ask, eventually, follow_all, outlast, waiting
from tests.faults.crowd import Crowd
from tests.server.running import Instance

ITEMS = int(os.environ.get("FEDCOMM_TEST_FAULT_ITEMS", "300"))  # Creates that are sent
KILLS = 5


@pytest.mark.thorough("postgres")
@pytest.mark.attack("FLT-02")
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_every_activity_that_was_acknowledged_has_its_effect_once_however_often_the_server_is_killed(
    server: Instance,
) -> None:
    crowd = Crowd(3)
    try:
        follow_all(server, crowd)
        taken: list[tuple[str, str]] = []
        moments = sorted(random.Random(2).sample(range(ITEMS // 20, ITEMS - ITEMS // 20), KILLS))
        sending = crowd.begin(_send_all(server, crowd, taken, moments))
        for _kill in range(KILLS):
            assert server.process is not None
            assert server.process.wait(60) == -signal.SIGKILL
            acknowledged = list(taken)
            kept = {bytes(row[0]) for row in ask(server, "SELECT uri_hash FROM inbox_item")}
            assert [uri for signer, uri in acknowledged if mark(signer, uri) not in kept] == []
            outlast(server)
            server.start(ready=False)  # it may be killed before it says that it is
        server.wait()
        sending.result(120)
        assert eventually(lambda: waiting(server)["idle"], 60)
    finally:
        crowd.close()

    # What two processes took in at the same moment, one of them dying, finds together within a minute or so.
    untied = "SELECT COUNT(*) FROM post WHERE parent_uri IS NOT NULL AND parent_id IS NULL"
    assert eventually(lambda: ask(server, untied) == [(0,)], 120)
    posts = dict(ask(server, "SELECT uri, replies_count FROM post"))
    assert len(posts) == ITEMS
    assert len(taken) == ITEMS
    first = [posts[f"{crowd.actor(host)}/notes/0"] for host in crowd.hosts]
    assert sum(first) == ITEMS - len(crowd.hosts)
    written = ask(server, "SELECT SUM(posts_count) FROM actor WHERE host <> ''")
    assert written == [(ITEMS,)]
    assert ask(server, "SELECT COUNT(*) FROM inbox_item WHERE state IN (0, 2, 3)") == [(0,)]


async def _send_all(server: Instance, crowd: Crowd, taken: list[tuple[str, str]], moments: list[int]) -> None:
    """Thread starters, one on each host, and replies to them; each again and again until it is taken.

    When so many were taken as `moments` says next, the server is killed.
    """
    killed = set()
    room = asyncio.Semaphore(20)

    async def one(number: int) -> None:
        async with room:
            actor = crowd.actor(crowd.hosts[number % len(crowd.hosts)])
            own = number // len(crowd.hosts)
            activity = crowd.note(actor, own, **({"inReplyTo": f"{actor}/notes/0"} if own else {}))
            await crowd.insist(actor, f"http://{server.host}/inbox", activity)
            taken.append((actor, activity["id"]))
            process = server.process
            if moments and len(taken) >= moments[0] and process is not None and process.pid not in killed:
                moments.pop(0)
                killed.add(process.pid)
                process.kill()

    await asyncio.gather(*(one(number) for number in range(ITEMS)))
