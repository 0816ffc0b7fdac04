"""What a story of each program tells: the same things happen, and each shows what it can of them."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.databases import Databases
from tests.peers.server import Json, Server, ids
from tests.scenarios.neighbours import Home, Neighbourhood

HOSTS = (
    "lemmy1.test", "mbin.test", "friendica.test", "discourse.test", "gotosocial.test", "misskey.test", "peertube.test",
    "wordpress.test", "mobilizon.test",
)  # fmt: skip


class Street(msgspec.Struct):
    """Two fedcomm servers, and room for a server of each program."""

    around: Neighbourhood
    a: Home
    b: Home
    clock: Path


@asynccontextmanager
async def opened(folder: Path, databases: Databases) -> AsyncIterator[Street]:
    """a.test runs on SQLite, b.test on PostgreSQL."""
    clock = folder / "clock"
    clock.write_text("0")
    async with Neighbourhood(folder, "a.test", "b.test", *HOSTS) as around:
        a = await around.home("a.test", TEST_CLOCK=str(clock))
        yield Street(around, a, await around.home("b.test", DATABASE_URL=await databases.new("postgres")), clock)


def nothing_twice(server: Server, *, shared: bool = True) -> None:
    """No activity came to the server twice, and nothing was told to it twice by its author, or announced twice.

    Where inboxes are not `shared` by all its actors each of them may get it.
    """
    came = Counter((each.activity["id"], "" if shared else each.path) for each in server.received)
    told = Counter(
        (each.activity["type"], uri) for each in server.received if shared for uri in _created(each.activity)
    )
    twice = [which for which, times in (came + told).items() if times > 1]
    assert not twice, f"{twice}"


def _created(activity: Json) -> list[str]:
    inner = activity["object"]
    if activity["type"] == "Announce":
        return _created(inner) if isinstance(inner, dict) else [inner]
    return ids(inner) if activity["type"] == "Create" else []
