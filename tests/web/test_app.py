"""What holds for every answer: errors, headers, CORS, limits."""

import re

import httpx
import msgspec
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage.errors import Unavailable
from tests import build
from tests.web.client import bearer
from web import respond
from web.app import Application
from web.errors import Refusal
from web.routes import Router

pytestmark = pytest.mark.anyio

ERRORS = {
    "not-found": (NotFound("No such thing."), 404),
    "not-allowed": (NotAllowed("You may not."), 403),
    "invalid": (Invalid("That is wrong."), 422),
    "conflict": (Conflict("It is taken."), 409),
    "too-many": (TooMany("Too often.", retry_after=7), 429),
    "busy": (Unavailable("disk full at /secret/path"), 503),
    "refusal": (Refusal(418, "No."), 418),
    "broken-off": (ClientDisconnect(), 400),
    "bug": (ZeroDivisionError("secret detail"), 500),
}


async def fails(request: Request) -> Response:
    """Raises what the path names."""
    raise ERRORS[request.path_params["name"]][0]


async def works(request: Request) -> Response:
    """Answers."""
    return respond.json({"method": request.method})


ROUTES = [
    Route("/api/v1/fails/{name}", fails),
    Route("/fails/{name}", fails),
    Route("/api/v1/works", works, methods=["GET", "POST", "PATCH", "DELETE"]),
    Route("/works", works),
]


@pytest.fixture
def dialect() -> str:
    """No answer here comes from the database."""
    return "sqlite"


@pytest.fixture
def application(app: App) -> Application:
    """An application with a few routes of ours."""
    return Application(app, Router(ROUTES), Router([]))


@pytest.fixture
def small(application: Application) -> httpx.AsyncClient:
    """Speaks to it."""
    return client_of(application)


