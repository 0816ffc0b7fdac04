"""Signing in and out: cookies, the secret in the form, and where one is sent afterwards."""

from collections.abc import Callable

import pytest

from fedcomm import accounts
from fedcomm.app import App
from storage.connect import value
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def alice(app: App) -> None:
    """Somebody with a real password."""
    await accounts.create(app, "alice", PASSWORD, "alice@mail.example")


async def sign_in(browser: Browser, login: str = "alice", password: str = PASSWORD, next_: str = "") -> str:
    """Fill in the form; gives where one is sent then."""
    page = await browser.get("/sign_in" + (f"?next={next_}" if next_ else ""))
    answer = await browser.send(page, "/sign_in", login=login, password=password)
    assert answer.status == 303, answer.problem
    return answer.headers["location"]


@pytest.mark.parametrize("login", ["alice", "@alice", "ALICE", "alice@mail.example"])
async def test_a_member_signs_in_with_their_name_or_address(alice: None, stranger: Browser, login: str) -> None:
    assert await sign_in(stranger, login) == "/"

    page = await stranger.get("/settings")
    assert page.status == 200 and page.one("nav", aria_label="Site").text.endswith("Sign out")


@pytest.mark.attack("ADM-03")
async def test_a_wrong_name_and_a_wrong_password_look_the_same(alice: None, stranger: Browser) -> None:
    page = await stranger.get("/sign_in")

    wrong = await stranger.send(page, "/sign_in", login="alice", password="something else")
    nobody = await stranger.send(page, "/sign_in", login="nobody1", password="something else")

    assert wrong.status == nobody.status == 422
    assert wrong.problem == nobody.problem != ""
    assert wrong.one("input", name="login")["value"] == "alice" and wrong.one("input", name="password")["value"] == ""
    assert wrong.one("input", name="login")["aria-invalid"] == "true"
    assert await value("SELECT COUNT(*) FROM session") == 0


@pytest.mark.attack("ADM-04")
async def test_the_session_cookie_is_for_this_site_only_and_new_each_time(alice: None, stranger: Browser) -> None:
    page = await stranger.get("/sign_in")
    stranger.remember("__Host-session", "chosen-by-somebody-else")

    answer = await stranger.send(page, "/sign_in", login="alice", password=PASSWORD)

    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-session=")]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= parts and not any(p.startswith("domain") for p in parts)
    assert "chosen-by-somebody-else" not in cookie
    first = stranger.cookies["__Host-session"]
    await sign_in(stranger, next_="/about")
    assert stranger.cookies["__Host-session"] != first
    assert await value("SELECT COUNT(*) FROM session") == 1


@pytest.mark.attack("ADM-04")
async def test_after_signing_out_the_cookie_is_worth_nothing(alice: None, stranger: Browser) -> None:
    await sign_in(stranger)
    stolen = stranger.cookies["__Host-session"]

    await stranger.button(await stranger.get("/settings"), "/sign_out")

    assert "__Host-session" not in stranger.cookies
    stranger.remember("__Host-session", stolen)
    assert (await stranger.get("/settings")).status == 303


@pytest.mark.attack("OAU-08")
@pytest.mark.parametrize(
    "change",
    [{"csrf": ""}, {"csrf": "guessed"}, {"headers": {"origin": "https://evil.example"}},
     {"headers": {"origin": "null"}}, {"headers": {"sec_fetch_site": "cross-site"}}],
    ids=str,
)  # fmt: skip
async def test_another_site_cannot_sign_somebody_in_or_out(alice: None, stranger: Browser, change: dict) -> None:
    page = await stranger.get("/sign_in")
    fields = {"login": "alice", "password": PASSWORD, "csrf": page.one("input", name="csrf")["value"]}
    forged = fields | ({"csrf": change["csrf"]} if "csrf" in change else {})

    refused = await stranger.post("/sign_in", forged, **change.get("headers", {}))

    assert refused.status == 403 and "__Host-session" not in stranger.cookies
    await sign_in(stranger)
    secret = (await stranger.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]
    refused = await stranger.post("/sign_out", {"csrf": change.get("csrf", secret)}, **change.get("headers", {}))
    assert refused.status == 403 and (await stranger.get("/settings")).status == 200


