"""Who follows somebody and whom they follow, for whoever looks."""

import pytest

import storage.actors
from fedcomm import members
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


def people(page: Page) -> list[str]:
    """Whose pages the list leads to."""
    return [each["href"] for each in page.one("ul", class_="lines").all("a", class_="person")]


async def test_a_profile_leads_to_all_its_followers_on_pages_that_end(alice: Actor, stranger: Browser) -> None:
    for number in range(45):
        await build.follow(await build.person(f"fan{number}", "far.example"), alice)
    await build.follow(alice, await build.person("bob"))
    await build.follow(await build.person("waits"), alice, "pending")
    await storage.actors.change(alice.id, followers_count=45, following_count=1)

    profile = await stranger.get("/@alice")
    first = await stranger.get("/@alice/followers")
    second = await stranger.get(first.one("a", rel="next")["href"])

    assert "45 followers" in profile.main and "follows 1" in profile.main
    assert {"/@alice/followers", "/@alice/following"} <= set(profile.links)
    assert people(first) + people(second) == [f"/@fan{number}@far.example" for number in reversed(range(45))]
    assert not second.all("a", rel="next")
    assert people(await stranger.get("/@alice/following")) == ["/@bob"]


@pytest.mark.attack("PRI-25")
async def test_who_keeps_them_to_themselves_shows_them_to_nobody_else(
    app: App, stranger: Browser, enter: Enter
) -> None:
    alice, bob = await person(app, "alice"), await build.person("bob")
    await build.follow(bob, alice)
    await build.follow(alice, bob)
    mine, other = await enter(alice), await enter(bob)
    settings = await mine.get("/settings/profile")

    await mine.button(settings, "/settings/profile", hide_collections="true")

    for path in ("/@alice/followers", "/@alice/following"):
        assert people(await mine.get(path)) == ["/@bob"], path
        for page in (await stranger.get(path), await other.get(path)):
            assert page.status == 200 and "keep to themselves" in page.main and "/@bob" not in page.main, path
            assert not page.all("ul", class_="lines") and flaws(page) == [], path


async def test_somebody_is_let_follow_no_more(app: App, stranger: Browser, enter: Enter) -> None:
    alice, bob = await person(app, "alice"), await build.person("bob")
    await build.follow(bob, alice)
    hers, his = await enter(alice), await enter(bob)
    page = await hers.get("/@alice/followers")

    left = await hers.button(page, "/@bob/drop")
    nobody = await hers.send(page, "/@bob/drop")

    assert flaws(page) == [] and "Nobody is here" in left.main and await rows("SELECT * FROM follow") == []
    assert nobody.status == 404
    await build.follow(alice, bob)
    assert not [each for each in (await his.get("/@alice/following")).all("form") if each["action"].endswith("/drop")]
    assert not (await stranger.get("/@bob/followers")).one("main").all("form")


@pytest.mark.attack("PRI-25")
async def test_who_blocks_or_is_blocked_is_not_in_the_list_and_cannot_open_it(
    alice: Actor, stranger: Browser, enter: Enter
) -> None:
    bob, eve, carl = [await build.person(name) for name in ("bob", "eve", "carl")]
    for each in (bob, eve, carl):
        await build.follow(each, alice)
    await build.block(bob, eve)
    await build.block(alice, carl)

    assert people(await (await enter(bob)).get("/@alice/followers")) == ["/@carl", "/@bob"]
    assert people(await (await enter(eve)).get("/@alice/followers")) == ["/@carl", "/@eve"]
    assert (await (await enter(carl)).get("/@alice/followers")).status == 404
    assert (await stranger.get("/@nobody/followers")).status == 404


async def test_a_group_has_members_whom_everybody_sees(app: App, alice: Actor, stranger: Browser) -> None:
    await build.join(alice, await build.group("rye"))
    await storage.actors.change(alice.id, discoverable=1)

    moved = await stranger.get("/@rye/followers")

    assert moved.status == 301 and moved.headers["location"] == "/c/rye/members"
    assert people(await stranger.get("/c/rye/members")) == ["/@alice"]
    assert "steward" not in (await stranger.get("/c/rye/members")).main
    await members.appoint(app, "rye", alice, role="steward")
    assert "steward" in (await stranger.get("/c/rye/members")).one("ul", class_="lines").text
    assert "/c/rye/members" in (await stranger.get("/c/rye")).links
    assert (await stranger.get("/c/nothing/members")).status == 404
