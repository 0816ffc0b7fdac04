"""Codes become tokens once, for whom they were given; tokens end at once."""

import asyncio
import base64
from collections.abc import Callable

import httpx
import pytest

from fedcomm import accounts, clock
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.web.client import bearer, whichever_database
from tests.web.oauth.browser import BACK, CHALLENGE, VERIFIER, Browser, Program, register

pytestmark = pytest.mark.anyio

WHO = "/api/v1/accounts/verify_credentials"


@pytest.fixture
async def program(client: httpx.AsyncClient) -> Program:
    """A registered program."""
    return await register(client)


async def works(client: httpx.AsyncClient, token: str) -> bool:
    """Whether the token opens anything."""
    return (await client.get(WHO, headers=bearer(token))).status_code == 200


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_site_learns_who_somebody_is_and_nothing_else(client: httpx.AsyncClient, alice: Actor) -> None:
    token = await build.token(alice, "profile")

    found = (await client.get("/oauth/userinfo", headers=bearer(token))).json()
    more = await client.get("/api/v1/preferences", headers=bearer(token))
    other = await client.get("/oauth/userinfo", headers=bearer(await build.token(alice, "read")))

    assert (found["iss"], found["sub"], found["profile"]) == (f"{build.BASE}/", alice.uri, alice.url)
    assert (found["preferred_username"], found["name"]) == (alice.username, alice.name or alice.username)
    assert found["picture"].startswith(build.BASE) and (more.status_code, other.status_code) == (403, 403)


@pytest.mark.contract(4)
async def test_a_code_becomes_a_token_of_who_gave_it(
    client: httpx.AsyncClient, browser: Browser, program: Program, alice: Actor
) -> None:
    code = await browser.code(program.asking(scope="read write:statuses"))

    answer = await program.exchange(code)

    found = answer.json()
    assert answer.status_code == 200
    assert found == {
        "access_token": found["access_token"], "token_type": "Bearer", "scope": "read write:statuses",
        "created_at": found["created_at"],
    }  # fmt: skip
    assert isinstance(found["created_at"], int) and abs(found["created_at"] - clock.now()) < 60
    assert (await client.get(WHO, headers=bearer(found["access_token"]))).json()["id"] == str(alice.id)


@pytest.mark.attack("OAU-10")
async def test_the_answer_with_a_token_is_kept_nowhere(browser: Browser, program: Program) -> None:
    answer = await program.exchange(await browser.code(program.asking()))

    assert answer.headers["cache-control"] == "no-store" and answer.headers["pragma"] == "no-cache"


@pytest.mark.parametrize("form", ["form", "json", "query", "multipart", "basic"])
@whichever_database
async def test_a_program_asks_for_its_token_in_every_form(
    client: httpx.AsyncClient, browser: Browser, program: Program, form: str
) -> None:
    code = await browser.code(program.asking())
    secret = {"client_id": program.client_id, "client_secret": program.client_secret}
    wish = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}

    match form:
        case "form":
            answer = await client.post("/oauth/token", data=wish | secret)
        case "json":
            answer = await client.post("/oauth/token", json=wish | secret)
        case "query":
            answer = await client.post("/oauth/token", params=wish | secret)
        case "multipart":
            fields = {name: (None, value) for name, value in (wish | secret).items()}
            answer = await client.post("/oauth/token", files=fields)
        case _:
            answer = await client.post("/oauth/token", data=wish, headers=basic(*secret.values()))

    assert answer.status_code == 200 and await works(client, answer.json()["access_token"])


@pytest.mark.attack("OAU-02")
async def test_a_code_used_twice_ends_what_it_brought(
    client: httpx.AsyncClient, browser: Browser, program: Program
) -> None:
    code = await browser.code(program.asking())
    token = (await program.exchange(code)).json()["access_token"]
    before = await works(client, token)

    again = await program.exchange(code)

    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"
    assert before and not await works(client, token)


@pytest.mark.attack("OAU-02")
async def test_two_exchanges_at_once_leave_no_token_that_works(
    client: httpx.AsyncClient, browser: Browser, program: Program
) -> None:
    code = await browser.code(program.asking())

    answers = await asyncio.gather(*(program.exchange(code) for _ in range(5)))

    given = [answer.json()["access_token"] for answer in answers if answer.status_code == 200]
    assert len(given) == 1 and not await works(client, given[0])
    assert [answer.json()["error"] for answer in answers if answer.status_code != 200] == ["invalid_grant"] * 4


