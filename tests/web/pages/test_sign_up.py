"""Getting an account: the first admin, by invitation, by asking, and when everybody may."""

from collections.abc import Callable

import pytest

import storage.accounts
import storage.members
from fedcomm import accounts, groups, invites, settings
from fedcomm.app import App
from storage.connect import value
from tests.web.pages.browser import Browser, Page

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


def path(app: App, link: str | None) -> str:
    """The link without the name of the server."""
    assert link
    return link.removeprefix(app.base_url)


async def fill_in(browser: Browser, where: str, name: str, **more: str) -> Page:
    """Open the form and send it."""
    page = await browser.get(where)
    assert page.status == 200, page.main
    return await browser.send(page, where, **({"name": name, "password": PASSWORD} | more))


@pytest.mark.attack("ADM-09")
async def test_the_link_for_the_first_admin_works_once(app: App, browsers: Callable[[], Browser]) -> None:
    link = path(app, await invites.first_admin_link(app))
    first, second = browsers(), browsers()
    waiting = await second.get(link)

    answer = await fill_in(first, link, "ada")

    assert answer.status == 303 and answer.headers["location"] == "/admin/neighbours?done=begun"
    begun = await first.get(answer.headers["location"])
    assert "it is an admin" in begun.main and begun.form("/admin/neighbours") and "/admin/groups" in begun.links
    assert (await first.get("/admin")).status == 200
    assert (await second.send(waiting, link, name="eve", password=PASSWORD)).status == 404
    assert (await second.get(link)).status == 404
    assert await storage.accounts.by_name("eve") is None
    assert await invites.first_admin_link(app) is None


@pytest.mark.attack("ADM-09")
async def test_a_newer_link_for_the_first_admin_ends_the_older_one(app: App, stranger: Browser) -> None:
    older = path(app, await invites.first_admin_link(app))

    newer = path(app, await invites.first_admin_link(app))

    assert (await stranger.get(older)).status == 404
    assert (await stranger.get(newer)).status == 200
    assert (await stranger.get("/setup/" + newer[-10:])).status == 404
    assert (await stranger.get(newer.replace("/setup/", "/invite/"))).status == 404


async def test_an_invitation_works_as_often_as_it_says(app: App, browsers: Callable[[], Browser]) -> None:
    link = path(app, await invites.create(app, None, max_uses=2))
    people = [browsers() for _ in range(3)]
    late = await people[2].get(link)

    answers = [await fill_in(people[0], link, "anna"), await fill_in(people[1], link, "berta")]

    assert [answer.headers["location"] for answer in answers] == ["/", "/"]
    assert (await people[1].get("/settings")).status == 200
    third = await people[2].send(late, link, name="clara", password=PASSWORD)
    assert third.status == 404 and "invitation" in third.main
    assert await storage.accounts.by_name("clara") is None


async def test_an_invitation_into_a_group_makes_one_a_member(app: App, stranger: Browser) -> None:
    group = await groups.create(app, "rye", "Rye bread")
    link = path(app, await invites.create(app, None, group_id=group.id))

    assert "Rye bread" in (await stranger.get(link)).main
    answer = await fill_in(stranger, link, "anna")

    assert answer.headers["location"] == "/c/rye"
    page = await stranger.open("/c/rye")
    assert page.form("/c/rye/leave") and "1 member" in page.main


async def test_an_invitation_gives_the_role_it_says_and_no_other(app: App, browsers: Callable[[], Browser]) -> None:
    link = path(app, await invites.create(app, None, role="moderator", max_uses=2))

    await fill_in(browsers(), link, "anna", role="admin", state="active", invite_id="1")

    account = await storage.accounts.by_name("anna")
    assert account and account.role == "moderator"


async def test_a_form_that_is_wrong_comes_back_with_what_is_wrong(app: App, browsers: Callable[[], Browser]) -> None:
    await accounts.create(app, "taken", PASSWORD)
    link = path(app, await invites.create(app, None, max_uses=9))

    for fields, field, status in (
        ({"name": "taken"}, "name", 409),
        ({"name": "no blanks"}, "name", 422),
        ({"name": "admin"}, "name", 422),
        ({"name": "anna", "password": "short"}, "password", 422),
        ({"name": "anna", "email": "nonsense"}, "email", 422),
    ):
        answer = await fill_in(browsers(), link, **({"name": "", "password": PASSWORD} | fields))

        wrong = [each for each in answer.one("main").all("input") if each["aria-invalid"] == "true"]
        assert (answer.status, [each["name"] for each in wrong]) == (status, [field])
        assert answer.problem and "problem" in wrong[0]["aria-describedby"].split()
        assert answer.one("input", name="name")["value"] == fields["name"]
        assert answer.one("input", name="password")["value"] == ""
    assert await value("SELECT COUNT(*) FROM account") == 1
    assert await value("SELECT uses FROM invite") == 0


