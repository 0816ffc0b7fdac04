"""Several real instances in one process: real databases, signatures and documents; only the wire between is a call.

A host can be down, or answer what a test says. `settle` waits until nobody has anything to do. On PostgreSQL an
instance can be several servers on one database, as `fedcomm serve --processes N` starts them: FEDCOMM_TEST_PROCESSES
says how many, and whatever is asked or done goes to each of them in turn.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import cycle
from typing import Any

import httpx
import msgspec

import storage.actors
import web.app
from activitypub.errors import Unreachable
from fedcomm import accounts, actors, blocks, boosts, clock, fetching, follows, groups, members, posts, reactions
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.jobs import worker
from fedcomm.posts import Draft
from storage import bus, jobs, outbox, slots, timelines
from storage import posts as rows
from storage.actors import Actor
from storage.connect import rows as select
from storage.connect import use
from storage.paging import Page
from storage.posts import Post
from tests.databases import Databases
from web.guard import Guard

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]
PASSWORD = "correct horse battery"
SETTLE_SECONDS = 20.0
LOOK, MOST, QUIET = 0.005, 0.05, 0.01  # seconds between two looks: the first, the longest, and when nothing was seen
PROCESSES = int(os.environ.get("FEDCOMM_TEST_PROCESSES", "1"))

_chosen: ContextVar[App] = ContextVar("_chosen")  # whose turn it was when `here` was entered


class Wire(httpx.AsyncBaseTransport):
    """Hands each request to whoever answers for its host."""

    def __init__(self) -> None:
        self.hosts: dict[str, Answer] = {}
        self.down: set[str] = set()
        self.asked = 0  # how many requests were begun
        self.log: list[tuple[str, str, int]] = []  # method, URL, status
        self.posted: list[tuple[str, bytes]] = []  # to which host, and the body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        host = request.url.netloc.decode()
        if request.method == "POST":
            self.posted.append((host, await request.aread()))
        if host in self.down or host not in self.hosts:
            raise Unreachable(f"{host} is down.")
        answer = await self.hosts[host](request)
        await answer.aread()
        self.log.append((request.method, str(request.url), answer.status_code))
        return answer


class Person:
    """A member of one instance, and what they do."""

    def __init__(self, instance: "Instance", actor: Actor) -> None:
        self.instance = instance
        self.actor = actor
        self.handle = f"{actor.username}@{instance.host}"

    async def post(self, text: str, **more: Any) -> Post:
        """Publish; gives the post."""
        with self.instance.here():
            post_id = await posts.create(self.instance.app, self.actor, Draft(text=text, **more))
            found = await rows.by_id(post_id)
        assert found is not None
        return found

    async def reply(self, post: Post, text: str, **more: Any) -> Post:
        """Answer a post, wherever it was written."""
        there = await self.instance.knows(post.uri)
        return await self.post(text, in_reply_to_id=there.id, **more)

    async def follow(self, handle: str) -> None:
        """Follow somebody, or join a group."""
        with self.instance.here():
            await follows.follow_handle(self.instance.app, self.actor.username, handle)

    async def unfollow(self, uri: str) -> None:
        """Stop following, or leave a group."""
        with self.instance.here():
            target = await fetching.actor(self.instance.app, uri)
            await follows.unfollow(self.instance.app, self.actor, target.id)

    async def like(self, post: Post) -> None:
        """Like a post."""
        there = await self.instance.knows(post.uri)
        with self.instance.here():
            await reactions.like(self.instance.app, self.actor, there.id)

    async def unlike(self, post: Post) -> None:
        """Take a like back."""
        there = await self.instance.knows(post.uri)
        with self.instance.here():
            await reactions.unlike(self.instance.app, self.actor, there.id)

    async def boost(self, post: Post) -> None:
        """Boost a post."""
        there = await self.instance.knows(post.uri)
        with self.instance.here():
            await boosts.boost(self.instance.app, self.actor, there.id)

    async def edit(self, post: Post, text: str) -> None:
        """Edit a post of one's own."""
        with self.instance.here():
            await posts.edit(self.instance.app, self.actor, post.id, Draft(text=text))

    async def delete(self, post: Post) -> None:
        """Delete a post of one's own."""
        with self.instance.here():
            await posts.delete(self.instance.app, self.actor, post.id)

    async def block(self, uri: str) -> None:
        """Want nothing to do with somebody."""
        with self.instance.here():
            await blocks.block(self.instance.app, self.actor, (await fetching.actor(self.instance.app, uri)).id)

    async def home(self) -> list[Post]:
        """What stands in the home timeline, newest first."""
        with self.instance.here():
            found = await timelines.home(self.actor.id, Page(limit=40))
            known = await rows.by_ids([entry.post_id for entry in found.entries])
        return [known[entry.post_id] for entry in found.entries]

    async def letters(self) -> list[str]:
        """What direct messages say that came for them, the first first."""
        with self.instance.here():
            sql = (
                "SELECT p.content FROM post p JOIN mention m ON m.post_id = p.id WHERE p.visibility = 3"
                " AND m.actor_id = ? ORDER BY p.id"
            )
            return [found[0] for found in await select(sql, (self.actor.id,))]


