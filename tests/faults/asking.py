"""What the tests of faults ask of a server again and again."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from storage.connect import Database, rows, use
from tests.faults.crowd import Arrival, Crowd
from tests.server.running import Instance, Reply


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def post(server: Instance, token: str, text: str, **more: Any) -> Reply:
    """Publish as the owner of the token."""
    body = json.dumps({"status": text} | more).encode()
    fields = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    return server.ask("POST", "/api/v1/statuses", body, **fields)


def waiting(server: Instance) -> dict[str, Any]:
    """What `fedcomm queue` says."""
    found: dict[str, Any] = json.loads(server.command("queue", "--json").stdout)
    return found


def ask(server: Instance, sql: str, args: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Rows of the server's database, also while it is dead."""

    async def rows_of() -> list[tuple[Any, ...]]:
        url = server.settings.get("DATABASE_URL", f"sqlite://{server.data / 'fedcomm.db'}")
        database = await Database.open(url)
        try:
            with use(database):
                return await rows(sql, args)
        finally:
            await database.close()

    return asyncio.run(rows_of())


def outlast(server: Instance) -> None:
    """The time is over that a dead process had for what it was to do alone: jobs, and on PostgreSQL the lead."""
    if server.data.exists():
        ask(server, "UPDATE job SET run_at = 0 WHERE state = 0 AND attempts > 0 AND error = ''")
        ask(server, "UPDATE lease SET until = 0 WHERE name NOT LIKE 'schedule:%'")


def follow_all(server: Instance, crowd: Crowd) -> str:
    """Start the server, if it does not run; bob here follows one on each host of the crowd. His token."""

    def accept(arrival: Arrival) -> None:
        if arrival.type == "Follow":
            who = arrival.document["object"]
            answer = {"id": f"{who}/accept", "type": "Accept", "object": arrival.document}
            crowd.begin(crowd.insist(who, f"http://{server.host}/inbox", answer))

    crowd.on_arrival = accept
    if server.process is None:
        server.start()
    token = server.person("bob")
    for host in crowd.hosts:
        assert server.command("follow", "bob", crowd.actor(host)).returncode == 0
    accepted = "SELECT COUNT(*) FROM follow WHERE state = 'accepted'"
    assert eventually(lambda: ask(server, accepted) == [(len(crowd.hosts),)]), crowd.wrong
    return token