def client_of(application: Application, address: str = "192.0.2.1") -> httpx.AsyncClient:
    """A client from that address."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application, client=(address, 1)), base_url=build.BASE)


@pytest.mark.parametrize("name", ERRORS)
async def test_each_error_becomes_its_status_and_a_sentence(small: httpx.AsyncClient, name: str) -> None:
    answer = await small.get(f"/api/v1/fails/{name}", headers={"accept": "text/html"})

    assert answer.status_code == ERRORS[name][1]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert set(answer.json()) == {"error"} and answer.json()["error"]
    assert "secret" not in answer.text


async def test_only_a_fault_of_ours_is_written_into_the_log(
    small: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ERRORS:
        await small.get(f"/api/v1/fails/{name}")

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "ZeroDivisionError" in caplog.text


async def test_browsers_get_errors_as_pages(small: httpx.AsyncClient) -> None:
    answer = await small.get("/fails/not-found", headers={"accept": "text/html,*/*"})

    assert answer.status_code == 404
    assert "No such thing." in answer.text and "<h1>" in answer.text


async def test_too_many_says_when_to_come_back(small: httpx.AsyncClient) -> None:
    assert (await small.get("/api/v1/fails/too-many")).headers["retry-after"] == "7"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing", "/api/v1/works/more", "/api/v9/works"])
async def test_an_unknown_route_of_the_api_is_404_as_json(small: httpx.AsyncClient, path: str) -> None:
    answer = await small.get(path, headers={"accept": "text/html"})

    assert answer.status_code == 404 and answer.json()["error"]


async def test_a_wrong_method_is_405_and_says_which_would_do(small: httpx.AsyncClient) -> None:
    answer = await small.post("/works")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/works", "/api/v1/works/"])
async def test_put_is_patch_and_a_slash_at_the_end_changes_nothing(small: httpx.AsyncClient, path: str) -> None:
    assert (await small.put(path)).json() == {"method": "PUT"}
    assert (await small.patch(path)).json() == {"method": "PATCH"}
    assert (await small.get(path)).status_code == 200


async def test_head_answers_as_get_without_a_body(small: httpx.AsyncClient) -> None:
    answer = await small.head("/works")

    assert answer.status_code == 200
    assert answer.content == b"" and answer.headers["content-length"] == str(len(b'{"method":"HEAD"}'))


async def test_every_answer_carries_the_security_headers(small: httpx.AsyncClient) -> None:
    for path in ("/works", "/fails/bug", "/nothing", "/api/v1/works"):
        headers = (await small.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
        assert headers["cache-control"] == "private, no-store"
        assert {"Accept", "Authorization", "Signature"} <= set(headers["vary"].split(", "))


async def test_a_page_may_run_nothing_inline(small: httpx.AsyncClient) -> None:
    policy = (await small.get("/fails/not-found", headers={"accept": "text/html"})).headers["content-security-policy"]

    assert policy.startswith("default-src 'self';") and "unsafe" not in policy and "form-action 'self'" in policy


@pytest.mark.attack("OAU-16")
async def test_programs_of_other_origins_may_read_the_api_but_send_no_cookies(small: httpx.AsyncClient) -> None:
    headers = (await small.get("/api/v1/works", headers={"origin": "https://app.test"})).headers

    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
    exposed = headers["access-control-expose-headers"].split(", ")
    assert {"Link", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id"} <= set(exposed)
    assert "access-control-allow-origin" not in (await small.get("/works")).headers


async def test_a_preflight_allows_what_programs_send(small: httpx.AsyncClient) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "POST"}
    answer = await small.options("/api/v1/works", headers=asked)

    assert answer.status_code == 204
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert "access-control-allow-methods" not in (await small.options("/works")).headers


@pytest.mark.parametrize("agent", ["", "\x7f", "curl/1", "Mozilla/5.0 (compatible; bot)"])
async def test_no_user_agent_is_refused(small: httpx.AsyncClient, agent: str) -> None:
    assert (await small.get("/api/v1/works", headers={"user-agent": agent})).status_code == 200


class TestLimits:
    """How often one may ask."""

    @pytest.fixture
    def limited(self, application: Application) -> Application:
        """The application as it is outside of tests."""
        application.app.config = msgspec.structs.replace(application.app.config, rate_limits=True)
        return application

    async def test_an_address_may_ask_300_times_in_five_minutes(self, limited: Application) -> None:
        client = client_of(limited)
        answers = [await client.get("/api/v1/works") for _ in range(301)]

        assert [answer.status_code for answer in answers] == [200] * 300 + [429]
        assert answers[0].headers["x-ratelimit-limit"] == "300"
        assert answers[0].headers["x-ratelimit-remaining"] == "299"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answers[0].headers["x-ratelimit-reset"])
        assert answers[300].headers["x-ratelimit-remaining"] == "0" and answers[300].json()["error"]
        assert 0 < int(answers[300].headers["retry-after"]) <= 300

    @pytest.mark.attack("OAU-17")
    async def test_no_other_spelling_or_method_is_counted_apart(self, limited: Application) -> None:
        client = client_of(limited)
        for method, path in [("GET", "/api/v1/works"), ("HEAD", "/api/v1/works"), ("POST", "/api/v1/works/")] * 100:
            await client.request(method, path)

        assert (await client.request("DELETE", "/api/v1/works?x=1")).status_code == 429

    async def test_every_network_and_every_token_is_counted_by_itself(self, limited: Application) -> None:
        token = await build.token(await build.person("alice"))
        shared, neighbour, other = [client_of(limited, ip) for ip in ("2001:db8::1", "2001:db8::ffff", "2001:db8:1::1")]
        for _ in range(300):
            await shared.get("/api/v1/works")

        assert (await neighbour.get("/api/v1/works")).status_code == 429
        assert (await other.get("/api/v1/works")).status_code == 200
        assert (await shared.get("/api/v1/works", headers=bearer(token))).status_code == 200

    async def test_a_made_up_token_does_not_get_round_the_limit_of_its_address(self, limited: Application) -> None:
        client = client_of(limited)
        for number in range(300):
            await client.get("/api/v1/works", headers=bearer(f"made-up-{number}"))

        assert (await client.get("/api/v1/works", headers=bearer("another"))).status_code == 429

    async def test_pages_are_not_counted_here(self, limited: Application) -> None:
        client = client_of(limited)

        assert "x-ratelimit-limit" not in (await client.get("/works")).headers
