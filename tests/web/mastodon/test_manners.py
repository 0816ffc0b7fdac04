"""What holds for every address of the client API: how errors read, what browsers may do, how much one may ask."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest

import web.app
from fedcomm import clock
from fedcomm.app import App
from fedcomm.config import Config
from tests import build
from tests.web.client import bearer, whichever_database
from tests.web.mastodon.member import Member
from tests.web.mastodon.scopes import CLOSED, OPEN
from tests.web.mastodon.test_scopes import address
from tests.web.oauth.browser import Browser

pytestmark = pytest.mark.anyio


WINDOW = 1800  # seconds: the longest time in which requests are counted, and all others end with it


@pytest.fixture
def window(tmp_path: Path) -> Iterator[None]:
    """The time is that of the beginning of a window, so that none ends while requests are counted."""
    shift = tmp_path / "shift"
    shift.write_text(str(WINDOW - clock.now() % WINDOW))
    clock.follow(shift)
    yield
    clock.follow(None)


@pytest.fixture
async def counted(window: None, app: App, config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose requests are counted."""
    app.config = msgspec.structs.replace(config, rate_limits=True)
    transport = httpx.ASGITransport(web.app.build(app), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as opened:
        yield opened


@pytest.mark.contract(18)
@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v4/statuses", "/api/v1/statuses/1/nothing", "/api/v1/groups", "/api/"]
)
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/activity+json"])
@whichever_database
async def test_what_is_not_offered_is_404_in_json(client: httpx.AsyncClient, path: str, accept: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await client.request(method, path, headers={"accept": accept})

        assert answer.status_code == 404 and set(answer.json()) == {"error"}
        assert answer.headers["content-type"].startswith("application/json")


async def test_every_refusal_is_json_with_a_sentence(client: httpx.AsyncClient) -> None:
    for route in (*OPEN, *CLOSED):
        method, path = address(route)

        answer = await client.request(method, path, headers={"accept": "text/html"})

        if answer.status_code != 200:
            assert isinstance(answer.json()["error"], str) and answer.json()["error"], route
        assert answer.headers["content-type"].startswith("application/json"), route


async def test_a_slash_at_the_end_changes_nothing_and_sends_nobody_elsewhere(client: httpx.AsyncClient) -> None:
    for route in (*OPEN, *CLOSED):
        method, path = address(route)

        plain, slashed = await client.request(method, path), await client.request(method, f"{path}/")

        assert (plain.status_code, plain.content) == (slashed.status_code, slashed.content), route


# What programs in browsers ask for as well; that an address is not there is an answer, too, which they may read.
UNKNOWN = ("/oauth/token", "/oauth/revoke", "/api/v1/nothing", "/api/v9/statuses/1/nothing", "/.well-known/nothing")


@pytest.mark.contract(22)
@pytest.mark.attack("OAU-16")
async def test_programs_in_browsers_may_ask_everything_without_cookies(client: httpx.AsyncClient) -> None:
    wish = {
        "origin": "https://client.test", "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,idempotency-key,content-type",
    }  # fmt: skip

    for path in {*(address(route)[1] for route in (*OPEN, *CLOSED)), *UNKNOWN}:
        asked = await client.options(path, headers=wish)
        answer = await client.get(path, headers={"origin": "https://client.test"})

        assert asked.status_code == 204, path
        assert {"Authorization", "Idempotency-Key"} <= set(
            re.split(", ?", asked.headers["access-control-allow-headers"])
        )
        assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(
            asked.headers["access-control-allow-methods"].split(", ")
        )
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        assert {"Link", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= exposed
        for each in (asked, answer):
            assert each.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in each.headers


@pytest.mark.attack("PRI-19")
async def test_what_is_somebodys_is_kept_by_no_cache(alice: Member) -> None:
    for path in ("timelines/home", "accounts/verify_credentials", "notifications", "statuses/1", "timelines/public"):
        answer = await alice.ask("GET", path)

        assert answer.headers["cache-control"] == "private, no-store"
        assert "Authorization" in answer.headers["vary"]


async def test_every_answer_says_how_much_one_may_ask(counted: httpx.AsyncClient) -> None:
    token = bearer(await build.token(await build.person("alice")))

    first, second = [await counted.get("/api/v1/timelines/home", headers=token) for _ in range(2)]
    without = await counted.get("/api/v1/instance")
    refused = [
        await counted.get("/api/v1/statuses/1", headers=token),
        await counted.post("/api/v1/statuses", json={}, headers=token),
        await counted.get("/api/v1/timelines/home"),
    ]

    assert first.headers["x-ratelimit-limit"] == without.headers["x-ratelimit-limit"] == "300"
    assert [(each.status_code, each.headers["x-ratelimit-limit"]) for each in refused] == [
        (404, "300"), (422, "300"), (401, "300")
    ]  # fmt: skip
    assert int(first.headers["x-ratelimit-remaining"]) - int(refused[1].headers["x-ratelimit-remaining"]) == 3
    assert int(first.headers["x-ratelimit-remaining"]) - int(second.headers["x-ratelimit-remaining"]) == 1
    reset = datetime.strptime(first.headers["x-ratelimit-reset"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert 0 <= reset.timestamp() - clock.now() <= 300


@pytest.mark.attack("OAU-17")
async def test_whoever_asks_too_much_waits_however_they_write_it(counted: httpx.AsyncClient) -> None:
    token = bearer(await build.token(await build.person("alice")))
    ways = ["/api/v1/timelines/home", "/api/v1/timelines/home/", "/api/v1/timelines/home?limit=1"]
    for at in range(300):
        await counted.request("HEAD" if at % 5 else "GET", ways[at % 3], headers=token)

    answers = [await counted.get(way, headers=token) for way in (*ways, "/api/v1/lists")]

    for answer in answers:
        assert answer.status_code == 429 and answer.json()["error"]
        assert int(answer.headers["retry-after"]) >= 1 and answer.headers["x-ratelimit-remaining"] == "0"
    other = bearer(await build.token(await build.person("bob")))
    assert (await counted.get("/api/v1/timelines/home", headers=other)).status_code == 200


@whichever_database
async def test_what_is_not_offered_is_refused_in_the_language_that_is_asked_for(alice: Member) -> None:
    asked = (
        ("statuses", {"status": "x", "quoted_status_id": "1"}), ("push/subscription", {}), ("statuses/1/translate", {}),
        ("statuses", {"status": "x", "visibility": "loud"}),
    )  # fmt: skip

    said = [
        [
            (await alice.ask("POST", path, {"accept-language": language}, json=wish)).json()["error"]
            for path, wish in asked
        ]
        for language in ("en", "de")
    ]

    assert said[0][0] == "Posts cannot be quoted here yet."
    assert said[1][0] == "Beiträge können hier noch nicht zitiert werden."
    assert all(english != german for english, german in zip(*said, strict=True))


@pytest.mark.attack("OAU-12")
@pytest.mark.parametrize("way", ["json", "data", "params"])
async def test_programs_are_not_registered_in_a_flood(counted: httpx.AsyncClient, way: str) -> None:
    wish = {"client_name": "A", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}

    statuses = [(await counted.post("/api/v1/apps", **{way: wish})).status_code for _ in range(8)]  # type: ignore[arg-type]

    assert statuses == [200] * 5 + [429] * 3


@pytest.mark.attack("OAU-16")
async def test_a_session_of_a_browser_opens_nothing_in_the_api(client: httpx.AsyncClient, app: App) -> None:
    await build.person("ann")
    browser = await Browser(client).signed_in(app, "ann")

    answers = [
        await browser.get("/api/v1/accounts/verify_credentials"),
        await browser.client.post("/api/v1/statuses", json={"status": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert (await browser.get("/settings")).status_code == 200