class Turns(httpx.AsyncBaseTransport):
    """Hands each request to the next of several, as whatever stands in front of several processes does."""

    def __init__(self, transports: Sequence[httpx.AsyncBaseTransport]) -> None:
        self._next = cycle(transports)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._next).handle_async_request(request)


class Instance:
    """One server, of one process or of several."""

    def __init__(self, apps: Sequence[App]) -> None:
        self.apps = apps
        self.host = apps[0].host
        self.asgi = Turns([httpx.ASGITransport(Guard(web.app.build(a), a.base_url, ())) for a in apps])
        self.workers = [worker.start(app) for app in apps]
        self._next = cycle(apps)

    @property
    def app(self) -> App:
        """The process whose database is in use; outside of `here` the first."""
        chosen = _chosen.get(None)
        return chosen if chosen in self.apps else self.apps[0]

    @contextmanager
    def here(self) -> Iterator[None]:
        """The database of this instance, in use: by the process whose turn it is."""
        token = _chosen.set(next(self._next))
        try:
            with use(_chosen.get().db):
                yield
        finally:
            _chosen.reset(token)

    def waiting(self) -> int:
        """How many items have to ask peers before they have their effect."""
        return sum(len(one.uptake.inbox.waiting) for one in self.workers)

    def deliver_now(self, host: str) -> None:
        """Try a peer again at once, whenever it was due."""
        for one in self.workers:
            if one.sender.delivering:
                one.sender.lanes[host].next_at = 0
                one.app.wake_delivery.set()

    def learn(self, host: str, family: str, software: str) -> None:
        """Each of its processes knows what that server runs."""
        for app in self.apps:
            app.peers.learn(host, family, software)

    def rest(self, told: str) -> None:
        """Each of its processes knows of somebody that their own server has banned them ("+" and their id), or not."""
        for app in self.apps:
            app.peers.rest(told)

    def overflow(self) -> None:
        """Let more wait in the database than in memory, so that it is asked."""
        for app in self.apps:
            app.intake.more()

    async def person(self, name: str) -> Person:
        """A new member."""
        with self.here():
            account = await accounts.create(self.app, name, PASSWORD)
            actor = await storage.actors.by_id(account.actor_id)
        assert actor is not None
        return Person(self, actor)

    async def known(self, name: str) -> Person:
        """A member who was there before."""
        with self.here():
            actor = await storage.actors.local(name)
        assert actor is not None
        return Person(self, actor)

    async def group(self, name: str, *, moderator: Person | None = None, join_mode: str = "open") -> Actor:
        """A new group; gives its face."""
        with self.here():
            by = moderator.actor.username if moderator else None
            await groups.create(self.app, name, name.capitalize(), "", by, join_mode)
            return (await groups.named(name))[1]

    async def ban(self, group: Actor, who: str, by: Person | None = None) -> None:
        """Ban somebody from a group here."""
        with self.here():
            await members.ban(self.app, group.username, who, by.actor if by else None)

    async def post(self, uri: str) -> Post | None:
        """The post as this instance has it."""
        with self.here():
            return await rows.by_uri(uri)

    async def knows(self, uri: str) -> Post:
        """The post, which must be known here and not deleted."""
        found = await self.post(uri)
        assert found is not None, f"{self.host} does not know {uri}"
        assert found.deleted_at is None, f"{uri} was deleted at {self.host}"
        return found

    async def lacks(self, uri: str) -> bool:
        """Whether the post is not to be seen here."""
        found = await self.post(uri)
        return found is None or found.deleted_at is not None

    async def get(self, path: str, accept: str = "application/activity+json") -> dict[str, Any]:
        """A document of this instance."""
        async with httpx.AsyncClient(transport=self.asgi, base_url=self.app.base_url) as client:
            answer = await client.get(path, headers={"accept": accept})
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = msgspec.json.decode(answer.content)
        return found

    async def code(self, path: str) -> int:
        """What somebody who is not signed in is answered for an address."""
        async with httpx.AsyncClient(transport=self.asgi, base_url=self.app.base_url) as client:
            return (await client.get(path)).status_code

    async def agreed(self) -> None:
        """Until each process has heard what the others told, and it is written down how far each server has got."""
        await self._heard()
        for one in self.workers:
            with use(one.app.db):
                await one.sender.save_now()

    async def _heard(self) -> None:
        for app in self.apps:
            with use(app.db):
                assert await bus.heard_all()
            await app.reloaded()

    def busy(self) -> bool:
        """Whether something is being done here, as far as that shows without asking the database."""
        return not all(one.idle() for one in self.workers)

    async def idle(self) -> bool:
        """Whether nothing is left to do here."""
        if len(self.apps) > 1:
            await self._heard()
        with self.here():
            if self.busy():
                return False
            head = await outbox.head()
            read = any(one.sender.delivering and one.sender.tail == head for one in self.workers)
            return read and await _nothing_due()

    async def close(self) -> None:
        """Stop it."""
        for one in self.workers:
            await one.stop(1.0)
            await one.app.close()


