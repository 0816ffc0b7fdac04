"""Invitations: what the page of a link shows, the ways in from there, and links that members make themselves."""

import asyncio
from collections.abc import Callable

import pytest

import storage.accounts
import storage.consents
import storage.members
from fedcomm import accounts, consents, group_profile, groups, invites, settings
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage.actors import Actor
from storage.connect import execute
from storage.groups import Group
from tests import build
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def rye(app: App, alice: Actor) -> tuple[Group, Actor]:
    """A group that alice moderates and belongs to, with a rule; the server has one, too."""
    await groups.create(app, "rye", "Rye bread", "All about rye", "alice")
    group, face = await groups.named("rye")
    await build.join(alice, group)
    await group_profile.change(app, "rye", Change(rules=("Crumbs stay here.",)))
    await settings.change(app, None, {"rules": ["Be kind."], "registration": "invite"})
    return group, face


async def invitation(app: App, group: Group) -> str:
    """The address of a link of the admins into a group."""
    return (await invites.create(app, None, group_id=group.id, max_uses=5)).removeprefix(app.base_url)


def made(page: Page, app: App) -> str:
    """The address of the link that a page shows."""
    return page.one("div", class_="done").one("code").text.removeprefix(app.base_url)


async def test_the_page_of_a_link_shows_what_the_group_is_and_only_what_anybody_may_see(
    app: App, rye: tuple[Group, Actor], alice: Actor, stranger: Browser, enter: Enter
) -> None:
    group, _face = rye
    shut_out = await build.person("eve", "far.example", suspended_at=build.NOW)
    for number in range(5):
        await build.post(alice, group=group, title=f"Loaf {number}")
    await build.post(alice, group=group, title="For followers", visibility=build.FOLLOWERS)
    await build.post(alice, group=group, title="For some", visibility=build.DIRECT)
    await build.post(alice, group=group, title="Taken out", removed_at=build.NOW)
    await build.post(shut_out, group=group, title="By nobody")
    link = await invitation(app, group)
    follower = await build.person("fay")
    await build.follow(follower, alice)

    seen = [await stranger.get(link), await (await enter(alice)).get(link), await (await enter(follower)).get(link)]

    for page in seen:
        talks = page.one("section", aria_labelledby="talks")
        assert [each.text for each in talks.all("h3")] == ["Loaf 4", "Loaf 3", "Loaf 2"]
        assert "All about rye" in page.main and "Crumbs stay here." in page.main
        assert page.one("meta", name="robots")["content"] == "noindex"
    assert "Be kind." in seen[0].main and "@rye@home.test" in seen[0].main
    assert seen[0].form("/visit").one("input", name="uri")["value"] == "https://home.test/c/rye"
    assert "form-action" not in seen[0].headers["content-security-policy"]  # that form leads to their own server

    await group_profile.change(app, "rye", Change(join_mode="invite", visibility="members"))
    await execute("UPDATE post SET visibility = 4 WHERE group_id = ?", (group.id,))
    closed = await stranger.get(link)
    assert "for its members" in closed.main and "Nothing has been written" not in closed.main


async def test_who_joins_with_a_link_says_yes_to_both_sets_of_rules_and_lands_in_the_group(
    app: App, rye: tuple[Group, Actor], browsers: Callable[[], Browser]
) -> None:
    group, _face = rye
    link = await invitation(app, group)
    browser, late = browsers(), browsers()
    waiting = await late.get(link)

    without = await browser.send(await browser.get(link), link, name="bob", password=PASSWORD)
    page = await browser.button(await browser.get(link), link, name="bob", password=PASSWORD, rules="true")
    await group_profile.change(app, "rye", Change(rules=("Crumbs stay here.", "No wheat.")))
    after = await late.send(waiting, link, name="eve", password=PASSWORD, rules="true")

    assert without.status == 422 and without.problem
    assert page.one("h1").text == "Rye bread" and page.form("/c/rye/leave") and page.form("/sign_out")
    bob = await storage.accounts.by_name("bob")
    assert bob and bob.language == "en"
    member = await storage.members.of(group.id, bob.actor_id)
    assert member and member.state == "joined"
    assert [await storage.consents.latest(bob.actor_id, number) for number in (0, group.id)] == [
        (consents.Shown(0, rules).version, pytest.approx(bob.created_at, abs=5_000))
        for rules in (("Be kind.",), ("Crumbs stay here.",))
    ]
    assert after.status == 422 and "No wheat." in after.main and after.one("input", name="rules")["aria-invalid"]
    assert await storage.accounts.by_name("eve") is None

    await accounts.delete(app, "bob")
    assert await storage.consents.latest(bob.actor_id, 0) is None


