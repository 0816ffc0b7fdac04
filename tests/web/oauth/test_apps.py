"""Programs register themselves, in whatever form they write, and know what we offer."""

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

import storage.oauth
from fedcomm import clock
from fedcomm.app import App
from fedcomm.jobs import nightly
from storage.connect import execute, rows
from tests import build
from tests.web.client import bearer, whichever_database
from tests.web.oauth.browser import OOB, register

pytestmark = pytest.mark.anyio

WISH = {"client_name": "Gärtner", "redirect_uris": OOB, "scopes": "read write", "website": "https://app.test/"}


@pytest.mark.contract(1)
@pytest.mark.parametrize(
    "sent",
    [
        {"json": WISH},
        {"json": WISH | {"redirect_uris": [OOB]}},
        {"data": WISH},
        {"files": {name: (None, value) for name, value in WISH.items()}},
        {"params": WISH},
        {"params": WISH, "headers": {"content-type": "application/json"}},
        {"content": urlencode(WISH)},
        {
            "data": {
                "client_name": "Gärtner",
                "redirect_uris[]": OOB,
                "scopes": "read+write",
                "website": WISH["website"],
            }
        },
    ],
)
@whichever_database
async def test_a_program_registers_in_every_form_of_request(client: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    answer = await client.post("/api/v1/apps", **sent)

    found = answer.json()
    assert answer.status_code == 200
    assert found == {
        "id": found["id"], "name": "Gärtner", "website": "https://app.test/", "scopes": ["read", "write"],
        "redirect_uri": OOB, "redirect_uris": [OOB], "client_id": found["client_id"],
        "client_secret": found["client_secret"], "client_secret_expires_at": 0,
    }  # fmt: skip
    assert found["id"].isdigit() and len(found["client_id"]) > 20 and len(found["client_secret"]) > 20


@pytest.mark.contract(2)
@pytest.mark.parametrize(
    "uri",
    [
        OOB, "com.tapbots.Ivory.10217:/request_token", "icecubesapp://", "mastodon-android-auth://callback",
        "http://localhost:1234/back", "http://127.0.0.1/", "https://app.test/back?with=query", "tusky://oauth/x",
    ],
)  # fmt: skip
@whichever_database
async def test_people_may_be_sent_back_to_the_addresses_of_apps(client: httpx.AsyncClient, uri: str) -> None:
    answer = await client.post("/api/v1/apps", json={"client_name": "A", "redirect_uris": uri})

    assert answer.json()["redirect_uris"] == [uri]
    assert answer.json()["scopes"] == ["read"]


@pytest.mark.contract(2)
@pytest.mark.parametrize("uris", [f"{OOB}\nhttps://app.test/b", [OOB, "https://app.test/b"]])
async def test_a_program_may_have_several_addresses(client: httpx.AsyncClient, uris: Any) -> None:
    found = (await client.post("/api/v1/apps", json={"client_name": "A", "redirect_uris": uris})).json()

    assert found["redirect_uris"] == [OOB, "https://app.test/b"]
    assert found["redirect_uri"] == f"{OOB}\nhttps://app.test/b"


@pytest.mark.attack("OAU-01", "OAU-09")
@pytest.mark.parametrize(
    "uri",
    [
        "", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
        "https://app.test/#x", "/back", "back", "//app.test/", "https://app.test/\r\nx: y", "https://app.test/<b>",
        "https://app.test/" + "a" * 2000, "view-source:https://app.test/", "blob:https://app.test/1", "about:blank",
    ],
)  # fmt: skip
@whichever_database
async def test_an_address_that_a_browser_would_run_is_refused(client: httpx.AsyncClient, uri: str) -> None:
    answer = await client.post("/api/v1/apps", json={"client_name": "A", "redirect_uris": [OOB, uri] if uri else ""})

    assert answer.status_code == 422 and "redirect URI" in answer.json()["error"]
    assert await rows("SELECT id FROM oauth_app", ()) == []


@pytest.mark.attack("OAU-12")
async def test_a_huge_list_of_addresses_is_refused(client: httpx.AsyncClient) -> None:
    uris = [f"https://app.test/{number}" for number in range(21)]

    answer = await client.post("/api/v1/apps", json={"client_name": "A", "redirect_uris": uris})

    assert answer.status_code == 422
    assert await rows("SELECT id FROM oauth_app", ()) == []


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u0007"])
async def test_a_program_must_have_a_name(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/api/v1/apps", json={"client_name": name, "redirect_uris": OOB})

    assert answer.status_code == 422 and "name" in answer.json()["error"]


@pytest.mark.attack("OAU-09")
async def test_a_link_that_would_run_is_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/apps", json=WISH | {"website": "javascript:alert(1)"})

    assert answer.json()["website"] is None


async def test_scopes_that_do_not_exist_are_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/apps", json=WISH | {"scopes": "read:statuses everything write:media"})

    assert answer.json()["scopes"] == ["read:statuses", "write:media"]


@pytest.mark.attack("OAU-15")
async def test_a_program_cannot_choose_its_own_secrets(client: httpx.AsyncClient) -> None:
    given = {"id": "1", "client_id": "mine", "client_secret": "mine", "secret_hash": "mine"}

    found = (await client.post("/api/v1/apps", json=WISH | given)).json()

    assert "mine" not in found.values() and found["id"] != "1"


@pytest.mark.attack("OAU-12")
async def test_programs_that_nobody_used_are_forgotten(client: httpx.AsyncClient) -> None:
    unused, used = await register(client), await register(client)
    row = await storage.oauth.program_by_client(used.client_id)
    assert row is not None
    await build.token(await build.person("alice"), app_id=row.id)

    await storage.oauth.forget_unused_programs(row.created_at + 1)

    assert await storage.oauth.program_by_client(unused.client_id) is None
    assert await storage.oauth.program_by_client(used.client_id) is not None


@pytest.mark.attack("OAU-12")
async def test_a_program_that_only_gives_itself_tokens_is_forgotten_when_it_rests(
    client: httpx.AsyncClient, app: App
) -> None:
    resting, busy = await register(client), await register(client)
    for program in (resting, busy):
        wish = {
            "grant_type": "client_credentials",
            "client_id": program.client_id,
            "client_secret": program.client_secret,
        }
        assert (await client.post("/oauth/token", data=wish)).status_code == 200
    await execute("UPDATE oauth_token SET created_at = 1")
    await execute("UPDATE oauth_app SET created_at = 1")
    row = await storage.oauth.program_by_client(busy.client_id)
    assert row is not None
    await execute("UPDATE oauth_token SET last_used_at = ? WHERE app_id = ?", (clock.now_ms(), row.id))

    await nightly.run(app)

    assert await storage.oauth.program_by_client(resting.client_id) is None
    assert await storage.oauth.program_by_client(busy.client_id) is not None
    assert await rows("SELECT app_id FROM oauth_token", ()) == [(row.id,)]


@pytest.mark.attack("OAU-11")
async def test_the_secret_is_not_in_the_database(client: httpx.AsyncClient) -> None:
    program = await register(client)

    (row,) = await rows("SELECT * FROM oauth_app", ())

    assert program.client_secret not in repr(row)


async def test_a_token_tells_which_program_holds_it(client: httpx.AsyncClient) -> None:
    program = await register(client, client_name="Reader")
    answer = await program.exchange("", grant_type="client_credentials", scope="read")

    found = await client.get("/api/v1/apps/verify_credentials", headers=bearer(answer.json()["access_token"]))

    assert found.status_code == 200 and found.json()["name"] == "Reader"
    assert not {"client_secret", "client_id"} & found.json().keys()


@pytest.mark.attack("OAU-18")
@pytest.mark.parametrize("host", ["home.test", "evil.test"])
async def test_the_metadata_name_the_configured_server_whatever_host_is_asked(
    client: httpx.AsyncClient, host: str
) -> None:
    answer = await client.get("/.well-known/oauth-authorization-server", headers={"host": host})

    found = answer.json()
    assert found["issuer"] == f"{build.BASE}/"
    assert {value for key, value in found.items() if key.endswith("_endpoint")} == {
        f"{build.BASE}/oauth/authorize", f"{build.BASE}/oauth/token", f"{build.BASE}/oauth/revoke",
        f"{build.BASE}/api/v1/apps", f"{build.BASE}/oauth/userinfo",
    }  # fmt: skip
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert {"read", "write", "follow", "push", "profile", "read:statuses", "write:statuses"} <= {
        *found["scopes_supported"]
    }
    assert answer.headers["access-control-allow-origin"] == "*"
