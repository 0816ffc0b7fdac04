"""Working on reports in a browser: admins, and who looks after a group; and who sees nothing of them."""

import pytest

import storage.accounts
from fedcomm import casework, group_profile, groups, members, reports
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.group_profile import Change
from fedcomm.reports import Complaint
from storage import registers
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.reports import Report
from tests import build
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


class Bakery:
    """The group of bread: greta and tom look after it. bob writes there, and alice reports it."""

    app: App
    group: Group
    post: Post
    alice: Actor
    bob: Actor
    greta: Actor
    tom: Actor
    ada: Actor

    async def report(self, **more: object) -> Report:
        """By alice."""
        wish = {"target_id": self.bob.id, "post_ids": (self.post.id,), "comment": "Again <b>!"} | more
        return await reports.report(self.app, self.alice, Complaint(**wish))  # type: ignore[arg-type]


@pytest.fixture
async def bakery(app: App) -> Bakery:
    """Everybody in their place; ada is admin."""
    made = Bakery()
    made.app = app
    made.alice, made.bob, made.greta, made.tom = [await build.person(name) for name in ("alice", "bob", "greta", "tom")]
    made.ada = await build.person("ada", role="admin")
    await groups.create(app, "bread", "Bread", "", "greta")
    await members.appoint(app, "bread", made.tom, made.greta)
    await group_profile.change(app, "bread", Change(rules=("Be kind.", "No adverts.")), made.greta)
    made.group, _face = await groups.named("bread")
    made.post = await build.post(made.bob, "Buy watches", group=made.group)
    return made


async def letters(who: Actor) -> list[str]:
    """What direct messages tell somebody."""
    sql = (
        "SELECT p.content FROM post p JOIN mention m ON m.post_id = p.id WHERE p.visibility = 3 AND m.actor_id = ?"
        " ORDER BY p.id"
    )
    return [found[0] for found in await rows(sql, (who.id,))]


async def test_moderators_work_on_a_report_together_and_who_reported_learns_how_it_ended(
    bakery: Bakery, enter: Enter
) -> None:
    made = await bakery.report(group_rules=(2,), to_admins=False)
    where = f"/c/bread/reports/{made.id}"
    greta, tom = await enter(bakery.greta), await enter(bakery.tom)
    listed = await greta.get("/c/bread/reports")
    assert "About Bob" in listed.main and "Again <b>!" in listed.main and not flaws(listed)
    assert "1 is open" in (await greta.get("/c/bread/moderate")).main

    page = await greta.get(where)
    assert "2. No adverts." in page.main and "Buy watches" in page.main and "alice" not in page.main.lower()
    assert page.one("option", value="2")["selected"] == "" and "selected" in page.one("option", value="2").attributes
    csrf = page.all("input", name="csrf")[0]["value"]
    assert (await greta.post(where, {"csrf": csrf, "act": "note", "note": " "})).status == 422
    for fields in ({"act": "assign"}, {"act": "note", "note": "Has he done so before?"}):
        assert (await greta.post(where, fields | {"csrf": csrf})).status == 303
    seen = await tom.get(where)
    assert "@greta@home.test works on it" in seen.main and "Has he done so before?" in seen.main and not flaws(seen)
    assert "/c/bread/moderate?who=%40bob#bans" in seen.links  # where the form names them already
    secret = seen.all("input", name="csrf")[0]["value"]
    wish = {"csrf": secret, "act": "remove", "post": str(bakery.post.id), "rule": "2", "reason": "Watches"}
    assert (await tom.post(where, wish | {"post": "5"})).status == 404
    assert (await tom.post(where, wish)).status == 303
    assert (await registers.log(bakery.group.id, 1))[0].summary == "(2) No adverts.\nWatches"
    out = await tom.get(where)
    assert "removed by the moderators" in out.main and "Buy watches" in out.main
    end = {"csrf": secret, "act": "close", "outcome": "acted", "answer": "It is gone."}
    assert (await tom.post(where, end | {"outcome": "nothing"})).status == 422
    for _twice in range(2):
        assert (await tom.post(where, end)).status == 303

    (told,) = await letters(bakery.alice)
    assert "Your report about" in told and "Something was done" in told and "It is gone." in told and "tom" not in told
    assert "No report is open" in (await greta.get("/c/bread/reports")).main
    done = await greta.get("/c/bread/reports?closed=true")
    assert "Something was done" in done.main and not flaws(done)
    assert (await greta.post(where, {"csrf": csrf, "act": "reopen"})).status == 303
    assert "@greta@home.test works on it" in (await greta.get(where)).main
    assert (await greta.post(where, {"csrf": csrf, "act": "restore", "post": str(bakery.post.id)})).status == 303
    assert await value("SELECT removed_at FROM post WHERE id = ?", (bakery.post.id,)) is None
    audit = await rows("SELECT actor, act, subject FROM audit WHERE act LIKE 'report%' ORDER BY id")
    assert audit == [("@tom", "report.close", "@bob"), ("@greta", "report.reopen", "@bob")]
    await execute("UPDATE report SET closed_by = 'https://far.example/mo'")  # as others say who dealt with it there
    assert (await greta.post(where, {"csrf": csrf, "act": "reopen"})).status == 303
    assert await value("SELECT closed_by FROM report") == ""


