"""Other servers as the sender meets them, and the sender as a test drives it."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import msgspec

from activitypub.errors import Unreachable
from fedcomm import clock
from fedcomm.app import App
from fedcomm.outbox import publish
from fedcomm.outbox.delivery import Sender
from storage import actors, outbox
from storage import peers as rows
from storage.connect import Writes, apply
from storage.outbox import Audience
from storage.peers import Peer

Answer = int | httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]
PATIENCE = 20.0  # seconds


class Knock(msgspec.Struct, frozen=True):
    """One request that arrived."""

    inbox: str
    activity: str
    at: float
    scheme: str


class Peers(httpx.AsyncBaseTransport):
    """Every host answers 202, unless a test says otherwise for a host or an inbox."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.knocks: list[Knock] = []
        self.in_flight: dict[str, list[str]] = {}
        self.most_in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        inbox, host = str(request.url), request.url.host
        activity = str(msgspec.json.decode(request.content)["id"])
        scheme = "rfc9421" if "signature-input" in request.headers else "cavage"
        self.knocks.append(Knock(inbox, activity, clock.now(), scheme))
        flying = self.in_flight.setdefault(host, [])
        flying.append(activity)
        self.most_in_flight = max(self.most_in_flight, len(flying))
        try:
            await asyncio.sleep(0)
            return await self._answer(self.answers.get(inbox, self.answers.get(host, 202)), request)
        finally:
            flying.remove(activity)

    async def _answer(self, answer: Answer, request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers)
        return await answer(request)

    def down(self, host: str) -> None:
        """Nobody answers there."""
        self.answers[host] = Unreachable("nobody answers")

    def got(self, host: str) -> list[str]:
        """The last words of the ids of the activities that came to a host or an inbox, in order, repeats included."""
        return [k.activity.rsplit("/", 1)[1] for k in self.knocks if host in (k.inbox, httpx.URL(k.inbox).host)]

    def forget(self) -> None:
        """What came so far does not count."""
        self.knocks.clear()


class Delivering:
    """The sender of one server."""

    def __init__(self, app: App, peers: Peers, pass_time: Callable[[float], None]) -> None:
        self.app = app
        self.peers = peers
        self.pass_time = pass_time

    async def start(self) -> None:
        """Begin, with what the database knows."""
        self.sender = Sender(self.app)
        self.app.sender = self.sender
        self._running = asyncio.create_task(self.sender.run())
        while not self.sender.delivering:
            await asyncio.sleep(0.001)
            assert not self._running.done(), self._running.result()

    async def stop(self) -> None:
        """As a server that is asked to."""
        await self.crash()
        await self.sender.stop(2.0)

    async def crash(self) -> None:
        """As one that is killed: nothing is written down any more."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.sender.abandon()

    async def publish(self, name: str, *inboxes: str, thread_id: int = 0, post_id: int | None = None) -> int:
        """Publish an activity of that name to these inboxes; `host` stands for its shared inbox. Gives its number."""
        actor = await actors.local("actor")
        assert actor is not None
        activity = {"id": f"https://here.example/activities/{name}", "type": "Create", "actor": actor.uri}
        if name.startswith("delete"):
            activity["type"] = "Delete"
        to = tuple(inbox if inbox.startswith("https:") else f"https://{inbox}/inbox" for inbox in inboxes)
        writes = Writes()
        publish(
            self.app, writes, actor, activity, Audience(inboxes=to), thread_id=thread_id, post_id=post_id
        )  # fmt: skip
        await apply(writes)
        return await outbox.head()

    async def settle(self) -> None:
        """Until nothing can be done before more time has passed."""
        async with asyncio.timeout(PATIENCE):
            quiet = 0
            while quiet < 3:
                await asyncio.sleep(0.002)
                done = self.sender.idle() and self.sender.tail == await outbox.head()
                quiet = quiet + 1 if done else 0

    async def wait(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.pass_time(seconds)
        self.app.wake_delivery.set()
        await self.settle()

    async def peer(self, host: str) -> Peer:
        """What is written down of a peer."""
        await self.sender.save_now()
        found = await rows.get(host)
        assert found is not None
        return found

    async def due(self, host: str) -> float:
        """In how many seconds the peer is tried again."""
        found = await self.peer(host)
        return (found.next_attempt_at or 0) / 1000 - clock.now()
