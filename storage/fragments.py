"""Rendered posts and actors as bytes, the same for every viewer; bounded in bytes, forgotten when they change.

A fragment says which actors it shows. Whoever changes a post or an actor calls `forget` or `forget_actor`, which wait
for the commit and tell other processes. What was rendered from rows read before such a change is not kept.
"""

from collections import OrderedDict
from time import monotonic
from weakref import WeakKeyDictionary

import msgspec

from storage import bus, connect
from storage.connect import Database, Writes

CHANNEL = "fragments"  # on which processes tell each other: "post 123", "actor 123"
MAX_BYTES = 48 * 1024 * 1024
MAX_AGE = 300.0  # seconds, in case nobody tells us
_OVERHEAD = 300  # bytes of one entry besides its content
_MOST_CHANGES = 50_000  # remembered; beyond it everything is forgotten at once


class Fragment(msgspec.Struct, frozen=True):
    """A rendered part of answers; `actors` are shown in it."""

    body: bytes
    actors: tuple[int, ...] = ()


class _Kept(msgspec.Struct, frozen=True):
    fragment: Fragment
    stamp: int
    since: float


class Fragments:
    """The cache of one database and process; keys are (kind, id)."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        self._bytes = 0
        self._now = 0  # raised with every change
        self._floor = 0  # nothing rendered before it is kept
        self._changed: dict[tuple[str, int], int] = {}

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._bytes

    def stamp(self) -> int:
        """What to give to `put`; taken before the rows are read."""
        return self._now

    def get(self, kind: str, subject: int) -> bytes | None:
        """The fragment, if it is known and nothing in it has changed."""
        kept = self._kept.get((kind, subject))
        if kept is None:
            return None
        if self._stale(kept, (kind, subject)):
            self._drop((kind, subject))
            return None
        self._kept.move_to_end((kind, subject))
        return kept.fragment.body

    def put(self, kind: str, subject: int, fragment: Fragment, stamp: int) -> None:
        """Keep the fragment, unless something in it has changed since `stamp`."""
        kept = _Kept(fragment, stamp, monotonic())
        if self._stale(kept, (kind, subject)):
            return
        self._drop((kind, subject))
        self._kept[kind, subject] = kept
        self._bytes += len(fragment.body) + _OVERHEAD
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def changed(self, kind: str, subject: int) -> None:
        """The post or actor is not what it was when it was rendered."""
        if len(self._changed) >= _MOST_CHANGES:
            self.clear()
        self._now += 1
        self._changed[kind, subject] = self._now

    def heard(self, payload: str) -> None:
        """A change that was told on `CHANNEL`."""
        kind, _, subject = payload.partition(" ")
        self.changed(kind, int(subject))

    def clear(self) -> None:
        """Forget everything."""
        self._now += 1
        self._kept.clear()
        self._changed = {}
        self._floor = self._now
        self._bytes = 0

    def _stale(self, kept: _Kept, key: tuple[str, int]) -> bool:
        if kept.stamp < self._floor or monotonic() - kept.since > self._max_age:
            return True
        changed = self._changed
        if changed.get(key, 0) > kept.stamp:
            return True
        return any(changed.get(("actor", actor), 0) > kept.stamp for actor in kept.fragment.actors)

    def _drop(self, key: tuple[str, int]) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.fragment.body) + _OVERHEAD


_of: WeakKeyDictionary[Database, Fragments] = WeakKeyDictionary()


def here() -> Fragments:
    """The cache of the database in use."""
    database = connect.current()
    found = _of.get(database)
    if found is None:
        found = _of[database] = Fragments()
        bus.subscribe(CHANNEL, found.heard)
        bus.after_gap(found.clear)
    return found


def forget(post_id: int) -> None:
    """The post changes with the open transaction, or has changed: what it says, its counters, or that it is there."""
    _tell("post", post_id)


def forget_actor(actor_id: int) -> None:
    """The actor changes with the open transaction, or has changed, and with it everything that shows them."""
    _tell("actor", actor_id)


def forget_actor_later(writes: Writes, actor_id: int) -> None:
    """As `forget_actor`, with these changes."""
    bus.add(writes, CHANNEL, f"actor {actor_id}")


def _tell(kind: str, subject: int) -> None:
    fragments = here()
    connect.after_commit(lambda: fragments.changed(kind, subject))
    if connect.dialect() == "postgres":
        connect.after_commit(lambda: bus.publish(CHANNEL, f"{kind} {subject}"))
