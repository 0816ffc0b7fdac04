"""Several processes on one PostgreSQL are one server: federation, caches, ids, the right to deliver."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Databases
from tests.faults.asking import ask, eventually, follow_all, post, waiting
from tests.faults.crowd import Crowd
from tests.server.forking import ForkedInstance
from tests.server.running import Instance

READY = "SELECT COUNT(*) FROM process_slot"
HOLDER = "SELECT owner FROM lease WHERE name = 'lead'"


@pytest.fixture
def folder(tmp_path: Path, databases: Databases) -> Iterator[tuple[Path, dict[str, str]]]:
    """Where a server keeps its data, on PostgreSQL."""
    url = asyncio.run(databases.new("postgres"))
    yield tmp_path, {"RATE_LIMITS": "off", "DATABASE_URL": url}
    databases.drop(url)


@pytest.fixture
def pair(folder: tuple[Path, dict[str, str]]) -> Iterator[Instance]:
    """`fedcomm serve --processes 2`, ready."""
    place, settings = folder
    server = ForkedInstance(place, **settings).start("--processes", "2")
    assert eventually(lambda: ask(server, READY) == [(2,)])
    yield server
    server.stop()


@pytest.fixture
def halves(folder: tuple[Path, dict[str, str]]) -> Iterator[tuple[Instance, Instance]]:
    """`fedcomm serve --role web` and `fedcomm serve --role worker` on one data directory and database."""
    place, settings = folder
    web, worker = ForkedInstance(place, **settings), ForkedInstance(place, **settings)
    worker.settings["LISTEN"] = web.settings["LISTEN"]
    web.start("--role", "web")
    worker.start("--role", "worker", ready=False)
    assert eventually(lambda: ask(web, READY) == [(2,)])
    yield web, worker
    web.stop()
    worker.stop()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Some other servers."""
    everybody = Crowd(5)
    yield everybody
    everybody.close()


def converse(server: Instance, crowd: Crowd) -> None:
    """Follow and be followed, post and be answered: everything arrives, once."""
    token = follow_all(server, crowd)
    bob = f"http://{server.host}/users/bob"
    for round_ in range(3):
        host = crowd.hosts[round_]
        follow = {"id": f"{crowd.actor(host)}/follow", "type": "Follow", "object": bob}
        crowd.run(crowd.insist(crowd.actor(host), f"{bob}/inbox", follow))
        assert eventually(lambda host=host: any(a.type == "Accept" and a.host == host for a in crowd.arrivals))
        said = post(server, token, f"Round {round_}").json
        hosts = crowd.hosts[: round_ + 1]
        assert eventually(lambda hosts=hosts, said=said: all(said["uri"] in crowd.posts(host) for host in hosts))
        for number, host in enumerate(crowd.hosts):
            reply = crowd.note(crowd.actor(host), 10 * round_ + number, inReplyTo=said["uri"])
            crowd.run(crowd.insist(crowd.actor(host), f"http://{server.host}/inbox", reply))
        for _look in range(6):  # whichever process answers
            assert eventually(lambda said=said: _status(server, token, said["id"])["replies_count"] == len(crowd.hosts))
        assert len(_status(server, token, f"{said['id']}/context")["descendants"]) == len(crowd.hosts)
    assert eventually(lambda: waiting(server)["idle"])
    assert all(len(crowd.posts(host)) == len(set(crowd.posts(host))) for host in crowd.hosts)
    assert crowd.wrong == []


def test_two_processes_federate_as_one_does(pair: Instance, crowd: Crowd) -> None:
    converse(pair, crowd)


def test_one_process_that_answers_and_one_that_works_federate_as_one_does(
    halves: tuple[Instance, Instance], crowd: Crowd
) -> None:
    converse(halves[0], crowd)


def test_ids_of_two_processes_never_meet(pair: Instance, crowd: Crowd) -> None:
    token = pair.person("alice")

    made = [post(pair, token, f"{number}").json["id"] for number in range(60)]

    assert len(set(made)) == 60
    assert ask(pair, "SELECT COUNT(DISTINCT slot) FROM process_slot") == [(2,)]


def test_the_right_to_deliver_moves_when_its_holder_is_killed(pair: Instance, crowd: Crowd) -> None:
    token = follow_all(pair, crowd)
    bob = f"http://{pair.host}/users/bob"
    crowd.run(crowd.follow(bob, f"{bob}/inbox"))
    assert eventually(lambda: len({a.host for a in crowd.arrivals if a.type == "Accept"}) == len(crowd.hosts))
    ((holder,),) = ask(pair, HOLDER)

    os.kill(int(holder.partition("-")[0]), signal.SIGKILL)
    said = _insist(pair, token, "After the fall")

    assert eventually(lambda: all(said in crowd.posts(host) for host in crowd.hosts), 30.0)
    ((heir,),) = ask(pair, HOLDER)
    assert heir != holder
    for host in crowd.hosts:
        crowd.run(crowd.insist(crowd.actor(host), f"{bob}/inbox", crowd.note(crowd.actor(host), 1, inReplyTo=said)))
    found = "SELECT replies_count FROM post WHERE uri = ?"
    assert eventually(lambda: ask(pair, found, (said,)) == [(len(crowd.hosts),)], 40.0)


def test_a_worker_that_is_killed_is_replaced_by_another_start_and_nothing_is_lost(
    halves: tuple[Instance, Instance], crowd: Crowd
) -> None:
    web, worker = halves
    token = follow_all(web, crowd)
    bob = f"http://{web.host}/users/bob"
    crowd.run(crowd.follow(bob, f"{bob}/inbox"))
    assert eventually(lambda: len({a.host for a in crowd.arrivals if a.type == "Accept"}) == len(crowd.hosts))
    worker.kill()

    said = post(web, token, "Nobody works").json["uri"]
    for host in crowd.hosts:
        crowd.run(crowd.insist(crowd.actor(host), f"{bob}/inbox", crowd.note(crowd.actor(host), 1, inReplyTo=said)))
    assert not waiting(web)["idle"]
    worker.start("--role", "worker", ready=False)

    assert eventually(lambda: all(said in crowd.posts(host) for host in crowd.hosts))
    found = "SELECT replies_count FROM post WHERE uri = ?"
    assert eventually(lambda: ask(web, found, (said,)) == [(len(crowd.hosts),)], 40.0)
    assert eventually(lambda: waiting(web)["idle"])


def _status(server: Instance, token: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/api/v1/statuses/{path}", authorization=f"Bearer {token}").json
    return found


def _insist(server: Instance, token: str, text: str) -> str:
    """Publish, also when the first process asked is the one that was killed; the id of the post."""
    made: list[str] = []

    def try_once() -> bool:
        try:
            made.append(str(json.loads(post(server, token, text).body)["uri"]))
        except OSError:
            return False
        return True

    assert eventually(try_once)
    return made[-1]
