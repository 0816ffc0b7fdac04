"""The log of a group as files, and the button that undoes what somebody did: for whom, and what is in it."""

import csv
import io
import json

import pytest

import storage.actors
import storage.audit
import storage.jobs
from fedcomm import groups, members, rights, rollback
from fedcomm.app import App
from fedcomm.jobs import JOBS
from storage import registers
from storage.actors import Actor
from storage.connect import rows
from storage.groups import Group
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_moderating import act
from web.pages import words

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
    theirs = await enter(bo)
    page = await theirs.get(HERE)
    secret = page.form("/sign_out").one("input", name="csrf")["value"]
    wish = {"csrf": secret, "act": "undo", "id": str(bo.id), "hours": "24"}
    assert not page.all("section", aria_labelledby="undo")
    assert (await theirs.post(HERE, wish)).status == 403 and not await _ordered()

    steward = await enter(await named("mo"))
    page = await steward.get(HERE)
    assert flaws(page) == [] and page.one("section", aria_labelledby="undo").one("option", value=str(bo.id))
    done = await act(steward, "undo", id=str(bo.id), hours="24")

    assert "Done." in done.main and "let undo what was done by" in done.main
    await _work(app)
    assert await registers.get(rye.id, "ban", anna.uri) is None
    again = await act(steward, "undo", id=str(bo.id), hours=str(2**62))
    assert again.status == 404 and "did nothing for this group" in again.problem

    await members.ban(app, "rye", "anna", bo)
    admin = await enter(await person(app, "olga", role="admin"))
    await act(admin, "undo", id=str(bo.id), hours="24")
    await _work(app)
    assert await registers.get(rye.id, "ban", anna.uri) is None
    assert (await storage.audit.newest(1))[0].act == "group.rollback"
    assert (await members.standing(rye, bo)).role == rights.MODERATOR  # whom the steward appointed


@pytest.mark.attack("GRP-23")
def test_whatever_is_done_for_a_group_can_be_undone() -> None:
    """Each act that the log has words for; of new ones somebody has to say how."""
    assert {*words.GROUP_ACTS} - {*rollback.UNDOING, *rollback.SETTINGS} == {"rolled_back"}


async def _ordered() -> list[tuple[int, str]]:
    """What is to be undone: each job and its arguments."""
    return [(job, args) for job, args in await rows("SELECT id, args FROM job WHERE name = 'roll_back'")]


async def _work(app: App) -> None:
    """What the process behind a server does with the job."""
    assert JOBS["roll_back"].do is rollback.work
    ((job, args),) = await _ordered()
    await rollback.work(app, **json.loads(args))
    await storage.jobs.finish(job)
