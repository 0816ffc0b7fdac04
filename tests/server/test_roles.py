"""Several processes on one PostgreSQL: one server with more of them, or one for the web and one that works."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.running import Instance, free_port
from tests.server.test_processes import eventually, gone

pytestmark = pytest.mark.anyio


@pytest.fixture
def dialect() -> str:
    """SQLite is for one process."""
    return "postgres"


@pytest.fixture
def instance(database_url: str, tmp_path: Path) -> Iterator[Instance]:
    """An instance that keeps its data in PostgreSQL and does not run yet."""
    made = Instance(tmp_path, DATABASE_URL=database_url, RATE_LIMITS="off")
    yield made
    made.kill()


def write(instance: Instance, token: str, text: str) -> str:
    """A post; its id."""
    fields = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    answer = instance.ask("POST", "/api/v1/statuses", json.dumps({"status": text}).encode(), **fields)
    assert answer.status == 200, answer.body
    return str(answer.json["id"])


def children(instance: Instance) -> list[int]:
    """The processes of a server besides the parent."""
    assert instance.process is not None
    path = Path(f"/proc/{instance.process.pid}/task/{instance.process.pid}/children")
    return [int(word) for word in path.read_text().split()]


async def test_a_server_of_several_processes_serves_commands_and_posts_and_replaces_who_dies(
    instance: Instance,
) -> None:
    await asyncio.to_thread(instance.start, "--processes", "3")
    token = await asyncio.to_thread(instance.person, "anna")
    assert instance.command("group", "create", "rye", "--title", "Rye", "--steward", "anna").returncode == 0
    assert instance.command("follow", "anna", "rye").returncode == 0

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: write(instance, token, f"Post {number} @rye"), range(40)))
    (one, *others) = children(instance)
    os.kill(one, signal.SIGKILL)
    replaced = await asyncio.to_thread(
        eventually, lambda: len(children(instance)) == 3 and one not in children(instance)
    )
    ids.append(write(instance, token, "After it @rye"))
    waited = instance.command("queue", "--wait", "20")

    assert len(set(ids)) == 41 and replaced and len(others) == 2
    assert waited.returncode == 0
    assert all(instance.get(f"/api/v1/statuses/{number}").status == 200 for number in ids)
    left = children(instance)
    assert len(left) == 3 and instance.stop() == 0
    assert all(gone(child) for child in left)


async def test_the_web_and_the_work_may_be_two_processes_and_nobody_else_comes_between(instance: Instance) -> None:
    await asyncio.to_thread(instance.start, "--role", "web")
    worker = Instance(instance.data.parent, **instance.settings)
    worker.log = instance.log.with_name("worker")
    token = await asyncio.to_thread(instance.person, "anna")
    assert instance.command("group", "create", "rye", "--title", "Rye", "--steward", "anna").returncode == 0
    try:
        worker.start("--role", "worker", ready=False)
        assert await asyncio.to_thread(eventually, lambda: "server started" in worker.said())

        refused = [instance.command("serve", *role) for role in ((), ("--role", "web"), ("--role", "worker"))]
        written = write(instance, token, "Hello @rye")
        waited = instance.command("queue", "--wait", "20")

        assert [answer.returncode for answer in refused] == [2, 2, 2]
        assert all("in use" in answer.stderr and "fix: " in answer.stderr for answer in refused)
        assert waited.returncode == 0
        assert instance.get(f"/api/v1/statuses/{written}").status == 200
        assert (
            instance.command("account", "create", "bob", "--password-stdin", given="pass word pass word\n").returncode
            == 0
        )
    finally:
        assert worker.stop() == 0
    assert instance.stop() == 0


async def test_the_link_for_the_first_admin_outlives_the_start_of_the_worker(instance: Instance) -> None:
    await asyncio.to_thread(instance.start, "--role", "web")
    (link,) = re.findall(rf"http://{instance.host}(/setup/[\w-]+)", instance.greeting())
    worker = Instance(instance.data.parent, **instance.settings)
    worker.log = instance.log.with_name("worker")
    try:
        worker.start("--role", "worker", ready=False)
        assert await asyncio.to_thread(eventually, lambda: "server started" in worker.said())

        assert "/setup/" not in worker.said()
        assert instance.get(link).status == 200
    finally:
        worker.kill()


async def test_a_database_that_is_not_there_is_told_in_a_sentence(instance: Instance) -> None:
    instance.settings["DATABASE_URL"] = f"postgres://nobody:hush@127.0.0.1:{free_port()}/none"

    refused = instance.command("serve")

    assert refused.returncode == 2
    assert "the database cannot be opened" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("fix: ")
    assert "Traceback" not in refused.stderr and "hush" not in refused.stderr
