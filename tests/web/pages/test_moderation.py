"""All that waits for who looks after groups and the server, on one page, and deciding about many of it at once."""

import msgspec
import pytest

import storage.actors
from fedcomm import appeals, group_profile, groups, members, tokens
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import audit, connect, held, registers
from storage.actors import Actor
from storage.connect import rows, value
from storage.ids import next_id
from tests import build
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_held import rye, wait
from web.pages import moderation

__all__ = ["rye"]

pytestmark = pytest.mark.anyio

PAGE = "/moderation"


def headings(page: Page) -> list[str]:
    """What is in the list, in order."""
    return [each.one("h2").text for each in page.all("article")]


def keys(page: Page, kind: str) -> list[str]:
    """By what the things of a kind are chosen."""
    return [box["value"] for box in page.all("input", name="items[]") if box["value"].startswith(f"{kind}-")]


async def decide(browser: Browser, act: str, items: list[str], **more: str | list[str]) -> Page:
    """Press a button below the list."""
    csrf = (await browser.get(PAGE)).all("input", name="csrf")[0]["value"]
    return await browser.post(PAGE, {"csrf": csrf, "act": act, "items[]": items} | more)


async def take_back(browser: Browser, page: Page) -> Page:
    """Press the button below what was done."""
    return await decide(browser, "undo", [], **{"undo[]": [each["value"] for each in page.all("input", name="undo[]")]})


async def report(group_id: int, reporter: Actor, target: Actor, post: int) -> int:
    """A report to the moderators of a group."""
    report_id = next_id()
    await build.insert(
        "report", id=report_id, uri=f"urn:{report_id}", reporter_id=reporter.id, target_id=target.id, group_id=group_id,
        post_ids=f"[{post}]", comment="Look <b>", state="open", created_at=build.NOW, for_group=1, for_admins=0,
        category="spam",
    )  # fmt: skip
    return report_id


async def crowd(app: App, alice: Actor) -> tuple[Actor, Actor]:
    """In the group of mo one of each waits; gives who wrote it and who reported it."""
    group, face = await groups.named("rye")
    bob = await build.person("bob", "far.example")
    await group_profile.change(app, "rye", Change(rules=("Be kind.", "No adverts."), join_mode="approval"))
    bad = await build.post(bob, "Buy watches", group=group)
    await report(group.id, alice, bob, bad.id)
    await wait(bob, "1", "<p>Let <b>me</b> in</p>")
    await build.follow(await build.person("fay", "far.example"), face, "pending")
    tom = await build.person("tom")
    await members.appoint(app, "rye", tom)
    gone = await build.post(alice, "Mine", group=group, removed_at=build.NOW)
    writes = connect.Writes()
    act = group_profile.acts.record(
        app, writes, group, face, "removed", gone.uri, {"removed": True}, by=tom.uri, uri="https://home.test/act"
    )
    await connect.apply(writes)
    secret = tokens.new()
    await build.insert(
        "appeal", id=next_id(), act_id=act.id, group_id=group.id, post_id=gone.id, author_id=alice.id,
        removed_by=tom.uri, secret_hash=tokens.hash_of(secret), text="", state="open", ends_at=2**50,
    )  # fmt: skip
    await appeals.ask(app, secret, "I was right")
    return bob, alice


async def test_who_decides_about_what_they_did_since_nobody_else_may_is_told_so_and_the_log_says_it(
    app: App, rye: Actor, enter: Enter, alice: Actor
) -> None:
    await crowd(app, alice)
    mo, tom = await storage.actors.local("mo"), await storage.actors.local("tom")
    assert mo and tom
    await connect.execute("UPDATE appeal SET removed_by = ?, proposed_by = ?", (mo.uri, tom.uri))
    number = await value("SELECT id FROM appeal")

    assert "Nobody else may decide about it" in (await (await enter(tom)).get("/c/rye/appeals")).main
    await appeals.decide(app, number, tom, accepted=False, reason="No.")
    assert msgspec.json.decode((await audit.newest(1))[0].detail)["own_act"] is True


