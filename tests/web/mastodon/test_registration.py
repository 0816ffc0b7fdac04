"""People sign up with a program, where the server lets them."""

from collections.abc import Iterator
from time import process_time
from typing import Any

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher

from fedcomm import accounts, passwords, settings
from fedcomm.app import App
from storage.connect import rows
from tests import build
from tests.web.client import bearer, whichever_database
from tests.web.oauth.browser import Browser, form_of

pytestmark = pytest.mark.anyio

WISH = {
    "username": "ann", "email": "ann@mail.example", "password": "correct horse battery", "agreement": True,
    "locale": "en", "reason": "I grow beans.",
}  # fmt: skip


async def sign_up(client: httpx.AsyncClient, **changed: Any) -> httpx.Response:
    """A program, that acts for nobody yet, signs somebody up."""
    token = await build.token(None, "read write")
    return await client.post("/api/v1/accounts", json=WISH | changed, headers=bearer(token))


async def test_where_invitations_are_needed_nobody_signs_up_without(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "invite"})

    answer = await sign_up(client)

    assert answer.status_code == 403 and "invitation" in answer.json()["error"]
    assert await rows("SELECT 1 FROM account", ()) == []


async def test_who_signs_up_waits_for_a_yes_and_then_signs_in(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "approval"})

    answer = await sign_up(client)
    waiting = await rows("SELECT state FROM account", ())
    await accounts.approve(app, "ann")

    assert answer.status_code == 403 and "approved" in answer.json()["error"] and waiting == [("pending",)]
    assert (await accounts.authenticate(app, "ann", WISH["password"])).state == "active"  # type: ignore[arg-type]


async def test_who_is_let_in_at_once_gets_a_token(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "open"})

    answer = await sign_up(client)

    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "scope", "created_at"}
    mine = await client.get("/api/v1/accounts/verify_credentials", headers=bearer(answer.json()["access_token"]))
    assert mine.json()["acct"] == "ann"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "a b"}, "username"), ({"username": ""}, "username"), ({"username": "admin"}, "username"),
        ({"password": "short"}, "password"), ({"email": "nothing"}, "email"), ({"agreement": False}, "agreement"),
        ({"username": "taken"}, "username"),
    ],
)  # fmt: skip
@whichever_database
async def test_what_is_wrong_is_said_of_its_field(
    app: App, client: httpx.AsyncClient, changed: dict[str, Any], field: str
) -> None:
    await settings.change(app, None, {"registration": "open"})
    await build.person("taken")

    answer = await sign_up(client, **changed)

    found = answer.json()
    assert answer.status_code == 422 and found["error"].startswith("Validation failed: ")
    assert list(found["details"]) == [field] and found["details"][field][0].keys() == {"error", "description"}
    assert len(await rows("SELECT 1 FROM account", ())) == 1


async def test_everything_that_is_wrong_is_said_at_once(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "open"})

    found = (await sign_up(client, username="a b", password="short", email="nothing", agreement=False)).json()

    assert sorted(found["details"]) == ["agreement", "email", "password", "username"]
    assert all(said[0]["description"] in found["error"] for said in found["details"].values())


@pytest.mark.attack("OAU-15")
async def test_nobody_makes_themselves_an_admin(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "approval"})

    await sign_up(client, role="admin", state="active", approved=True, confirmed=True)

    assert await rows("SELECT role, state FROM account", ()) == [("member", "pending")]


async def test_a_test_server_may_let_everybody_in(app: App, client: httpx.AsyncClient) -> None:
    await settings.change(app, None, {"registration": "approval"})
    app.config = msgspec.structs.replace(app.config, confirm_signups=True)

    assert (await sign_up(client)).status_code == 200


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords cost what they cost outside tests, so that one hears a check that is left out."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@whichever_database
@pytest.mark.attack("PRI-23")
@pytest.mark.parametrize("mode", ["open", "approval"])
@pytest.mark.usefixtures("dear")
async def test_nobody_learns_whose_address_is_known_here(app: App, client: httpx.AsyncClient, mode: str) -> None:
    """From no answer, and from no time it takes: a password is checked also where there is no account."""
    await accounts.create(app, "carl", "correct horse carl", "carl@mail.example")
    await settings.change(app, None, {"registration": mode})

    async def signed_up(name: str, email: str) -> tuple[int, set[str]]:
        answer = await sign_up(client, username=name, email=email)
        return answer.status_code, set(answer.json())

    async def signed_in(login: str) -> tuple[int, str, float]:
        browser = Browser(httpx.AsyncClient(transport=client._transport, base_url=build.BASE))
        form = form_of(await browser.get("/sign_in"))
        began = process_time()  # of this process: what else the machine does takes no part
        page = await browser.send(form, login=login, password="correct horse nobody")
        took = process_time() - began
        return page.status_code, page.text.replace(login, "").replace(form.fields["csrf"], ""), took

    assert await signed_up("ann", "ann@mail.example") == await signed_up("bob", "CARL@mail.example")
    tries = [[await signed_in(f"{who}@mail.example") for who in ("carl", "none")] for _ in range(4)]
    assert len({each[:2] for pair in tries for each in pair}) == 1
    known, never = [min(pair[at][2] for pair in tries) for at in (0, 1)]
    assert known / 2 < never < known * 2
