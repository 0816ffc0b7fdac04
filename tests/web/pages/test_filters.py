"""Filters with a browser: what they make of posts, and who may change them."""

import re
from collections.abc import Iterator

import pytest

from storage.actors import Actor
from storage.connect import rows, value
from tests import build
from tests.web.pages.browser import Browser, Element
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/settings/filters"


@pytest.fixture
async def browser(alice: Actor, enter: Enter) -> Browser:
    """Her browser."""
    return await enter(alice)


def bare(element: Element, text: str) -> bool:
    """Whether the element says this by itself, where one need not open anything to read it."""
    above: Element | None = element
    while above is not None and above.tag != "details":
        above = above.parent
    return above is None and any(isinstance(each, str) and text in each for each in element.inside)


def told(element: Element) -> Iterator[str]:
    """What the element says before one opens anything in it, to the ear too."""
    yield element["aria-label"] + element["title"]
    for each in element.inside:
        if isinstance(each, str):
            yield each
        elif element.tag != "details" or each.tag == "summary":
            yield from told(each)


async def test_a_filter_is_made_changed_and_deleted(browser: Browser) -> None:
    page = await browser.button(await browser.get(HERE), HERE, title="Football", words="goal\n\n penalty \ngoal")
    assert "Football" in page.main and await value("SELECT COUNT(*) FROM filter_keyword") == 2
    (link,) = [each for each in page.links if each.startswith(f"{HERE}?id=")]

    change = await browser.get(link)
    assert change.one("textarea", id="words").text.split() == ["goal", "penalty"]
    changed = await browser.button(change, HERE, words="offside", effect="hide")

    assert flaws(changed) == [] and "Not shown at all" in changed.main
    assert await rows("SELECT keyword FROM filter_keyword") == [("offside",)]
    (gone,) = [form["action"] for form in changed.all("form") if form["action"].endswith("/delete")]
    await browser.button(changed, gone)
    assert await value("SELECT COUNT(*) FROM filter") == 0


