"""What a process remembers to answer fast is forgotten before anybody is shown what they may not see any more."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

import web.app
from fedcomm import accounts, tokens
from fedcomm.app import App
from fedcomm.config import Config
from storage import bus
from storage.connect import use
from tests import build
from tests.people import person
from tests.web.client import Nowhere, bearer
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

Read = Callable[[], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def there(app: App, config: Config, dialect: str) -> AsyncIterator[App]:
    """The process in which somebody reads: on PostgreSQL another one than that in which things happen."""
    if dialect == "sqlite":
        yield app
        return
    other = await App.open(config, transport=Nowhere())
    try:
        yield other
    finally:
        await other.close()


@pytest.fixture
async def read(there: App, alice: Member) -> AsyncIterator[Read]:
    """The home of Alice as she is shown it there, asked for twice so that all of it is remembered."""
    transport = httpx.ASGITransport(web.app.build(there))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as client:

        async def home() -> list[dict[str, Any]]:
            with use(there.db):
                assert await bus.heard_all()
            found = [await client.get("/api/v1/timelines/home", headers=alice.headers) for _ in range(2)]
            assert found[0].content == found[1].content
            if found[0].status_code != 200:
                return [{"refused": found[0].status_code}]
            answer: list[dict[str, Any]] = found[0].json()
            return answer

        yield home


async def texts(read: Read) -> list[str]:
    """What Alice reads, newest first."""
    return [line["content"] for line in await read()]


async def test_what_changes_is_not_shown_as_it_was(app: App, read: Read, alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/follow")
    first, second = await bob.post("One"), await bob.post("Two")
    assert await texts(read) == ["<p>Two</p>", "<p>One</p>"]

    await bob.do(f"statuses/{first['id']}", "PUT", status="One, told anew")
    edited = await texts(read)
    await alice.do(f"statuses/{second['id']}/favourite")
    voted = [(line["favourited"], line["favourites_count"]) for line in await read()]
    await bob.do("accounts/update_credentials", "PATCH", display_name="Robert")
    names = {line["account"]["display_name"] for line in await read()}
    await alice.do("/api/v2/filters", title="No", context=["home"], keywords_attributes=[{"keyword": "anew"}])
    filtered = [len(line["filtered"]) for line in await read()]
    await bob.ask("DELETE", f"/api/v1/statuses/{second['id']}")
    deleted = await texts(read)

    assert edited == ["<p>Two</p>", "<p>One, told anew</p>"]
    assert voted == [(True, 1), (False, 0)]
    assert names == {"Robert"}
    assert filtered == [0, 1]
    assert deleted == ["<p>One, told anew</p>"]


async def test_who_is_not_to_be_read_is_not_read_any_more(app: App, read: Read, alice: Member, bob: Member) -> None:
    eve = await Member.of(alice.client, await person(app, "eve"))
    for author in (bob, eve):
        await alice.do(f"accounts/{author.id}/follow")
        await author.post(author.actor.username)
    shown = ["<p>eve</p>", "<p>bob</p>"]
    assert await texts(read) == shown

    await alice.do(f"accounts/{bob.id}/mute")
    muted = await texts(read)
    await alice.do(f"accounts/{bob.id}/unmute")
    unmuted = await texts(read)
    await accounts.set_suspended(app, "eve", True)
    suspended = await texts(read)
    await bob.do(f"accounts/{alice.id}/block")
    blocked = await texts(read)

    assert [muted, unmuted, suspended, blocked] == [shown[:1], shown, shown[1:], []]


async def test_who_may_not_read_any_more_is_refused(app: App, read: Read, alice: Member, bob: Member) -> None:
    assert await read() == []
    found = []

    for suspended in (True, False):
        await accounts.set_suspended(app, "alice", suspended)
        found.append(await read())
    token = await build.token(alice.actor)
    alice.headers = bearer(token)
    found.append(await read())
    await tokens.revoke(token)
    found.append(await read())

    assert found == [[{"refused": 403}], [], [], [{"refused": 401}]]
