"""The log of a group as files, and the button that undoes what somebody did: for whom, and what is in it."""

import csv
import io
import json

import pytest

import storage.actors
import storage.audit
import storage.jobs
import storage.posts
from fedcomm import curation, groups, members, posts, rights, rollback
from fedcomm.app import App
from fedcomm.jobs import JOBS
from fedcomm.posts import Draft
from storage import registers
from storage.actors import Actor
from storage.connect import rows
from storage.groups import Group
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page, filled
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from web.pages import deeds

pytestmark = pytest.mark.anyio

HERE = "/c/rye/moderate"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
async def rye(app: App) -> Group:
    """A group of ours: mo is its steward, bo its moderator, who has banned anna."""
    mo, bo, _anna = [await person(app, name) for name in ("mo", "bo", "anna")]
    await groups.create(app, "rye", "Rye bread", steward=mo.username)
    await members.appoint(app, "rye", bo, mo)
    await members.ban(app, "rye", "anna", bo, reason=FORMULA)
    return (await groups.named("rye"))[0]


async def named(name: str) -> Actor:
    """Somebody here."""
    return await storage.actors.local(name) or pytest.fail("nobody")


@pytest.mark.attack("GRP-10")
async def test_the_whole_log_can_be_taken_along_and_by_nobody_else(
    app: App, rye: Group, enter: Enter, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.group_log.AT_ONCE", 2)
    await members.unban(app, "rye", "anna")
    log = await registers.log(rye.id)
    admin = await enter(await person(app, "olga", role="admin"))

    for browser in (await enter(await named("bo")), admin):
        as_csv, as_json = [await browser.get(f"/c/rye/log.{ending}") for ending in ("csv", "json")]
        lines = list(csv.reader(io.StringIO(as_csv.source)))
        assert lines[0][:4] == ["when", "who", "what", "subject"] and len(lines) == len(log) + 1 == 5
        assert [line[6] for line in lines[1:]] == [each.uri for each in log]
        assert FORMULA not in [cell for line in lines for cell in line]  # no spreadsheet counts it (attack ADM-24)
        told = json.loads(as_json.source)
        assert [(each["what"], each["why"]) for each in told][1] == ("ban", FORMULA) and len(told) == len(log)
        assert told[0]["undoes"] and told[0]["value"] == ""
    for browser in (stranger, await enter(await person(app, "otto")), await enter(await named("anna"))):
        refused = await browser.get("/c/rye/log.json")
        assert refused.status in (303, 403, 404) and FORMULA not in refused.source
    assert (await admin.get("/c/rye/log.exe")).status == 404


@pytest.mark.attack("GRP-23")
async def test_stewards_and_admins_undo_all_that_somebody_did_with_one_button(
    app: App, rye: Group, enter: Enter
) -> None:
    """Who only moderates does not see it, and is refused."""
    bo, anna = await named("bo"), await named("anna")
    theirs, where = await enter(bo), f"/c/rye/undo?who={bo.uri}&hours=24"
    page = await theirs.get(HERE)
    secret = page.form("/sign_out").one("input", name="csrf")["value"]
    assert not page.all("section", aria_labelledby="undo") and (await theirs.get(where)).status == 403
    assert (await theirs.post("/c/rye/undo", {"csrf": secret, "who": bo.uri, "hours": "24"})).status == 403
    assert not await _ordered()

    steward = await enter(await named("mo"))
    page = await steward.get(HERE)
    assert flaws(page) == [] and page.one("section", aria_labelledby="undo").one("option", value=bo.uri)
    before = await steward.get(where)
    assert flaws(before) == [] and "banned" in before.main and FORMULA in before.main and not await _ordered()
    done = await _undo(steward, where)
    assert "Done." in done.main and "let undo what was done by" in done.main and flaws(done) == []
    await _work(app)
    assert await registers.get(rye.id, "ban", anna.uri) is None
    assert "nothing of theirs" in (await steward.get(f"/c/rye/undo?who={bo.uri}&hours={2**62}")).main
    again = await steward.post("/c/rye/undo", await _wish(steward, bo))
    assert again.status == 404 and "did nothing for this group" in again.problem

    await members.ban(app, "rye", "anna", bo)
    admin = await enter(await person(app, "olga", role="admin"))
    await _undo(admin, where)
    await _work(app)
    assert await registers.get(rye.id, "ban", anna.uri) is None
    assert (await storage.audit.newest(1))[0].act == "group.rollback"
    assert (await members.standing(rye, bo)).role == rights.MODERATOR  # whom the steward appointed


async def test_the_log_is_looked_through_in_pages_and_what_was_taken_out_is_put_back(
    app: App, rye: Group, enter: Enter
) -> None:
    bo, cy = await named("bo"), await person(app, "cy")
    await build.join(cy, rye)
    post_id = await posts.create(app, cy, Draft(text="@rye Cheap ovens"))
    await curation.remove(app, bo, post_id)
    for _each in range(21):
        await members.unban(app, "rye", "anna", bo)
        await members.ban(app, "rye", "anna", bo)
    browser, seen, path = await enter(bo), 0, "/c/rye/log"

    while path:
        page = await browser.get(path)
        assert flaws(page) == []
        seen += len(page.one("tbody").all("tr"))
        path = next((each["href"] for each in page.all("a", rel="next")), "")

    assert seen == len(await registers.log(rye.id)) > 40
    done = await browser.button(page, "/c/rye/log", act="restore")
    found = await storage.posts.by_id(post_id)
    assert found and found.removed_at is None and "Done." in done.main


@pytest.mark.attack("GRP-23")
def test_whatever_is_done_for_a_group_can_be_undone() -> None:
    """Each act that the log has words for; of new ones somebody has to say how."""
    assert {*deeds.GROUP_ACTS} - {*rollback.UNDOING, *rollback.SETTINGS} == {"rolled_back"}


async def _ordered() -> list[tuple[int, str]]:
    """What is to be undone: each job and its arguments."""
    return [(job, args) for job, args in await rows("SELECT id, args FROM job WHERE name = 'roll_back'")]


async def _work(app: App) -> None:
    """What the process behind a server does with the job."""
    assert JOBS["roll_back"].do is rollback.work
    ((job, args),) = await _ordered()
    await rollback.work(app, **json.loads(args))
    await storage.jobs.finish(job)


async def _wish(browser: Browser, who: Actor) -> dict[str, str]:
    page = await browser.get(HERE)
    return {"csrf": page.form("/sign_out").one("input", name="csrf")["value"], "who": who.uri, "hours": "24"}


async def _undo(browser: Browser, where: str) -> Page:
    page = await browser.get(where)
    (form,) = [each for each in page.one("main").all("form") if each["method"] == "post"]
    answer = await browser.post("/c/rye/undo", filled(form))
    assert answer.status == 303
    return await browser.open(answer.headers["location"])
