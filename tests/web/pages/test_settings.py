"""What members set for themselves, and leaving."""

from collections.abc import Callable

import pytest

import storage.accounts
import storage.actors
from fedcomm import accounts, sessions
from fedcomm.app import App
from storage.accounts import Account
from storage.connect import value
from tests import build
from tests.web.client import bearer
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from web.pages import shown

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
NEW = "another horse battery"


@pytest.fixture
async def account(app: App) -> Account:
    """A member with a real password."""
    return await accounts.create(app, "alice", PASSWORD)


async def signed_in(app: App, account: Account, browser: Browser) -> Browser:
    """The browser, in which the account is signed in."""
    browser.remember("__Host-session", await sessions.open(app, account.id, "Lynx <b>1</b>"))
    return browser


@pytest.fixture
async def here(app: App, account: Account, browsers: Callable[[], Browser]) -> Browser:
    """The browser in which something is done."""
    return await signed_in(app, account, browsers())


@pytest.fixture
async def there(app: App, account: Account, browsers: Callable[[], Browser]) -> Browser:
    """Another browser of the same person."""
    return await signed_in(app, account, browsers())


async def change(browser: Browser, old: str, new: str, again: str) -> Page:
    """Send the form for a new password."""
    return await browser.send(await browser.get("/settings"), "/settings/password", old=old, new=new, again=again)


@pytest.mark.attack("OAU-07", "ADM-04")
async def test_a_new_password_ends_every_other_session_and_every_token(
    app: App, account: Account, here: Browser, there: Browser
) -> None:
    actor = await storage.actors.by_id(account.actor_id)
    token = await build.token(actor)

    answer = await change(here, PASSWORD, NEW, NEW)

    assert answer.headers["location"] == "/settings?done=password"
    assert "is changed" in (await here.open("/settings?done=password")).main
    assert (await here.get("/settings")).status == 200
    assert (await there.get("/settings")).status == 303
    told = await here.client.get("/api/v1/accounts/verify_credentials", headers=bearer(token))
    assert told.status_code == 401
    assert (await accounts.authenticate(app, "alice", NEW)).id == account.id


async def test_a_password_that_cannot_be_changed_so_stays(
    app: App, account: Account, here: Browser, there: Browser
) -> None:
    cases = [
        ("wrong wrong", NEW, NEW, "old"),
        (PASSWORD, NEW, "something else", "again"),
        (PASSWORD, "short", "short", "new"),
        (PASSWORD, "x" * 1001, "x" * 1001, "new"),
    ]
    for old, new, again, field in cases:
        page = await change(here, old, new, again)

        wrong = [each["name"] for each in page.all("input") if each["aria-invalid"] == "true"]
        assert page.status in (403, 422) and page.problem and wrong == [field]
        assert await accounts.authenticate(app, "alice", PASSWORD)
        assert (await there.get("/settings")).status == 200


async def test_language_and_time_zone_change_every_page(app: App, account: Account, here: Browser) -> None:
    actor = await storage.actors.by_id(account.actor_id)
    post = await build.post(actor, "hello", published=1_764_000_000_000)  # 2025-11-24 16:00 UTC
    before = await here.get(f"/@alice/{post.id}")

    answer = await here.send(await here.get("/settings"), "/settings/place", language="de", time_zone="Asia/Tokyo")

    assert answer.status == 303
    after = await here.get(f"/@alice/{post.id}")
    assert before.one("html")["lang"] == "en" and "24 November 2025, 16:00 UTC" in before.main
    assert after.one("html")["lang"] == "de" and "25. November 2025, 01:00 Uhr" in after.main
    assert after.all("time")[0]["datetime"] == "2025-11-25T01:00:00+09:00"
    settings = await here.get("/settings")
    assert settings.one("option", value="de", selected="") and "Einstellungen" in settings.one("h1").text


async def test_a_language_or_zone_that_there_is_not_is_refused(account: Account, here: Browser) -> None:
    for wrong in [{"language": "xx"}, {"time_zone": "../../etc/passwd"}, {"time_zone": "Mars/Base"}]:
        answer = await here.send(await here.get("/settings"), "/settings/place", **wrong)

        assert answer.status == 422 and answer.problem
        assert await value("SELECT language FROM account") == "" and await value("SELECT time_zone FROM account") == ""


@pytest.mark.parametrize(
    ("said", "called"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Firefox/1", "Firefox"),
        ("w3m/0.5.3 on Linux", "w3m/0.5.3 on Linux"),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_its_name(said: str, called: str) -> None:
    assert shown.browser(said) == called


async def test_one_session_can_be_ended_from_another(here: Browser, there: Browser) -> None:
    page = await here.get("/settings")
    (ending,) = [form["action"] for form in page.all("form") if form["action"].startswith("/settings/sessions/")]
    assert page.main.count("Lynx <b>1</b>") == 3 and "(this one)" in page.main

    await here.button(page, ending)

    assert (await there.get("/settings")).status == 303
    assert (await here.get("/settings")).status == 200


@pytest.mark.attack("OAU-13")
async def test_the_session_of_somebody_else_cannot_be_ended(app: App, here: Browser, enter: Enter) -> None:
    other = await enter(await build.person("eve"))
    victim = await value("SELECT MIN(id) FROM session")
    secret = (await other.get("/settings")).form("/settings/sign_out_everywhere").one("input", name="csrf")["value"]

    answer = await other.post(f"/settings/sessions/{victim}/end", {"csrf": secret})

    assert answer.status == 404
    assert (await here.get("/settings")).status == 200


@pytest.mark.attack("OAU-07")
async def test_signing_out_everywhere_leaves_this_browser_only(
    app: App, account: Account, here: Browser, there: Browser
) -> None:
    token = await build.token(await storage.actors.by_id(account.actor_id))

    await here.button(await here.get("/settings"), "/settings/sign_out_everywhere")

    assert (await here.get("/settings")).status == 200
    assert (await there.get("/settings")).status == 303
    told = await here.client.get("/api/v1/accounts/verify_credentials", headers=bearer(token))
    assert told.status_code == 401


@pytest.mark.attack("ADM-22")
async def test_leaving_asks_for_the_password_and_is_for_good(app: App, account: Account, here: Browser) -> None:
    await accounts.create(app, "ada", PASSWORD, role="admin")
    page = await here.get("/settings")

    for fields in ({"password": "wrong wrong", "sure": "true"}, {"password": PASSWORD}, {"sure": "true"}):
        refused = await here.send(page, "/settings/delete", **({"password": ""} | fields))
        assert refused.status in (403, 422) and refused.problem and "open" in refused.one("details").attributes
    answer = await here.send(page, "/settings/delete", password=PASSWORD, sure="true")

    assert answer.status == 303 and "__Host-session" not in here.cookies
    assert await storage.accounts.by_name("alice") is None
    assert (await here.get("/@alice")).status == 404


async def test_the_only_admin_cannot_leave(app: App, account: Account, here: Browser) -> None:
    await accounts.promote(app, "alice", "admin")

    answer = await here.send(await here.get("/settings"), "/settings/delete", password=PASSWORD, sure="true")

    assert answer.status == 409 and "only admin" in answer.problem
    assert (await here.get("/settings")).status == 200
