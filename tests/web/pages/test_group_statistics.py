"""Whether people belong in a group: exact figures of a story of three weeks, as a page, for whom the group is."""

import re
from pathlib import Path

import pytest

import web
from fedcomm import belonging
from fedcomm.app import App
from fedcomm.belonging import Figures, Span
from storage.actors import Actor
from storage.connect import execute, rows
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONDAY = 4 * DAY
WEEK = 7 * DAY
LATEST = (build.NOW - MONDAY) // WEEK * WEEK + MONDAY  # the Monday of the last week
NOW = LATEST + 3 * DAY


async def said(author: Actor, group: Group, at: int, parent: Post | None = None, language: str = "") -> Post:
    """Something that was said at that time."""
    return await build.post(author, group=group, parent=parent, language=language, id=next_id(at + 1))


async def three_weeks() -> Group:
    """A group, and what happened in it."""
    greta, robot = await build.person("greta"), await build.person("robot", "far.test", bot=1)
    ben, cleo, dora = [await build.person(name, "far.test") for name in ("ben", "cleo", "dora")]
    group = await build.group("rye", title="Rye bread")
    await execute("UPDATE groups SET created_by = ? WHERE id = ?", (greta.id, group.id))
    await said(dora, group, LATEST - 20 * WEEK)
    first = LATEST - 2 * WEEK + HOUR
    talk = await said(ben, group, first, language="en")
    await said(greta, group, first + 30 * MINUTE, talk, "en")
    await said(cleo, group, first + 2 * HOUR, talk, "de")
    second = LATEST - WEEK + HOUR
    late = await said(cleo, group, second, language="en")
    fed = await said(robot, group, second + HOUR, language="en")
    await said(robot, group, second + HOUR, late)
    await said(greta, group, second + 2 * DAY, late)
    await said(greta, group, second + 2 * DAY, fed)
    await said(dora, group, NOW - 2 * HOUR)
    gone = await said(ben, group, LATEST + HOUR)
    await execute("UPDATE post SET removed_at = 1 WHERE id = ?", (gone.id,))
    return group


async def test_the_figures_of_a_group_are_exact(app: App) -> None:
    group = await three_weeks()

    found = await belonging.count(group.id, NOW)

    assert found.weeks[:9] == [Span(LATEST - n * WEEK, 0, 0, 0, None, 0, 0, 0) for n in range(11, 2, -1)]
    assert found.weeks[9:] == [
        Span(LATEST - 2 * WEEK, 1, 1, 1, minutes=30, together=1, wrote=3, came_back=0),
        Span(LATEST - WEEK, 2, 1, 0, minutes=2880, together=0, wrote=2, came_back=2),
        Span(LATEST, 1, 0, 0, minutes=None, together=0, wrote=1, came_back=1),
    ]
    assert found.whole == Span(LATEST - 11 * WEEK, 4, 2, 1, minutes=1455, together=1, wrote=4, came_back=3)
    assert (found.waiting, found.languages) == (2, [("en", 4), ("de", 1)])


async def test_the_page_shows_them_in_a_picture_and_a_table_and_counts_once_an_hour(
    app: App, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await three_weeks()
    figures, counted = await belonging.count(group.id, NOW), list[int]()

    async def count(group_id: int, _now: int) -> Figures:
        counted.append(group_id)
        return figures

    monkeypatch.setattr(belonging, "count", count)
    pages = [await stranger.get("/c/rye/statistics") for _round in range(2)]

    page = pages[1]
    assert counted == [group.id] and pages[0].main == page.main and flaws(page) == []
    assert [each.text for each in page.all("dd")] == ["1 of 2", "24 hours", "1 of 4", "3 of 4", "2"]
    table = [[cell.text for cell in row.all("td")] for row in page.all("tr")]
    assert table[2] == ["2", "0 of 1", "2 days", "0", "2", "2"] and table[-1][0] == "4" and len(table) == 14
    picture = page.one("svg")
    assert (
        picture["role"] == "img"
        and picture.one("title").text
        and "4 wrote, and 3 came back" in picture.one("desc").text
    )
    assert [(bar["class"], bar["height"]) for bar in picture.all("rect")] == [
        ("all", "100"), ("all", "66"), ("part", "66"), ("all", "33"), ("part", "33"),
    ]  # fmt: skip
    await execute("UPDATE group_statistics SET counted_at = counted_at - ?", (HOUR,))
    await stranger.get("/c/rye/statistics")
    assert len(counted) == 2 and len(await rows("SELECT 1 FROM group_statistics")) == 1


@pytest.mark.attack("PRI-26")
async def test_figures_of_a_group_for_members_are_for_members(app: App, stranger: Browser, enter: Enter) -> None:
    member, other, group = await build.person("member"), await build.person("other"), await build.group("rye")
    await build.join(member, group)
    await execute("UPDATE groups SET visibility = 'members'")

    for path in ("/c/rye/statistics", "/c/rye/unanswered"):
        seen = [(await browser.get(path)).status for browser in (stranger, await enter(other), await enter(member))]
        assert seen == [404, 404, 200], path


def test_no_page_tells_how_often_something_was_looked_at() -> None:
    folder = Path(web.__file__).parent
    texts = {
        path: path.read_text(encoding="utf-8") for path in (*folder.rglob("*.html"), *(folder / "pages").rglob("*.py"))
    }

    assert len(texts) > 100
    counting = re.compile(r"\bviews?\b(?!=flat|\"\) ==)|impression", re.IGNORECASE)  # `?view=flat` is how
    assert [path.name for path, text in texts.items() if counting.search(text)] == []
