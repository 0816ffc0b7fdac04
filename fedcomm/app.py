"""One running instance: what every service gets as its first argument."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from gettext import NullTranslations
from typing import Protocol
from weakref import WeakValueDictionary

import httpx

from activitypub import signatures
from activitypub.client import Client
from activitypub.connection import Resolver, SystemResolver, only_here
from activitypub.keys import PrivateKey
from activitypub.policy import Policy
from activitypub.transport import GuardedTransport
from fedcomm import __version__, clock, limits
from fedcomm.config import Config
from fedcomm.hybrid_clock import HybridClock
from fedcomm.intake import Intake
from fedcomm.keyring import KeyRing
from fedcomm.limits import Lately, PostLimit, ServerLimit, VoteLimit
from fedcomm.peer_days import PeerDays
from fedcomm.peerbook import PeerBook
from fedcomm.reach import Reach
from fedcomm.schemes import Schemes
from fedcomm.urls import Urls
from storage import bus, events, fragments, registers
from storage.blobs import Blobs
from storage.connect import Database, Writes, use
from storage.errors import OperationalError
from storage.ids import ms_of

FETCHES = 8  # of pictures elsewhere at once
PICTURES_AT_ONCE = 1  # that a process has read: each may take 768 MB
FEATURED = 3_600.0  # seconds for which what somebody elsewhere features is believed
OPENNESS = 60.0  # seconds for which a group elsewhere is believed that it is for everybody
MODERATORS = 600.0  # seconds for which the list of those who moderate a group elsewhere is believed
_url = lru_cache(maxsize=8192)(httpx.URL)  # parsing one costs 9.5 µs
RELOAD_SECONDS = 1.0  # between attempts to read what every process must know
JOBS_SECONDS = 0.1  # in which added jobs are gathered before they are looked for: most posts add one
TELL_SECONDS = 60.0  # between two words to other processes that a peer is alive


class Delivering(Protocol):
    """What others want of the sender (outbox/delivery.py)."""

    delivering: bool  # whether this process does it now

    def alive(self, host: str) -> None: ...
    def again(self, host: str) -> None: ...
    def held(self, host: str, until_ms: int) -> None: ...
    def dropped(self, host: str, seq: int) -> None: ...
    def rejected(self, host: str, seqs: Sequence[int]) -> None: ...
    async def save_now(self) -> None: ...
    def save_soon(self) -> None: ...


class App:
    """Configuration, database, client and the memory that one process shares.

    Everything that comes in from outside (a request, a job, a command) runs inside `storage.connect.use(app.db)`.
    """

    def __init__(
        self, config: Config, db: Database, peers: PeerBook, policy: Policy, transport: httpx.AsyncBaseTransport
    ) -> None:
        self.config = config
        self.db = db
        self.urls = Urls(config.base_url)
        self.base_url = config.base_url
        self.host = config.host
        self.user_agent = f"fedcomm/{__version__} (+{config.base_url}/)"
        self.transport = transport
        self.service_key: tuple[PrivateKey, str] | None = None  # of the instance actor, which signs what we ask peers
        self._schemes = Schemes()
        self.client = Client(
            transport, self.user_agent, policy, sign=self._sign, took=self._schemes.took, clock=clock.now
        )
        self.peers = peers
        self.keyring = KeyRing()
        self.reach = Reach()
        self.intake = Intake(db)
        self.vote_limit = VoteLimit()
        self.undo_limit = ServerLimit(limits.VOTES, limits.WINDOW)
        self.edit_limit = ServerLimit(limits.EDITS, limits.WINDOW)
        self.vote_alerts = Lately(limits.ALERTS)
        self.join_limit = ServerLimit(limits.JOINS, limits.JOINS_WINDOW)
        self.crowd_limit = ServerLimit(limits.ALL_JOINS, limits.JOINS_WINDOW)
        self.dispatch_limit = ServerLimit(limits.DISPATCHES, limits.DISPATCHES_WINDOW)
        self.post_limit = PostLimit()
        self.moderators_read = Lately(MODERATORS)
        self.featured_read = Lately(FEATURED)
        self.openness_read = Lately(OPENNESS)
        self.blobs = Blobs(config.data_dir / "media")
        self.picture_turn = asyncio.Semaphore(PICTURES_AT_ONCE)
        self.fetch_turn = asyncio.Semaphore(FETCHES)
        self.asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by host: what it runs
        self.translations: Callable[[str], NullTranslations] = _untranslated  # by language; the web room has them
        self.acts_clock = HybridClock()  # of what moderators do (acts.py)
        self.sender: Delivering | None = None  # set while this process delivers
        self.wake_delivery = asyncio.Event()
        self.wake_jobs = asyncio.Event()
        self._looking: asyncio.TimerHandle | None = None  # until jobs are looked for
        self._stale = False  # what `_load` has read may not be so any more
        self._reloading: asyncio.Task[None] | None = None
        self.days = PeerDays()
        self._told: dict[str, float] = {}  # when another process was last told that a peer is alive

    @classmethod
    async def open(
        cls, config: Config, *, transport: httpx.AsyncBaseTransport | None = None, resolve: Resolver | None = None
    ) -> "App":
        """An app over the database that the configuration names, which is migrated already.

        `transport` and `resolve` are for tests that run several instances in one process.
        """
        db = await Database.open(config.database_url, now=clock.now_ms)
        peers = PeerBook(allow_list=config.federation.allow_list_mode, rules_at=f"{config.base_url}/about/federation")
        policy = _policy(config, peers)
        resolve = resolve or (only_here(SystemResolver()) if config.try_out else None)
        app = cls(config, db, peers, policy, transport or GuardedTransport(policy, resolve=resolve))
        with use(db):
            await app._load()
            app._listen()
        return app

    async def close(self) -> None:
        """End connections to peers and to the database."""
        if self._reloading is not None:
            self._reloading.cancel()
        if self._looking is not None:
            self._looking.cancel()
        await self.intake.close()
        await events.sent()
        await self.transport.aclose()
        await self.db.close()

    def url(self, text: str) -> httpx.URL:
        """The parsed URL; parsed ones are remembered."""
        return _url(text)

    def forget_post(self, post_id: int) -> None:
        """What was rendered of a post is not true any more."""
        fragments.forget(post_id)

    def followers_changed(self, writes: Writes, actor_id: int) -> None:
        """Once `writes` are made, every process asks the database anew who follows the actor."""
        bus.add(writes, "followers", str(actor_id))

    def jobs_added(self, writes: Writes) -> None:
        """Once `writes` are made, whoever does jobs looks for new ones; others do so every few seconds only."""
        if self.sender is None:
            bus.add(writes, "jobs", "")  # another process does them
        else:
            writes.after(self._look_for_jobs)

    def _look_for_jobs(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(JOBS_SECONDS, self._look_now)

    def _look_now(self) -> None:
        self._looking = None
        self.wake_jobs.set()

    def _listen(self) -> None:
        bus.subscribe("followers", lambda payload: self.reach.forget(int(payload)))
        bus.subscribe("peers", lambda _payload: self._reload())
        bus.subscribe("silenced", self.peers.silence)
        bus.subscribe("resting", self.peers.rest)
        bus.subscribe("acts", self.acts_clock.hear)
        bus.subscribe("keys", self.keyring.forget_actor)
        bus.subscribe("own_keys", self.keyring.forget_own)
        bus.subscribe("outbox", lambda _payload: self.wake_delivery.set())
        bus.subscribe("inbox", lambda _payload: self.intake.more())
        bus.subscribe("jobs", lambda _payload: self._look_for_jobs())
        bus.subscribe("alive", self._alive)
        bus.subscribe("again", self._again)
        bus.subscribe("held", self._held)
        bus.subscribe("dropped", self._dropped)
        bus.subscribe("cursors", lambda _payload: self._save_cursors())
        bus.after_gap(self._missed)

    async def heard_from(self, host: str) -> None:
        """A peer has sent something, so it is there: whoever delivers hears of that, once a minute from elsewhere."""
        if self.sender is not None and self.sender.delivering:
            self.sender.alive(host)
        elif self.db.dialect == "postgres" and clock.now() - self._told.get(host, 0.0) > TELL_SECONDS:
            if len(self._told) > 10_000:
                self._told.clear()
            self._told[host] = clock.now()
            await bus.publish("alive", host)

    def _alive(self, host: str) -> None:
        if self.sender is not None:
            self.sender.alive(host)

    def _again(self, host: str) -> None:
        if self.sender is not None:
            self.sender.again(host)

    def _held(self, told: str) -> None:
        if self.sender is not None:
            until, _, host = told.partition(" ")
            self.sender.held(host, int(until))

    def _dropped(self, told: str) -> None:
        if self.sender is not None:
            seq, _, host = told.partition(" ")
            self.sender.dropped(host, int(seq))

    def _save_cursors(self) -> None:
        if self.sender is not None:
            self.sender.save_soon()

    def _missed(self) -> None:
        self.reach.clear()
        self.keyring.clear()
        self._reload()
        self.intake.more()
        self.wake_delivery.set()
        self.wake_jobs.set()

    async def reloaded(self) -> None:
        """Until what every process must know has been read anew, if it is being read."""
        if self._reloading is not None:
            await asyncio.shield(self._reloading)

    def _reload(self) -> None:
        """Read anew what every process must know: once for all that was told while it was read the last time."""
        self._stale = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._load_anew())

    async def _load_anew(self) -> None:
        with use(self.db):
            while self._stale:
                self._stale = False
                try:
                    await self._load()
                except OperationalError:  # what is not known must not stay so
                    self._stale = True
                    await asyncio.sleep(RELOAD_SECONDS)

    async def _load(self) -> None:
        """What every process on this database must know: policies, and how far the clock of acts has got."""
        await self.look_at_peers()
        self.acts_clock.raise_floor(ms_of(self.db.ids.last))
        if last := await registers.last_clock():
            self.acts_clock.hear(last)

    async def look_at_peers(self) -> None:
        """Read anew what was decided about other servers; what was rendered before shows their pictures or not."""
        if await self.peers.load():
            fragments.here().clear()

    def _sign(self, url: str, attempt: int) -> Mapping[str, str] | None:
        """Sign a GET with the instance actor's key (attack SIG-24)."""
        scheme = self._schemes.of(url, attempt)
        if self.service_key is None or scheme is None:
            return {} if attempt == 0 else None
        key, key_id = self.service_key
        return signatures.sign(scheme, key, key_id, "GET", url, {}, None, clock.now())


def _untranslated(_language: str) -> NullTranslations:
    return NullTranslations()


def _policy(config: Config, peers: PeerBook) -> Policy:
    return Policy(
        own_hosts=frozenset((config.host,)),
        blocked=peers.blocked,
        extra_ca_file=str(config.extra_ca_file) if config.extra_ca_file else None,
        allowed_networks=config.allowed_networks,
        test_hosts=config.test_hosts,
        allow_http=config.base_url.startswith("http://"),
        public_allowed=not config.try_out,
    )
