"""What stands in line: items on their way through, who waits for a peer, and who waits behind them."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import msgspec

from activitypub import dispatch
from activitypub.activities import Activity
from activitypub.client import Allowance, domain_of
from activitypub.origins import origin
from fedcomm.inbox import spoken
from fedcomm.inbox.proofs import Proven
from storage.inbox import Item

MAX_BEHIND = 1_000  # items that wait behind others; the next ones do not wait
MAX_HELD = 1_000  # items that wait for peers; the next ones wait in the database
MAX_BYTES = 67_108_864  # of all that waits
MAX_EARLY = 2_000  # votes that are remembered because their post may be on its way
MAX_EARLY_BYTES = 8_192  # of one of them
MAX_KEPT_BYTES = 65_536  # of an activity that is kept in case it has to be passed on
_FETCHES, _FETCHES_PER_DOMAIN = 20, 15
_PARTS = 50  # of a list of activities that get an allowance of their own


class Work(msgspec.Struct):
    """An item on its way through: read, and what was asked for it already."""

    item: Item
    activity: Activity
    parts: tuple[Activity, ...]  # the activity, or each of those that it carries in a list
    hot: bool  # goes into the transaction of its batch
    touched: frozenset[str]  # what it may change, by name
    needed: frozenset[str]  # what it reads that another item may change
    named: tuple[spoken.Names, ...]  # of which ids each part speaks
    allowance: Allowance
    fetched: frozenset[str] = frozenset()
    refreshed: frozenset[str] = frozenset()
    asked_at: int = 0  # ms; when others were asked for something first
    proven: tuple[Proven, ...] = ()
    attested: frozenset[str] = frozenset()  # ids of posts in it for which only the group that passes them on vouches
    done: bool = False  # its effect came with the mark that it has had it, in a transaction of its own
    early: bool = False  # it came before what it is about, and has its second chance
    kept: bool = False  # it had its effect, and may have to be passed on later, as it came
    unknown: list[str] = []  # ids of posts that it is about and that may be on their way


def work(item: Item, activity: Activity, proven: tuple[Proven, ...], attested: frozenset[str], *, hot: bool) -> Work:
    """The item, ready to be handled; each of a list of activities may cause some requests more."""
    parts = dispatch.each(activity)
    more = min(len(parts) - 1, _PARTS)
    allowance = Allowance(_FETCHES + 4 * more, _FETCHES_PER_DOMAIN + 2 * more)
    named = tuple(map(spoken.names, parts))
    needed = spoken.needed(parts[0], named[0])
    if more > 0:
        needed = needed.union(*map(spoken.needed, parts, named))
    return Work(item, activity, parts, hot, touched(parts), needed, named, allowance, proven=proven, attested=attested)


def touched(parts: Sequence[Activity]) -> frozenset[str]:
    """What these activities may change, by name."""
    return spoken.touched(parts[0]) if len(parts) == 1 else frozenset().union(*map(spoken.touched, parts))


class Line:
    """Keeps what speaks of the same things in order while something of it waits for a peer.

    A group's `Announce` of a post has to fetch the post; the votes that it announces next wait behind it.
    """

    def __init__(self) -> None:
        self._held: dict[int, frozenset[str]] = {}
        self._behind: list[Work] = []
        self._touched: Counter[str] = Counter()  # what all that is kept here may change: it is asked for each item
        self._size = 0  # bytes of all items that are kept here

    def hold(self, item: Item, touched: frozenset[str]) -> None:
        """The item waits for a peer; what it may change is not to be looked at before."""
        self._let_go(item)
        self._held[item.id] = touched
        self._touched.update(touched)
        self._size += len(item.body)

    def release(self, item: Item) -> list[Work]:
        """The item waits no more: it, and whoever waited behind anybody, is to be looked at again, in order."""
        self._let_go(item)
        behind, self._behind = self._behind, []
        for one in behind:
            self._size -= len(one.item.body)
            self._forget(one.touched)
        return behind

    def _let_go(self, item: Item) -> None:
        if (touched := self._held.pop(item.id, None)) is not None:
            self._size -= len(item.body)
            self._forget(touched)

    def _forget(self, touched: frozenset[str]) -> None:
        for name in touched:
            self._touched[name] -= 1
            if not self._touched[name]:
                del self._touched[name]

    @property
    def full(self) -> bool:
        """Whether no more items can wait for peers: strangers send them at will (attack NET-37)."""
        return len(self._held) >= MAX_HELD or self._size >= MAX_BYTES

    def waits(self, one: Work) -> bool:
        """Whether the item has to wait behind another one; then it is kept here."""
        if not self._held or len(self._behind) >= MAX_BEHIND or self._size >= MAX_BYTES:
            return False
        if self._touched.keys().isdisjoint(one.needed | one.touched):
            return False
        self._behind.append(one)
        self._touched.update(one.touched)
        self._size += len(one.item.body)
        return True

    @property
    def ids(self) -> set[int]:
        """The ids of all items that are kept here."""
        return {*self._held, *(one.item.id for one in self._behind)}


class Turns:
    """Lets `most` items ask peers at once, of which one domain sent no more than its `share` (attack NET-21).

    Who sends what can only be understood by asking servers that never answer, waits for those alone.
    """

    def __init__(self, most: int, share: int) -> None:
        self._all = asyncio.Semaphore(most)
        self._share = share
        self._own: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, signer: str) -> AsyncIterator[None]:
        """Wait for a turn, for an item of this actor, and have it."""
        domain = domain_of(origin(signer).host)
        own = self._own.setdefault(domain, asyncio.Semaphore(self._share))
        self._users[domain] = self._users.get(domain, 0) + 1
        try:
            async with own, self._all:
                yield
        finally:
            self._users[domain] -= 1
            if not self._users[domain]:
                del self._users[domain], self._own[domain]


class Early:
    """Votes on posts that are not known: a post may come a moment after its first votes (FLT-20).

    Only in memory and few: votes on posts that never come are nobody's business here.
    """

    def __init__(self) -> None:
        self._by_post: OrderedDict[str, list[Item]] = OrderedDict()
        self._count = 0

    def remember(self, item: Item, uri: str) -> None:
        """The item is about a post that is not known."""
        if len(item.body) > MAX_EARLY_BYTES:
            return
        self._by_post.setdefault(uri, []).append(item)
        self._count += 1
        while self._count > MAX_EARLY:
            self._count -= len(self._by_post.popitem(last=False)[1])

    def called(self, uris: Iterable[str]) -> list[Item]:
        """What was remembered about posts of which something has come now."""
        if not self._by_post:
            return []
        found = [item for uri in uris for item in self._by_post.pop(uri, ())]
        self._count -= len(found)
        return found
