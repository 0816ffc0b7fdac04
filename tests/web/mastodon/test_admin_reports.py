"""Who looks after the server works on reports with a program: as Mastodon's admin API has it."""

import httpx
import pytest

from fedcomm import settings
from fedcomm.app import App
from storage import audit
from storage.connect import execute, value
from tests import build
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

SCOPES = "admin:read admin:write read write"


@pytest.fixture
async def boss(client: httpx.AsyncClient) -> Member:
    """An admin with a program."""
    return await Member.of(client, await build.person("boss", role="admin"), SCOPES)


async def test_a_report_is_taken_changed_closed_and_opened_again(
    app: App, boss: Member, alice: Member, bob: Member
) -> None:
    await settings.change(app, None, {"rules": ["Be kind.", "No adverts."]})
    post = await bob.post("Buy watches")
    made = await alice.do("reports", account_id=bob.id, status_ids=[post["id"]], comment="Again", rule_ids=["2"])
    where = f"admin/reports/{made['id']}"

    found = await boss.get(where)
    assert Schema().wrong(found, {"$ref": "#/components/schemas/AdminReport"}) == []
    assert (found["account"]["username"], found["target_account"]["username"]) == ("alice", "bob")
    assert (found["statuses"][0]["id"], found["rules"][0]["text"]) == (post["id"], "No adverts.")
    assert await boss.get("admin/reports") == [found]
    taken = await boss.do(f"{where}/assign_to_self")
    assert taken["assigned_account"]["username"] == "boss"
    assert (await boss.do(f"{where}/unassign"))["assigned_account"] is None
    changed = await boss.do(where, "PUT", category="spam", rule_ids=["1"])
    assert (changed["category"], [rule["text"] for rule in changed["rules"]]) == ("spam", ["Be kind."])
    assert (await boss.refused("PUT", where, category="boring"))[0] == 422
    assert (await boss.refused("PUT", where, rule_ids=["3"]))[0] == 422
    done = await boss.do(f"{where}/resolve")
    assert Schema().wrong(done, {"$ref": "#/components/schemas/AdminReport"}) == []
    assert done["action_taken"] and done["action_taken_by_account"]["username"] == "boss"
    assert await boss.get("admin/reports") == [] and ids(await boss.get("admin/reports", resolved="true")) == [
        made["id"]
    ]
    assert await value("SELECT COUNT(*) FROM mention WHERE actor_id = ?", (alice.actor.id,)) == 1  # she is told
    assert await boss.do(f"{where}/reopen") == changed
    assert [each.act for each in await audit.newest(2)] == ["report.reopen", "report.close"]


async def test_lists_have_pages_and_say_nothing_about_who_asks(boss: Member, alice: Member, bob: Member) -> None:
    made = [await alice.do("reports", account_id=bob.id, comment=str(at)) for at in range(3)]
    await bob.do("reports", account_id=boss.id)
    other = await bob.do("reports", account_id=alice.id)

    assert ids(await boss.get("admin/reports", account_id=alice.id)) == [each["id"] for each in reversed(made)]
    assert ids(await boss.get("admin/reports", target_account_id=alice.id)) == [other["id"]]
    assert await boss.get("admin/reports", account_id="1") == []
    pages = await boss.pages("admin/reports", limit=2, target_account_id=bob.id)
    assert [ids(page) for page in pages] == [[made[2]["id"], made[1]["id"]], [made[0]["id"]]]
    mod = await build.person("mod", role="moderator")
    looking = await Member.of(boss.client, mod, SCOPES)
    assert len(await looking.get("admin/reports")) == 5
    await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (mod.id,))
    assert boss.id not in [each["target_account"]["id"] for each in await boss.get("admin/reports")]
    assert (await boss.refused("GET", f"admin/reports/{1}"))[0] == 404
    assert (await alice.refused("GET", "admin/reports"))[0] == 403