async def test_a_link_into_a_group_that_is_closed_or_gone_still_lets_people_in(
    app: App, rye: tuple[Group, Actor], alice: Actor, browsers: Callable[[], Browser]
) -> None:
    group, face = rye
    link = await invitation(app, group)
    await group_profile.change(app, "rye", Change(closed=True))
    first, second = browsers(), browsers()
    closed = await first.get(link)
    landed = [await first.send(closed, link, name="bob", password=PASSWORD, rules="true")]
    await execute("UPDATE actor SET deleted_at = 1 WHERE id = ?", (face.id,))
    gone = await second.get(link)
    landed.append(await second.send(gone, link, name="eve", password=PASSWORD, rules="true"))

    assert "This group is closed" in closed.main and "Rye" not in gone.main
    assert [page.status for page in landed] == [303, 303]
    assert [member.actor_id for member in await storage.members.of_group(group.id)] == [alice.id]


async def test_a_member_joins_with_one_click_and_says_yes_to_the_rules_that_stand_there(
    app: App, rye: tuple[Group, Actor], enter: Enter, stranger: Browser
) -> None:
    group, _face = rye
    carol = await build.person("carol")
    browser = await enter(carol)
    link = await invitation(app, group)
    old = await browser.get(link)
    await group_profile.change(app, "rye", Change(rules=("No wheat.",)))

    changed = await browser.send(old, "/c/rye/join")
    assert changed.status == 422 and "No wheat." in changed.main
    assert await storage.members.of(group.id, carol.id) is None

    page = await browser.button(await browser.get(link), "/c/rye/join")
    again = await browser.get(link)

    assert page.form("/c/rye/leave") and not [form for form in again.all("form") if form["action"] == "/c/rye/join"]
    kept = await storage.consents.latest(carol.id, group.id)
    assert kept and kept[0] == consents.Shown(0, ("No wheat.",)).version
    found = await invites.find(app, link.rpartition("/")[2])
    assert found.uses == 0  # it is for those who have no account


async def test_a_member_invites_from_the_page_of_the_group_and_takes_it_back(
    app: App, rye: tuple[Group, Actor], alice: Actor, enter: Enter, browsers: Callable[[], Browser]
) -> None:
    browser, friend = await enter(alice), browsers()
    assert "/settings/invites?group=rye" in (await browser.get("/c/rye")).links
    page = await browser.get("/settings/invites?group=rye")
    assert page.one("option", selected="").text == "Rye bread"

    link = made(await browser.send(page, "/settings/invites", uses="2", days="3"), app)
    landed = await friend.button(await friend.get(link), link, name="bob", password=PASSWORD, rules="true")

    assert landed.one("h1").text == "Rye bread"
    bob = await storage.accounts.by_name("bob")
    assert bob and bob.role == "member"
    page = await browser.get("/settings/invites")
    assert "Used 1 of 2 times, in Rye bread" in page.main

    (revoke,) = [form["action"] for form in page.all("form") if form["action"].endswith("/revoke")]
    other = await enter(await build.person("mallory"))
    fields = {"csrf": (await other.get("/settings/invites")).form("/sign_out").one("input", name="csrf")["value"]}
    assert (await other.post(revoke, fields)).status == 403
    assert (await browsers().get(link)).status == 200
    await browser.button(page, revoke)
    assert (await browsers().get(link)).status == 404