@pytest.mark.attack("OAU-02")
@pytest.mark.parametrize(("seconds", "status"), [(590, 200), (601, 400)])
async def test_a_code_is_worth_something_for_ten_minutes(
    browser: Browser, program: Program, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    code = await browser.code(program.asking())
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + seconds)

    answer = await program.exchange(code)

    assert answer.status_code == status


@pytest.mark.attack("OAU-03")
async def test_a_code_is_worth_nothing_to_another_program_or_for_another_address(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    program = await register(client, redirect_uris=[BACK, "https://app.test/other"])
    other = await register(client)
    code = await browser.code(program.asking())

    refused = [
        await other.exchange(code),
        await program.exchange(code, redirect_uri="https://app.test/other"),
        await program.exchange(code, redirect_uri=None),
        await program.exchange(code + "x"),
        await program.exchange(""),
    ]

    assert [(answer.status_code, answer.json()["error"]) for answer in refused] == [(400, "invalid_grant")] * 5
    assert (await program.exchange(code)).status_code == 200


@pytest.mark.attack("OAU-04")
async def test_a_code_asked_for_with_a_challenge_needs_its_verifier(browser: Browser, program: Program) -> None:
    code = await browser.code(program.asking(code_challenge=CHALLENGE, code_challenge_method="S256"))

    refused = [await program.exchange(code, code_verifier=given) for given in (None, "", "wrong", CHALLENGE)]

    assert {(answer.status_code, answer.json()["error"]) for answer in refused} == {(400, "invalid_grant")}
    assert (await program.exchange(code, code_verifier=VERIFIER)).status_code == 200


@pytest.mark.attack("OAU-04")
async def test_a_verifier_for_a_code_without_a_challenge_is_refused(browser: Browser, program: Program) -> None:
    code = await browser.code(program.asking())

    answer = await program.exchange(code, code_verifier=VERIFIER)

    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"


@pytest.mark.attack("OAU-06")
async def test_a_program_without_its_own_secret_gets_nothing(
    client: httpx.AsyncClient, browser: Browser, program: Program
) -> None:
    other = await register(client)
    code = await browser.code(program.asking())

    refused = [
        await program.exchange(code, client_secret="wrong"),
        await program.exchange(code, client_secret=None),
        await program.exchange(code, client_secret=other.client_secret),
        await program.exchange(code, client_id="nobody"),
        await program.exchange(code, client_id=None),
        await client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=basic("x", "y")),
        await client.post("/oauth/token", headers={"authorization": "Basic not-base64!"}),
    ]

    for answer in refused:
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert (await program.exchange(code)).status_code == 200


@pytest.mark.parametrize("grant", ["password", "refresh_token", "", "implicit"])
@whichever_database
async def test_no_password_is_taken_from_a_program(app: App, program: Program, grant: str) -> None:
    await accounts.create(app, "ann", "correct horse battery")

    answer = await program.client.post(
        "/oauth/token",
        data={
            "grant_type": grant, "username": "ann", "password": "correct horse battery",
            "client_id": program.client_id, "client_secret": program.client_secret,
        },
    )  # fmt: skip

    assert answer.status_code == 400 and answer.json()["error"] == "unsupported_grant_type"


@pytest.mark.attack("OAU-06")
async def test_a_program_that_acts_for_nobody_reads_what_is_for_everybody_and_nothing_else(
    client: httpx.AsyncClient, program: Program, alice: Actor
) -> None:
    answer = await program.exchange("", grant_type="client_credentials", scope="read write")
    token = bearer(answer.json()["access_token"])

    assert (await client.get(f"/api/v1/accounts/{alice.id}", headers=token)).status_code == 200
    assert (await client.get("/api/v1/timelines/public", headers=token)).status_code == 200
    for path in (WHO, "/api/v1/timelines/home", "/api/v1/lists", "/api/v1/notifications"):
        refused = await client.get(path, headers=token)
        assert (refused.status_code, refused.json()["error"]) == (403, "This method requires an authenticated user")
    assert (await client.post("/api/v1/statuses", json={"status": "x"}, headers=token)).status_code == 403


async def test_a_program_gets_no_more_than_it_registered_for(client: httpx.AsyncClient) -> None:
    program = await register(client, scopes="read:statuses")

    refused = await program.exchange("", grant_type="client_credentials", scope="read write")
    given = await program.exchange("", grant_type="client_credentials")

    assert refused.status_code == 400 and refused.json()["error"] == "invalid_scope"
    assert given.json()["scope"] == "read:statuses"


