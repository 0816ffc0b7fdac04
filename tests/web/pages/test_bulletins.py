"""Announcements with a browser: where they stand, and how a member puts them away."""

import pytest

from fedcomm import bulletins
from storage.actors import Actor
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def test_an_announcement_is_read_and_put_away_by_each_member(
    alice: Actor, stranger: Browser, enter: Enter
) -> None:
    made = await bulletins.publish(None, "**Baking** <today>", "2126-11-20", "2126-11-21")
    away = f"/announcements/{made.id}/dismiss"
    member, other = await enter(alice), await enter(await build.person("bob"))

    for path in ("/", "/home"):
        page = await member.get(path)
        assert "Baking <today> 20 November 2126 – 21 November 2126" in page.main and flaws(page) == [], path
        assert away not in (await member.get(f"{path}?max_id=5")).source
    assert "Baking" not in (await stranger.get("/")).main
    page = await member.button(page, away)
    assert page.answer.url.path == "/home" and "Baking" not in page.main
    assert "Baking" not in (await member.get("/")).main and "Baking" in (await other.get("/")).main


async def test_only_forms_of_ours_put_an_announcement_away(alice: Actor, stranger: Browser, enter: Enter) -> None:
    made = await bulletins.publish(None, "Baking")
    member = await enter(alice)

    forged = await member.post(f"/announcements/{made.id}/dismiss", {"csrf": "guessed"})
    unknown = await member.send(await member.get("/"), f"/announcements/{made.id}/dismiss", where="//evil.example")

    assert forged.status == 403 and unknown.headers["location"] == "/"
    assert (await stranger.post(f"/announcements/{made.id}/dismiss", {})).headers["location"].startswith("/sign_in")
