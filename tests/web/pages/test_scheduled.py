"""The page of what waits for its time, and writing for later, in a browser without JavaScript."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fedcomm import clock, posts, scheduled
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.connect import execute, row, rows, value
from tests.people import person
from tests.pictures import picture
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE, WRITE = "/scheduled", "/write"
JOBS = "SELECT 1 FROM job WHERE name = 'publish_scheduled'"
ZONE = "Asia/Kathmandu"  # far from UTC, and not by whole hours


def later(minutes: float) -> str:
    """The time so many minutes from now as a field of somebody in that zone has it."""
    return f"{datetime.fromtimestamp(clock.now(), ZoneInfo(ZONE)) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


@pytest.fixture
async def anna(app: App, enter: Enter) -> Browser:
    """The browser of a member who lives in that zone."""
    actor = await person(app, "anna")
    await execute("UPDATE account SET time_zone = ?", (ZONE,))
    return await enter(actor)


async def first() -> tuple[int, int]:
    """The id and the time of the one that waits."""
    found = await row("SELECT id, publish_at FROM scheduled_post")
    assert found is not None
    return found[0], found[1]


async def test_a_post_is_written_for_later_moved_and_deleted(app: App, anna: Browser, enter: Enter) -> None:
    chosen = {"pictures[0][file]": ("a.png", picture())}
    wish = {"text": "<b>Soon</b>", "warning": "Care", "publish_at": later(60), "pictures[0][alt]": "A corner"}
    form = await anna.get(WRITE)
    wrong = [await anna.send(form, WRITE, text="x", publish_at=at) for at in ("banana", later(2))]
    sent = await anna.send_with(form, WRITE, chosen, **wish)
    again = [await anna.send(form, WRITE, text="once more", publish_at=at) for at in (later(90), "")]

    listed = await anna.get(HERE)
    waiting, at = await first()
    (line,) = listed.one("ul", class_="lines").all("li")
    bert = await enter(await person(app, "bert"))
    secret = (await bert.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]
    theirs = [
        (await bert.post(path, {"csrf": secret, "publish_at": later(70)})).status
        for path in (f"{HERE}/{waiting}", f"{HERE}/{waiting}/delete")
    ]
    soon = await anna.send(listed, f"{HERE}/{waiting}", publish_at=later(1))
    moved = await anna.button(listed, f"{HERE}/{waiting}", publish_at=later(120))
    _, moved_to = await first()
    gone = await anna.button(moved, f"{HERE}/{waiting}/delete")

    assert [(page.status, page.one("input", id="publish_at")["aria-invalid"]) for page in wrong] == [(422, "true")] * 2
    assert [each.headers["location"] for each in (sent, *again)] == [f"{HERE}?done=kept"] * 3
    assert [flaws(page) for page in (form, wrong[0], listed, soon, gone)] == [[]] * 5
    assert "<b>Soon</b>" in line.text and "Care" in line.text and line.one("img")["alt"] == "A corner"
    assert line.one("input", id=f"at-{waiting}")["value"] == wish["publish_at"] and ZONE in line.text
    assert 56 * 60_000 < at - clock.now_ms() <= 60 * 60_000 and 58 * 60_000 < moved_to - at < 62 * 60_000
    assert theirs == [404, 404] and soon.status == 422 and "five minutes" in soon.problem
    assert "Nothing waits" in gone.main and await value("SELECT COUNT(*) FROM post") == 0
    assert await rows("SELECT scheduled_id FROM media") == [(None,)] and await rows(JOBS) == []


async def test_what_was_refused_says_why_and_is_written_anew(
    app: App, anna: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    bert = await person(app, "bert")
    above = await posts.create(app, bert, Draft(text="What is new?"))
    chosen = {"pictures[0][file]": ("a.png", picture()), "pictures[1][file]": ("b.png", picture())}
    poll = {"options[0]": "Yes", "options[1]": "No", "hours": "72"}
    wish = {"text": "This", "publish_at": later(6), "language": "eo", "pictures[0][alt]": "A corner"}
    await anna.send_with(await anna.get(f"{WRITE}?to={above}"), WRITE, chosen, **wish, **poll)
    waiting, at = await first()
    await posts.delete(app, bert, above)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: at / 1000 + 1)
        await scheduled.publish(app, waiting)

    anna.client.headers["accept-language"] = "de"
    listed = await anna.get(HERE)
    form = await anna.get(f"{WRITE}?anew={waiting}")
    put_off = await anna.send(form, WRITE, publish_at=later(30), **{"pictures[0][alt]": "A round corner"})
    after, _ = await first()
    form = await anna.get(f"{WRITE}?anew={after}")
    sent = await anna.send(form, WRITE, text="That", **{"pictures[1][drop]": "true"})
    twice = await anna.send(form, WRITE, text="That")

    assert "nicht veröffentlicht" in listed.main and "gibt es nicht" in listed.main
    assert flaws(listed) == flaws(form) == [] and form.one("textarea", name="text").text == "This"
    assert form.one("select", id="language").one("option", selected="")["value"] == "eo"
    assert form.one("input", id="option-1")["value"] == "No"
    assert put_off.headers["location"] == f"{HERE}?done=kept" and after != waiting
    assert sent.headers["location"] == twice.headers["location"] != f"{HERE}?done=kept"
    assert await rows("SELECT source FROM post WHERE deleted_at IS NULL") == [("That",)]
    assert await rows("SELECT description FROM media WHERE post_id IS NOT NULL") == [("A round corner",)]
    assert await rows("SELECT COUNT(*) FROM media WHERE scheduled_id IS NOT NULL") == [(0,)]
    assert await rows("SELECT COUNT(*) FROM scheduled_post") == [(0,)] and await rows(JOBS) == []
