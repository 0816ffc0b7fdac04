"""The directory says of each group how one comes in, and what has become of oneself there."""

import pytest

from fedcomm import follows, group_profile, groups, members, requests
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import join_requests
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


def said(page: Page) -> dict[str, str]:
    """What stands at the end of each card, by the name of the group."""
    cards = page.one("ul", class_="cards").all("li")
    marks = ("Join", "Ask to join", "By invitation", "You are a member", "You have asked", "You are banned", "not let")
    found = {}
    for card in (each for each in cards if each.all("h3")):
        words = [each.text.partition(":")[0] for each in card.all("button") + card.all("a", class_="button")]
        words += [mark for mark in marks[2:] if mark in card.text]
        found[card.one("h3").text] = " + ".join(words)
    return found


async def test_each_card_says_how_one_comes_in_and_what_became_of_the_reader(
    app: App, stranger: Browser, enter: Enter
) -> None:
    await person(app, "mo")
    ways = {"open": "open", "asking": "approval", "questions": "approval", "closed": "invite", "inside": "invite",
            "waits": "approval", "denied": "approval", "banned": "open"}  # fmt: skip
    for name, way in ways.items():
        await groups.create(app, name, name, steward="mo", join_mode=way)
    await groups.create(app, "secret", "secret", steward="mo", join_mode="approval", visibility="members")
    await group_profile.change(app, "questions", Change(question="Why?"))
    await group_profile.change(app, "secret", Change(listed=True, languages=("de", "nds")))
    ann, face = await person(app, "ann"), {}
    for name in ways:
        face[name] = (await groups.named(name))[1]
    await follows.follow(app, ann, face["inside"].id, invited=True)
    for name in ("waits", "denied"):
        await follows.follow(app, ann, face[name].id)
    group = (await groups.named("denied"))[0]
    await requests.deny(app, "denied", ann.id, "No")
    await members.ban(app, "banned", ann.uri)
    assert await join_requests.turned_down([group.id], ann.id) == {group.id}

    guest, member = await stranger.get("/groups"), await (await enter(ann)).get("/groups")

    assert flaws(guest) == [] and flaws(member) == []
    languages = [each.text for each in guest.one("select", name="language").all("option")]
    assert languages[1:] == ["Deutsch", "nds"]  # by their names, as on the cards
    expected = {
        "open": "Join", "asking": "Ask to join", "questions": "Ask to join", "secret": "Ask to join",
        "closed": "By invitation", "inside": "By invitation", "waits": "Ask to join", "denied": "Ask to join",
        "banned": "Join",
    }  # fmt: skip
    assert said(guest) == expected
    assert said(member) == expected | {
        "inside": "You are a member", "waits": "You have asked", "denied": "Ask to join + not let",
        "banned": "You are banned",
    }  # fmt: skip
    (link,) = [each for each in member.all("a", class_="button") if "questions" in each.text]
    assert link["href"] == "/c/questions/join"  # the question stands there