async def test_everything_that_waits_is_in_one_list_for_who_decides_about_it(
    app: App, rye: Actor, enter: Enter, alice: Actor, stranger: Browser
) -> None:
    await crowd(app, alice)
    mo = await storage.actors.local("mo")
    assert mo
    ada = await build.person("ada", role="admin")
    await build.insert(
        "caught", id=next_id(), post_uri="https://far.example/spam", actor_id=ada.id, host="far.example", signer="x",
        kind="links", state="waiting", text_key="k", excerpt="Cheap watches", caught_at=build.NOW,
    )  # fmt: skip
    await build.account(await build.person("newt", kind="Service"), state="pending")

    browser = await enter(mo)
    page = await browser.get(PAGE)
    assert flaws(page) == [] and headings(page) == [
        "Report about Bob", "A post by Bob waits", "Fay wants to join", "Alice appeals",
    ]  # fmt: skip
    assert "Buy watches" in page.main and "Let me in" in page.main and "Look <b>" in page.main and "days" in page.main
    assert "many links" in page.main and "I was right" in page.main and "waits for" in page.main
    assert headings(await browser.get(f"{PAGE}?kind=held")) == ["A post by Bob waits"]
    assert headings(await browser.get(f"{PAGE}?group=5")) == [] and (await stranger.get(PAGE)).status == 303

    # Who took the post out does not decide about the appeal, and who looks after nothing decides about nothing.
    tom = await storage.actors.local("tom")
    assert tom and "Alice appeals" not in headings(await (await enter(tom)).get(PAGE))
    assert headings(await (await enter(alice)).get(PAGE)) == []
    answered = await decide(await enter(alice), "let_in", [*keys(page, "held"), *keys(page, "request")])
    assert answered.main.count("it was decided meanwhile") == 2 and await held.count(
        (await groups.named("rye"))[0].id
    ) == 1  # fmt: skip
    staff = await (await enter(ada)).get(PAGE)
    assert headings(staff) == ["First words of Ada", "newt wants an account"]  # others look after the group


async def test_many_things_are_decided_at_once_and_taken_back(
    app: App, rye: Actor, enter: Enter, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, _alice = await crowd(app, alice)
    group, _face = await groups.named("rye")
    mo = await storage.actors.local("mo")
    assert mo
    browser = await enter(mo)
    page = await browser.get(PAGE)
    chosen = [box["value"] for box in page.all("input", name="items[]")]

    sure = await decide(browser, "remove", chosen[:1])
    assert flaws(sure) == [] and "Be kind." in sure.source and "Report about Bob" in sure.main
    assert await value("SELECT COUNT(*) FROM report WHERE state = 'open'") == 1  # nothing is done yet
    done = await browser.send(sure, PAGE, act="remove", reason="Spam", rule="2")
    removal = (await registers.log(group.id))[0]
    assert "Taken out, and the report is closed." in done.main and removal.summary == "(2) No adverts.\nSpam"
    assert await rows("SELECT state, outcome FROM report") == [("closed", "acted")]
    back = await take_back(browser, done)
    assert "Taken back." in back.main and await rows("SELECT state, closed_by FROM report") == [("open", "")]
    assert await value("SELECT COUNT(*) FROM post WHERE removed_at IS NOT NULL") == 1  # what was out before still is

    told = await decide(browser, "turn_down", chosen[1:], sure="true")
    assert told.main.count("Turned down.") == 2 and "Please give a reason" in told.main  # of the appeal
    assert await value("SELECT COUNT(*) FROM held WHERE state = 'refused'") == 1
    again = await take_back(browser, told)
    assert "Taken back." in again.main  # fay is let in after all
    assert "This cannot be decided in that way." in (await decide(browser, "close", chosen[3:])).main
    assert (await decide(browser, "close", [])).status == (await decide(browser, "burn", chosen)).status == 422
    assert (await browser.post(PAGE, {"act": "let_in", "items[]": chosen})).status == 403  # without the secret
    ended = await decide(browser, "let_in", chosen[3:])
    assert "Let in." in ended.main and headings(ended) == ["Report about Bob"]
    assert "Closed." in (await decide(browser, "close", chosen[:1], outcome="none")).main

    # A hundred at once, each whole; and a page is asked for in as many questions as a short one.
    monkeypatch.setattr(moderation, "_LINES", 40)
    for number in range(3):
        await wait(bob, f"few{number}", "<p>Few</p>")
    few = await questions(browser)
    for number in range(8):
        await wait(bob, f"many{number}", "<p>Many</p>")
        await report(group.id, alice, await build.person(f"p{number}", "far.example"), 1)
        await build.follow(await build.person(f"f{number}", "far.example"), _face, "pending")
    assert await questions(browser) <= few + 4  # the two other kinds, and more groups and people
    monkeypatch.setattr(moderation, "_LINES", 20)
    first = await browser.get(PAGE)
    second = await browser.get(first.all("a", rel="next")[0]["href"])
    assert len(headings(first)) == 20 and len(headings(second)) == 7 and flaws(first) == []
    assert not set(keys(first, "held")) & set(keys(second, "held"))
    everything = [*keys(first, "held"), *keys(second, "held")]
    assert len(everything) == 11 and (await decide(browser, "let_in", everything)).main.count("Let in.") == 11
    assert await held.count(group.id) == 0


async def questions(browser: Browser) -> int:
    """How often a page asks the database."""
    engine = connect.current().engine
    real, many, asked = engine.rows, engine.read_many, list[str]()

    async def counting(sql: str, args: connect.Args) -> object:
        asked.append(sql)
        return await real(sql, args)

    engine.rows = counting  # type: ignore[method-assign, assignment]
    try:
        assert (await browser.get(PAGE)).status == 200
    finally:
        engine.rows, engine.read_many = real, many  # type: ignore[method-assign]
    return len(asked)
