"""The page of a tag."""

from urllib.parse import quote

import pytest

from storage.actors import Actor
from storage.connect import execute, value
from tests import build
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def test_the_link_of_a_tag_leads_to_what_was_written_under_it(stranger: Browser) -> None:
    anna, there = await build.person("anna"), await build.person("bob", "peer.example")
    await build.post(anna, "With rye", tags=["bread"])
    await build.post(there, "With oats", tags=["bread", "日本"])
    await build.post(anna, "Without anything")

    page = await stranger.get("/tags/Bread")
    other = await stranger.get(f"/tags/{quote('日本')}")

    assert page.status == 200 and flaws(page) == []
    assert "With rye" in page.source and "With oats" in page.source and "Without anything" not in page.source
    assert "With oats" in other.source and "With rye" not in other.source


@pytest.mark.parametrize("visibility", [build.UNLISTED, build.FOLLOWERS, build.DIRECT])
async def test_what_is_not_public_is_on_no_page_of_a_tag(stranger: Browser, enter: Enter, visibility: int) -> None:
    anna = await build.person("anna")
    await build.post(anna, "SECRET", tags=["bread"], visibility=visibility)
    member = await enter(await build.person("bob"))

    assert "SECRET" not in (await stranger.get("/tags/bread")).source
    assert "SECRET" not in (await member.get("/tags/bread")).source


@pytest.mark.parametrize("name", ["nothing", "%3Cscript%3Ealert(1)", "a%22b", "x" * 3000, "..%2f"])
async def test_a_tag_that_nobody_has_used_has_an_empty_page_and_runs_nothing(stranger: Browser, name: str) -> None:
    page = await stranger.get(f"/tags/{name}")

    assert page.status in (200, 404)
    assert flaws(page) == [] and page.scripts == []


async def test_older_posts_of_a_tag_are_on_the_next_page(stranger: Browser) -> None:
    anna = await build.person("anna")
    for number in range(30):
        await build.post(anna, f"Loaf {number:02}", tags=["bread"])

    first = await stranger.get("/tags/bread")
    (older,) = {each["href"] for each in first.all("a") if "max_id=" in each["href"]}
    second = await stranger.get(f"/tags/bread{older}" if older.startswith("?") else older)

    shown = [number for number in range(30) if f"Loaf {number:02}" in first.source]
    rest = [number for number in range(30) if f"Loaf {number:02}" in second.source]
    assert shown == list(range(5, 30)) and rest == list(range(5))


async def test_the_next_page_of_a_tag_of_any_letters_is_found(stranger: Browser) -> None:
    anna = await build.person("anna")
    for number in range(30):
        await build.post(anna, f"Loaf {number:02}", tags=["a?b#ü"])

    first = await stranger.get(f"/tags/{quote('a?b#ü')}")
    (older,) = [each["href"] for each in first.all("a", rel="next")]

    assert "Loaf 00" not in first.source and "Loaf 00" in (await stranger.get(older)).source


async def test_interests_stand_on_the_profile_and_followed_tags_do_not(
    alice: Actor, enter: Enter, stranger: Browser
) -> None:
    browser = await enter(alice)
    csrf = (await browser.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]

    async def act(name: str, what: str) -> Page:
        return await browser.post("/settings/interests", {"csrf": csrf, "act": what, "name": name})

    assert (await act("#Bread", "feature")).status == (await act("secret", "follow")).status == 303
    wrong = (("12", "feature"), ("bread", "feature"), ("a b", "follow"), ("x", "y"))
    refused = [await act(name, what) for name, what in wrong]
    page = await browser.get("/settings/interests")

    assert [(answer.status, bool(answer.problem)) for answer in refused] == [(422, True)] * 4
    assert flaws(page) == flaws(refused[0]) == [] and "#bread" in page.main and "#secret" in page.main
    profile = await stranger.get("/@alice")
    assert "#bread" in profile.main and "secret" not in profile.main
    await act("bread", "unfeature")
    await act("secret", "unfollow")
    assert "#bread" not in (await stranger.get("/@alice")).main
    assert "#secret" not in (await browser.get("/settings/interests")).main


async def test_behind_an_interest_are_people_and_groups(stranger: Browser, enter: Enter) -> None:
    anna, ben = await build.person("anna", discoverable=1), await build.person("ben")
    rye, oats = (
        await build.group("rye", title="Rye"),
        await build.group("oats", title="Oats", summary="<p>Porridge</p>"),
    )
    closed = await build.group("closed", title="Closed")
    await execute("UPDATE groups SET visibility = 'members' WHERE id = ?", (closed.id,))
    await build.post(anna, "With rye", tags=["bread"], group=rye)
    await build.post(anna, "Hidden", tags=["bread"], group=closed, visibility=4)
    await build.insert("group_topic", group_id=oats.id, name="bread")
    await build.insert("group_topic", group_id=closed.id, name="bread")
    tag = await value("SELECT id FROM tag WHERE name = 'bread'")
    for number, actor in enumerate((anna, ben)):
        await build.insert("featured_tag", id=number + 1, actor_id=actor.id, tag_id=tag)
    blocking = await build.person("carl")
    await build.block(anna, blocking)

    profile = await stranger.get("/@anna")
    page = await stranger.get("/tags/Bread")
    kept_out = await (await enter(blocking)).get("/tags/bread")

    assert "/tags/bread" in profile.links
    groups, people = (page.one("section", aria_labelledby=name) for name in ("groups", "people"))
    assert [each["href"] for each in groups.all("a")] == ["/c/oats", "/c/rye"] and "Porridge" in groups.text
    assert [each["href"] for each in people.all("a")] == ["/@anna"] and "Closed" not in page.source
    assert flaws(page) == [] and "/@anna" not in kept_out.links and "With rye" not in kept_out.source
    assert not (await stranger.get("/tags/other")).all("section", aria_labelledby="people")