class Fediverse:
    """All instances of a test."""

    def __init__(self, databases: Databases, dialect: str) -> None:
        self.wire = Wire()
        self.instances: list[Instance] = []
        self._databases = databases
        self._dialect = dialect
        self._processes = PROCESSES if dialect == "postgres" else 1
        self._urls: list[str] = []

    async def instance(self, host: str, *, like: str = "", **settings: Any) -> Instance:
        """A new server at that name; with the data of the database `like` when that is given."""
        url = await (self._databases.copy(like) if like else self._databases.new(self._dialect))
        self._urls.append(url)
        config = Config(
            base_url=f"https://{host}", host=host, database_url=url, test_mode=True, rate_limits=False, **settings
        )
        made = Instance([await self._process(config) for _ in range(self._processes)])
        self.wire.hosts[host] = made.asgi.handle_async_request
        self.instances.append(made)
        return made

    async def _process(self, config: Config) -> App:
        app = await App.open(config, transport=self.wire)
        with use(app.db):
            await slots.claim("test")
            await actors.service(app)
        return app

    async def join(self, group: Actor, *people: Person) -> None:
        """Let people join a group, and wait for it."""
        for person in people:
            await person.follow(f"{group.username}@{group.uri.split('/')[2]}")
        await self.settle()

    async def settle(self) -> None:
        """Wait until nobody has anything to do."""
        async with asyncio.timeout(SETTLE_SECONDS):
            quiet, pause = 0, LOOK
            while quiet < 2:
                await asyncio.sleep(pause)
                if self._busy():
                    quiet, pause = 0, LOOK  # to see that costs nothing
                elif await self._idle():
                    quiet, pause = quiet + 1, QUIET
                else:
                    quiet, pause = 0, min(pause * 1.5, MOST)  # to ask costs more than what is waited for

    def _busy(self) -> bool:
        return any(instance.busy() for instance in self.instances)

    async def _idle(self) -> bool:
        """Whether nobody has anything to do, and nobody asked another meanwhile, who may have been looked at before."""
        asked = self.wire.asked
        for instance in self.instances:
            if not await instance.idle():
                return False
        return asked == self.wire.asked and not self._busy()

    async def close(self) -> None:
        """Stop all."""
        for instance in self.instances:
            await instance.close()
        for url in self._urls:
            self._databases.drop(url)


async def _nothing_due() -> bool:
    due, _parked = await jobs.backlog(clock.now_ms() - 300_000)
    return due == 0
