"""Being welcomed: moderators set how, newcomers find the message and answer it with pages and with a program."""

import msgspec
import pytest

from fedcomm import groups, welcomes
from fedcomm.app import App
from fedcomm.jobs import JOBS
from storage import jobs
from storage.actors import Actor
from storage.connect import value
from tests import build
from tests.people import person
from tests.web.client import bearer
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def gwen(app: App) -> Actor:
    """Who moderates the group rye and belongs to it."""
    gwen = await person(app, "gwen")
    await groups.create(app, "rye", "Rye bread", "All about rye", "gwen")
    group, _face = await groups.named("rye")
    await build.join(gwen, group)
    return gwen


async def done(app: App) -> None:
    """Do the jobs that are due, as the worker does."""
    for job in await jobs.claim(2**53, 2**53 + 1, 100):
        await JOBS[job.name].do(app, **msgspec.json.decode(job.args))
        await jobs.finish(job.id)


async def test_moderators_set_the_welcome_and_nobody_else_does(
    app: App, gwen: Actor, enter: Enter, alice: Actor
) -> None:
    browser, other = await enter(gwen), await enter(alice)
    assert "/c/rye/welcome" in (await browser.get("/c/rye/moderate")).links
    page = await browser.get("/c/rye/welcome")
    thread = await build.post(gwen, "Who are you?", group=(await groups.named("rye"))[0], title="Hello")

    wrong = [
        await browser.send(page, "/c/rye/welcome", **fields)
        for fields in ({"texts[0][text]": "x" * 2001}, {"greeter": "alice"}, {"greeter": "nobody"}, {"thread": "/@x/1"})
    ]
    saved = await browser.button(
        page,
        "/c/rye/welcome",
        thread=thread.uri,
        greeter="gwen",
        **{"texts[0][text]": "Come in!", "texts[1][text]": "Herein!"},
    )

    assert [(answer.status, bool(answer.problem)) for answer in wrong] == [(422, True)] * 4
    found = await welcomes.setting((await groups.named("rye"))[0])
    assert found.texts == {"en": "Come in!", "de": "Herein!"} and found.greeter == gwen and found.thread == thread
    assert saved.one("textarea", name="texts[1][text]").text == "Herein!"
    assert saved.one("input", name="thread")["value"] == f"https://home.test/@gwen/{thread.id}"
    assert "changed the welcome" in (await browser.get("/c/rye/moderate")).main
    assert (await other.get("/c/rye/welcome")).status == 403
    token = (await other.get("/")).form("/sign_out").one("input", name="csrf")["value"]
    assert (await other.post("/c/rye/welcome", {"csrf": token, "texts[0][text]": "Mine!"})).status == 403

    await browser.button(saved, "/c/rye/welcome", thread="", greeter="", **{"texts[0][text]": "", "texts[1][text]": ""})
    found = await welcomes.setting((await groups.named("rye"))[0])
    assert (found.texts, found.named, found.thread) == ({}, False, None)


async def test_a_newcomer_answers_the_welcome_on_a_page_and_is_in_the_group(
    app: App, gwen: Actor, enter: Enter, stranger: Browser
) -> None:
    await welcomes.change(app, "rye", welcomes.Change(texts={"en": "Come in!"}), gwen)
    newcomer = await person(app, "nina")
    browser = await enter(newcomer)
    await browser.button(await browser.get("/c/rye"), "/c/rye/join")
    await done(app)
    message = await value("SELECT post_id FROM welcome WHERE actor_id = ?", (newcomer.id,))

    told = await browser.get("/notifications")
    asked = await browser.get(f"/write?to={message}")
    assert (await stranger.get(f"/@rye/{message}")).status == 404
    page = await browser.button(asked, "/write", text="Hi, I bake.")

    assert "Come in!" in told.main
    assert "public" in asked.one("p", class_="note").text and not asked.all("select", name="visibility")
    assert page.one("h1").text == "New here: say hello" and "Hi, I bake." in page.main
    assert "Hi, I bake." in (await stranger.open(page.answer.url.path)).main
    assert "Hi, I bake." in (await (await enter(gwen)).get("/notifications")).main
    again = await browser.get(f"/write?to={message}")
    assert not again.all("p", class_="note") and [each["value"] for each in again.all("option")][:1] == ["direct"]


async def test_a_program_finds_one_welcome_and_its_answer_is_a_public_post_in_the_thread(
    app: App, gwen: Actor, stranger: Browser
) -> None:
    await welcomes.change(app, "rye", welcomes.Change(texts={"en": "Come in!"}), gwen)
    newcomer = await person(app, "nina")
    _group, face = await groups.named("rye")
    client, token = stranger.client, bearer(await build.token(newcomer))
    for verb in ("follow", "unfollow", "follow"):
        assert (await client.post(f"/api/v1/accounts/{face.id}/{verb}", headers=token)).status_code == 200
        await done(app)

    (conversation,) = (await client.get("/api/v1/conversations", headers=token)).json()
    (notice,) = (await client.get("/api/v1/notifications", headers=token)).json()
    message = conversation["last_status"]
    said = {"status": "@rye hi", "in_reply_to_id": message["id"], "visibility": "direct"}
    hi = (await client.post("/api/v1/statuses", json=said, headers=token)).json()
    again = (await client.post("/api/v1/statuses", json=said, headers=token)).json()

    assert (notice["type"], notice["status"]["id"], notice["account"]["group"]) == ("mention", message["id"], True)
    assert message["visibility"] == "direct" and [each["acct"] for each in message["mentions"]] == ["nina"]
    assert hi["visibility"] == "public" and hi["account"]["acct"] == "nina"
    assert again["visibility"] == "direct" and again["in_reply_to_id"] == message["id"]
    context = (await client.get(f"/api/v1/statuses/{hi['id']}/context")).json()
    assert ["New here: say hello" in each["content"] for each in context["ancestors"]] == [True]
    assert (await client.delete(f"/api/v1/statuses/{again['id']}", headers=token)).status_code == 200
    me = (await client.get("/api/v1/accounts/verify_credentials", headers=token)).json()
    assert (me["statuses_count"], message["account"]["statuses_count"]) == (1, 0)  # messages count for nobody
    greeter = bearer(await build.token(gwen))
    told = (await client.get("/api/v1/notifications", headers=greeter)).json()
    assert [(each["type"], each["status"]["id"]) for each in told if each["type"] == "mention"] == [
        ("mention", hi["id"])
    ]
