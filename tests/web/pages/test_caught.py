"""The page of what is held back: one button for all with the same text, one for each author, and the rules."""

import pytest

from fedcomm import settings
from fedcomm.app import App
from storage import caught
from storage.caught import Caught
from storage.connect import Writes, value
from storage.ids import next_id
from storage.saving import save
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def hold(name: str, key: str, text: str) -> int:
    """A post of somebody new that waits; the id of its author."""
    author = await build.person(name, "far.example")
    caught.put(writes := Writes(), Caught(
        next_id(), f"https://far.example/notes/{name}", author.id, "far.example", author.uri, b"{}", "young",
        caught.WAITING, key, text, build.NOW,
    ))  # fmt: skip
    await save(writes)
    return author.id


async def test_a_cluster_has_one_button_and_each_author_one(app: App, enter: Enter) -> None:
    for number in range(7):
        await hold(f"bot{number}", "wave", "Buy <b>watches</b>")
    honest = await hold("honest", "own", "I read your post")
    moderator = await enter(await build.person("mia", role="moderator"))

    page = await moderator.get("/admin/spam")
    assert "posts 7, people 7, servers 1" in page.main and "Buy <b>watches</b>" in page.main and flaws(page) == []
    alone = await moderator.get(next(link for link in page.links if "text=wave" in link))
    assert alone.main.count("Buy <b>watches</b>") == 7 and flaws(alone) == []
    fields = {"csrf": page.all("input", name="csrf")[0]["value"]}
    let_in = await moderator.post("/admin/spam", fields | {"act": "release", "actor": str(honest)})
    assert let_in.headers["location"] == "/admin/spam?done=release"
    refused = await moderator.post("/admin/spam", fields | {"act": "refuse", "text": "wave"})
    page = await moderator.open(refused.headers["location"])

    assert "Nothing is held." in page.main and "What is held" not in page.main  # the rules are the admins'
    assert (await moderator.post("/admin/spam", fields | {"act": "refuse", "text": "wave"})).status == 404
    assert (await moderator.post("/admin/spam", fields | {"act": "explode"})).status == 422
    assert (await moderator.post("/admin/spam/rules", fields | {"hold_young": "24"})).status == 403
    assert await value("SELECT COUNT(*) FROM trusted_contact WHERE actor_id = ?", (honest,)) == 1
    assert await value("SELECT COUNT(*) FROM audit WHERE act LIKE 'contact.%'") == 2


async def test_the_rules_are_set_and_what_cannot_be_is_refused(app: App, admin: Browser) -> None:
    page = await admin.get("/admin/spam")
    saved = await admin.button(page, "/admin/spam/rules", hold_contact="1", hold_young="24", hold_same="9")
    assert "Saved." in saved.main
    now = await settings.current(app)
    assert (now.hold_contact, now.hold_young, now.hold_mentions, now.hold_same) == (True, 24, 2, 9)

    wrong = await admin.send(await admin.get("/admin/spam"), "/admin/spam/rules", hold_young="24", hold_mentions="0")
    assert wrong.status == 422 and wrong.one("input", name="hold_mentions")["aria-invalid"] == "true"
    assert await settings.current(app) == now and flaws(wrong) == []
