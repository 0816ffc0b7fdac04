"""People let programs in on a page, and are sent nowhere else than where the program said."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fedcomm import accounts
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.web.client import whichever_database
from tests.web.oauth.browser import BACK, CHALLENGE, OOB, Browser, form_of, register, told

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def test_who_says_yes_sends_the_program_a_code_and_its_state(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client)

    answer = await browser.allow(program.asking(state="a b&c=ü"))

    assert answer.headers["location"].startswith(f"{BACK}?")
    assert told(answer)["state"] == "a b&c=ü" and told(answer).keys() == {"code", "state"}
    assert answer.headers["cache-control"] == "no-store"


async def test_who_says_no_sends_the_program_a_no(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client)

    answer = await browser.allow(program.asking(state="x"), decision="deny")

    assert told(answer)["error"] == "access_denied" and told(answer)["state"] == "x"
    assert await rows("SELECT 1 FROM oauth_code", ()) == []


@pytest.mark.parametrize(
    ("registered", "begins"),
    [
        ("com.tapbots.Ivory.10217:/request_token", "com.tapbots.Ivory.10217:/request_token?code="),
        ("icecubesapp://", "icecubesapp://?code="),
        ("https://app.test/back?with=query", "https://app.test/back?with=query&code="),
    ],
)
async def test_apps_get_the_code_at_their_own_kind_of_address(
    client: httpx.AsyncClient, browser: Browser, registered: str, begins: str
) -> None:
    program = await register(client, redirect_uris=registered)

    answer = await browser.allow(program.asking(redirect_uri=registered))

    assert answer.headers["location"].startswith(begins)


async def test_who_carries_the_code_by_hand_is_shown_it(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client, redirect_uris=OOB)

    page = await browser.allow(program.asking(redirect_uri=OOB))

    (code,) = await rows("SELECT code_hash FROM oauth_code", ())
    assert page.status_code == 200 and "location" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert bytes(code[0]).hex() not in page.text


async def test_who_is_not_signed_in_signs_in_first_and_comes_back(app: App, client: httpx.AsyncClient) -> None:
    await accounts.create(app, "ann", PASSWORD)
    program, browser = await register(client), Browser(client)

    away = await browser.get(program.asking(state="s"))
    signed_in = await browser.send(form_of(await browser.get(away.headers["location"])), login="ann", password=PASSWORD)
    answer = await browser.allow(signed_in.headers["location"])

    assert urlsplit(away.headers["location"]).path == "/sign_in"
    assert told(answer)["code"] and told(answer)["state"] == "s"


@pytest.mark.contract(3)
@pytest.mark.parametrize("word", ["true", "True", "1"])
async def test_a_program_may_ask_that_somebody_signs_in_anew(
    client: httpx.AsyncClient, browser: Browser, word: str
) -> None:
    program = await register(client)

    away = await browser.get(program.asking(force_login=word))

    assert urlsplit(away.headers["location"]).path == "/sign_in"
    back = parse_qs(urlsplit(away.headers["location"]).query)["next"][0]
    assert "force_login" not in back and (await browser.get(back)).status_code == 200


@pytest.mark.contract(3)
@pytest.mark.parametrize("word", ["false", "False", "None", "null", "0"])
@whichever_database
async def test_what_clients_write_for_nothing_asks_nothing(
    client: httpx.AsyncClient, browser: Browser, word: str
) -> None:
    program = await register(client)

    answer = await browser.allow(program.asking(force_login=word, lang="None", state="None"))

    assert told(answer)["code"] and told(answer)["state"] == "None"


STRANGE = (
    None, "https://app.test/", "https://app.test/back/", "https://app.test/back/more", "https://app.test/back?x=1",
    "https://app.test/back#x", "https://sub.app.test/back", "https://app.test.evil.test/back",
    "https://app.test@evil.test/back", "https://evil.test/https://app.test/back", "http://app.test/back",
    "https://app.test:443/back", "HTTPS://APP.TEST/back", "https://app.test/%62ack", "https://other.test/back",
    f"{BACK}\nhttps://evil.test/", f"{BACK} https://evil.test/", f"{BACK}\thttps://evil.test/", OOB,
    "https://app.test//back", "https://app.test/x/../back", "//evil.test", "javascript:alert(1)",
    "http://localhost.evil.test/back",
)  # fmt: skip


@pytest.mark.attack("OAU-01")
@pytest.mark.parametrize("broken", [{}, {"response_type": "token"}, {"scope": "admin:write"}])
async def test_nobody_is_sent_to_an_address_that_is_not_exactly_a_registered_one(
    client: httpx.AsyncClient, browser: Browser, broken: dict[str, str]
) -> None:
    await register(client, redirect_uris="https://other.test/back")
    program = await register(client)

    pages = {uri: await browser.get(program.asking(redirect_uri=uri, **broken)) for uri in STRANGE}

    for uri, page in pages.items():
        assert page.status_code == 400 and "location" not in page.headers, uri
        assert "evil.test" not in page.text and 'name="decision"' not in page.text, uri


@pytest.mark.attack("OAU-01")
async def test_a_yes_cannot_be_turned_to_another_address(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client)
    form = form_of(await browser.get(program.asking()))

    answer = await browser.send(form, decision="allow", redirect_uri="https://evil.test/")

    assert answer.status_code == 400 and "location" not in answer.headers
    assert await rows("SELECT 1 FROM oauth_code", ()) == []


@pytest.mark.parametrize("client_id", [None, "nobody", "x" * 5000, "a\x00b"])
@whichever_database
async def test_an_unknown_program_gets_a_page_that_says_so(
    client: httpx.AsyncClient, browser: Browser, client_id: str | None
) -> None:
    program = await register(client)

    page = await browser.get(program.asking(client_id=client_id))

    assert page.status_code in (400, 422) and "<h1>" in page.text and "location" not in page.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "admin:read"}, "invalid_scope"),
        ({"scope": "read write:everything nonsense push profile"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
    ],
)
@whichever_database
async def test_a_request_that_cannot_be_granted_goes_back_with_an_error(
    client: httpx.AsyncClient, browser: Browser, changed: dict[str, str | None], error: str
) -> None:
    program = await register(client)

    answer = await browser.get(program.asking(state="s", **changed))

    assert answer.headers["location"].startswith(f"{BACK}?")
    assert told(answer)["error"] == error and told(answer)["state"] == "s"


@pytest.mark.attack("OAU-04")
@pytest.mark.parametrize(
    ("challenge", "method"),
    [(CHALLENGE, "plain"), (CHALLENGE, None), (None, "S256"), ("short", "S256"), (CHALLENGE + "=", "S256")],
)
@whichever_database
async def test_a_challenge_not_made_with_s256_is_refused(
    client: httpx.AsyncClient, browser: Browser, challenge: str | None, method: str | None
) -> None:
    program = await register(client)

    answer = await browser.get(program.asking(code_challenge=challenge, code_challenge_method=method))

    assert told(answer)["error"] == "invalid_request"


@pytest.mark.attack("OAU-08")
@pytest.mark.parametrize("csrf", ["", "x", "wrong" * 10])
async def test_a_yes_without_the_secret_of_the_page_is_refused(
    client: httpx.AsyncClient, browser: Browser, csrf: str
) -> None:
    program = await register(client)
    form = form_of(await browser.get(program.asking()))

    answer = await browser.send(form, decision="allow", csrf=csrf)

    assert answer.status_code == 403 and await rows("SELECT 1 FROM oauth_code", ()) == []


@pytest.mark.attack("OAU-08")
@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
async def test_a_yes_sent_by_another_site_is_refused(
    client: httpx.AsyncClient, browser: Browser, headers: dict[str, str]
) -> None:
    program = await register(client)
    form = form_of(await browser.get(program.asking()))

    answer = await browser.send(form, headers, decision="allow")

    assert answer.status_code == 403 and await rows("SELECT 1 FROM oauth_code", ()) == []


@pytest.mark.attack("OAU-08")
async def test_the_secret_of_somebody_elses_page_is_refused(
    app: App, client: httpx.AsyncClient, browser: Browser
) -> None:
    await build.person("mallory")
    program = await register(client)
    mallory = await Browser(client).signed_in(app, "mallory")
    form = form_of(await mallory.get(program.asking()))

    answer = await browser.send(form, decision="allow")

    assert answer.status_code == 403 and await rows("SELECT 1 FROM oauth_code", ()) == []


@pytest.mark.attack("OAU-08", "OAU-16")
async def test_the_session_cookie_is_for_this_server_alone(app: App, client: httpx.AsyncClient) -> None:
    await accounts.create(app, "ann", PASSWORD)
    browser = Browser(client)

    answer = await browser.send(form_of(await browser.get("/sign_in")), login="ann", password=PASSWORD)

    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-session="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie.lower()


@pytest.mark.attack("OAU-09")
async def test_the_page_warns_of_the_name_and_shows_where_the_answer_goes(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    program = await register(client, client_name='<b>Mastodon "official"</b>', redirect_uris="https://evil.test/x")

    page = await browser.get(program.asking(redirect_uri="https://evil.test/x", scope="read write"))

    assert "&lt;b&gt;Mastodon" in page.text and "<b>Mastodon" not in page.text
    assert "calls itself" in page.text and "evil.test" in page.text
    assert '<code translate="no">read</code>' in page.text and '<code translate="no">write</code>' in page.text


@pytest.mark.attack("OAU-09")
async def test_everybody_is_asked_again_each_time(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client)
    await browser.code(program.asking(scope="read"))

    again, more = await browser.get(program.asking(scope="read")), await browser.get(program.asking(scope="read push"))

    assert again.status_code == more.status_code == 200
    assert "push" in more.text and "location" not in again.headers


@pytest.mark.attack("OAU-14")
@pytest.mark.parametrize("state", ["pending", "suspended"])
async def test_who_may_not_sign_in_lets_nobody_in(
    client: httpx.AsyncClient, browser: Browser, alice: Actor, state: str
) -> None:
    program = await register(client)
    form = form_of(await browser.get(program.asking()))
    await rows("UPDATE account SET state = ? WHERE actor_id = ? RETURNING id", (state, alice.id))

    answer = await browser.send(form, decision="allow")

    assert told(answer).keys() == {"error", "error_description"} and told(answer)["error"] == "access_denied"
    assert await rows("SELECT 1 FROM oauth_code", ()) == []


async def test_only_admins_give_what_is_for_admins(app: App, client: httpx.AsyncClient, browser: Browser) -> None:
    await build.person("boss", role="admin")
    program = await register(client, scopes="read admin:read")
    address = program.asking(scope="read admin:read")

    refused = await browser.allow(address)
    allowed = await (await Browser(client).signed_in(app, "boss")).allow(address)

    assert told(refused)["error"] == "invalid_scope"
    assert told(allowed)["code"]


@pytest.mark.attack("OAU-10")
async def test_pages_with_a_code_are_kept_nowhere_and_named_to_nobody(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    program = await register(client, redirect_uris=OOB)
    asked = await browser.get(program.asking(redirect_uri=OOB))

    shown = await browser.send(form_of(asked), decision="allow")

    assert "no-store" in asked.headers["cache-control"] and shown.headers["cache-control"] == "no-store"
    assert asked.headers["referrer-policy"] == shown.headers["referrer-policy"] == "same-origin"
    assert asked.headers["x-frame-options"] == "DENY"
    assert "cross-origin-opener-policy" not in asked.headers  # web clients wait for an answer to their window


@pytest.mark.attack("OAU-11")
async def test_the_code_is_kept_as_its_hash_alone(client: httpx.AsyncClient, browser: Browser) -> None:
    program = await register(client)

    code = await browser.code(program.asking())

    (row,) = await rows("SELECT * FROM oauth_code", ())
    assert code not in repr(row)
