"""Keys in memory: those of peers, ready to verify with, and our own, ready to sign with."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from activitypub.errors import Unreachable
from activitypub.keys import PrivateKey, load_private, load_public_der
from activitypub.verify import KnownKey
from storage import actors

REMEMBERED = 20_000  # keys of peers; one is some 2 kB
RETRY_SECONDS = 600  # a key is not fetched twice within this time (attack SIG-18)
FETCHES_PER_HOST = 60  # keys fetched from one host a minute with which nobody has really signed
_MINUTE = 60.0


class KeyRing:
    """Looks keys up; what fetches them from peers is `fetching.key`."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, KnownKey] = OrderedDict()
        self._generation = 0  # how often something was forgotten
        self._private: dict[tuple[int, str], list[tuple[int, PrivateKey, str]]] = {}  # the newest first
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._of_host: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._unproved: OrderedDict[str, str] = OrderedDict()  # keys that were asked for -> their hosts
        self._fetching: dict[str, asyncio.Task[KnownKey]] = {}

    def lookup(self, key_id: str) -> KnownKey | None:
        """The key when it is in memory."""
        return self._known.get(key_id)

    async def stored(self, key_id: str) -> KnownKey | None:
        """The key when it is in memory or in the database."""
        known, asked_in = self._known.get(key_id), self._generation
        if known is None and (found := await actors.key(key_id)) is not None:
            expires = found.expires_at / 1000 if found.expires_at else None
            known = KnownKey(key_id, found.actor_uri, load_public_der(found.public_der), expires)
            if asked_in == self._generation:  # else it may be older than what was forgotten meanwhile
                self.put(known)
        return known

    def put(self, key: KnownKey) -> None:
        """Remember a key whose owner is established."""
        self._known[key.key_id] = KnownKey(key.key_id, key.owner, key.key, key.expires)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Any key may have been replaced: each is read anew."""
        self._generation += 1
        self._known.clear()
        self._private.clear()

    def forget_actor(self, uri: str) -> None:
        """None of the actor's keys is to be believed any more."""
        self._generation += 1
        for key_id in [key_id for key_id, key in self._known.items() if key.owner == uri]:
            del self._known[key_id]

    def forget_own(self, _told: str = "") -> None:
        """One of ours has new keys."""
        self._private.clear()

    async def private(self, actor_id: int, scheme: str, written_at: int | None = None) -> tuple[PrivateKey, str]:
        """(key, key id) with which our actor signs: RSA, or Ed25519 for the scheme 'ed25519' and 'proof'.

        What was written (ms) before they got new keys, or told of those, they sign with the key that others knew then.
        """
        algorithm = "ed25519" if scheme in ("ed25519", "proof") else "rsa"
        known = self._private.get((actor_id, algorithm))
        if known is None:
            loaded: dict[str, list[tuple[int, PrivateKey, str]]] = {}
            for key in await actors.keys_of(actor_id):
                if key.private_der is not None:
                    ours = (key.fetched_at, load_private(key.private_der), key.key_id)
                    loaded.setdefault(key.algorithm, []).append(ours)
            self._private |= {(actor_id, name): found for name, found in loaded.items()}
            known = self._private[(actor_id, algorithm)]
        if len(known) == 1 or written_at is None:
            return known[0][1:]
        return next((key[1:] for key in known if key[0] < written_at), known[-1][1:])

    async def together(self, key_id: str, fetch: Callable[[], Coroutine[Any, Any, KnownKey]]) -> KnownKey:
        """What `fetch` gives; who asks for the key while it is being fetched waits for that and gets the same.

        A server that turns up sends several things at once: none of them is refused for want of its key (SIG-05).

        Raises:
            ProtocolError, Unreachable: as `fetch`.
        """
        task = self._fetching.get(key_id)
        if task is None:
            task = self._fetching[key_id] = asyncio.get_running_loop().create_task(fetch())
            task.add_done_callback(lambda _task: self._fetching.pop(key_id, None))
        return await asyncio.shield(task)

    def may_fetch(self, key_id: str, host: str) -> bool:
        """Whether the key may be asked for at its home now; each yes counts (attack SIG-18).

        Raises:
            Unreachable: keys of this host were asked for too often in this minute. That is no verdict: strangers can
                name keys of any host at will, and who really signs with another one of it is to come again.
        """
        now = time.monotonic()
        last = self._asked.get(key_id)
        if last is not None and now - last < RETRY_SECONDS:
            return False
        since, count = self._of_host.pop(host, (now, 0))
        if now - since > _MINUTE:
            since, count = now, 0
        self._of_host[host] = (since, count + 1)
        if count >= FETCHES_PER_HOST:
            raise Unreachable("Too many keys of this server are asked for.", _MINUTE)
        self._asked[key_id] = now
        self._unproved[key_id] = host
        for memory in (self._asked, self._of_host, self._unproved):
            if len(memory) > REMEMBERED:
                memory.popitem(last=False)
        return True

    def proved(self, key_id: str) -> None:
        """Somebody has really signed with the key: that it was asked for does not count against its host.

        A large server that turns up may have hundreds of people who say something in its first minute.
        """
        host = self._unproved.pop(key_id, None)
        if host is not None and (known := self._of_host.get(host)) is not None:
            since, count = known
            self._of_host[host] = (since, max(0, count - 1))

    def fetch_failed(self, key_id: str) -> None:
        """The home of the key did not answer: it may be asked again at once (attack SIG-19)."""
        self._asked.pop(key_id, None)
