"""A server whose data cannot be written says so, lies to nobody, and goes on when it can (faults FLT-05 and FLT-08)."""

import asyncio
import resource
from collections.abc import Iterator

import asyncpg
import pytest

from tests.faults.asking import ask, eventually, follow_all, post, waiting
from tests.faults.crowd import Crowd
from tests.server.running import Instance

TRIES = 40


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """One other server."""
    everybody = Crowd(1)
    yield everybody
    everybody.close()


def send(server: Instance, crowd: Crowd, number: int, text: str = "Hello") -> int:
    """The status that a Create of that number is answered with."""
    sam = crowd.actor(crowd.hosts[0])
    return crowd.run(crowd.send(sam, f"http://{server.host}/inbox", crowd.note(sam, number, text)))


def kept(server: Instance) -> list[int]:
    """The numbers of the notes that are stored."""
    return sorted(int(uri.rsplit("/", 1)[1]) for (uri,) in ask(server, "SELECT uri FROM post WHERE local = 0"))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_full_disk_is_answered_with_503_and_nothing_false(server: Instance, crowd: Crowd) -> None:
    token = follow_all(server, crowd)
    assert server.process is not None
    largest = max(path.stat().st_size for path in server.data.iterdir())
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (largest + 8192, resource.RLIM_INFINITY))
    answers = {number: send(server, crowd, number, "A long story. " * 600) for number in range(TRIES)}
    assert 503 in answers.values()
    assert set(answers.values()) <= {202, 503}
    assert post(server, token, "Nor can I write").status == 503
    assert server.get("/api/v1/timelines/home", authorization=f"Bearer {token}").status == 200
    assert server.get("/livez").status == 200

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    refused = [number for number, status in answers.items() if status == 503]
    assert [send(server, crowd, number, "A long story. " * 600) for number in refused] == [202] * len(refused)

    assert eventually(lambda: waiting(server)["idle"])
    assert kept(server) == list(range(TRIES))
    assert post(server, token, "Now I can").status == 200


@pytest.mark.parametrize("dialect", ["postgres"])
def test_a_database_that_is_away_is_answered_with_503_and_nothing_false(server: Instance, crowd: Crowd) -> None:
    token = follow_all(server, crowd)
    assert send(server, crowd, 0) == 202
    url = server.settings["DATABASE_URL"]

    asyncio.run(_lock_out(url))
    answers = [send(server, crowd, number) for number in range(1, 6)]
    assert set(answers) == {503}
    assert post(server, token, "Nor can I write").status == 503
    asyncio.run(_let_in(url))

    sam = crowd.actor(crowd.hosts[0])
    for number in range(1, 6):
        crowd.run(crowd.insist(sam, f"http://{server.host}/inbox", crowd.note(sam, number)))
    assert eventually(lambda: kept(server) == list(range(6)))
    assert eventually(lambda: post(server, token, "Now I can").status == 200)
    assert eventually(lambda: waiting(server)["idle"])
    assert server.get("/readyz").status == 200


async def _lock_out(url: str) -> None:
    """Whoever is connected to that database is thrown out and cannot come back."""
    base, _slash, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{base}/postgres")
    try:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await connection.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    finally:
        await connection.close()


async def _let_in(url: str) -> None:
    base, _slash, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{base}/postgres")
    try:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await connection.close()