@pytest.mark.attack("OAU-07")
async def test_a_revoked_token_ends_at_once(client: httpx.AsyncClient, browser: Browser, program: Program) -> None:
    token = (await program.exchange(await browser.code(program.asking()))).json()["access_token"]
    secret = {"client_id": program.client_id, "client_secret": program.client_secret}

    answer = await client.post("/oauth/revoke", data=secret | {"token": token})

    assert (answer.status_code, answer.json()) == (200, {})
    refused = await client.get(WHO, headers=bearer(token))
    assert (refused.status_code, refused.json()) == (401, {"error": "The access token was revoked"})
    assert (await client.post("/oauth/revoke", data=secret | {"token": token})).status_code == 200
    assert (await client.post("/oauth/revoke", json=secret | {"token": "unknown"})).status_code == 200


@pytest.mark.attack("OAU-06", "OAU-13")
async def test_a_program_cannot_end_the_token_of_another(
    client: httpx.AsyncClient, browser: Browser, program: Program
) -> None:
    token = (await program.exchange(await browser.code(program.asking()))).json()["access_token"]
    other = await register(client)
    pairs = [(other.client_id, other.client_secret), (program.client_id, "wrong"), ("", "")]

    answers = [
        await client.post("/oauth/revoke", data={"client_id": name, "client_secret": secret, "token": token})
        for name, secret in pairs
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403]
    assert await works(client, token)


@pytest.mark.attack("OAU-07")
@pytest.mark.parametrize("end", ["password", "suspend", "delete", "everywhere"])
async def test_every_token_ends_with_what_it_stood_on(
    app: App, client: httpx.AsyncClient, program: Program, end: str
) -> None:
    account = await accounts.create(app, "ann", "correct horse battery")
    browser = await Browser(client).signed_in(app, "ann")
    token = (await program.exchange(await browser.code(program.asking()))).json()["access_token"]
    unused = await browser.code(program.asking())
    before = await works(client, token)
    ends: dict[str, Callable[[], object]] = {
        "password": lambda: accounts.set_password(app, "ann", "another password"),
        "suspend": lambda: accounts.set_suspended(app, "ann", True),
        "delete": lambda: accounts.delete(app, "ann"),
        "everywhere": lambda: accounts.sign_out_everywhere(app, account),
    }

    await ends[end]()  # type: ignore[misc]

    assert before and (await client.get(WHO, headers=bearer(token))).status_code == (403 if end == "suspend" else 401)
    assert (await program.exchange(unused)).json()["error"] == "invalid_grant"


@pytest.mark.attack("OAU-14")
@pytest.mark.parametrize(("state", "word"), [("pending", "pending approval"), ("suspended", "disabled")])
async def test_the_token_of_somebody_who_may_not_sign_in_opens_nothing(
    client: httpx.AsyncClient, alice: Actor, state: str, word: str
) -> None:
    token = await build.token(alice)
    await rows("UPDATE account SET state = ? WHERE actor_id = ? RETURNING id", (state, alice.id))

    answers = [
        await client.get(path, headers=bearer(token)) for path in (WHO, "/api/v1/timelines/public", "/api/v1/lists")
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert all(word in answer.json()["error"] for answer in answers)


@pytest.mark.attack("OAU-11")
async def test_the_token_is_kept_as_its_hash_alone(browser: Browser, program: Program) -> None:
    code = await browser.code(program.asking())

    token = (await program.exchange(code)).json()["access_token"]

    kept = await rows("SELECT * FROM oauth_token", ()), await rows("SELECT * FROM oauth_code", ())
    assert token not in repr(kept) and code not in repr(kept)


@pytest.mark.attack("OAU-10")
@pytest.mark.parametrize("name", ["access_token", "bearer_token", "token"])
async def test_a_token_in_the_address_or_the_body_counts_for_nothing(
    client: httpx.AsyncClient, alice: Actor, name: str
) -> None:
    token = await build.token(alice)

    answers = [
        await client.get(WHO, params={name: token}),
        await client.post("/api/v1/statuses", data={name: token, "status": "x"}),
        await client.get(WHO, headers={"cookie": f"{name}={token}"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert not any(token in answer.text + str(answer.headers) for answer in answers)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Token x", "Bearer " + "a" * 600, "Bearer \xff"]
)
@whichever_database
async def test_a_bad_token_is_401_with_a_sentence(client: httpx.AsyncClient, header: str) -> None:
    for path in (WHO, "/api/v1/timelines/public"):
        answer = await client.get(path, headers={"authorization": header.encode("latin-1")})

        assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})
        assert answer.headers["www-authenticate"].startswith("Bearer")
