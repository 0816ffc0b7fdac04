"""Searching with a browser what is known here."""

import pytest

from fedcomm import posts
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.actors import Actor
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(app: App) -> Actor:
    """A member, who can act."""
    return await person(app, "anna")


@pytest.fixture
async def browser(anna: Actor, enter: Enter) -> Browser:
    """Her browser."""
    return await enter(anna)


async def test_people_groups_tags_and_posts_are_found_by_one_word(app: App, anna: Actor, browser: Browser) -> None:
    await build.group("spelt", title="Spelt lovers")
    bert = await build.person("speltfan", "far.example")
    await posts.create(app, anna, Draft(text="I bake with spelt #speltbread"))

    page = await browser.get("/search?q=spelt")

    people = page.one("section", aria_labelledby="people").text
    assert "Spelt lovers" in people and bert.username in people.lower()
    assert "/tags/speltbread" in page.links
    assert "I bake with" in page.one("section", aria_labelledby="posts").text


@pytest.mark.attack("PRI-17")
async def test_a_search_finds_no_post_that_is_not_for_the_reader(app: App, anna: Actor, browser: Browser) -> None:
    bert = await person(app, "bert")
    await posts.create(app, bert, Draft(text="secret spelt", visibility="private"))

    page = await browser.get("/search?q=spelt")

    assert "secret" not in page.main and "Nothing was found here" in page.main


async def test_many_posts_come_on_pages_that_end(app: App, anna: Actor, browser: Browser) -> None:
    for number in range(25):
        await posts.create(app, anna, Draft(text=f"spelt number {number}"))

    first = await browser.get("/search?q=spelt")
    (link,) = [each["href"] for each in first.all("a", rel="next")]
    second = await browser.get(link)

    assert len(first.one("ul", class_="posts").all("article")) == 20
    assert len(second.one("ul", class_="posts").all("article")) == 5 and not second.all("a", rel="next")


@pytest.mark.attack("XSS-02")
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x>', "%00", "'", "a" * 3000, "offset=x"])
async def test_what_is_sought_is_text_and_nothing_else(browser: Browser, text: str) -> None:
    answer = await browser.client.get("/search", params={"q": text}, headers={"accept": "text/html"})

    assert answer.status_code in (200, 422) and "<script>" not in answer.text and "<img" not in answer.text