async def test_members_invite_within_limits_into_groups_of_theirs_and_only_as_members(
    app: App, rye: tuple[Group, Actor], alice: Actor, enter: Enter
) -> None:
    group, _face = rye
    await groups.create(app, "spelt", "Spelt")
    spelt, _ = await groups.named("spelt")
    browser = await enter(alice)
    page = await browser.get("/settings/invites?group=rye")

    refused = [
        await browser.send(page, "/settings/invites", **fields)
        for fields in ({"group": "spelt"}, {"group": "nothing"}, {"group": ""}, {"uses": "11"}, {"days": "31"})
    ]
    account = await storage.accounts.by_name("alice")
    assert account
    for asked in ({"role": "admin", "group_id": group.id}, {"group_id": spelt.id}, {"group_id": None}):
        with pytest.raises(Exception, match="You can invite people into groups that you look after"):
            await invites.create(app, account, **asked)  # type: ignore[arg-type]
    many = [invites.create(app, account, group_id=group.id) for _ in range(invites.MEMBERS_OPEN + 3)]
    at_once = await asyncio.gather(*many, return_exceptions=True)
    full = await browser.send(page, "/settings/invites")

    assert [page.status for page in refused] == [403, 403, 403, 422, 422] and full.status == 429
    assert all(page.problem for page in (*refused, full)) and str(invites.MEMBERS_OPEN) in full.problem
    assert [type(each) for each in at_once].count(str) == invites.MEMBERS_OPEN


@pytest.mark.attack("ADM-11")
async def test_what_a_member_invites_with_ends_when_they_could_not_invite_any_more(
    app: App, rye: tuple[Group, Actor], alice: Actor, stranger: Browser, enter: Enter
) -> None:
    group, _face = rye
    carol = await build.person("carol")
    await build.join(carol, group)
    account = await storage.accounts.by_name("carol")
    assert account
    link = (await invites.create(app, account, group_id=group.id)).removeprefix(app.base_url)

    async def status() -> int:
        return (await stranger.get(link)).status

    seen = [await status()]
    await settings.change(app, None, {"members_invite": False})
    seen.append(await status())
    assert "/settings/invites?group=rye" not in (await (await enter(carol)).get("/c/rye")).links
    await settings.change(app, None, {"members_invite": True})
    await accounts.set_suspended(app, "carol", True)
    seen.append(await status())
    await accounts.set_suspended(app, "carol", False)
    seen.append(await status())
    browser = await enter(carol)
    await browser.button(await browser.get("/c/rye"), "/c/rye/leave")
    seen.append(await status())

    assert seen == [200, 404, 404, 200, 404]


async def test_who_was_an_admin_leaves_no_links_for_admins_behind(app: App, stranger: Browser) -> None:
    await accounts.create(app, "ada", PASSWORD, role="admin")
    eve = await accounts.create(app, "eve", PASSWORD, role="admin")
    link = (await invites.create(app, eve, role="admin")).removeprefix(app.base_url)
    assert (await stranger.get(link)).status == 200

    await accounts.promote(app, "eve", "member")

    assert (await stranger.get(link)).status == 404


@pytest.mark.attack("GRP-17")
async def test_who_has_an_account_elsewhere_says_which_on_the_page_and_is_told_to_follow(
    app: App, rye: tuple[Group, Actor], stranger: Browser
) -> None:
    group, _face = rye
    await group_profile.change(app, "rye", Change(join_mode="invite"))
    await build.person("bob", "far.example")
    link = await invitation(app, group)
    there = f"{link}/elsewhere"
    page = await stranger.get(link)

    refused = [
        await stranger.send(page, there, address="bob"),
        await stranger.send(page, there, address="@alice@home.test"),
        await stranger.post("/invite/forged/elsewhere", {"csrf": page.form(there).one("input", name="csrf")["value"]}),
    ]
    told = await stranger.send(page, there, address="@bob@far.example")

    assert [page.status for page in refused] == [422, 409, 404]
    assert refused[0].one("input", name="address")["aria-invalid"]
    section = told.one("section", aria_labelledby="elsewhere")
    assert "The group expects @bob@far.example." in section.text and "@rye@home.test" in section.text
    assert section.one("form")["action"] == "/visit" and "form-action" not in told.headers["content-security-policy"]
    await group_profile.change(app, "rye", Change(visibility="local"))
    assert not (await stranger.get(link)).all("section", aria_labelledby="elsewhere")