@pytest.mark.attack("OAU-08")
async def test_the_secret_of_one_browser_is_worth_nothing_in_another(
    alice: None, browsers: Callable[[], Browser]
) -> None:
    mine, theirs = browsers(), browsers()
    secret = (await mine.get("/sign_in")).one("input", name="csrf")["value"]
    await theirs.get("/sign_in")

    answer = await theirs.post("/sign_in", {"login": "alice", "password": PASSWORD, "csrf": secret})

    assert answer.status == 403


ELSEWHERE = (
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example", "///evil",
    "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "@evil.example",
    "/%5C\\evil.example", " //evil.example", "https:/evil.example",
)  # fmt: skip
HERE = {"/c/rye?max_id=5": "/c/rye?max_id=5", "/c/größe": "/c/gr%C3%B6%C3%9Fe", "/%2F%2Fevil": "/%2F%2Fevil"}


@pytest.mark.attack("XSS-13")
async def test_nobody_is_sent_to_another_site_after_signing_in(alice: None, stranger: Browser) -> None:
    page = await stranger.get("/sign_in")

    for target, wanted in (dict.fromkeys(ELSEWHERE, "/") | HERE).items():
        answer = await stranger.send(page, "/sign_in", login="alice", password=PASSWORD, next=target)
        assert (answer.status, answer.headers["location"]) == (303, wanted), target


async def test_a_page_for_members_is_shown_after_signing_in(alice: None, stranger: Browser) -> None:
    sent = await stranger.get("/settings")

    page = await stranger.get(sent.headers["location"])
    answer = await stranger.send(page, "/sign_in", login="alice", password=PASSWORD)

    assert answer.headers["location"] == "/settings"


async def test_who_is_signed_in_needs_no_form(alice: None, stranger: Browser) -> None:
    await sign_in(stranger)

    assert (await stranger.get("/sign_in")).headers["location"] == "/"


async def test_a_suspended_member_is_told_so_and_shut_out(app: App, alice: None, stranger: Browser) -> None:
    await sign_in(stranger)
    await accounts.set_suspended(app, "alice", True)

    assert (await stranger.get("/settings")).status == 303
    page = await stranger.get("/sign_in")
    answer = await stranger.send(page, "/sign_in", login="alice", password=PASSWORD)
    assert answer.status == 422 and "suspended. Whom you can ask about it stands here: https://home.test/about" in (
        answer.problem
    )
    for reason in ("Spam <b>again</b>", ""):  # the last one counts
        await accounts.set_suspended(app, "Alice", False)
        await accounts.set_suspended(app, "Alice", True, reason=reason)
        answer = await stranger.send(page, "/sign_in", login="alice", password=PASSWORD)
        assert ("Spam <b>again</b> (Whom you can ask" in answer.problem) is bool(reason) and flaws(answer) == []
        guess = await stranger.send(page, "/sign_in", login="alice", password="wrong wrong")
        assert "Spam" not in guess.problem and "suspended" not in guess.problem  # that is said to nobody else


@pytest.mark.attack("ADM-01")
async def test_guessing_passwords_comes_to_an_end(limited: None, alice: None, stranger: Browser) -> None:
    page = await stranger.get("/sign_in")

    for _ in range(30):
        answer = await stranger.send(page, "/sign_in", login="alice", password="wrong wrong")
        if answer.status == 429:
            break

    assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
    assert "Wait some minutes" in answer.main


async def test_a_try_out_without_https_is_signed_in_to_as_well(
    app: App, alice: None, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "base_url", "http://127.0.0.1:8420")
    stranger.client.base_url = "http://127.0.0.1:8420"  # type: ignore[assignment]

    await sign_in(stranger)

    assert set(stranger.cookies) == {"form", "session"}
    assert (await stranger.get("/settings")).status == 200
