"""Reporting with a browser, and what admins see of it."""

import pytest

from fedcomm import group_profile, groups, members
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import reports as stored
from storage.connect import row, value
from tests import build
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def test_a_member_reports_a_post(enter: Enter) -> None:
    alice, bob = await build.person("alice"), await build.person("bob")
    post = await build.post(bob, "Buy <b>watches</b>")
    browser = await enter(alice)

    asked = await browser.get(f"/report?post={post.id}")
    secret = asked.all("input", name="csrf")[0]["value"]
    sent = await browser.post(
        "/report", {"csrf": secret, "post": str(post.id), "comment": "Again"} | {"category": "spam", "told[]": "admins"}
    )

    assert asked.status == 200 and "Buy watches" in asked.main and not flaws(asked)
    assert (await browser.get(f"/report?post={post.id}", accept_language="de")).one("h1").text == "Melden"
    assert (sent.status, sent.headers["location"]) == (303, "/report/sent")
    told = await browser.get("/report/sent")
    assert told.status == 200 and not flaws(told)
    assert await row("SELECT reporter_id, target_id, post_ids, category, comment FROM report") == (
        alice.id, bob.id, f"[{post.id}]", "spam", "Again",
    )  # fmt: skip


async def test_who_is_to_know_and_which_rules_are_broken_is_chosen(app: App, enter: Enter) -> None:
    alice, bob, greta = [await build.person(name) for name in ("alice", "bob", "greta")]
    await groups.create(app, "bread", "Bread", "", "greta")
    await group_profile.change(app, "bread", Change(rules=("Be kind.", "No adverts.")), greta)
    group, _face = await groups.named("bread")
    post = await build.post(bob, "Buy watches", group=group)
    browser, ada = await enter(alice), await build.person("ada", role="admin")
    asked = await browser.get(f"/report?post={post.id}")
    fields = {"csrf": asked.all("input", name="csrf")[0]["value"], "post": str(post.id), "rules[]": "g2"}

    nobody = await browser.post("/report", fields)
    sent = await browser.post("/report", fields | {"told[]": "group"})

    assert "No adverts." in asked.main and "Bread" in asked.main and not flaws(asked) and not flaws(nobody)
    assert nobody.status == 422 and nobody.all("input", value="g2")[0]["checked"] == "" and sent.status == 303
    (made,) = await stored.by_ids([(await row("SELECT id FROM report") or [0])[0]])
    assert (made.for_group, made.for_admins, made.category) == (1, 0, "violation")
    assert made.rules == [stored.Broken(True, 2, "No adverts.")]
    told = await (await enter(greta)).get("/notifications")
    assert "Bread" in told.main and "something in it was reported" in told.main and "alice" not in told.main
    assert "reported" not in (await (await enter(ada)).get("/notifications")).main
    await members.ban(app, "bread", "@greta", None)  # whom it was for looks after it no more
    assert "reported" not in (await (await enter(greta)).get("/notifications")).main


async def test_what_is_wrong_with_a_report_is_said_in_the_form(enter: Enter) -> None:
    alice, bob = await build.person("alice"), await build.person("bob", "far.example")
    browser = await enter(alice)
    asked = await browser.get(f"/report?account={bob.id}")
    secret = asked.all("input", name="csrf")[0]["value"]

    refused = await browser.post(
        "/report", {"csrf": secret, "account": str(bob.id), "comment": "x" * 1001, "told[]": "server"}
    )

    assert "far.example" in asked.main
    assert refused.status == 422 and refused.all("textarea", name="comment")[0]["aria-invalid"] == "true"
    assert await value("SELECT COUNT(*) FROM report") == 0


@pytest.mark.attack("PRI-17")
async def test_what_one_may_not_see_one_cannot_report_to_read_it(enter: Enter) -> None:
    alice, bob = await build.person("alice"), await build.person("bob")
    secret = await build.post(bob, "only for carol", visibility=3)

    answer = await (await enter(alice)).get(f"/report?post={secret.id}")

    assert answer.status == 404 and "carol" not in answer.main
