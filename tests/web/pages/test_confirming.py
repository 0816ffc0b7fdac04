"""Where mail is on, who signs up confirms their address; nobody learns whose address is known here."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx
import pytest

import storage.accounts
from fedcomm import accounts, address_blocks, clock, invites, settings
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from fedcomm.jobs import nightly
from storage.connect import value
from tests import build
from tests.mail import MailServer, links, send_all, turn_on
from tests.web.client import bearer
from tests.web.pages.browser import Browser, Page
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def post(app: App, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    """The mail server; mail is on, and everybody may have an account."""
    await settings.change(app, None, {"registration": "open"})
    async with MailServer() as server:
        turn_on(app, server, monkeypatch)
        yield server


async def sign_up(browser: Browser, name: str, email: str, where: str = "/sign-up") -> Page:
    """Fill the form in."""
    return await browser.send(await browser.get(where), where, name=name, password=PASSWORD, email=email)


async def path(app: App, post: MailServer) -> str:
    """Where the link in the last mail leads."""
    await send_all(app)
    return urlsplit(next(each for each in links(post.words()) if "/auth/confirm/" in each)).path


async def state(name: str) -> tuple[str, str | None]:
    """In which state an account is, and with which address its member signs in."""
    found = await storage.accounts.by_name(name)
    return (found.state, found.email_key) if found else ("", None)


@pytest.mark.attack("ADM-06", "ADM-11")
async def test_an_account_can_be_used_once_its_address_is_confirmed(
    app: App, post: MailServer, stranger: Browser, admin: Browser
) -> None:
    form = await stranger.get("/sign-up")
    assert "required" in form.one("input", name="email").attributes and flaws(form) == []
    assert (await sign_up(stranger, "ann", "")).one("input", name="email")["aria-invalid"] == "true"
    waiting = await sign_up(stranger, "ann", "Ann@mail.example")
    assert waiting.status == 200 and "on its way to Ann@mail.example" in waiting.main and flaws(waiting) == []
    assert await state("ann") == ("unconfirmed", None)
    with pytest.raises(NotAllowed, match="confirm your address"):
        await accounts.authenticate(app, "ann", PASSWORD)
    with pytest.raises(NotAllowed, match="do not belong together"):
        await accounts.authenticate(app, "ann@mail.example", PASSWORD)
    assert "has not confirmed" in (await admin.get("/admin/sign_ups")).main

    link = await path(app, post)
    looked_at = await stranger.get(link)
    assert await state("ann") == ("unconfirmed", None) and flaws(looked_at) == []  # a program looked at the link
    done = await stranger.send(looked_at, link)

    assert "Your address is confirmed" in done.main and "/sign_in" in done.links and flaws(done) == []
    assert post.mails[0][1] == "Ann@mail.example" and "home.test as @ann" in post.words(0)
    assert (await accounts.authenticate(app, "ANN@mail.example", PASSWORD)).state == "active"
    assert [(await stranger.send(looked_at, link)).status, (await stranger.get(link)).status] == [404, 404]
    await settings.change(app, None, {"registration": "approval"})
    await sign_up(stranger, "bob", "bob@mail.example")
    notices = "SELECT COUNT(*) FROM notification WHERE kind = 'admin.sign_up'"
    told = await value(notices)
    link = await path(app, post)
    assert "an admin has approved" in (await stranger.send(await stranger.get(link), link)).main
    assert await state("bob") == ("pending", "bob@mail.example") and await value(notices) == told + 1


@pytest.mark.attack("ADM-06")
async def test_an_address_is_of_who_confirms_it_first(app: App, post: MailServer, stranger: Browser) -> None:
    shown = []
    for name in ("ann", "eve"):
        await sign_up(stranger, name, "ann@mail.example")
        shown.append(await stranger.get(await path(app, post)))
    first, second = [urlsplit(str(page.answer.url)).path for page in shown]
    assert (await stranger.send(shown[0], first)).status == 200
    refused = await stranger.send(shown[1], second)
    assert refused.status == 409 and await state("eve") == ("unconfirmed", None)
    invited = (await invites.create(app, None)).removeprefix(app.base_url)
    assert "required" not in (await stranger.get(invited)).one("input", name="email").attributes
    assert (await sign_up(stranger, "cleo", "cleo@mail.example", invited)).status == 303
    assert await state("cleo") == ("active", None)  # who is invited need not wait for a mail
    stranger.client.cookies.clear()
    link = await path(app, post)
    await stranger.send(await stranger.get(link), link)
    assert await state("cleo") == ("active", "cleo@mail.example")


@pytest.mark.attack("PRI-23", "ADM-03")
@pytest.mark.parametrize("mode", ["open", "approval"])
async def test_nobody_but_its_owner_learns_that_an_address_is_known(
    app: App, post: MailServer, browsers: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    await accounts.create(app, "ann", PASSWORD, "ann@mail.example")
    await settings.change(app, None, {"registration": mode})
    seen = []
    for name, email in (("eve", "ann@mail.example"), ("bob", "bob@mail.example")):
        browser, heard = browsers(), []
        page = await sign_up(browser, name, email)
        heard.append((page.status, page.main.replace(email, "")))
        again = await browser.button(await browser.get("/auth/confirm"), "/auth/confirm", email=email)
        heard.append((again.status, again.main))
        for login in (name, email):
            page = await browser.send(await browser.get("/sign_in"), "/sign_in", login=login, password=PASSWORD + "?")
            heard.append((page.status, page.main))
        page = await browser.send(await browser.get("/sign_in"), "/sign_in", login=name, password=PASSWORD)
        seen.append([*heard, (page.status, page.main), await state(name)])
    assert seen[0] == seen[1] and seen[0][-1] == ("unconfirmed", None)

    await send_all(app)

    by_letter = {mail["To"]: mail["Subject"] for _, _, mail in post.mails}
    assert by_letter["ann@mail.example"] == "You have an account already (home.test)"
    assert by_letter["bob@mail.example"] == "Please confirm your address (home.test)"
    assert all(
        "/auth/confirm/" not in post.words(each) for each, (_, to, _) in enumerate(post.mails) if to[:3] == "ann"
    )
    later = clock.now() + 7 * 86_400 + 1
    monkeypatch.setattr(clock, "now", lambda: later)
    await nightly.run(app)
    assert [await state(name) for name in ("eve", "bob", "ann")] == [
        ("", None),
        ("", None),
        ("active", "ann@mail.example"),
    ]
    assert (await sign_up(browsers(), "eve", "eve@mail.example")).status == 200  # the name is free again


async def test_programs_sign_people_up_who_confirm_later(
    app: App, client: httpx.AsyncClient, post: MailServer, stranger: Browser
) -> None:
    own, wish = await build.token(None, "read write"), {"username": "ann", "password": PASSWORD, "agreement": True}
    missing = await client.post("/api/v1/accounts", json=wish, headers=bearer(own))
    assert missing.status_code == 422 and list(missing.json()["details"]) == ["email"]
    answer = await client.post("/api/v1/accounts", json=wish | {"email": "an@mail.example"}, headers=bearer(own))
    token = bearer(answer.json()["access_token"])

    async def ask(method: str, path: str, **named: object) -> tuple[int, object]:
        found = await client.request(method, f"/api/v1/{path}", headers=token, **named)  # type: ignore[arg-type]
        return found.status_code, found.json()

    closed = (403, {"error": "Your login is missing a confirmed e-mail address"})
    assert [await ask("GET", "accounts/verify_credentials"), await ask("GET", "timelines/home")] == [closed, closed]
    assert await ask("GET", "emails/check_confirmation") == (200, False)
    mistaken = await path(app, post)
    assert await ask("POST", "emails/confirmations", json={"email": "ann@mail.example"}) == (200, {})
    await address_blocks.close_email(None, email="closed@mail.example")
    for refused in ("a b@mail.example", "closed@mail.example"):
        assert (await ask("POST", "emails/confirmations", json={"email": refused}))[0] == 422
    link = await path(app, post)
    assert [to for _, to, _ in post.mails] == ["an@mail.example", "ann@mail.example"]
    assert (await stranger.get(mistaken)).status == 404  # who reads mail there confirms nothing any more
    await stranger.send(await stranger.get(link), link)

    assert await ask("GET", "emails/check_confirmation") == (200, True)
    assert (await ask("GET", "accounts/verify_credentials"))[0] == 200
    assert (await ask("POST", "emails/confirmations"))[0] == 403
    assert (await client.post("/api/v1/emails/confirmations", headers=bearer(own))).status_code == 403
    assert (await client.post("/api/v1/emails/confirmations")).status_code == 401


@pytest.mark.attack("ADM-06")
async def test_no_address_gets_mail_after_mail(app: App, post: MailServer, stranger: Browser, limited: None) -> None:
    await sign_up(stranger, "ann", "ann@mail.example")
    answers = []
    for where in ("/auth/confirm", "/auth/password") * 3:
        spelled = "ANN@mail.example" if len(answers) % 2 else "ann@mail.EXAMPLE"  # one address, however it is written
        answers.append((await stranger.send(await stranger.get(where), where, email=spelled)).status)
    assert answers == [303, 303, 303, 303, 429, 429]
    assert (await sign_up(stranger, "eve", "Ann@mail.example")).status == 429
    assert await state("eve") == ("", None)
