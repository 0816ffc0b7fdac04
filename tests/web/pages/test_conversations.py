"""Direct messages by thread, and what the navigation says of all that waits."""

import pytest

from fedcomm import posts
from fedcomm.app import App
from fedcomm.posts import Draft
from storage import waiting
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.ids import next_id
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/conversations"


@pytest.fixture
async def anna(app: App) -> Actor:
    """A member, who can act."""
    return await person(app, "anna")


@pytest.fixture
async def bert(app: App) -> Actor:
    """Another one."""
    return await person(app, "bert")


async def write(app: App, author: Actor, text: str, to: int | None = None) -> int:
    """Send a direct message."""
    return await posts.create(app, author, Draft(text=text, visibility="direct", in_reply_to_id=to))


def listed(page: Page) -> list[tuple[str, bool]]:
    """The last words of the conversations, and whether they are new."""
    shown = [each.one("h2") for each in page.one("ul", class_="lines").all("li")]
    return [(each.one("a").text, bool(each.all("span", class_="tag"))) for each in shown]


def counts(page: Page) -> dict[str, str]:
    """What the links to lists say of new things in them."""
    return {
        each["href"]: each.one("span", class_="count").text
        for each in page.all("a")
        if each.all("span", class_="count")
    }


async def test_messages_are_new_until_they_are_read(app: App, anna: Actor, bert: Actor, enter: Enter) -> None:
    hers, his = await enter(anna), await enter(bert)
    first = await write(app, anna, "@bert psst")
    await write(app, anna, "@bert something else")
    answer = await write(app, bert, "@anna yes?", first)

    told, read_by_him = await hers.get(HERE), await his.get(HERE)

    assert listed(told) == [("yes?", True), ("something else", False)]
    assert listed(read_by_him) == [("yes?", False), ("something else", True)]
    assert counts(told)[HERE] == "1 new" and flaws(told) == []
    line = told.one("ul", class_="lines").all("li")[0]
    assert line.one("a", class_="person")["href"] == "/@bert" and "you wrote last" not in line.text
    assert line.one("h2").one("a")["href"] == f"/@anna/{first}#post-{answer}"
    await hers.get(f"/@anna/{first}")
    after = await hers.get(HERE)
    assert listed(after)[0] == ("yes?", False) and HERE not in counts(after)
    assert listed(await his.get(HERE))[1][1]  # what he has not read is not read by her


async def test_a_conversation_is_marked_and_put_away(app: App, anna: Actor, bert: Actor, enter: Enter) -> None:
    thread = await write(app, anna, "@bert psst")
    his = await enter(bert)
    action = f"{HERE}/{thread}"

    read = await his.button(await his.get(HERE), action, act="read")
    unread = await his.button(read, action, act="unread")
    odd = await his.send(unread, action, act="explode")
    gone = await his.button(unread, action, act="forget")

    assert (listed(read), listed(unread)) == ([("psst", False)], [("psst", True)])
    assert odd.status == 422 and "Nothing is here" in gone.main
    assert await value("SELECT COUNT(*) FROM post") == 1
    await write(app, anna, "@bert hello?", thread)
    assert listed(await his.get(HERE)) == [("hello?", True)]


@pytest.mark.attack("PRI-02", "OAU-13")
async def test_a_conversation_is_nothing_to_others(app: App, anna: Actor, bert: Actor, enter: Enter) -> None:
    thread = await write(app, anna, "@bert psst")
    eve = await enter(await build.person("eve"))
    page = await eve.get(HERE)
    secret = page.form("/sign_out").one("input", name="csrf")["value"]

    assert "psst" not in page.source and (await eve.get(f"/@anna/{thread}")).status == 404
    for act in ("read", "forget"):
        assert (await eve.post(f"{HERE}/{thread}", {"csrf": secret, "act": act})).status == 404, act
    his = await enter(bert)
    assert (await his.post(f"{HERE}/{thread}", {"csrf": secret, "act": "forget"})).status == 403
    assert await rows("SELECT unread FROM conversation WHERE owner_id = ?", (bert.id,)) == [(1,)]


async def test_conversations_come_on_pages_that_end(app: App, anna: Actor, bert: Actor, enter: Enter) -> None:
    for number in range(32):
        await write(app, anna, f"@bert number {number}")
    his = await enter(bert)

    first = await his.get(HERE)
    second = await his.get(first.one("a", rel="next")["href"])

    assert [text for text, _ in listed(first) + listed(second)] == [f"number {n}" for n in reversed(range(32))]
    assert not second.all("a", rel="next") and counts(first)[HERE] == "32 new"


async def test_every_page_says_what_waits(app: App, anna: Actor, stranger: Browser, enter: Enter) -> None:
    bob, eve = await build.person("bob", "far.example"), await build.person("eve", "far.example")
    for other in (bob, eve):
        await build.follow(other, anna, "pending")
        await build.notice(anna, "follow_request", other)
    await build.block(anna, eve)
    await execute("UPDATE notification SET filtered = 1 WHERE actor_id = ?", (eve.id,))
    browser = await enter(anna)
    told = await browser.client.get("/notifications/unread")

    about, home = await browser.get("/about"), await browser.get("/home")

    assert counts(about) == {"/notifications": "1 new"}
    assert told.json() == {"notices": 1, "requests": 1, "messages": 0} and "no-store" in told.headers["cache-control"]
    assert (await stranger.get("/notifications/unread")).status == 303
    assert counts(home) == {"/notifications": "1 new", "/follow_requests": "1 new"}
    seen = await browser.button(await browser.get("/notifications"), "/notifications/read")
    assert counts(seen) == {"/follow_requests": "1 new"}
    for number in range(1, waiting.MOST + 5):
        await build.insert(
            "notification", id=next_id(), owner_id=anna.id, kind="follow", actor_id=bob.id, report_id=number,
            created_at=build.NOW,
        )  # fmt: skip
    assert counts(await browser.get("/about")) == {"/notifications": "99+ new"}
