"""Two servers as their users run them, on one machine: what one publishes is at the other."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.forking import ForkedInstance
from tests.server.running import Instance

ARRIVAL_SECONDS = 15.0


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Instance, Instance]]:
    """Two try-outs that run."""
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    a, b = (ForkedInstance(folder, RATE_LIMITS="off") for folder in folders)
    try:
        yield a.start(), b.start()
    finally:
        a.kill()
        b.kill()


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within some seconds."""
    end = time.monotonic() + ARRIVAL_SECONDS
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def test_posts_of_a_group_reach_its_members_on_another_server_one_after_the_other(
    servers: tuple[Instance, Instance],
) -> None:
    a, b = servers
    alice, bob = f"Bearer {a.person('alice')}", f"Bearer {b.person('bob')}"
    assert a.command("group", "create", "rye", "--title", "Rye bread", "--steward", "alice").returncode == 0
    assert a.command("follow", "alice", "rye").returncode == 0
    assert b.command("follow", "bob", f"rye@{a.host}").returncode == 0
    assert eventually(lambda: a.command("queue").returncode == b.command("queue").returncode == 0)

    for day in range(3):
        body = json.dumps({"status": f"Day {day} @rye"}).encode()
        assert (
            a.ask("POST", "/api/v1/statuses", body, authorization=alice, content_type="application/json").status == 200
        )

    lists = b.get("/api/v1/lists", authorization=bob).json
    timeline = f"/api/v1/timelines/list/{lists[0]['id']}"
    assert eventually(lambda: len(b.get(timeline, authorization=bob).json) == 3)
    shown = [post["content"] for post in reversed(b.get(timeline, authorization=bob).json)]
    assert ["Day 0" in shown[0], "Day 1" in shown[1], "Day 2" in shown[2]] == [True, True, True]
    assert a.command("queue", "--wait", "10").returncode == 0
