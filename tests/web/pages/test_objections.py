"""Who objects to what was done about their account is answered by somebody else than who did it, if there is any."""

import httpx
import msgspec
import pytest

import storage.accounts
from fedcomm import casework, docket, mail_texts, objections, sanctions
from fedcomm.app import App
from fedcomm.docket import Keeper
from fedcomm.errors import NotAllowed
from fedcomm.mails import Mail
from storage import audit, reports
from storage import sanctions as stored
from storage.actors import Actor
from storage.connect import execute
from storage.reports import Report
from tests import build
from tests.web.mastodon.member import Member
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio

APART = "You did yourself what this appeal is against."


@pytest.fixture
async def ann(app: App) -> Actor:
    """A member with an address."""
    made = await build.person("ann")
    await execute("UPDATE account SET email_key = 'ann@mail.example' WHERE actor_id = ?", (made.id,))
    return made


async def number(actor: Actor) -> int:
    """That of their account."""
    account = await storage.accounts.of_actor(actor.id)
    assert account
    return account.id


async def objected(app: App, ann: Actor, by: Actor) -> Report:
    """What ann says against the warning that she got from `by`."""
    assert await sanctions.act(app, ann.id, "warn", await storage.accounts.of_actor(by.id), "Be kind.")
    (made, *_earlier) = await stored.of(ann.id)
    letter = await mail_texts.sanction(app, Mail(1, "sanction", await number(ann), about=made.id))
    assert letter
    await objections.ask(app, letter.paragraphs[-2].rpartition("/")[2], "I was")
    return (await reports.about(ann.id, 1))[0]


async def case(actor: Actor, report: Report) -> bool:
    """Whether it is among what waits for somebody."""
    keeper = Keeper(actor, await storage.accounts.of_actor(actor.id))
    return f"case-{report.id}" in await docket.several(keeper, [f"case-{report.id}"])


async def test_who_did_it_decides_about_no_appeal_against_it_while_somebody_else_may(
    app: App, client: httpx.AsyncClient, enter: Enter, ann: Actor
) -> None:
    ada, mo = await build.person("ada", role="admin"), await build.person("mo", role="moderator")
    report = await objected(app, ann, mo)
    program = await Member.of(client, mo, "admin:read admin:write read write")
    browser = await enter(mo)
    page = await browser.get(where := f"/admin/reports/{report.id}")
    csrf = page.all("input", name="csrf")[0]["value"]

    assert APART in page.main and "Somebody else who looks after the server decides." in page.main
    assert not page.all("button", value="close") and not page.all("button", value="assign")
    for fields in ({"act": "assign"}, {"act": "close", "outcome": "none"}):
        assert (await browser.post(where, fields | {"csrf": csrf})).status == 403
    for act in ("assign_to_self", "resolve"):
        assert (await program.refused("POST", f"admin/reports/{report.id}/{act}"))[0] == 403
    with pytest.raises(NotAllowed):
        await sanctions.act(app, ann.id, "limit", await storage.accounts.of_actor(mo.id), "So!", report.id)
    assert len(await stored.of(ann.id)) == 1 and [await case(who, report) for who in (mo, ada)] == [False, True]
    assert (await browser.post(where, {"act": "note", "note": "She was not.", "csrf": csrf})).status == 303
    assert APART not in (await (await enter(ada)).get(where)).main
    account = await storage.accounts.of_actor(ada.id)
    assert account
    await casework.close(app, await casework.of_server(account), report.id, "acted")
    assert (await browser.post(where, {"act": "reopen", "csrf": csrf})).status == 403
    assert "own_act" not in (await audit.newest(1))[0].detail


async def test_who_did_it_decides_where_nobody_else_may_and_page_log_and_mail_say_so(
    app: App, enter: Enter, ann: Actor
) -> None:
    mo, _ned = await build.person("mo", role="admin"), await build.person("ned", role="moderator")
    await execute("UPDATE account SET role = 'moderator' WHERE actor_id = ?", (ann.id,))  # whom only admins act about
    report = await objected(app, ann, mo)
    browser = await enter(mo)
    page = await browser.get(where := f"/admin/reports/{report.id}")

    assert APART in page.main and "Nobody else may decide about it" in page.main and await case(mo, report)
    wish = {"act": "close", "outcome": "none", "csrf": page.all("input", name="csrf")[0]["value"]}
    assert (await browser.post(where, wish)).status == 303
    (told, *_rest) = await audit.newest(1)
    assert (told.act, msgspec.json.decode(told.detail)["own_act"]) == ("report.close", True)
    assert "about what they did themselves" in (await browser.get("/admin/log")).main
    letter = await mail_texts.objection(app, Mail(1, "objection", await number(ann), about=report.id))
    assert letter and "It was decided by who had done it, for nobody else here may." in letter.paragraphs
