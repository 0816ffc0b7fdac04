"""Who looks after the server acts on accounts with a program: as Mastodon's admin API has it."""

import asyncio
from itertools import product
from typing import Any

import httpx
import pytest

import storage.accounts
from fedcomm import accounts, erasing, sanctions
from fedcomm.app import App
from storage import audit
from storage import sanctions as stored
from storage.connect import execute, value
from tests import build
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

SCOPES = "admin:read admin:write read write"
PASSWORD = "correct horse battery"


@pytest.fixture
async def boss(client: httpx.AsyncClient) -> Member:
    """An admin with a program."""
    return await Member.of(client, await build.person("boss", role="admin"), SCOPES)


async def test_a_sign_up_is_approved_or_turned_away(app: App, boss: Member) -> None:
    names = {name: (await accounts.sign_up(app, name, PASSWORD, reason="I bake.")).actor_id for name in ("new", "spam")}

    (spam, new) = await boss.get("/api/v2/admin/accounts", status="pending")
    assert (new["id"], new["approved"], new["invite_request"]) == (str(names["new"]), False, "I bake.")
    assert (await boss.do(f"admin/accounts/{new['id']}/approve"))["approved"]
    assert (await boss.do(f"admin/accounts/{spam['id']}/reject"))["username"] == "spam"

    assert await boss.get("admin/accounts", pending="true") == []
    assert (await accounts.authenticate(app, "new", PASSWORD)).state == "active"
    assert (await boss.refused("POST", f"admin/accounts/{new['id']}/approve"))[0] == 409
    assert (await boss.refused("POST", f"admin/accounts/{spam['id']}/reject"))[0] == 404


@pytest.mark.parametrize(
    ("kind", "shows", "back"),
    [("silence", "silenced", "unsilence"), ("sensitive", "sensitized", "unsensitive"),
     ("suspend", "suspended", "unsuspend"), ("disable", "disabled", "enable")],
)  # fmt: skip
async def test_an_act_is_done_once_told_kept_and_taken_back(
    app: App, client: httpx.AsyncClient, boss: Member, kind: str, shows: str, back: str
) -> None:
    alice = await Member.of(client, await build.person("alice"))
    path = f"admin/accounts/{alice.id}"
    before = await boss.get(path)

    for _twice in range(2):
        assert await boss.do(f"{path}/action", type=kind, text="Rule 2") == {}

    assert await boss.get(path) == before | {shows: True} | {"account": (await boss.get(path))["account"]}
    assert ids(await boss.get("admin/accounts", **{shows: "true"})) == [alice.id]
    (kept,) = await stored.of(alice.actor.id)
    assert (kept.text, kept.made_by) == ("Rule 2", "@boss")
    assert await value("SELECT COUNT(*) FROM audit") == 1
    if kind in ("suspend", "disable"):
        for method, asked in (("GET", "notifications"), ("GET", "timelines/public"), ("POST", "statuses")):
            said = await alice.refused(method, asked, status="Let me")
            assert said == (403, "Your login is currently disabled"), asked
    assert await boss.do(f"{path}/{back}") == before
    assert await boss.do(f"{path}/{back}") == before
    (told,) = await alice.get("notifications", **{"types[]": "moderation_warning"})  # with the token from before
    assert (told["moderation_warning"]["action"], told["moderation_warning"]["text"]) == (kind, "Rule 2")
    page = (await alice.get("/api/v2/notifications", **{"types[]": "moderation_warning"}))["notification_groups"]
    assert page[0]["moderation_warning"] == told["moderation_warning"]
    assert await alice.get("notifications") == []  # programs that do not know it are not given it
    assert [each.act for each in await stored.of(alice.actor.id)] == [_BACK[back], kept.act]


_BACK = {"unsilence": "unlimit", "unsensitive": "unsensitive", "unsuspend": "restore", "enable": "unfreeze"}


async def test_a_warning_with_its_report_and_what_is_not_told(
    app: App, client: httpx.AsyncClient, boss: Member
) -> None:
    alice = await Member.of(client, await build.person("alice"))
    reporter = await Member.of(client, await build.person("rita"))
    report = await reporter.do("reports", account_id=alice.id, comment="Spam")
    path = f"admin/accounts/{alice.id}/action"

    assert (await boss.refused("POST", path, type="none"))[0] == 422
    assert (await boss.refused("POST", path, type="none", text="Mind rule 2", report_id="77"))[0] == 404
    assert await stored.of(alice.actor.id) == []
    await boss.do(path, type="none", text="Mind rule 2", report_id=report["id"])
    await boss.do(path, type="silence", send_email_notification=False)

    assert await value("SELECT state FROM report") == "closed"
    (told,) = await alice.get("notifications", **{"types[]": "moderation_warning"})
    assert (told["moderation_warning"]["action"], told["account"]["id"]) == ("none", alice.id)
    assert [each.act for each in await audit.newest(3)] == ["account.limit", "report.close", "account.warn"]


