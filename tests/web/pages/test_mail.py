"""Mail to who looks after the server and to members, and the address it goes to."""

import re
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
import pytest

import storage.accounts
import storage.actors
from activitypub import keys
from fedcomm import (
    accounts,
    address_blocks,
    archives,
    casework,
    clock,
    commands,
    confirming,
    groups,
    mail_texts,
    preferences,
    reports,
    sanctions,
    settings,
    staff_mail,
    transparency,
    unattended,
)
from fedcomm.app import App
from fedcomm.mails import Mail
from fedcomm.reports import Complaint
from storage import reports as stored_reports
from storage.actors import Actor
from storage.connect import execute, value
from tests import build
from tests.mail import MailServer, links, send_all, turn_on
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
SOON = 6 * 60_000  # ms


@pytest.fixture
async def post(app: App, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    """The mail server; mail is on."""
    async with MailServer() as server:
        turn_on(app, server, monkeypatch)
        yield server


async def made(app: App, name: str, role: str = "member") -> Actor:
    """Somebody with an address."""
    account = await accounts.create(app, name, PASSWORD, f"{name}@mail.example", role)
    found = await storage.actors.by_id(account.actor_id)
    assert found
    return found


def got(post: MailServer) -> list[tuple[str, str]]:
    """Who got what since the last time."""
    found = [(to.partition("@")[0], mail["Subject"]) for _, to, mail in post.mails]
    post.mails.clear()
    return sorted(found)


async def waits(app: App, post: MailServer, name: str) -> None:
    """Somebody signs up and confirms their address: an admin has to say yes."""
    await accounts.sign_up(app, name, PASSWORD, f"{name}@mail.example")
    await send_all(app)
    token = next(each for each in links(post.words()) if "/auth/confirm/" in each).rpartition("/")[2]
    assert (await confirming.confirm(app, token)).state == "pending"
    post.mails.clear()


async def test_who_looks_after_the_server_hears_by_mail_what_waits(
    app: App, post: MailServer, enter: Enter, stranger: Browser
) -> None:
    ada, mia, ann = await made(app, "ada", "admin"), await made(app, "mia", "moderator"), await made(app, "ann")
    await accounts.create(app, "mute", PASSWORD, role="moderator")  # without an address
    await waits(app, post, "bob")
    await waits(app, post, "cleo")
    await send_all(app)
    assert got(post) == []  # in case more comes
    await send_all(app, SOON)
    words = "2 people wait for an answer to their sign-up on home.test."
    assert got(post) == [("ada", words), ("mia", words)]
    await waits(app, post, "dora")
    for name in ("bob", "cleo", "dora"):
        await accounts.approve(app, name)
    await send_all(app, SOON)
    assert got(post) == []  # nobody waits any more

    await reports.report(app, ann, Complaint(target_id=mia.id, comment="She is <b>rude</b>\r\nBcc: x@y.example"))
    await send_all(app, SOON)
    assert [to for _, to, _mail in post.mails] == ["ada@mail.example"]  # not who it is about
    assert "rude" not in post.words() and "https://home.test/admin/reports" in post.words()
    assert got(post) == [("ada", "There is one open report on home.test.")]

    browser = await enter(ada)
    page = await browser.get("/settings/mail")
    assert flaws(page) == [] and len([each for each in page.all("input") if "checked" in each.attributes]) == 3
    after = await browser.button(page, "/settings/mail/kinds", **{"kinds[]": "sign_ups"})
    assert [each["value"] for each in after.all("input") if "checked" in each.attributes] == ["sign_ups"]
    assert not (await (await enter(ann)).get("/settings/mail")).all("input", type="checkbox")
    await settings.change(app, None, {"registration": "open"})
    long_ago = clock.now_ms() - 8 * 86_400_000
    await execute("UPDATE account SET last_active_at = ?, created_at = 1", (long_ago,))
    await execute("UPDATE setting SET changed_at = ?", (long_ago,))
    await unattended.look(app)
    await reports.report(app, ann, Complaint(target_id=(await made(app, "eve")).id))
    await send_all(app, SOON)
    assert got(post) == [
        ("mia", "There is one open report on home.test."), ("mia", "home.test lets nobody in unasked any more."),
    ]  # fmt: skip


async def test_members_hear_by_mail_what_was_done_about_their_account(
    app: App, post: MailServer, stranger: Browser
) -> None:
    ann = await made(app, "ann")
    account = await storage.accounts.of_actor(ann.id)
    assert account
    for act, text in (("warn", "Be kind.\nPlease."), ("limit", ""), ("freeze", "Enough."), ("suspend", "Too much.")):
        await sanctions.act(app, ann.id, act, None, text)
    await sanctions.act(app, ann.id, "restore", None, "not told")
    await sanctions.act(app, ann.id, "sensitive", None, "told by nobody", tell=False)
    await sanctions.act(app, ann.id, "note", None, "told by nobody")
    await send_all(app)
    texts = sorted(post.words(number) for number in range(len(post.mails)))
    assert len(texts) == 4 and "told by nobody" not in str(texts)
    assert all("https://home.test/auth/appeal/" in each and each.startswith("@ann: ") for each in texts)
    assert "warns you. > Be kind. > Please." in texts[-1] and "suspended your account. > Too much." in texts[-2]
    await preferences.set_place(account, "de", "")
    await archives.order(app, ann)
    for _made_then_sent in range(2):
        await send_all(app)
    mail = post.mails[-1][2]
    assert mail["Content-Language"] == "de" and "/settings/data" in post.words() and "angemeldet" in post.words()


@pytest.mark.attack("ADM-05", "ADM-06", "PRI-23")
async def test_both_addresses_agree_to_a_new_one(app: App, post: MailServer, enter: Enter, stranger: Browser) -> None:
    ann, _eve = await made(app, "ann"), await made(app, "eve")
    browser = await enter(ann)

    async def ask(email: str, password: str = PASSWORD) -> str:
        page = await browser.get("/settings/mail")
        answer = await browser.send(page, "/settings/mail/address", email=email, password=password)
        return answer.headers.get("location", "") or answer.problem

    async def paths() -> dict[str, str]:
        await send_all(app)
        found = {
            to: urlsplit(next(each for each in links(post.words(number)) if "/auth/" in each)).path
            for number, (_, to, _) in enumerate(post.mails)
        }
        post.mails.clear()
        return found

    async def key() -> str | None:
        found = await storage.accounts.of_actor(ann.id)
        return found.email_key if found else None

    assert "password is another one" in await ask("new@mail.example", "guessed it")
    await address_blocks.close_email(None, email="closed@mail.example")
    assert "Please give another one" in await ask("closed@mail.example")
    assert "not an e-mail address" in await ask("a b@mail.example") and "already" in await ask("ANN@mail.example")
    assert await paths() == {}
    assert await ask("eve@mail.example") == "/settings/mail?done=sent" == await ask("none@mail.example")
    assert sorted(await paths()) == ["ann@mail.example", "none@mail.example"]  # the other address is not asked

    assert await ask("new@mail.example") == "/settings/mail?done=sent"
    first = await paths()
    for order in (("ann@mail.example", "new@mail.example"), ("new@mail.example", "ann@mail.example")):
        await execute(
            "UPDATE account SET email = ?, email_key = ? WHERE actor_id = ?", (*["ann@mail.example"] * 2, ann.id)
        )
        await ask("new@mail.example")
        both = await paths()
        for number, address in enumerate(order):
            page = await stranger.get(both[address])
            assert page.status == 200 and flaws(page) == [] and await key() == "ann@mail.example"  # a look is no yes
            answer = await stranger.send(page, both[address])
            assert answer.status == 200 and ("has its new address" in answer.main) == (number == 1), order
            assert (await stranger.send(page, both[address])).status == 404  # a yes counts once
        assert await key() == "new@mail.example"
    assert [(await stranger.get(path)).status for path in first.values()] == [404, 404]
    assert await value("SELECT COUNT(*) FROM mail_link") == 0
    assert re.search("with new@mail.example", (await browser.get("/settings/mail")).main)


async def test_without_mail_the_password_is_enough_for_another_address(app: App, enter: Enter) -> None:
    ann = await made(app, "ann")
    await made(app, "eve")
    browser = await enter(ann)
    for email, signs_in in (("new@mail.example", True), ("eve@mail.example", False)):
        page = await browser.get("/settings/mail")
        after = await browser.button(page, "/settings/mail/address", email=email, password=PASSWORD)
        assert flaws(after) == [] and email in after.main
        found = await storage.accounts.of_actor(ann.id)
        assert found and found.email == email and (found.email_key == email) == signs_in
    for address, signs_in in (("a@mail.example", True), ("EVE@mail.example", False), ("", False)):
        assert await commands.run(app, "account.email", {"name": "ann", "address": address}) == {"signs_in": signs_in}
        found = await storage.accounts.of_actor(ann.id)
        assert found and found.email == address
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'account.email'") == 3


async def test_who_looks_after_a_group_hears_by_mail_what_waits_there_if_they_ask_for_it(
    app: App, post: MailServer, enter: Enter
) -> None:
    mo, _kai, ann, bo = [await made(app, name) for name in ("mo", "kai", "ann", "bo")]
    await groups.create(app, "rye", "Rye", steward="mo")
    await groups.create(app, "oats", "Oats", steward="kai")
    rye, _face = await groups.named("rye")
    bad = await build.post(bo, "Buy watches", group=rye)
    complaint = Complaint(target_id=bo.id, post_ids=(bad.id,), comment="Canary", to_admins=False)

    await reports.report(app, ann, complaint)
    await send_all(app, SOON)
    assert got(post) == []  # nobody has asked for it
    browser = await enter(mo)
    page = await browser.get("/settings/mail")
    assert flaws(page) == [] and [each["value"] for each in page.all("input", type="checkbox")] == ["groups"]
    await browser.button(page, "/settings/mail/kinds", **{"kinds[]": "groups"})
    account = await storage.accounts.of_actor(mo.id)
    assert account and [kind for kind in staff_mail.KINDS if staff_mail.wants(account, kind)] == list(staff_mail.KINDS)
    await reports.report(app, bo, msgspec.structs.replace(complaint, target_id=ann.id, post_ids=(
        (await build.post(ann, "Nothing", group=rye)).id,
    )))  # fmt: skip
    await send_all(app, SOON)
    text = post.words()
    assert got(post) == [("mo", "2 things wait for you in your groups on home.test.")]
    assert "https://home.test/moderation" in text and "Canary" not in text and "asked for it" in text


@pytest.mark.attack("OAU-08", "ADM-05")
async def test_one_click_of_a_mail_program_stops_a_kind_of_mail_and_nothing_else(
    app: App, post: MailServer, stranger: Browser
) -> None:
    ada, ann = await made(app, "ada", "admin"), await made(app, "ann")
    app.service_key = keys.make_rsa(), ""
    await reports.report(app, ann, Complaint(target_id=(await made(app, "eve")).id))
    await send_all(app, SOON)
    mail = post.mails[-1][2]
    path = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    account = await storage.accounts.of_actor(ada.id)
    assert account

    async def wanted() -> list[str]:
        now = await storage.accounts.of_actor(ada.id)
        assert now
        return [kind for kind in staff_mail.OF_STAFF if staff_mail.wants(now, kind)]

    page = await stranger.get(path)  # as programs do that look for bad links
    assert page.status == 200 and flaws(page) == [] and await wanted() == list(staff_mail.OF_STAFF)
    parts = {path[:-1] + "0", path[:-1] + "1", path.replace("reports", "closed"), path.replace("reports", "terms")}
    whose = {path.replace(str(account.id), str(account.id + 1)), f"/auth/mail/{account.id}-reports-", "/auth/mail/x"}
    for other in (parts | whose) - {path}:
        answer = await stranger.client.post(other, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 404, other
    assert await wanted() == list(staff_mail.OF_STAFF)
    for _again in range(2):
        answer = await stranger.client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and await wanted() == ["sign_ups", "closed"]
    assert "You get no more mail of this kind." in (await stranger.send(page, path)).main


@pytest.mark.attack("ADM-05")
async def test_who_was_suspended_appeals_once_by_the_link_in_the_mail_and_gets_an_answer(
    app: App, post: MailServer, enter: Enter, stranger: Browser
) -> None:
    ada, ann, eve = await made(app, "ada", "admin"), await made(app, "ann"), await made(app, "eve")
    await sanctions.act(app, ann.id, "suspend", None, "Too much.")
    await sanctions.act(app, eve.id, "warn", None, "Be kind.")
    await send_all(app)
    path = urlsplit(next(each for each in links(words_to(post, "ann")) if "/auth/appeal/" in each)).path
    number, secret = path.rpartition("/")[2].split(".")
    sent = await storage.accounts.of_actor(ann.id)
    assert sent
    once_more = await mail_texts.sanction(app, Mail(1, "sanction", sent.id, about=int(number)))
    assert once_more  # as after a process that ended before it noted that the mail is sent
    theirs = urlsplit(next(each for each in links(words_to(post, "eve")) if "/auth/appeal/" in each)).path
    post.mails.clear()

    page = await stranger.get(path)
    assert flaws(page) == [] and "Too much." in page.main
    crossed = theirs.replace(theirs.rpartition("/")[2].split(".")[0], number)
    for wrong in (
        crossed,
        f"/auth/appeal/{number}.x",
        "/auth/appeal/x",
        f"/auth/appeal/.{secret}",
        f"/auth/appeal/{'9' * 19}.x",
    ):
        assert (await stranger.get(wrong)).status == 404, wrong
    assert (await stranger.post(path, {"text": "I did not"})).status == 403  # which another site makes a browser send
    assert "say why" in (await stranger.send(page, path, text=" ")).problem
    assert "you get a mail" in (await stranger.send(page, path, text="It was <b>not</b> me")).main
    assert (await stranger.get(path)).status == 404 == (await stranger.send(page, path, text="Again")).status
    assert (await stranger.get(urlsplit(once_more.paragraphs[-2]).path)).status == 404

    browser = await enter(ada)
    listed = await browser.get("/admin/reports")
    assert "Appeal against what was done about the account" in listed.main and "It was <b>not</b> me" in listed.main
    (report,) = await stored_reports.about(ann.id, 5)
    assert report.objects and not msgspec.structs.replace(report, post_ids=[1]).objects  # as others can say it
    counted = await transparency.count(time.gmtime(clock.now()).tm_year, clock.now_ms())
    assert (counted.reports.total, counted.appeals["asked"], counted.appeals["rejected"]) == (0, 1, 0)
    account = await storage.accounts.of_actor(ada.id)
    assert account
    await casework.close(app, await casework.of_server(account), report.id, "none", "We looked\nat it twice.")
    counted = await transparency.count(time.gmtime(clock.now()).tm_year, clock.now_ms())
    assert (counted.reports.total, counted.appeals["asked"], counted.appeals["rejected"]) == (0, 1, 1)
    await send_all(app)
    (text,) = [post.words(number) for number, (_, to, _mail) in enumerate(post.mails) if to == "ann@mail.example"]
    assert "What was decided stays. > We looked > at it twice." in text


def words_to(post: MailServer, name: str) -> str:
    """The text of the last mail to somebody."""
    found = [number for number, (_, to, _mail) in enumerate(post.mails) if to == f"{name}@mail.example"]
    return post.words(found[-1])
