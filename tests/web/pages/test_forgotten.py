"""A new password by mail: for who has forgotten theirs, and for nobody else."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest

import storage.accounts
from fedcomm import accounts, clock, sessions, tokens
from fedcomm.app import App
from storage.connect import execute, rows, value
from tests.mail import MailServer, links, send_all, turn_on
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

OLD, NEW = "correct horse battery", "another horse battery"


@pytest.fixture
async def post(app: App, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    """The mail server; mail is on."""
    async with MailServer() as server:
        turn_on(app, server, monkeypatch)
        yield server


async def link(app: App, post: MailServer, browser: Browser, address: str = "Ann@mail.example") -> str:
    """The path that a mail to this address leads to."""
    sent = await browser.button(await browser.get("/auth/password"), "/auth/password", email=address)
    assert "a mail with a link is on its way" in sent.main
    await send_all(app)
    return urlsplit(next(each for each in links(post.words()) if "/auth/" in each)).path


@pytest.mark.attack("ADM-05")
async def test_the_link_works_once_and_ends_all_that_is_signed_in(
    app: App, post: MailServer, browsers: Callable[[], Browser]
) -> None:
    ann = await accounts.create(app, "ann", OLD, "ann@mail.example")
    token, cookie = await tokens.issue(app, "ann", "read"), await sessions.open(app, ann.id, "a test")
    stranger = browsers()
    page = await stranger.get("/sign_in")
    assert "/auth/password" in page.links and "/auth/password" not in (await browsers().get("/sign-up")).links
    asking = await stranger.get("/auth/password")
    forged = await stranger.post(
        "/auth/password", {"csrf": asking.one("input", name="csrf")["value"], "email": "ann@mail.example"},
        host="evil.example", x_forwarded_host="evil.example",
    )  # fmt: skip
    assert forged.status in (303, 400, 421)
    path = await link(app, post, stranger)

    assert post.mails[-1][1] == "Ann@mail.example".lower() and "@ann on home.test" in post.words()
    assert all(
        each.startswith("https://home.test") for mail in range(len(post.mails)) for each in links(post.words(mail))
    )
    secret = path.rpartition("/")[2]
    kept = [await rows(f"SELECT * FROM {table}") for table in ("mail_link", "job", "account")]
    assert secret not in str(kept) and await value("SELECT COUNT(*) FROM mail_link") == len(post.mails)
    page = await stranger.get(path)
    short = await stranger.send(page, path, new="short", again="short")
    other = await stranger.send(page, path, new=NEW, again=NEW + "!")
    assert [(each.status, flaws(each)) for each in (page, short, other)] == [(200, []), (422, []), (422, [])]
    assert short.one("input", name="new")["aria-invalid"] == "true" == other.one("input", name="again")["aria-invalid"]
    done = await stranger.button(page, path, new=NEW, again=NEW)

    assert "You can sign in with it now" in done.main and flaws(done) == []
    again = await stranger.send(page, path, new=OLD, again=OLD)
    assert (again.status, (await stranger.get(path)).status) == (404, 404) and "not valid" in again.main
    assert await sessions.find(app, cookie) is None and not await tokens.revoke(token)
    assert (await accounts.authenticate(app, "ann", NEW)).id == ann.id
    assert await value("SELECT COUNT(*) FROM mail_link") == 0
    await send_all(app)
    assert post.mails[-1][2]["Subject"] == "Your password was changed (home.test)"


@pytest.mark.attack("ADM-05", "ADM-23")
async def test_a_link_ends_with_time_and_with_what_it_was_sent_for(
    app: App, post: MailServer, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await accounts.create(app, "ann", OLD, "ann@mail.example")
    for end in ("mail", "password", "state", "time"):
        path = await link(app, post, stranger)
        page = await stranger.get(path)
        assert page.status == 200, end
        if end == "mail":
            await execute("UPDATE account SET email = 'a@b.example', email_key = 'a@b.example'")
        elif end == "password":
            await accounts.set_password(app, "ann", OLD)  # by command
        elif end == "state":
            await accounts.set_suspended(app, "ann", True)
            await execute("DELETE FROM job")  # and the mail that says so
        else:
            late = clock.now() + 2 * 3_600 + 1
            monkeypatch.setattr(clock, "now", lambda late=late: late)
        refused = await stranger.send(page, path, new=NEW, again=NEW)
        assert (refused.status, (await stranger.get(path)).status) == (404, 404), end
        await execute("UPDATE account SET email_key = 'ann@mail.example', state = 'active'")
    found = await storage.accounts.by_id(ann.id)
    assert found and await accounts.authenticate(app, "ann", OLD)


@pytest.mark.attack("ADM-03", "PRI-23")
async def test_known_and_unknown_addresses_are_answered_alike(
    app: App, post: MailServer, browsers: Callable[[], Browser], limited: None
) -> None:
    turned_on = app.config.mail.url == post.url
    await accounts.create(app, "ann", OLD, "ann@mail.example")
    await accounts.create(app, "bob", OLD, "bob@mail.example")
    await accounts.set_suspended(app, "bob", True)
    await execute("DELETE FROM job")  # and the mail that says so
    seen = []
    for address in ("ann@mail.example", "bob@mail.example", "nobody@mail.example", "a'b@mail.example"):
        browser, answers = browsers(), []
        for _time in range(6):
            page = await browser.get("/auth/password")
            answer = await browser.send(page, "/auth/password", email=address)
            after = await browser.open(answer.headers["location"]) if answer.status == 303 else answer
            answers.append((answer.status, after.main, after.headers.keys() - {"retry-after"}))
        waiting = await value("SELECT COUNT(*) FROM job WHERE name = 'send_mail' AND key LIKE ?", (f"%{address}",))
        seen.append((answers, waiting))
    assert turned_on and all(each == seen[0] for each in seen)
    assert [status for status, *_ in seen[0][0]] == [303] * 5 + [429] and seen[0][1] == 1
    await send_all(app)
    assert [recipient for _, recipient, _ in post.mails] == ["ann@mail.example"]
    for tricky in ('"a@evil.example"@mail.example', "ann@mail.example(x)", "ann @mail.example", "a@b@mail.example",
                   "ann@m\u0430il.example", "ann@mail.example, x@y.example", ""):  # fmt: skip
        page = await browser.send(await browser.get("/auth/password"), "/auth/password", email=tricky)
        assert page.status == 422 and page.one("input", name="email")["aria-invalid"] == "true", tricky


async def test_without_mail_admins_give_new_passwords(app: App, stranger: Browser) -> None:
    assert not app.config.mail.url
    page = await stranger.get("/sign_in")
    assert "/auth/password" not in page.links and "The admins of this server" in page.main
    assert (await stranger.get("/auth/password")).status == 404 == (await stranger.get("/auth/password/x")).status
