"""A cache that serves many, as a proxy in front of a server is one (RFC 9111), gives nobody what is for others."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import time_machine
from hishel import AsyncSqliteStorage, CacheOptions
from hishel.asgi import ASGICacheMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

import web.app
from fedcomm import clock, posts
from fedcomm.app import App
from tests import build
from tests.people import person
from tests.pictures import picture
from tests.web import onlookers
from tests.web.client import bearer, whichever_database
from tests.web.federation.asking import ACTIVITY, ask
from tests.web.onlookers import ANYBODY, allowed

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

PAGE = "text/html"


class Behind:
    """An application that keeps in mind what it was asked for itself."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does."""
        self.asked.append(scope["path"])
        await self._application(scope, receive, send)


@pytest.fixture
async def behind(app: App) -> Behind:
    """The app, behind the cache."""
    return Behind(web.app.build(app))


@pytest.fixture
async def client(behind: Behind, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the cache."""
    storage = AsyncSqliteStorage(database_path=tmp_path / "cache.db")
    cache = ASGICacheMiddleware(behind, storage, CacheOptions(shared=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url=build.BASE) as opened:  # type: ignore[arg-type]
        yield opened
    await cache.aclose()


@whichever_database
@pytest.mark.parametrize("inside", ["", "members"])
@pytest.mark.attack("PRI-01", "PRI-19")
async def test_whoever_asks_through_a_cache_finds_what_is_for_them(
    app: App, client: httpx.AsyncClient, behind: Behind, inside: str
) -> None:
    """Whoever sees it asks before those who do not, and after them."""
    world = await onlookers.made(app, client, inside)
    shared = "/c/bread" if inside else f"/posts/{world.answers['public'].id}"
    known = behind.asked.count(shared)
    for _ in range(3):
        assert (await ask(client, shared)).status_code == 200
    assert behind.asked.count(shared) == known + 1, "what everybody may see is given to all by the cache"

    for _ in range(2):
        sights = await onlookers.single(world)
        assert [sight for sight in sights if sight.found != allowed(sight.who, inside)] == []
    whole, part = await onlookers.listed(world)
    assert [sight for sight in whole if sight.found != allowed(sight.who, inside)] == []
    assert [sight for sight in part if not sight.found <= allowed(sight.who, inside)] == []


@whichever_database
@pytest.mark.attack("PRI-19")
async def test_a_page_and_its_document_are_two_things_to_a_cache(app: App, client: httpx.AsyncClient) -> None:
    world = await onlookers.made(app, client)
    thread, own = f"/@author/{world.starter.id}", world.browsers["author"]
    signed_in = await own.get(thread)
    assert signed_in.status_code == 200 and "/settings" in signed_in.text
    assert signed_in.headers["cache-control"] == "private, no-store" and "Cookie" in signed_in.headers["vary"]

    def strangers() -> dict[str, Callable[[], object]]:
        return {
            "page": lambda: world.browsers[ANYBODY].get(thread),
            "document": lambda: ask(client, thread),
            "signed": lambda: ask(client, thread, world.people["far follower"]),
            "token": lambda: client.get(thread, headers={**bearer(world.tokens["author"]), "accept": PAGE}),
        }

    for _ in range(2):
        found = {name: await asked() for name, asked in strangers().items()}  # type: ignore[misc]
        kinds = {name: answer.headers["content-type"].partition(";")[0] for name, answer in found.items()}
        assert kinds == {"page": PAGE, "document": ACTIVITY, "signed": ACTIVITY, "token": PAGE}
        assert "/settings" not in found["page"].text and "csrf" not in found["page"].text
        again = await own.get(thread)
        assert "/settings" in again.text


@whichever_database
@pytest.mark.attack("PRI-13", "PRI-19")
async def test_what_is_deleted_is_gone_from_the_cache_in_a_minute(app: App, client: httpx.AsyncClient) -> None:
    author = await person(app, "author")
    token = bearer(await build.token(author))
    file = (await client.post("/api/v2/media", headers=token, files={"file": ("a.png", picture("PNG"))})).json()
    sent = {"status": "Soon gone", "media_ids": [file["id"]]}
    status = (await client.post("/api/v1/statuses", headers=token, json=sent)).json()
    places = {
        "document": status["uri"],
        "created": f"{status['uri']}/create",
        "file": file["url"],
        "preview": file["preview_url"],
        "feed": "/@author/feed.atom",
        "outbox": "/users/author/outbox?page=1",
    }
    kinds = dict.fromkeys(("file", "preview", "feed"), "*/*")

    async def seen() -> dict[str, bool]:
        answers = {name: await ask(client, path, accept=kinds.get(name, ACTIVITY)) for name, path in places.items()}
        assert answers["feed"].status_code == answers["outbox"].status_code == 200
        pictures = {name: answers.pop(name).status_code == 200 for name in ("file", "preview")}
        return pictures | {name: "Soon gone" in each.text for name, each in answers.items()}

    assert set((await seen()).values()) == {True}
    await posts.delete(app, author, int(status["id"]))
    with time_machine.travel(clock.now() + 61, tick=True):
        assert set((await seen()).values()) == {False}
