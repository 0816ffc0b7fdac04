"""A fediverse for each story, and real servers beside those of other programs."""

from collections.abc import AsyncIterator

import httpx
import pytest

import storage.accounts
from fedcomm import rights, sessions
from tests.databases import Databases
from tests.fediverse import Fediverse, Person
from tests.scenarios import forums, stories
from tests.scenarios.bakery import Bakery, Enter
from tests.scenarios.town import Town
from tests.web.pages.browser import Browser


@pytest.fixture
async def fediverse(databases: Databases, dialect: str, anyio_backend: str) -> AsyncIterator[Fediverse]:
    """No instance yet; `await fediverse.instance("a.test")` makes one."""
    world = Fediverse(databases, dialect)
    yield world
    await world.close()


@pytest.fixture
async def town(fediverse: Fediverse) -> Town:
    """An instance with anna, and three people elsewhere."""
    ours = await fediverse.instance("ours.test")
    return Town(fediverse, ours, await ours.person("anna"))


@pytest.fixture(scope="package", params=list(forums.PROGRAMS))
async def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    anyio_backend: str,
) -> AsyncIterator[forums.World]:
    """Two fedcomm servers and one of Lemmy or PieFed; the same for several files, since they take seconds to start."""
    async with forums.opened(request.param, tmp_path_factory.mktemp(request.param), databases) as made:
        yield made


@pytest.fixture(scope="package")
async def street(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[stories.Street]:
    """Two fedcomm servers, beside which a story puts a server of its program; the same for several files."""
    async with stories.opened(tmp_path_factory.mktemp("street"), databases) as made:
        yield made


@pytest.fixture
async def bakery(fediverse: Fediverse) -> Bakery:
    """Everybody in their place."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    ann, bob = await a.person("ann"), await b.person("bob")
    made = Bakery(fediverse, a, b, ann, bob, await a.group("bread", moderator=ann))
    await made.appoint(bob.actor.uri, rights.STEWARD)
    return made


@pytest.fixture
async def enter() -> AsyncIterator[Enter]:
    """`await enter(person)`: a browser on their server in which they are signed in."""
    opened: list[httpx.AsyncClient] = []

    async def signed_in(who: Person) -> Browser:
        host = who.instance.host
        opened.append(httpx.AsyncClient(transport=who.instance.asgi, base_url=f"https://{host}"))
        with who.instance.here():
            account = await storage.accounts.by_name(who.actor.username)
            assert account
            token = await sessions.open(who.instance.app, account.id, "a test")
        opened[-1].cookies.set("__Host-session", token, domain=host, path="/")
        return Browser(opened[-1])

    yield signed_in
    for client in opened:
        await client.aclose()
