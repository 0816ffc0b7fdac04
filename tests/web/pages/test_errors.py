"""Pages of errors say what is wrong and what one can do; nothing of the inside."""

import pytest

import storage.timelines
from fedcomm import clock
from fedcomm.app import App
from storage.actors import Actor
from storage.errors import Unavailable
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def test_an_address_that_leads_nowhere_says_what_to_do(app: App, stranger: Browser) -> None:
    page = await stranger.get("/no/such/page")

    assert page.status == 404 and flaws(page) == []
    assert page.one("main").all("li") and "/sign_in" in page.one("main").all("a")[0]["href"]
    assert page.one("meta", name="robots")["content"] == "noindex"


async def test_who_is_signed_in_is_known_on_the_page_of_an_error(app: App, alice: Actor, enter: Enter) -> None:
    browser = await enter(alice)

    for path in ("/no/such/page", "/@nobody", "/admin"):
        page = await browser.get(path)
        assert page.status in (403, 404) and page.form("/sign_out"), path
        await browser.get("/settings")
    assert (await browser.button(page, "/sign_out")).status == 200


async def test_a_method_that_is_not_answered_is_told_as_a_page(app: App, stranger: Browser) -> None:
    page = await stranger.post("/about", {})

    assert page.status == 405 and page.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in page.main and page.one("main").all("li")


@pytest.mark.attack("ADM-16")
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(ZeroDivisionError("secret of the inside"), 500, "Something went wrong"),
     (Unavailable("disk full at /secret/path"), 503, "cannot reach its data")],
)  # fmt: skip
async def test_what_goes_wrong_inside_stays_inside(
    app: App, stranger: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    async def fails(*args: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(storage.timelines, "public", fails)

    page = await stranger.get("/")

    assert page.status == status and words in page.main and flaws(page) == []
    assert "secret" not in page.source and "Traceback" not in page.source
    assert "minute" in page.one("main").one("ul").text


async def test_a_form_that_cannot_be_read_changes_nothing(app: App, alice: Actor, enter: Enter) -> None:
    browser = await enter(alice)

    answer = await browser.client.post(
        "/settings/place", content=b"{broken", headers={"content-type": "application/json", "accept": "text/html"}
    )

    assert answer.status_code == 400 and "<h1>" in answer.text


async def test_a_page_is_read_without_its_body_by_head(app: App, stranger: Browser) -> None:
    answer = await stranger.client.head("/about", headers={"accept": "text/html"})

    assert answer.status_code == 200 and answer.content == b"" and int(answer.headers["content-length"]) > 500


async def test_forms_can_be_sent_often_but_not_without_end(
    app: App, limited: None, alice: Actor, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await enter(alice)
    page = await browser.get("/find")
    present = clock.now()
    monkeypatch.setattr(clock, "now", lambda: present)

    for path, most in (("/find", 60), ("/like/5", 300)):
        secret = page.form("/find").one("input", name="csrf")["value"]
        answers = [(await browser.post(path, {"csrf": secret, "address": ""})).status for _ in range(most + 1)]
        assert answers == [404] * most + [429], path

    refused = await browser.post("/like/5", {})
    assert int(refused.headers["retry-after"]) > 0 and "Wait some minutes" in refused.main
    assert (await browser.get("/about")).status == 200