async def test_a_report_is_seen_by_those_whom_it_was_for_and_by_nobody_else(bakery: Bakery, enter: Enter) -> None:
    for_group = await bakery.report(to_admins=False)
    for_admins = await bakery.report(to_group=False)
    for_both = await bakery.report()
    greta, ada = await enter(bakery.greta), await enter(bakery.ada)
    fred = await build.group("fred")
    await members.appoint(bakery.app, "fred", bakery.alice)
    assert [(await greta.get(f"/c/bread/reports/{made.id}")).status for made in (for_group, for_admins, for_both)] == [
        200, 404, 200,
    ]  # fmt: skip
    assert [(await ada.get(f"/admin/reports/{made.id}")).status for made in (for_group, for_admins, for_both)] == [
        404, 200, 200,
    ]  # fmt: skip
    assert "alice" in (await ada.get(f"/admin/reports/{for_both.id}")).main
    assert (await ada.get("/c/bread/reports")).status == 403
    alice = await enter(bakery.alice)  # who looks after another group
    assert (await alice.get(f"/c/bread/reports/{for_both.id}")).status == 403
    assert (await alice.get(f"/c/fred/reports/{for_both.id}")).status == 404 and fred

    about = {"kind": "admin.report", "actor_id": bakery.alice.id, "created_at": build.NOW}
    await build.insert("notification", id=next_id(), owner_id=bakery.greta.id, report_id=for_admins.id, **about)
    assert "alice" not in (await greta.get("/notifications")).main.lower()

    await members.appoint(bakery.app, "bread", bakery.bob, bakery.greta)
    bob = await enter(bakery.bob)  # about whom they are
    assert (await bob.get(f"/c/bread/reports/{for_both.id}")).status == 404
    assert "About" not in (await bob.get("/c/bread/reports")).main
    assert "reported" not in (await bob.get("/notifications")).main
    page = await greta.get(f"/c/bread/reports/{for_both.id}")
    secret = page.all("input", name="csrf")[0]["value"]
    refused = await bob.post(f"/c/bread/reports/{for_both.id}", {"csrf": secret, "act": "assign"})
    assert refused.status == 403
    with pytest.raises(NotAllowed):
        account = await storage.accounts.by_name("greta")
        assert account
        await casework.of_server(account)
    with pytest.raises(NotFound):
        await casework.note(await casework.of_group(bakery.bob, bakery.group), for_both.id, "Not true")


async def test_nobody_is_left_with_a_report_about_themselves_but_who_alone_runs_the_server(
    bakery: Bakery, enter: Enter
) -> None:
    await members.dismiss(bakery.app, "bread", bakery.tom, bakery.greta)
    posted = await build.post(bakery.greta, "Buy mine", group=bakery.group)
    of_greta = await bakery.report(target_id=bakery.greta.id, post_ids=(posted.id,), to_admins=False)
    of_ada = await bakery.report(target_id=bakery.ada.id, post_ids=())

    ada = await enter(bakery.ada)
    assert (await ada.get(f"/admin/reports/{of_greta.id}")).status == 200  # nobody else looks after the group
    page = await ada.get(f"/admin/reports/{of_ada.id}")
    assert (
        page.status == 200
        and "alice" not in page.main.lower()
        and "alice" not in (await ada.get("/notifications")).main.split("reported")[0]
    )
    await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (bakery.tom.id,))
    assert (await ada.get(f"/admin/reports/{of_ada.id}")).status == 404
    assert "alice" in (await (await enter(bakery.tom)).get(f"/admin/reports/{of_ada.id}")).main


async def test_the_list_has_pages(bakery: Bakery, enter: Enter) -> None:
    made = [await bakery.report() for _ in range(21)]
    greta = await enter(bakery.greta)

    first = await greta.get("/c/bread/reports")
    assert len(first.all("h2")) == 20
    (more,) = [link for link in first.links if "before=" in link]
    second = await greta.get(more)
    assert len(second.all("h2")) == 1 and f"/c/bread/reports/{made[0].id}" in second.links
    one = await greta.get(f"/c/bread/reports/{made[0].id}")
    assert len([link for link in one.links if "/reports/1" in link]) == 10


async def test_a_post_is_taken_out_by_a_rule_on_its_own_page_as_well(bakery: Bakery, enter: Enter) -> None:
    greta, where = await enter(bakery.greta), f"/moderate/{bakery.post.id}"
    page = await greta.get(where)
    assert [each.text for each in page.one("select", name="rule").all("option")][1:] == [
        "1. Be kind.",
        "2. No adverts.",
    ]
    assert (await greta.send(page, where, act="remove", rule="1", reason="Not kind")).status == 303
    assert (await registers.log(bakery.group.id, 1))[0].summary == "(1) Be kind.\nNot kind"


async def test_who_looks_after_the_server_takes_a_post_out_in_their_own_name_and_it_is_in_their_log(
    bakery: Bakery, enter: Enter
) -> None:
    made = await bakery.report()
    await execute("UPDATE account SET role = 'moderator' WHERE actor_id = ?", (bakery.alice.id,))
    alice, where = await enter(bakery.alice), f"/admin/reports/{made.id}"
    for act, more in (("remove", {"reason": "Watches"}), ("restore", {})):
        csrf = (await alice.get(where)).all("input", name="csrf")[0]["value"]
        wish = {"csrf": csrf, "act": act, "post": str(bakery.post.id)} | more
        assert (await alice.post(where, wish)).status == 303
        assert (await registers.log(bakery.group.id, 1))[0].actor_uri == bakery.alice.uri  # not somebody else's
    log = await rows("SELECT actor, act, subject, detail FROM audit WHERE act LIKE 'post%' ORDER BY id")
    assert log == [
        ("@alice", "post.remove", bakery.post.uri, '{"reason":"Watches"}'),
        ("@alice", "post.restore", bakery.post.uri, "{}"),
    ]
