"""Another title for a thread, with a browser: given by a moderator, told in the log, edited, and given back."""

import pytest

import storage.actors
from fedcomm import follows, groups, posts, retitling
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.posts import by_id
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def test_a_moderator_gives_a_thread_another_title_and_its_own_back(
    app: App, enter: Enter, stranger: Browser
) -> None:
    moderator, anna = await person(app, "mo"), await person(app, "anna")
    await groups.create(app, "rye", "Rye bread", steward="mo")
    face = await storage.actors.local("rye")
    assert face
    await follows.follow(app, anna, face.id)
    number = await posts.create(app, anna, Draft(text="@rye HELP!!!\n\nIt does not rise."))
    mo, hers, where = await enter(moderator), await enter(anna), f"/moderate/{number}"
    page = await mo.get(where)
    none = await mo.send(page, where, act="title", title=" ")
    thread = await mo.button(page, where, act="title", title="Dough <does not> rise", reason="Say what it is about.")
    log, edit = await stranger.get("/c/rye/modlog"), await hers.get(f"/write/{number}/edit")

    assert none.status == 422 and "needs a title" in none.main
    assert thread.one("h1").text == "Dough <does not> rise" and "It does not rise." in thread.main
    assert "“HELP!!!” → “Dough <does not> rise”" in log.main and "Say what it is about." in log.main
    assert edit.one("textarea", name="text").text.startswith("@rye Dough <does not> rise")
    told = (await stranger.client.get("/api/v1/modlog")).json()
    assert [(each["act"], each["titles"]) for each in told[:1]] == [
        ("retitle", {"old": "HELP!!!", "new": "Dough <does not> rise"})
    ]
    feed = (await stranger.client.get("/c/rye/modlog/feed.atom")).text
    assert "HELP!!!" in feed
    for each in (page, thread, log, edit, again := await mo.get(where)):
        assert flaws(each) == []
    await mo.button(again, where, act="untitle")
    known = await by_id(number)
    assert known and (known.title, known.own_title) == ("HELP!!!", None)
    assert "gave back the title" in (await stranger.get("/c/rye/modlog")).main
    assert not (await mo.get(where)).all("button", value="untitle")


@pytest.mark.thorough("postgres")
@pytest.mark.parametrize(
    "text, title, shown",
    [
        ("@rye HELP\n\nIt is flat.", "HELP with dough", "@rye HELP with dough\n\nIt is flat."),
        ("@rye\nrye\n\nIt is flat.", "Flour of rye", "@rye\nFlour of rye\n\nIt is flat."),
        ("@rye HELP\n\nIt is flat.", "Dough " * 25, "@rye HELP\n\nIt is flat."),  # longer than a line that is a title
        ("@rye HELP https://rye.example\n\nIt is flat.", "Help", "@rye HELP https://rye.example\n\nIt is flat."),
    ],
)
async def test_an_edit_that_leaves_the_title_leaves_that_of_the_moderators(
    app: App, enter: Enter, text: str, title: str, shown: str
) -> None:
    moderator, anna = await person(app, "mo"), await person(app, "anna")
    await groups.create(app, "rye", "Rye bread", steward="mo")
    face = await storage.actors.local("rye")
    assert face
    await follows.follow(app, anna, face.id)
    number = await posts.create(app, anna, Draft(text=text))
    await retitling.retitle(app, moderator, number, title)
    hers, where, before = await enter(anna), f"/write/{number}/edit", await by_id(number)
    for _again in range(2):
        page = await hers.get(where)
        there = "".join(map(str, page.one("textarea", name="text").inside))
        assert there == shown
        assert (await hers.send(page, where, text=there)).status == 303
    known = await by_id(number)
    assert before and known and (known.title, known.content) == (title.strip(), before.content)
