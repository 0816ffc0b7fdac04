"""Everybody who looks on in this process: let in within limits, told what happens, cut off when their right ends."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from contextvars import Context

import msgspec
from starlette.requests import Request

from fedcomm.app import App
from fedcomm.attempts import network
from storage import bus, events, filters, live
from storage.connect import use
from storage.errors import OperationalError
from web.errors import Refusal
from web.languages import later
from web.streaming import onlooker
from web.streaming.channels import Channel
from web.streaming.onlooker import Onlooker

MOST_OF_MEMBER = 30  # connections
MOST_OF_ADDRESS = 100
MOST = 2000  # of this process
_MOST_EVENTS = 5000  # that wait to be told; whoever looks on reads anew sooner or later

TOO_MANY = later("Too many streams are open.")
STOPPING = later("The server is about to stop.")
_BEAT = b":thump\n"

KEY = "fedcomm.hub"
Teller = Callable[["Hub", str], Awaitable[None]]
_log = logging.getLogger(__name__)


class Rhythm(msgspec.Struct, frozen=True):
    """How often something is done about everybody who looks on, in seconds."""

    check: float = 2.0  # whether their tokens are still good (attack OAU-07)
    beat: float = 15.0  # a sign to event sources that we are there, as on Mastodon


def hub_of(request: Request) -> "Hub":
    """The onlookers of the process that answers this request."""
    hub: Hub = request.scope[KEY]
    return hub


class Hub:
    """The onlookers of one process. `tell` finds out for whom an event is, and puts it to them."""

    def __init__(self, app: App, tell: Teller) -> None:
        self.app = app
        self._tell = tell
        self._all: set[Onlooker] = set()
        self._at: dict[Channel, set[Onlooker]] = {}
        self._members: Counter[int] = Counter()
        self._addresses: Counter[str] = Counter()
        self._events: list[str] = []
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self.rhythm = Rhythm()

    @property
    def size(self) -> int:
        """How many look on."""
        return len(self._all)

    def check(self, member: int, address: str) -> None:
        """Whether one more may look on.

        Raises:
            Refusal: 429 or 503: too many do, or the server is about to stop.
        """
        if self._closed:
            raise Refusal(503, STOPPING, headers={"retry-after": "5"})
        if (
            self._addresses[network(address)] >= MOST_OF_ADDRESS
            or self._members[member] >= MOST_OF_MEMBER
            or len(self._all) >= MOST
        ):
            raise Refusal(429, TOO_MANY, headers={"retry-after": "60"})

    def add(self, new: Onlooker) -> None:
        """Somebody looks on.

        Raises:
            Refusal: as `check`.
        """
        self.check(new.viewer.actor_id, new.address)
        self._all.add(new)
        self._members[new.viewer.actor_id] += 1
        self._addresses[network(new.address)] += 1
        if not self._tasks:
            self._begin()

    def remove(self, gone: Onlooker) -> None:
        """They do not any more."""
        if gone not in self._all:
            return
        for channel in tuple(gone.channels):
            self.unsubscribe(gone, channel)
        self._all.discard(gone)
        self._members -= Counter((gone.viewer.actor_id,))  # which forgets those at nothing
        self._addresses -= Counter((network(gone.address),))

    def subscribe(self, who: Onlooker, channel: Channel, names: tuple[str, ...]) -> None:
        """They look at the channel too, which frames call by `names`."""
        who.channels.setdefault(channel, onlooker.label(names))
        self._at.setdefault(channel, set()).add(who)

    def unsubscribe(self, who: Onlooker, channel: Channel) -> None:
        """They look at it no more."""
        who.channels.pop(channel, None)
        those = self._at.get(channel)
        if those is not None:
            those.discard(who)
            if not those:
                del self._at[channel]

    def at(self, channel: Channel) -> Iterable[Onlooker]:
        """Who looks at the channel."""
        return self._at.get(channel, ())

    def occupied(self) -> list[Channel]:
        """The channels that somebody looks at."""
        return list(self._at)

    def heard(self, payload: str) -> None:
        """Something happened, here or in another process."""
        if self._all and len(self._events) < _MOST_EVENTS:
            self._events += payload.split("\n")
            self._wake.set()

    async def close(self) -> None:
        """Nobody looks on any more: each is told that the server goes away."""
        self._closed = True
        for each in tuple(self._all):
            each.end(onlooker.GOING_AWAY)
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for _ in range(100):
            if not self._all:
                return
            await asyncio.sleep(0.01)

    def _begin(self) -> None:
        with use(self.app.db):
            bus.subscribe(events.CHANNEL, self.heard)
            bus.subscribe(filters.CHANNEL, lambda owner: self.heard(f"filters {owner}"))
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work, context=Context()) for work in (self._tell_all(), self._watch())]

    async def _tell_all(self) -> None:
        with use(self.app.db):
            while True:
                await self._wake.wait()
                self._wake.clear()
                happened, self._events = self._events, []
                for event in happened:
                    try:
                        await self._tell(self, event)
                    except OperationalError as error:
                        _log.warning("onlookers missed something reason=%s", type(error).__name__)
                    except Exception:  # the next event is another one
                        _log.exception("an event could not be told")

    async def _watch(self) -> None:
        """Cut off whose token was revoked or who is suspended, and let the others know that we are there."""
        beat = 0.0
        with use(self.app.db):
            while True:
                await asyncio.sleep(self.rhythm.check)
                beat += self.rhythm.check
                if beat >= self.rhythm.beat:
                    beat = 0.0
                    for each in self._all:
                        if each.event_source:
                            each.put(_BEAT)
                if self._all:
                    with suppress(OperationalError):  # it is asked again soon
                        await self._cut_off()

    async def _cut_off(self) -> None:
        good = await live.valid(list({each.viewer.token_id for each in self._all}))
        for each in tuple(self._all):
            if each.viewer.token_id not in good:
                each.end(onlooker.NOT_ALLOWED)
