"""The page with the rules of a group: members say yes there, and are asked again when the rules change."""

import pytest

from fedcomm import consents, group_profile, groups, members
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage.actors import Actor
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio

FIRST, SECOND = ("Be kind.",), ("Be kind.", "No wheat.")


async def test_members_say_yes_to_the_present_rules_and_again_when_they_change(
    app: App, alice: Actor, stranger: Browser, enter: Enter
) -> None:
    await groups.create(app, "rye", "Rye bread")
    group, _face = await groups.named("rye")
    await build.join(alice, group)  # as by an app, which shows no rules
    browser = await enter(alice)

    async def banner() -> bool:
        notes = (await browser.get("/c/rye")).all("p", class_="note")
        return any(link["href"] == "/c/rye/rules" for note in notes for link in note.all("a"))

    none = await banner()
    await group_profile.change(app, "rye", Change(rules=FIRST))
    first = await banner()
    page = await browser.get("/c/rye/rules")
    assert [each.text for each in page.one("main").all("li")] == list(FIRST)
    done = await browser.button(page, "/c/rye/rules")
    agreed = await banner()
    await group_profile.change(app, "rye", Change(rules=SECOND))
    changed = await banner()
    late = await browser.send(page, "/c/rye/rules")
    beside = (await browser.get("/write?group=rye")).all("details")[0]
    owed = await consents.owed(alice, await consents.of_group(group))
    await browser.button(late, "/c/rye/rules")
    again = await banner()
    await group_profile.change(app, "rye", Change(rules=FIRST))

    assert [none, first, agreed, changed, again] == [False, True, False, True, False]
    assert "You have said yes" in done.main and late.status == 422 and late.problem and "No wheat." in late.main
    assert [each.text for each in beside.all("li")] == list(SECOND)
    assert owed and not await banner()  # to these they said yes before
    await group_profile.change(app, "rye", Change(rules=("Be kind.", "No rye.")))
    await members.appoint(app, "rye", alice, role="steward")
    assert not await banner(), "who decides about what waits is asked for nothing"
    read = await stranger.get("/c/rye/rules")
    assert read.status == 200 and "Be kind." in read.main
    assert "/sign_in?next=%2Fc%2Frye%2Frules" in read.links or "/sign_in?next=/c/rye/rules" in read.links
    sent = await stranger.post("/c/rye/rules", {"read": ""})
    assert sent.status == 303 and sent.headers["location"].startswith("/sign_in")
