"""A server that is killed while it delivers: everybody gets everything, once, in order (faults FLT-01 and FLT-29)."""

import http.client
import random
import signal
import time
from contextlib import suppress

import pytest

from tests.faults.asking import eventually, outlast, post, waiting
from tests.faults.conftest import SEEDS
from tests.faults.crowd import Arrival, Crowd, most
from tests.server.running import Instance

POSTS = 3


def followed(server: Instance, crowd: Crowd) -> str:
    """The token of a member whom everybody in the crowd follows."""
    server.start()
    token = server.person("alice")
    alice = f"http://{server.host}/users/alice"
    crowd.run(crowd.follow(alice, f"{alice}/inbox"))
    assert eventually(lambda: len({a.host for a in crowd.arrivals if a.type == "Accept"}) == len(crowd.hosts))
    return token


def say(server: Instance, token: str, topic: str) -> list[str]:
    """Publish some posts of one thread; the ids of those that were acknowledged before the server ended."""
    ids: list[str] = []
    with suppress(OSError, http.client.HTTPException):
        for number in range(POSTS):
            more = {"in_reply_to_id": ids[0].rsplit("/", 1)[1]} if ids else {}
            answer = post(server, token, f"{topic}: post {number}", **more)
            if answer.status != 200:
                break
            ids.append(answer.json["uri"])
    return ids


def ended_after(server: Instance, crowd: Crowd, count: int, number: signal.Signals) -> None:
    """Send the server a signal when so many more posts have arrived."""
    left = [count]

    def on_arrival(arrival: Arrival) -> None:
        left[0] -= arrival.type == "Create"
        if left[0] == 0 and server.process is not None:
            server.process.send_signal(number)

    crowd.on_arrival = on_arrival


def expect_everything(server: Instance, crowd: Crowd, token: str, ids: list[str]) -> None:
    """Every host has each of these posts of one thread, in their order, and the server shows them."""
    assert eventually(lambda: all(set(ids) <= set(crowd.posts(host)) for host in crowd.hosts), 60.0)
    for host in crowd.hosts:
        assert [uri for uri in dict.fromkeys(crowd.posts(host)) if uri in ids] == ids
    for uri in ids:
        shown = server.get(f"/api/v1/statuses/{uri.rsplit('/', 1)[1]}", authorization=f"Bearer {token}")
        assert shown.status == 200
    assert crowd.wrong == []


@pytest.mark.thorough("postgres")
@pytest.mark.attack("FLT-01")
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_a_server_killed_in_the_middle_of_a_fan_out_delivers_the_rest_after_its_restart(
    server: Instance, crowd: Crowd
) -> None:
    token = followed(server, crowd)

    for seed in range(SEEDS):
        at = random.Random(seed).randrange(1, POSTS * len(crowd.hosts))
        before = len(crowd.arrivals)
        ended_after(server, crowd, at, signal.SIGKILL)
        ids = say(server, token, f"{seed}")
        assert server.process is not None
        server.process.wait(30)
        outlast(server)
        server.start()

        expect_everything(server, crowd, token, ids)
        assert most([f"{a.host} {a.activity}" for a in crowd.arrivals[before:]]) <= 2  # once in each life
        assert eventually(lambda: waiting(server)["idle"])


@pytest.mark.attack("FLT-29")
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_a_server_that_is_asked_to_stop_under_load_finishes_in_time_and_loses_and_repeats_nothing(
    server: Instance, crowd: Crowd
) -> None:
    token = followed(server, crowd)
    ended_after(server, crowd, POSTS * len(crowd.hosts) * 5 // 12, signal.SIGTERM)

    ids = say(server, token, "stopping")
    began = time.monotonic()
    assert server.process is not None
    code = server.process.wait(35)
    assert (code, time.monotonic() - began < 30) == (0, True)
    server.start()

    expect_everything(server, crowd, token, ids)
    assert most([f"{a.host} {a.activity}" for a in crowd.arrivals]) == 1
