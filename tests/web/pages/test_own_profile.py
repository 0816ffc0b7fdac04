"""What members say of themselves, and whom they let follow them."""

import pytest

import storage.actors
import storage.groups
from fedcomm import follows, memberships
from fedcomm.app import App
from storage.connect import Writes, apply, rows, value
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/settings/profile"


@pytest.fixture
async def anna(app: App, enter: Enter) -> Browser:
    """The browser of a member."""
    return await enter(await person(app, "anna"))


async def test_what_is_said_stands_on_the_page_of_the_member(anna: Browser, stranger: Browser) -> None:
    evil = "<script>alert(1)</script>"
    fields = {"fields[0][name]": "Home", "fields[0][value]": "https://anna.example", "fields[2][name]": evil,
              "fields[2][value]": evil}  # fmt: skip

    saved = await anna.button(
        await anna.get(HERE), HERE, name=f"Anna {evil}", note=f"I bake {evil} every **day**", **fields
    )

    assert flaws(saved) == [] and "Saved." in saved.main
    assert saved.one("textarea", name="note").text == f"I bake {evil} every **day**"
    page = await stranger.get("/@anna")
    assert page.one("h1").text == f"Anna {evil}" and not page.scripts
    assert [each.text for each in page.all("dt")] == ["Home", evil]
    assert page.one("dl").one("a")["href"] == "https://anna.example"
    assert "I bake" in page.one("div", class_="lead").text
    again = await anna.get(HERE)
    assert again.one("input", name="fields[0][value]")["value"] == "https://anna.example"
    assert again.one("input", name="fields[1][value]")["value"] == evil


async def test_what_is_too_long_is_refused_and_nothing_is_changed(anna: Browser) -> None:
    for wrong, name in (({"name": "x" * 101}, "name"), ({"note": "x" * 5_001}, "note"),
                        ({"fields[0][name]": "x", "fields[0][value]": "x" * 2_000}, "")):  # fmt: skip
        page = await anna.send(await anna.get(HERE), HERE, **wrong)
        marked = [each["name"] for each in page.one("main").all() if each["aria-invalid"] == "true"]
        assert page.status == 422 and page.problem and marked == [name], wrong
    assert await rows("SELECT name, summary, fields FROM actor WHERE username = 'anna'") == [("", "", "[]")]


async def test_who_has_to_ask_is_let_in_or_turned_away(app: App, anna: Browser) -> None:
    await anna.button(await anna.get(HERE), HERE, locked="true")
    face = await storage.actors.local("anna")
    assert face and face.locked
    people = [await person(app, name) for name in ("bert", "carl")]
    for each in people:
        await follows.follow(app, each, face.id)
    page = await anna.get("/follow_requests")
    secret = page.all("input", name="csrf")[0]["value"]
    assert flaws(page) == [] and "bert" in page.main and "carl" in page.main

    await anna.post("/follow_requests", {"csrf": secret, "act": "accept", "id": str(people[0].id)})
    await anna.post("/follow_requests", {"csrf": secret, "act": "refuse", "id": str(people[1].id)})
    nobody = await anna.post("/follow_requests", {"csrf": secret, "act": "accept", "id": "5"})

    assert nobody.status == 404 and "Nobody is waiting" in (await anna.get("/follow_requests")).main
    assert await rows("SELECT follower_id, state FROM follow") == [(people[0].id, "accepted")]


async def test_groups_that_invite_are_accepted_or_declined_on_the_page_of_requests(app: App, anna: Browser) -> None:
    invited, bob = await storage.actors.local("anna"), await build.person("bob", "far.example")
    assert invited
    groups = [await storage.groups.with_face((await build.group(name, "far.example")).id) for name in ("rye", "spelt")]
    for group, face in groups:
        writes = Writes()
        assert group and face
        assert await memberships.invite(app, writes, group, face, invited, bob, f"https://far.example/member/{face.id}")
        await apply(writes)

    page, told = await anna.get("/follow_requests"), await anna.get("/notifications")
    secret = page.all("input", name="csrf")[0]["value"]
    answers = {"csrf": secret, "act": "come"}, {"csrf": secret, "act": "decline"}, {"csrf": secret, "act": "decline"}
    for answer, (_group, face) in zip(answers, (*groups, groups[1]), strict=True):
        again = await anna.post("/follow_requests", answer | {"id": str(face.id if face else 0)})

    assert flaws(page) == [] and "Invited by Bob" in page.main and "Requests 2 new" in page.main
    assert told.main.count("invites you to belong to it") == 2
    assert again.status == 404 and "no such invitation" in again.main
    assert "Groups that invite you" not in (await anna.get("/follow_requests")).main
    assert await rows("SELECT state FROM membership ORDER BY id") == [("joined",), ("declined",)]
    assert await value("SELECT COUNT(*) FROM notification") == 0


@pytest.mark.attack("OAU-13")
async def test_nobody_answers_for_somebody_else(app: App, anna: Browser, enter: Enter) -> None:
    await anna.button(await anna.get(HERE), HERE, locked="true")
    face = await storage.actors.local("anna")
    bert = await person(app, "bert")
    assert face
    await follows.follow(app, bert, face.id)
    browser = await enter(bert)
    secret = (await browser.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]

    answer = await browser.post("/follow_requests", {"csrf": secret, "act": "accept", "id": str(bert.id)})

    assert answer.status == 404 and await value("SELECT state FROM follow") == "pending"
