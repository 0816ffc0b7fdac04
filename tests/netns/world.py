"""A few servers that exist as far as a test has written them, and a client that may reach them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from activitypub.client import ACTIVITY, Client
from activitypub.transport import GuardedTransport, Policy
from tests.netns.listening import Asked, Listener, answer, listening

NOW = 1_800_000_000.0  # of the client, seconds since 1970: Fri, 15 Jan 2027 08:00:00 GMT
Pages = dict[tuple[str, str], bytes | Callable[[Asked], bytes | None]]


class World:
    """The servers a.test, b.test and sub-domains of c.test on one listener, and a client that may reach them."""

    def __init__(self, listener: Listener, pages: Pages) -> None:
        self.pages = pages
        self._listener = listener
        names = ["a.test", "b.test", *(f"{number}.c.test" for number in range(30))]
        self.policy = Policy(
            test_hosts=dict.fromkeys(names, ("127.0.0.1", listener.port)),
            allow_http=True,
            own_hosts=frozenset({"own.test"}),
            blocked={"blocked.test"}.__contains__,
        )
        self.transport = GuardedTransport(self.policy)
        self.client = Client(self.transport, "fedcomm-test", self.policy, clock=lambda: NOW)

    @property
    def asked(self) -> list[Asked]:
        return self._listener.asked

    def put(self, url: str, value: object, content_type: str = ACTIVITY, status: int = 200) -> None:
        """Serve a document at its URL."""
        self.pages[_place(url)] = answer(status, json.dumps(value).encode(), Content_Type=content_type)

    def move(self, url: str, target: str, status: int = 302) -> None:
        """Serve a redirect."""
        self.pages[_place(url)] = answer(status, Location=target)


def _place(url: str) -> tuple[str, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    return host, "/" + path


@asynccontextmanager
async def existing() -> AsyncIterator[World]:
    """A world without any page; what is not written is not found."""
    pages: Pages = {}

    def say(asked: Asked) -> bytes | None:
        page = pages.get((asked.header("host") or "", asked.target), answer(404))
        return page if isinstance(page, bytes) else page(asked)

    async with listening(say) as listener:
        world = World(listener, pages)
        yield world
        await world.transport.aclose()


def note(url: str, **changes: Any) -> dict[str, Any]:
    """A post at its URL."""
    return {"id": url, "type": "Note", "content": "<p>Hello</p>", **changes}