async def test_a_post_with_the_word_is_shown_when_opened_or_not_at_all(alice: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    thread = await build.post(bert, "What a goal", home=[alice])
    await build.post(bert, "Good morning", home=[alice])
    await build.notice(alice, "mention", bert, thread)
    places = ("/home", "/notifications", "/", "/@bert@far.example", f"/@bert@far.example/{thread.id}")

    await browser.button(await browser.get(HERE), HERE, title="Football", words="GOAL")

    for place in places:
        page = await browser.get(place)
        assert "Filtered: Football" in page.main, place
        assert not [each for each in page.one("main").all() if bare(each, "What a goal")], place
    (link,) = [each for each in (await browser.get(HERE)).links if each.startswith(f"{HERE}?id=")]
    change = await browser.get(link)
    await browser.button(change, HERE, effect="hide")
    for place in places[:-1]:
        page = await browser.get(place)
        assert "What a goal" not in page.source, place
    assert "Good morning" in (await browser.get("/home")).main


async def test_pictures_alone_can_be_folded(alice: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    post = await build.post(bert, "A goal", title="Goals", home=[alice], attachments_count=1)
    await build.insert(
        "media", id=post.id, owner_id=bert.id, post_id=post.id, kind="image", mime="image/png", origin="remote",
        remote_url="https://far.example/a.png", description="The keeper", state="remote", created_at=0,
    )  # fmt: skip
    await browser.button(await browser.get(HERE), HERE, title="Football", words="goal", whole="", effect="blur")

    for path in ("/home", f"/@bert@far.example/{post.id}"):
        page = await browser.get(path)
        folded = page.one("main").one("details")
        assert "The keeper" in folded.text and folded.one("summary").text == "Filtered: Football", path
        assert "A goal" in "".join(told(page)) and "Goals" in "".join(told(page)), path
        assert "The keeper" not in "".join(told(page.one("main"))), path
    warn = {"title": "More", "words": "goal", "effect": "warn"}
    await browser.button(await browser.get(HERE), HERE, **warn)
    assert "A goal" not in "".join(told((await browser.get("/home")).one("main")))  # the stricter one counts


async def test_what_is_folded_is_named_nowhere_by_its_words(alice: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    warned = await build.post(bert, "Gardener did it", title="Who did it", summary="The end of a book", sensitive=1)
    secret = await build.post(bert, "Gardener again", sensitive=1)
    found = await build.post(bert, "Gardener with goals", title="All goals", parent=warned, thread_id=warned.id)
    for post in (warned, secret, found):
        await build.notice(alice, "favourite", bert, post)
    await browser.button(await browser.get(HERE), HERE, title="Football", words="goals")
    lists = ("/notifications", "/", "/@bert@far.example")
    forms = (
        "/@bert@far.example/{}",
        "/write?to={}",
        "/report?post={}",
        "/intents/like?object=https://far.example/posts/{}",
    )

    for path in (*lists, *(form.format(post.id) for form in forms for post in (warned, secret, found))):
        page = await browser.get(path)
        assert page.status == 200, path
        unfolded = "".join(told(page)) + page.one("title").text
        unfolded += " ".join(each["content"] for each in page.all("meta"))
        assert "Gardener" not in unfolded and "Who did it" not in unfolded and "All goals" not in unfolded, path
    for post, name in ((warned, "The end of a book"), (secret, "Sensitive content"), (found, "Filtered: Football")):
        page = await browser.get(f"/@bert@far.example/{post.id}")
        assert page.one("title").text.startswith(name) and page.one("meta", property="og:title")["content"] == name
        assert name in page.one("main").text and "Gardener" in page.one("main").text


async def test_a_page_is_full_while_older_posts_are_not_filtered(alice: Actor, browser: Browser) -> None:
    bert, spam = await build.person("bert", "far.example"), await build.person("spam", "far.example")
    kept = []
    for number in range(45):  # the second page of home holds two posts, after many that are hidden
        kept.append(await build.post(bert, f"Number {number:02}", home=[alice]) if number < 22 else None)
        hidden = await build.post(spam, f"Buy watches {number}", home=[alice])
        await build.notice(alice, "mention", spam, hidden)
    await build.notice(alice, "mention", bert, kept[0])
    await build.notice(alice, "favourite", bert)
    await browser.button(await browser.get(HERE), HERE, title="Ads", words="watches", effect="hide")

    first = await browser.get("/home")
    (older,) = [link for link in first.links if "max_id" in link]
    second = await browser.get(older)

    assert [numbers(page) for page in (first, second)] == [[*range(21, 1, -1)], [1, 0]]
    assert not [link for link in second.links if "max_id" in link]  # only what is hidden is older
    assert "Number 00" in (await browser.get("/notifications")).main
    for path in ("/@bert@far.example", "/"):
        assert numbers(await browser.get(path))[0] == 21, path
    page = await browser.get("/@spam@far.example")
    assert "watches" not in page.main and not [link for link in page.links if "max_id" in link]


def numbers(page: Element) -> list[int]:
    """Of the posts on a page, in order."""
    return [int(number) for number in re.findall(r"Number (\d\d)", page.one("main").text)]


async def test_a_filter_that_makes_no_sense_comes_back_in_the_form(browser: Browser) -> None:
    for wrong in ({"title": ""}, {"title": "x" * 300}, {"words": "x" * 600}, {"effect": "explode"}, {"days": "-1"}):
        page = await browser.send(await browser.get(HERE), HERE, **({"title": "Fine", "words": "word"} | wrong))
        assert page.status == 422 and page.problem, wrong
    assert await value("SELECT COUNT(*) FROM filter") == 0


@pytest.mark.attack("OAU-13")
async def test_nobody_sees_or_changes_the_filters_of_others(browser: Browser, enter: Enter) -> None:
    await browser.button(await browser.get(HERE), HERE, title="Football", words="goal")
    filter_id = str(await value("SELECT id FROM filter"))
    eve = await enter(await build.person("eve"))
    page = await eve.get(HERE)
    csrf = page.form("/sign_out").one("input", name="csrf")["value"]

    assert "Football" not in page.source and (await eve.get(f"{HERE}?id={filter_id}")).status == 404
    assert (await eve.post(f"{HERE}/{filter_id}/delete", {"csrf": csrf})).status == 404
    assert (await eve.send(page, HERE, id=filter_id, title="Mine", words="x")).status == 404
    assert await value("SELECT title FROM filter") == "Football"
