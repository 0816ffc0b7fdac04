"""The year of the server in numbers, and that they tell nothing of a private group."""

import pytest

import storage.accounts
from fedcomm import (
    accounts,
    audit,
    block_imports,
    blocked_files,
    clock,
    curation,
    group_profile,
    groups,
    members,
    peers,
    sanctions,
    transparency,
)
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.sanctions import LIMIT, SUSPEND
from fedcomm.transparency import Year
from storage.actors import Actor
from storage.connect import execute
from storage.ids import next_id
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/about/transparency"
HOUR = 3_600_000


async def reported(by: Actor, category: str, group_id: int | None = None, closed: int = 0, noted: int = 0) -> None:
    """A report that came now, and was closed or first noted upon that many hours later."""
    number = next_id()
    came = number >> 16
    outcome = (
        {"state": "closed", "outcome": "acted", "closed_at": came + closed * HOUR} if closed else {"state": "open"}
    )
    await build.insert(
        "report", id=number, uri=f"x:{number}", reporter_id=by.id, target_id=by.id, group_id=group_id, post_ids="[1]",
        comment="Canary", category=category, created_at=came, **outcome,
    )  # fmt: skip
    if noted:
        await build.insert("report_note", id=(came + noted * HOUR) << 16, report_id=number, author="x", text="Canary")


async def counted() -> Year:
    """The figures of this year, as they are now."""
    return await transparency.count((await transparency.years())[0], clock.now_ms())


async def test_a_year_is_counted_and_shown_as_it_was(app: App, stranger: Browser) -> None:
    year = (await transparency.years())[0]
    assert (await counted()).empty
    olga, bo, far = await person(app, "olga", "admin"), await person(app, "bo"), await build.person("far", "far.test")
    admin = await storage.accounts.by_name("olga")
    await groups.create(app, "rye", "Rye bread", steward="olga")
    rye, _face = await groups.named("rye")
    await reported(bo, "spam", closed=10, noted=2)
    await reported(bo, "spam", rye.id, closed=2)
    await reported(far, "legal")
    posts = [await build.post(bo, f"Number {n}", group=rye) for n in range(3)]
    await curation.remove(app, olga, posts[0].id, "Canary")
    await curation.restore(app, olga, posts[0].id)
    await curation.lock(app, olga, posts[1].id)
    await members.ban(app, "rye", "bo", olga, remove=True)
    await sanctions.act(app, bo.id, LIMIT, admin, "Canary")
    await sanctions.act(app, far.id, SUSPEND, admin)
    await peers.set_policy(app, "spam.example", "suspend", by="@olga")
    await peers.set_policy(app, "far.example", "limit", by="@olga")
    named = b"domain,severity\nspam.example,suspend\nfar.example,suspend\nbad.example,suspend\nodd.example,silence\n"
    await block_imports.begin(app, (await block_imports.draft(app, named, "a list", "@olga")).id, "@olga")
    await audit.record(admin, "account.purge", "@cy")
    await audit.record(admin, "contact.refuse", "0a", posts=5, suspend=True)
    await blocked_files.block(app, admin, "0" * 64, "Canary")
    for name in ("dan", "eli", "fay"):
        await accounts.sign_up(app, name, "correct horse battery", f"{name}@mail.example")
    await accounts.reject(app, "dan", admin, "Canary")
    await accounts.approve(app, "eli", admin)
    await build.insert(
        "appeal", id=7, act_id=1, group_id=rye.id, post_id=posts[0].id, author_id=bo.id, removed_by="x",
        state="accepted", secret_hash=b"x", ends_at=2**50, asked_at=clock.now_ms(), decided_at=clock.now_ms(),
    )  # fmt: skip

    found = await counted()

    assert not found.empty and found.year == year and not found.ended
    assert (found.reports.total, found.reports.first_minutes, found.reports.close_minutes) == (3, 120, 360)
    assert found.reports.by_category == {"spam": 2, "legal": 1} and found.reports.by_origin == {
        "here": 2,
        "elsewhere": 1,
    }
    assert found.reports.by_outcome == {"open": 1, "acted": 2}
    assert {name: count for name, count in found.actions.items() if count} == {
        "posts_removed": 1, "posts_restored": 1, "threads_locked": 1, "bans": 1, "posts_removed_with_bans": 3,
        "accounts_limited": 1, "accounts_suspended": 1, "servers_suspended": 3, "servers_limited": 2,
        "files_blocked": 1, "sign_ups_let_in": 1, "sign_ups_refused": 1,
    }  # fmt: skip
    assert (found.appeals, found.orders) == ({"asked": 1, "accepted": 1, "rejected": 0}, 1)
    assert found.automated["strangers_posts_refused"] == 5
    assert sum(month.reports for month in found.months) == 3 and sum(month.removed for month in found.months) == 1
    page = await stranger.get(f"{HERE}/{year}")
    assert not flaws(page) and len(page.all("table")[0].all("tr")) == 13
    assert found.sign_ups_waiting == 1 and "1 sign-up waits for an answer." in page.main
    assert "1 account was erased on the order of an authority" in page.main and "anary" not in page.source
    told = (await stranger.client.get(f"{HERE}/{year}.json")).json()
    assert told["reports"]["total"] == 3 and told["actions"] == found.actions and "anary" not in str(told)
    await reported(bo, "spam")
    assert (await stranger.client.get(f"{HERE}/{year}.json")).json() == told  # kept for an hour
    assert [(await stranger.get(f"{HERE}/{wrong}")).status for wrong in (year + 1, 1999, "x", "0x7e")] == [404] * 4


@pytest.mark.attack("PRI-26")
async def test_private_groups_are_counted_only_where_none_of_them_can_be_told(app: App) -> None:
    mo, bo = await person(app, "mo"), await person(app, "bo")
    seen = []
    for number in range(3):
        name = f"oats{number}"
        await groups.create(app, name, "Oats", steward="mo", visibility="members", join_mode="approval")
        group, _face = await groups.named(name)
        post = await build.post(bo, group=group, visibility=4)
        await curation.remove(app, mo, post.id)
        await reported(bo, "spam", group.id)
        found = await counted()
        seen.append((found.private_groups, found.actions["posts_removed"], found.reports.total, found.months))
    assert [each[:3] for each in seen] == [(False, 0, 0), (False, 0, 0), (True, 3, 3)]
    assert {sum(month.reports + month.removed for month in each[3]) for each in seen[:2]} == {0}

    await execute("UPDATE groups SET visibility = 'public' WHERE id < ?", (group.id,))  # as if they always had been
    await group_profile.change(app, name, Change(visibility="public", join_mode="open"), mo)
    found = await counted()
    assert (found.private_groups, found.actions["posts_removed"], found.reports.total) == (
        False,
        2,
        3,
    )  # before the act
