"""Guests of `make demo`: scripted servers that behave as Mastodon, Lemmy and PieFed do, with somebody on each of them.

They are those of the tests (tests/peers), speak real HTTP with real signatures, and live in the demo's own process.
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.peers.forum import Forum
from tests.peers.lemmy import Lemmy
from tests.peers.mastodon import Mastodon
from tests.peers.network import Network
from tests.peers.piefed import PieFed
from tests.peers.server import Dropped, Server
from tests.peers.users import User

__all__ = ["ADDRESSES", "Dropped", "Guests"]

ADDRESSES = {"mastodon": "127.0.0.4", "lemmy": "127.0.0.5", "piefed": "127.0.0.6"}
Until = Callable[[Callable[[], Awaitable[bool]], str], Awaitable[None]]


class Guests:
    """The three servers and the people there: mona, lena and petra. lena has a community of her own, pruning."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.servers = {
            name: Server(f"http://{address}:{port}", Network(), taken=202 if name == "mastodon" else 200)
            for name, address in ADDRESSES.items()
        }
        mastodon = Mastodon(self.servers["mastodon"])
        self.lemmy, self.piefed = Forum(self.servers["lemmy"], Lemmy()), Forum(self.servers["piefed"], PieFed())
        self.mona, self.lena, self.petra = mastodon.person("mona"), User(self.lemmy, "lena"), User(self.piefed, "petra")
        self.pruning = self.lemmy.community("pruning", "Pruning", self.lena.uri)

    async def start(self) -> None:
        """From now on they answer."""
        for name, server in self.servers.items():
            await server.start(ADDRESSES[name], self.port)

    async def stop(self) -> None:
        """From now on they do not."""
        for server in self.servers.values():
            await server.stop()

    async def join(self, group: str, until: Until) -> None:
        """All three of them in a group; done when it has let them in."""
        uri = await self.mona.follow(group)
        for user in (self.lena, self.petra):
            await user.join(group)
        forums = ((self.lemmy, self.lena), (self.piefed, self.petra))

        async def in_it() -> bool:
            accepted = [user.uri in forum.joined.get(uri, ()) for forum, user in forums]
            return all(accepted) and (self.mona.uri, uri) in self.mona.mastodon.following

        await until(in_it, f"the guests are in {group}")

    async def take_part(self, thread: str, until: Until) -> list[str]:
        """Answers and votes in a thread that is to arrive; gives the ids of the answers."""

        async def there() -> bool:
            known: list[Any] = [self.mona.mastodon.statuses, self.lemmy.posts, self.piefed.posts]
            return all(thread in posts for posts in known)

        await until(there, f"the guests have {thread}")
        await self.lena.vote(thread, 1)
        await self.petra.vote(thread, 1)
        return [
            await self.mona.answer(thread, "Here it is Klarapfel that everybody grows, against the north wall."),
            await self.lena.comment(thread, "Ask in !pruning too: half of being early is light."),
            await self.petra.comment(thread, "James Grieve, if you can wait until August."),
        ]
