"""The page of what waits for an answer in a group: who is first, who takes what, and who is new here."""

import pytest

from fedcomm.app import App
from storage.connect import execute
from storage.ids import next_id
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HOUR = 3_600_000


async def test_members_take_what_waits_and_others_see_it(app: App, stranger: Browser, enter: Enter) -> None:
    now = next_id() >> 16
    greta, anna, group = await build.person("greta"), await build.person("anna"), await build.group("rye")
    carol, dora = await build.person("carol", "far.test"), await build.person("dora", "far.test")
    for member in (greta, anna):
        await build.join(member, group)
    for ago in (90, 80, 70, 49, 2, 0):
        await build.post(carol, title=f"Of {ago}", group=group, id=next_id(now - ago * HOUR - 1))
    new = await build.post(dora, title="New question", group=group)
    answered = await build.post(dora, title="Answered", group=group, id=next_id(now - 5 * HOUR))
    await build.post(greta, group=group, parent=answered)
    here = "/c/rye/unanswered"

    page = await (await enter(greta)).get(here)
    lines = [each.text for each in page.one("main").all("li")]
    titles = [each.text for each in page.one("main").all("h2")]
    assert titles == ["Of 90", "Of 80", "Of 70", "New question", "Of 49", "Of 2"] and flaws(page) == []
    assert "new here" in lines[0] and "waits for 3 days" in lines[0] and "waits for 2 hours" in lines[5]
    assert "came this minute" in lines[3] and "new here" in lines[3] and "new here" not in lines[4]

    taking = await enter(anna)
    taken = await taking.button(await taking.get(here), f"{here}/{new.id}", act="take")
    other = await (await enter(greta)).get(here)
    (line,) = [each for each in other.one("main").all("li") if "New question" in each.text]
    assert "Anna takes it" in line.text and not line.all("form")
    assert "I cannot after all" in (await taking.get(here)).main and taken.status == 200
    await taking.button(await taking.get(here), f"{here}/{new.id}", act="back")
    assert "takes it" not in (await stranger.get(here)).main

    await execute("UPDATE post SET locked = 1 WHERE id = ?", (new.id,))
    shown = await stranger.get(here)
    assert "New question" not in shown.main and not shown.one("main").all("form")
    eve = await enter(await build.person("eve"))
    assert not (await eve.get(here)).one("main").all("form")
    secret = (await eve.get("/write")).all("input", name="csrf")[0]["value"]
    assert (await eve.post(f"{here}/{new.id}", {"csrf": secret, "act": "take"})).status == 403
    assert here in (await stranger.get("/c/rye")).links


async def test_the_first_three_posts_of_somebody_are_marked(app: App, stranger: Browser) -> None:
    ann, carol, group = await build.person("ann"), await build.person("carol", "far.test"), await build.group("rye")
    begun = [await build.post(carol, title=f"Thread {number}", group=group) for number in range(2)]
    for number in range(2):
        await build.post(carol, f"Answer {number}", group=group, parent=begun[0])
    outside = await build.post(ann, title="Elsewhere")

    group_page, thread = await stranger.get("/c/rye"), await stranger.get(f"/@carol@far.test/{begun[0].id}")
    marked = [each.text for each in thread.all("article") if "new here" in each.text]
    assert [("new here" in each.text) for each in group_page.one("main").all("li") if "Thread" in each.text] == [
        True
    ] * 2
    assert len(marked) == 2 and "Answer 0" in marked[1] and "Answer 1" not in marked[1]
    assert "new here" not in (await stranger.get(f"/@ann/{outside.id}")).main
