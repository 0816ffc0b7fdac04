"""Rendered posts and actors as bytes, the same for every viewer; bounded in bytes, forgotten when they change.

A fragment says which actors it shows. Whoever changes a post or an actor calls `forget` or `forget_actor`, which wait
for the commit and tell other processes. What was rendered from rows read before such a change is not kept.
"""

from collections import OrderedDict
from collections.abc import Iterable
from time import monotonic
from weakref import WeakKeyDictionary

import msgspec

from storage import bus, connect
from storage.connect import Database, Writes

CHANNEL = "fragments"  # on which processes tell each other: "post 123", "actor 123"
MAX_BYTES = 48 * 1024 * 1024
MAX_AGE = 300.0  # seconds, in case nobody tells us
_OVERHEAD = 500  # bytes of one entry besides its content
_MOST_CHANGES = 10_000  # remembered; beyond it nothing is kept that is being rendered at that moment


class Fragment(msgspec.Struct, frozen=True):
    """A rendered part of answers; `actors` are shown in it."""

    body: bytes
    actors: tuple[int, ...] = ()


class _Kept(msgspec.Struct, frozen=True):
    fragment: Fragment
    since: float


class Fragments:
    """The cache of one database and process; keys are (kind, id). What changes is dropped when that is told."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        self._showing: dict[int, set[tuple[str, int]]] = {}  # by actor: the fragments they are shown in
        self._bytes = 0
        self._now = 0  # raised with every change
        self._floor = 0  # nothing rendered before it is kept
        self._changed: dict[tuple[str, int], int] = {}  # when each changed, for what is being rendered meanwhile

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._bytes

    def stamp(self) -> int:
        """What to give to `put`; taken before the rows are read."""
        return self._now

    def several(self, kind: str, subjects: Iterable[int]) -> dict[int, bytes]:
        """Those of the fragments that are known."""
        kept, oldest = self._kept, monotonic() - self._max_age
        found: dict[int, bytes] = {}
        for subject in subjects:
            key = kind, subject
            if (known := kept.get(key)) is None:
                continue
            if known.since < oldest:
                self._drop(key)
                continue
            kept.move_to_end(key)
            found[subject] = known.fragment.body
        return found

    def put(self, kind: str, subject: int, fragment: Fragment, stamp: int) -> None:
        """Keep the fragment, unless something in it has changed since `stamp`."""
        key, changed = (kind, subject), self._changed
        shown = [key, *(("actor", actor) for actor in fragment.actors)]
        if stamp < self._floor or any(changed.get(each, 0) > stamp for each in shown):
            return
        self._drop(key)
        self._kept[key] = _Kept(fragment, monotonic())
        for actor in fragment.actors:
            self._showing.setdefault(actor, set()).add(key)
        self._bytes += len(fragment.body) + _OVERHEAD
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def changed(self, kind: str, subject: int) -> None:
        """The post or actor is not what it was when it was rendered."""
        self._now += 1
        if len(self._changed) >= _MOST_CHANGES:
            self._changed, self._floor = {}, self._now
        self._changed[kind, subject] = self._now
        self._drop((kind, subject))
        if kind == "actor":
            for key in tuple(self._showing.get(subject, ())):
                self._drop(key)

    def heard(self, payload: str) -> None:
        """A change that was told on `CHANNEL`."""
        kind, _, subject = payload.partition(" ")
        self.changed(kind, int(subject))

    def clear(self) -> None:
        """Forget everything."""
        self._now += 1
        self._kept.clear()
        self._showing.clear()
        self._changed = {}
        self._floor = self._now
        self._bytes = 0

    def _drop(self, key: tuple[str, int]) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self._bytes -= len(kept.fragment.body) + _OVERHEAD
        for actor in kept.fragment.actors:
            showing = self._showing[actor]
            showing.discard(key)
            if not showing:
                del self._showing[actor]


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