async def test_people_are_found_by_what_they_are(app: App, boss: Member) -> None:
    far = await build.person("far", "far.example")
    mia = await build.person("mia", role="moderator")
    under = await build.person("a_c")
    await build.person("abc")
    await build.group("rye")
    await build.group("oats", "far.example")
    await execute("UPDATE actor SET name = 'Farah' WHERE id = ?", (far.id,))
    await execute("UPDATE actor SET name = '100 %' WHERE id = ?", (under.id,))
    await execute("UPDATE account SET email = 'Mia@Mail.example' WHERE actor_id = ?", (mia.id,))

    async def names(path: str = "/api/v2/admin/accounts", **wanted: Any) -> set[str]:
        return {each["username"] for each in await boss.get(path, **wanted)}

    assert await names() == {"boss", "far", "mia", "a_c", "abc", "oats"}
    assert await names(origin="remote") == await names("admin/accounts", remote="true") == {"far", "oats"}
    assert await names(origin="local", status="active") == {"boss", "mia", "a_c", "abc"}
    assert await names(by_domain="FAR.example", display_name="ara") == {"far"}
    assert await names(username="a_") == {"a_c"} and await names(display_name="%") == {under.username}
    assert await names(email="mia@") == {"mia"} and await names(permissions="staff") == {"boss", "mia"}
    assert await names(**{"role_ids[]": "2"}) == {"mia"} and await names(status="suspended") == set()
    pages = await boss.pages("/api/v2/admin/accounts", limit=2)
    assert [len(page) for page in pages] == [2, 2, 2]
    assert ids(await boss.get("admin/accounts", min_id=str(far.id), limit=1)) == [str(mia.id)]


@pytest.mark.attack("ADM-10")
async def test_who_may_do_what_about_whom(app: App, client: httpx.AsyncClient, boss: Member) -> None:
    people = {name: await build.person(name, role=role) for name, role in (
        ("mia", "moderator"), ("max", "moderator"), ("bob", "member"), ("alice", "member"))}  # fmt: skip
    mia, bob = [await Member.of(client, people[name], SCOPES) for name in ("mia", "bob")]
    far = await build.person("far", "far.example")

    async def status(by: Member, whom: str, what: str = "action", **wish: Any) -> int:
        path = f"admin/accounts/{whom}" + (f"/{what}" if what else "")
        method = "POST" if what else "DELETE"
        return (await by.ask(method, path, json={"type": "silence"} | wish)).status_code

    alice = str(people["alice"].id)
    assert await status(bob, alice) == 403 and (await bob.refused("GET", "admin/accounts"))[0] == 403
    assert (await bob.refused("GET", f"admin/accounts/{alice}"))[0] == 403
    for whom in ("boss", "max", "mia"):  # neither who is above, nor beside, nor oneself
        assert await status(mia, boss.id if whom == "boss" else str(people[whom].id)) == 403, whom
    assert await status(boss, boss.id) == 403
    assert await value("SELECT COUNT(*) FROM sanction") == 0
    assert await status(mia, alice) == 200 and await status(mia, str(far.id), type="suspend") == 200
    assert await status(mia, str(far.id), what="") == 403  # only admins delete
    assert await status(boss, str(far.id), type="disable") == 422  # signs in elsewhere
    assert await status(boss, alice, type="explode") == 422 and await status(boss, "7") == 404
    assert await status(boss, str((await build.group("rye")).actor_id)) == 404


@pytest.mark.attack("ADM-22")
async def test_only_who_is_suspended_is_deleted(app: App, boss: Member) -> None:
    alice, far = await build.person("alice"), await build.person("far", "far.example")
    await build.post(alice)

    for person in (alice, far):
        path = f"admin/accounts/{person.id}"
        assert (await boss.refused("DELETE", path))[0] == 409
        await boss.do(f"{path}/action", type="suspend")
        assert (await boss.do(path, "DELETE"))["id"] == str(person.id)
        assert (await boss.refused("GET", path))[0] == 404

    assert await storage.accounts.by_name("alice") is None
    assert await value("SELECT COUNT(*) FROM actor WHERE deleted_at IS NOT NULL") == 2
    await erasing.erase(app, alice.id)
    assert await value("SELECT COUNT(*) FROM post WHERE deleted_at IS NULL") == 0


async def test_answers_are_what_clients_read(app: App, client: httpx.AsyncClient, boss: Member) -> None:
    alice = await Member.of(client, await build.person("alice"))
    await build.person("far", "far.example")
    await boss.do(f"admin/accounts/{alice.id}/action", type="none", text="Mind rule 2")
    schema = Schema()

    (told,) = await alice.get("notifications", **{"types[]": "moderation_warning"})
    wrong = schema.wrong(told["moderation_warning"], {"$ref": "#/components/schemas/AccountWarning"})
    for found in await boss.get("admin/accounts"):
        wrong += schema.wrong(found, {"$ref": "#/components/schemas/AdminAccount"})

    assert wrong == [] and told["type"] == "moderation_warning"


async def test_of_two_who_do_the_same_at_once_one_has_done_it(app: App) -> None:
    people = [await build.person("alice"), await build.person("far", "far.example")]
    for person, what in product(people, ("limit", "suspend")):
        done = await asyncio.gather(*(sanctions.act(app, person.id, what, None, "Spam") for _twice in range(2)))
        assert sorted(done) == [False, True], (person.acct, what)
    assert await value("SELECT COUNT(*) FROM sanction") == await value("SELECT COUNT(*) FROM audit") == 4
