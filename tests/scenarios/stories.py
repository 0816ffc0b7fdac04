"""What a story of each program tells: the same things happen, and each shows what it can of them."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.databases import Databases
from tests.peers.server import Json, Server, host_of, ids
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


async def copies(home: Home, server: Server, uri: str) -> list[int]:
    """What a server is answered that copies the picture of a post when it has arrived, without a signature, as Mastodon
    and Lemmy do; and at what is left of the address without what opens it."""
    said = [each.activity for each in server.received if f'"{uri}"' in json.dumps(each.activity)]
    (url,) = {found for each in said for found in re.findall(r'https://[^"]+/media/[^"]+', json.dumps(each))}
    path = "/" + url.split("/", 3)[3]
    return [(await home.ask("GET", each))[0] for each in (path, path.partition("?")[0])]


def nothing_twice(server: Server, *, shared: bool = True) -> None:
    """No activity came to the server twice, nobody boosted a post twice, and no server sent one whole, or a vote, more
    than once: by its author or announced, but not both. Who writes or votes in a group elsewhere cannot know whom that
    tells (Lemmy neither).

    Where inboxes are not `shared` by all its actors each of them may get all that (attack ORI-25).
    """
    came = Counter((each.activity["id"], "" if shared else each.path) for each in server.received)
    told = Counter(
        (host_of(each.activity["actor"]), "" if shared else each.path, what)
        for each in server.received
        for what in _told(each.activity)
    )
    twice = [which for which, times in (came + told).items() if times > 1]
    assert not twice, f"{twice}"


def _told(activity: Json) -> list[tuple[str, str]]:
    """What an activity makes known: a post that it carries whole or boosts, or what became of one."""
    inner = activity["object"]
    if activity["type"] == "Announce":
        return _told(inner) if isinstance(inner, dict) else [(f"boosted by {activity['actor']}", inner)]
    if activity["type"] == "Create":
        return [("whole", uri) for uri in ids(inner)]
    acts = ("Update", "Delete", "Like", "Dislike", "Undo")
    return [(activity["id"], uri) for uri in ids(inner)] if activity["type"] in acts else []
