"""Exactly the scope that is written down opens each address, with every token and without one."""

from collections.abc import AsyncIterator

import httpx
import pytest

import web.app
from fedcomm import tokens
from fedcomm.app import App
from tests import build
from tests.web.client import bearer
from tests.web.live import leaving
from tests.web.mastodon.scopes import ANY, CLOSED, FOLLOW, MORE, NOBODY, OPEN
from web import auth
from web.routes import compiled

pytestmark = pytest.mark.anyio

# Every scope there is; `read` and `write` as a whole last, since they open the most.
SCOPES = sorted(tokens.SCOPES, key=lambda scope: (":" not in scope, scope))


ANSWERED = (200, 400, 404, 422)


@pytest.fixture
def dialect() -> str:
    """Nothing here depends on the database."""
    return "sqlite"


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the web room, and leaves at once where an answer has no end."""
    transport = httpx.ASGITransport(leaving(web.app.build(app)))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as opened:
        yield opened


def routes() -> list[str]:
    """Every address of the client API."""
    handlers = compiled().handlers
    return [f"{each.method} {each.pattern}" for each in handlers if each.pattern.startswith("/api/")]


def address(route: str) -> tuple[str, str]:
    """The method, and a path with an id that nothing has."""
    method, _, pattern = route.partition(" ")
    for name in ("{id}", "{name}", "{hashtag}"):
        pattern = pattern.replace(name, "1")
    return method, pattern


def opens(scope: str, wanted: str, route: str) -> bool:
    """Whether a token with this one scope is enough (Mastodon API: "OAuth Scopes")."""
    if wanted in (NOBODY, ANY):
        return True
    return scope in (wanted, wanted.rpartition(":")[0], *MORE.get(route, ())) or (
        scope == "follow" and wanted in FOLLOW
    )


@pytest.mark.attack("OAU-05")
def test_every_address_has_its_scope_written_down() -> None:
    assert sorted(routes()) == sorted([*OPEN, *CLOSED])


@pytest.mark.attack("OAU-05")
async def test_without_a_token_only_what_is_for_everybody_answers(client: httpx.AsyncClient) -> None:
    answers = {route: await client.request(*address(route)) for route in routes()}

    for route, answer in answers.items():
        if route in CLOSED:
            assert (answer.status_code, answer.json()) == (401, {"error": auth.INVALID}), route
        else:
            assert answer.status_code in ANSWERED, route


@pytest.mark.attack("OAU-05")
@pytest.mark.parametrize("scope", SCOPES)
async def test_a_token_opens_what_its_scope_says_and_nothing_else(client: httpx.AsyncClient, scope: str) -> None:
    token = await build.token(await build.person("alice", role="admin"), scope)

    answers = {route: await client.request(*address(route), headers=bearer(token)) for route in routes()}

    for route, answer in answers.items():
        if opens(scope, (OPEN | CLOSED)[route], route):
            assert answer.status_code in ANSWERED, (route, answer.text)
        else:
            assert (answer.status_code, answer.json()) == (403, {"error": auth.OUTSIDE}), route


@pytest.mark.attack("OAU-05", "OAU-06")
async def test_a_token_of_nobody_opens_nothing_that_is_somebodys(client: httpx.AsyncClient) -> None:
    token = await build.token(None, "read write follow push admin:read admin:write")
    for_programs = ("POST /api/v1/accounts", "GET /api/v1/apps/verify_credentials")

    answers = {route: await client.request(*address(route), headers=bearer(token)) for route in routes()}

    for route, answer in answers.items():
        if route in CLOSED and route not in for_programs:
            assert (answer.status_code, answer.json()) == (403, {"error": auth.NOBODY}), route
        else:
            assert answer.status_code in ANSWERED, route


@pytest.mark.attack("OAU-17")
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "PUT"])
async def test_another_method_for_the_same_needs_the_same_scope(client: httpx.AsyncClient, method: str) -> None:
    twin = {"HEAD": "GET", "PATCH": "PUT", "PUT": "PATCH"}[method]
    wanted = [route for route in CLOSED if route.startswith(f"{twin} ")]
    token = await build.token(await build.person("alice"), "push")

    answers = {
        route: [
            await client.request(method, address(route)[1]),
            await client.request(method, address(route)[1], headers=bearer(token)),
        ]
        for route in wanted
        if CLOSED[route] not in ("push", ANY)
    }

    assert answers
    for route, (without, wrong) in answers.items():
        assert (without.status_code, wrong.status_code) == (401, 403), route


@pytest.mark.attack("OAU-17")
async def test_the_way_a_request_is_written_opens_nothing(client: httpx.AsyncClient) -> None:
    token = bearer(await build.token(await build.person("alice"), "read"))
    path = "/api/v1/statuses"

    answers = [
        await client.post(f"{path}/", json={"status": "x"}, headers=token),
        await client.post(path, data={"status": "x"}, headers=token),
        await client.post(path, json={"status": "x"}, headers=token | {"x-http-method-override": "GET"}),
        await client.post(f"{path}?_method=GET", data={"status": "x", "_method": "GET"}, headers=token),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert (await client.get(f"{path}.json", headers=token)).status_code == 404
    assert (await client.get("/api/v1//statuses", headers=token)).status_code == 404
    assert (await client.get("/API/v1/lists", headers=token)).status_code == 404
