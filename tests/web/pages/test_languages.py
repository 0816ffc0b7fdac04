"""In which language a page is, and at whose clock it shows the time."""

import pytest

import storage.accounts
from fedcomm import preferences
from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import everything
from tests.web.pages.world import World, made
from web.languages import wanted

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("de", "de"), ("de-AT,de;q=0.9,en;q=0.5", "de"), ("en;q=0.4,de;q=0.8", "de"), ("fr,de;q=0.1", "de"),
     ("fr", "en"), ("de;q=0,en", "en"), ("DE", "de"), ("*", "en"), ("de;q=x", "en"), (",;q=;,,", "en"),
     ("x" * 9000 + ",de", "de"), ("fr," * 50 + "de", "en"), ("de;q=NaN", "en"), ("de;q=²", "en")],
)  # fmt: skip
def test_the_best_language_there_is(header: str, language: str) -> None:
    assert wanted(header) == language


async def test_a_browser_that_asks_for_german_gets_german(app: App, stranger: Browser) -> None:
    page = await stranger.get("/sign_in", accept_language="de-DE,de;q=0.9")

    assert page.one("html")["lang"] == "de" and page.one("h1").text == "Anmelden"
    assert page.one("title").text.startswith("Anmelden")


async def test_the_language_of_the_account_goes_before_that_of_the_browser(
    app: App, alice: Actor, enter: Enter
) -> None:
    account = await storage.accounts.by_name("alice")
    assert account
    await preferences.set_place(account, "en", "")

    page = await (await enter(alice)).get("/settings", accept_language="de")

    assert page.one("html")["lang"] == "en" and page.one("h1").text == "Settings"


async def test_errors_are_told_in_the_language_of_the_page(app: App, stranger: Browser) -> None:
    stranger.client.headers["accept-language"] = "de"
    page = await stranger.get("/sign-up")

    wrong = await stranger.send(page, "/sign-up", name="anna", password="kurz")
    missing = await stranger.get("/@nobody")

    assert wrong.problem == "Das Passwort muss mindestens 8 Zeichen haben."
    assert "Hier gibt es niemanden dieses Namens." in missing.main and missing.one("html")["lang"] == "de"


async def test_a_sentence_with_a_value_is_told_with_it(app: App, alice: Actor, enter: Enter) -> None:
    group = await build.group("rye")
    await build.join(alice, group)
    browser = await enter(alice)
    browser.client.headers["accept-language"] = "de"

    page = await browser.send(await browser.get("/write?group=rye"), "/write", title="x", text="y" * 20_000)

    assert page.problem == f"Ein Beitrag darf {app.config.limits.post_characters} Zeichen haben."


async def test_programs_are_told_in_the_language_that_they_ask_for(app: App, stranger: Browser) -> None:
    path, german = "/api/v1/nothing", {"accept-language": "de", "accept": "*/*"}
    accepted = await stranger.client.get(path, headers=german)
    named = await stranger.client.get(path, params={"lang": "de-AT"}, headers={"accept": "*/*"})
    in_a_body = await stranger.client.post("/api/v1/apps", data={"lang": "de"})
    unknown = await stranger.client.get(path, params={"lang": "tlh"}, headers={"accept": "*/*"})

    assert accepted.json() == named.json() == {"error": "Hier ist nichts, oder es ist nicht für dich."}
    assert in_a_body.json()["error"].startswith("Bitte gib")
    assert unknown.json() == {"error": "There is nothing here, or it is not for you."}


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_can_be_read_in_every_language(
    app: App, stranger: Browser, enter: Enter, language: str
) -> None:
    world: World = await made(app)
    stranger.client.headers["accept-language"] = language

    for path, page, status in await everything(world, stranger, enter, language):
        assert (page.status, page.one("html")["lang"]) == (status, language), path
        assert "%(" not in page.source and "{" not in page.main, path


async def test_the_time_is_that_of_the_reader(app: App, alice: Actor, stranger: Browser, enter: Enter) -> None:
    account = await storage.accounts.by_name("alice")
    assert account
    await preferences.set_place(account, "", "America/New_York")
    post = await build.post(alice, "hello", published=1_764_000_000_000)  # 2025-11-24 16:00 UTC

    theirs = await stranger.get(f"/@alice/{post.id}")
    ours = await (await enter(alice)).get(f"/@alice/{post.id}")

    assert theirs.all("time")[0].text == "24 November 2025, 16:00 UTC"
    assert ours.all("time")[0].text == "24 November 2025, 11:00"
    assert ours.all("time")[0]["datetime"] == "2025-11-24T11:00:00-05:00"


@pytest.mark.parametrize("published", [-(10**18), 10**18, 0, -1])
async def test_a_time_that_cannot_be_breaks_no_page(app: App, alice: Actor, stranger: Browser, published: int) -> None:
    post = await build.post(alice, "hello", published=published)

    assert (await stranger.get(f"/@alice/{post.id}")).status == 200
