"""Terms of service with their versions, who is told of new ones, and what a server says of privacy by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

import storage.actors
from fedcomm import accounts, settings
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.jobs import JOBS, nightly
from storage import bulletins
from storage.connect import execute, rows
from tests.mail import MailServer, send_all, turn_on
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
API = "/api/v1/instance/terms_of_service"


def day(count: int) -> str:
    """So many days from today, as it stands in addresses."""
    return (datetime.now(UTC).date() + timedelta(days=count)).isoformat()


async def told(browser: Browser, path: str = "") -> dict[str, Any]:
    """What a program gets."""
    answer = await browser.client.get(f"{API}{path}")
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {"status": answer.status_code}
    return found


async def test_terms_have_versions_and_everybody_here_is_told_of_new_ones(
    app: App, admin: Browser, stranger: Browser
) -> None:
    await admin.send(await admin.get("/admin/site"), "/admin/site", terms="Be kind", imprint="Ada Baker, Rye 1")
    assert await rows("SELECT id FROM job WHERE name = 'tell_terms'") == []  # of the first nobody need be told
    await execute("UPDATE terms SET effective_at = effective_at - ?", (10 * nightly.DAY,))
    site = await admin.get("/admin/site")
    await admin.send(site, "/admin/site", terms="Be <very> kind", terms_from=day(20))
    await settings.change(app, None, {"terms_from": day(30)})

    now, coming = await told(stranger), await told(stranger, f"/{day(30)}")

    assert (now["content"], now["effective_date"], now["effective"]) == ("<p>Be kind</p>", day(-10), True)
    assert now["succeeded_by"] == day(30) and now == await told(stranger, f"/{day(-10)}")
    assert coming["content"] == "<p>Be &lt;very&gt; kind</p>"
    assert coming["succeeded_by"] is None and coming["effective"] is False
    assert (
        await told(stranger, f"/{day(20)}") == await told(stranger, "/nonsense") == {"status": 404}
    )  # put off in time
    page, later = [await stranger.get(f"/terms-of-service{path}") for path in ("", f"/{day(30)}")]
    assert (
        "They hold since" in page.main and "Be kind" in page.main and page.all("a", href=f"/terms-of-service/{day(30)}")
    )
    assert "They will hold from" in later.main and flaws(page) == flaws(later) == []
    (name, args), *_ = await rows("SELECT name, args FROM job WHERE name = 'tell_terms' ORDER BY id")
    for _twice in range(2):
        await JOBS[name].do(app, **msgspec.json.decode(args))
    (bulletin,) = await bulletins.shown(2**50)
    assert (
        bulletin.text
        == f"From {day(30)} on there are new terms of service: https://home.test/terms-of-service/{day(30)}"
    )
    assert "Ada Baker, Rye 1" in (await stranger.get("/about")).main

    await execute("UPDATE terms SET effective_at = 1 WHERE text = 'Be kind'")
    await execute("UPDATE terms SET effective_at = 90000000 WHERE text <> 'Be kind'")
    assert (await told(stranger))["content"] == coming["content"]  # it holds by itself, once its day has come
    assert "They held from" in (await stranger.get("/terms-of-service/1970-01-01")).main
    with pytest.raises(Invalid):
        await settings.change(app, None, {"terms_from": "soon"})
    await settings.change(app, None, {"terms": "", "terms_from": ""})
    assert await told(stranger) == {"status": 404} and (await told(stranger, "/1970-01-02"))["effective"] is False


async def test_members_are_told_of_new_terms_before_and_see_them_once_when_they_hold(
    app: App, admin: Browser, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await accounts.create(app, "ann", PASSWORD, "ann@mail.example")
    await accounts.create(app, "old", PASSWORD, "old@mail.example")
    await execute("UPDATE account SET last_active_at = 1 WHERE email_key = 'old@mail.example'")
    await accounts.create(app, "mute", PASSWORD)
    who = await storage.actors.by_id(ann.actor_id)
    assert who
    browser, settings_page = await enter(who), "/settings/mail"
    async with MailServer() as post:
        turn_on(app, post, monkeypatch)
        await settings.change(app, None, {"terms": "Be kind"})
        await execute("UPDATE terms SET effective_at = 1, written_at = 1")
        await settings.change(app, None, {"terms": "Be kinder", "terms_from": day(30)})
        ((args,), *_later) = await rows("SELECT args FROM job WHERE name = 'mail_terms' ORDER BY id")
        for _again in range(2):  # as after a process that ended before it noted that the job is done
            await JOBS["mail_terms"].do(app, **msgspec.json.decode(args))
            await send_all(app)
        assert [to for _, to, _mail in post.mails] == ["ann@mail.example"]
        assert f"https://home.test/terms-of-service/{day(30)}" in post.words()
    assert (await browser.get(settings_page)).status == 200  # they do not hold yet

    await settings.change(app, None, {"terms_from": ""})
    first = await browser.get(settings_page)
    terms = await browser.get(first.headers["location"])
    assert (first.status, first.headers["location"]) == (303, "/terms-of-service?next=/settings/mail")
    assert terms.all("a", href="/settings/mail")[-1].text == "Go on"
    assert "Be kinder" in terms.main and "are new. Please read them." in terms.main and flaws(terms) == []
    assert (await browser.get(settings_page)).status == 200
    assert "Please read them." not in (await browser.get("/terms-of-service")).main
    newcomer = await accounts.create(app, "neo", PASSWORD)
    neo = await storage.actors.by_id(newcomer.actor_id)
    assert neo and (await (await enter(neo)).get(settings_page)).status == 200  # who came later knows them


async def test_terms_that_are_taken_away_do_not_wait_for_the_day_of_others(app: App, stranger: Browser) -> None:
    await settings.change(app, None, {"terms": "Be kind"})
    await settings.change(app, None, {"terms": "Be kinder", "terms_from": day(30)})

    after = await settings.change(app, None, {"terms": ""})

    assert (await told(stranger), after.terms_from) == ({"status": 404}, "")


async def test_what_the_server_does_by_itself_stands_where_no_admin_wrote_of_privacy(
    app: App, stranger: Browser
) -> None:
    page = await stranger.get("/privacy-policy")
    german = await stranger.client.get("/privacy-policy", headers={"accept-language": "de"})

    assert f"until they are erased: {nightly.HELD // nightly.DAY} days" in page.main and not flaws(page)
    assert "Was aufbewahrt wird" in german.text
    await settings.change(app, None, {"privacy_policy": "We forget"})
    assert "We forget" in (await stranger.get("/privacy-policy")).main
    assert "until they are erased" not in (await stranger.get("/privacy-policy")).main