async def test_rules_have_to_be_accepted(app: App, stranger: Browser) -> None:
    await settings.change(app, None, {"rules": ["Be kind.", "No <b>spam</b>."]})
    link = path(app, await invites.create(app, None))

    page = await stranger.get(link)
    refused = await stranger.send(page, link, name="anna", password=PASSWORD)

    assert "Be kind." in page.main and "No <b>spam</b>." in page.main
    assert refused.status == 422 and "rules" in refused.problem
    assert (await fill_in(stranger, link, "anna", rules="true")).status == 303


@pytest.mark.attack("ADM-11")
async def test_who_asks_waits_until_an_admin_approves(app: App, stranger: Browser, admin: Browser) -> None:
    await settings.change(app, None, {"registration": "approval"})

    answer = await fill_in(stranger, "/sign-up", "anna", reason="I bake <i>every</i> day", email="anna@mail.example")

    assert answer.status == 200 and "approved" in answer.main
    signing_in = await stranger.get("/sign_in")
    refused = await stranger.send(signing_in, "/sign_in", login="anna", password=PASSWORD)
    assert refused.status == 422 and "waiting" in refused.problem
    waiting = await admin.get("/admin/sign_ups")
    assert "I bake <i>every</i> day" in waiting.main and "anna@mail.example" in waiting.main
    done = await admin.button(waiting, "/admin/sign_ups", answer="approve")
    assert "Approved" in done.main and "Nobody is waiting." in done.main
    assert (await stranger.send(signing_in, "/sign_in", login="anna", password=PASSWORD)).status == 303


async def test_who_is_turned_away_leaves_nothing_behind(app: App, stranger: Browser, admin: Browser) -> None:
    await fill_in(stranger, "/sign-up", "anna", reason="please")

    await admin.button(await admin.get("/admin/sign_ups"), "/admin/sign_ups", answer="reject")

    assert await storage.accounts.by_name("anna") is None
    assert (await stranger.get("/@anna")).status == 404


async def test_who_waits_has_no_page(app: App, stranger: Browser, admin: Browser) -> None:
    await fill_in(stranger, "/sign-up", "anna")

    assert (await stranger.get("/@anna")).status == 404


@pytest.mark.attack("ADM-11")
async def test_by_invitation_only_means_that(app: App, stranger: Browser) -> None:
    form = await stranger.get("/sign-up")
    await settings.change(app, None, {"registration": "invite"})

    answer = await stranger.send(form, "/sign-up", name="anna", password=PASSWORD)

    assert answer.status == 403 and await storage.accounts.by_name("anna") is None
    page = await stranger.get("/sign-up")
    assert not page.one("main").all("form") and "by invitation" in page.main
    assert "/sign-up" not in (await stranger.get("/")).links


async def test_an_open_server_lets_everybody_in_at_once(app: App, stranger: Browser) -> None:
    await settings.change(app, None, {"registration": "open"})

    assert (await fill_in(stranger, "/sign-up", "anna")).headers["location"] == "/"
    assert (await stranger.get("/settings")).status == 200


@pytest.mark.attack("OAU-08")
async def test_forms_of_people_without_an_account_need_their_secret(app: App, stranger: Browser) -> None:
    link = path(app, await invites.create(app, None))
    setup = path(app, await invites.first_admin_link(app))
    await stranger.get(link)

    for where in (link, setup, "/sign-up"):
        answer = await stranger.post(where, {"name": "anna", "password": PASSWORD, "csrf": "wrong"})
        assert answer.status == 403, where
    assert await value("SELECT COUNT(*) FROM account") == 0


@pytest.mark.attack("OAU-15")
async def test_nobody_signs_up_as_more_than_a_member(app: App, stranger: Browser) -> None:
    await settings.change(app, None, {"registration": "open"})

    await fill_in(stranger, "/sign-up", "anna", role="admin", state="active", account_id="1", approved_at="1")

    account = await storage.accounts.by_name("anna")
    assert account and account.role == "member"
    assert (await stranger.get("/admin")).status == 403


async def test_too_many_sign_ups_from_one_address_are_held_up(limited: None, browsers: Callable[[], Browser]) -> None:
    for number in range(12):
        answer = await fill_in(browsers(), "/sign-up", f"anna{number}")
        if answer.status == 429:
            break

    assert answer.status == 429 and answer.problem
