"""The log that everybody may read, as a page, in programs and as a feed, and what and whom it never names."""

import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest

import storage.accounts
from fedcomm import (
    accounts,
    admit,
    appeals,
    curation,
    group_profile,
    groups,
    members,
    peers,
    posts,
    sanctions,
    settings,
)
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import registers
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import execute, rows
from storage.paging import Page
from storage.peers import Decision
from storage.posts import Post
from storage.public_log import OF_GROUPS, Wanted, deeds
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, filled
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from web.pages import words

pytestmark = pytest.mark.anyio

API = "/api/v1/modlog"


class Place:
    """The group rye: mo is its steward, anna and bo are in it; olga is admin of the server."""

    def __init__(self, app: App, people: dict[str, Actor]) -> None:
        self.app, self.people = app, people

    async def write(self, who: str, title: str, group: str = "rye") -> Post:
        place, _face = await groups.named(group)
        visibility = 0 if place.visibility == "public" else 4
        return await build.post(self.people[who], title, group=place, kind="page", title=title, visibility=visibility)

    async def account(self, name: str) -> Account:
        return await storage.accounts.by_name(name) or pytest.fail("no account")


@pytest.fixture
async def place(app: App) -> Place:
    """All of it, new."""
    made = {
        name: await person(app, name, "admin" if name == "olga" else "member") for name in ("mo", "anna", "bo", "olga")
    }
    await groups.create(app, "rye", "Rye bread", steward="mo")
    for name in ("anna", "bo"):
        await build.join(made[name], (await groups.named("rye"))[0])
    return Place(app, made)


async def ask(browser: Browser, path: str) -> httpx.Response:
    """What stands there, which need be no page."""
    return await browser.client.get(path)


async def entries(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    """What a program gets."""
    answer = await ask(browser, f"{API}{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_everybody_reads_what_was_done_and_why_and_nobody_who_did_it(
    place: Place, stranger: Browser, enter: Enter
) -> None:
    app, mo = place.app, place.people["mo"]
    first, second = await place.write("anna", "Cheap watches"), await place.write("anna", "Dear watches")
    await curation.remove(app, mo, first.id, "(2) No adverts.\nThird time")
    await curation.restore(app, None, first.id)
    await curation.remove(app, None, second.id, server=await place.account("olga"))
    await members.ban(app, "rye", "anna", mo, reason="Adverts", remove=True)
    await members.unban(app, "rye", "anna", mo)
    await group_profile.change(app, "rye", Change(rules=("Be dry.",)), mo)

    told = await entries(stranger)

    rules, unban, ban, out, back, gone, made = told
    assert [each["act"] for each in told] == ["settings", "unban", "ban", "remove", "restore", "remove", "appoint"]
    assert (rules["setting"], rules["by"], out["by"], back["by"]) == ("rules", "moderators", "server", "server")
    assert gone["rule"] == {"number": 2, "text": "No adverts."} and gone["reason"] == "Third time"
    assert gone["post"]["url"].endswith(f"/@anna/{first.id}") and gone["post"]["type"] == "thread"  # it is back
    assert out["post"]["url"] is None and out["post"]["account"]["acct"] == "anna"
    assert ban["account"]["acct"] == unban["account"]["acct"] == "anna" and made["account"] is None
    assert ban["posts_count"] == 1 and ban["posts"][0]["status_id"] == str(first.id)  # taken out with it: itemised
    for path in ("/modlog", "/c/rye/modlog", "/modlog/feed.atom", "/c/rye/modlog/feed.atom", API):
        answer = await ask(stranger, path)
        assert answer.status_code == 200 and (path == API or "Cheap watches" in answer.text), path
        assert "@mo" not in answer.text and "/mo" not in answer.text.replace("/modlog", ""), path
        assert "olga" not in answer.text and "Dear watches" not in answer.text, path
    page = await stranger.get("/c/rye/modlog")
    assert "Rule 2: No adverts." in page.main and "with 1 post taken out" in page.main and not flaws(page)
    each = await stranger.get(f"/modlog/{ban['id']}")
    assert "Cheap watches" in each.main and "banned" in each.main and not flaws(each)
    assert len(ElementTree.fromstring((await ask(stranger, "/modlog/feed.atom")).text)) == 13

    await accounts.delete(app, "anna")

    erased = await stranger.get("/c/rye/modlog")
    assert "anna" not in erased.source and "watches" not in erased.source and "somebody" in erased.main
    assert [each["account"] for each in await entries(stranger)] == [None] * 7


async def test_a_ban_itemises_what_was_only_proposed_and_counts_no_more_than_it_shows(
    place: Place, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit, "REMOVALS", 1)
    app, mo, bo = place.app, place.people["mo"], place.people["bo"]
    found = [await place.write("anna", f"Watch {number}") for number in range(4)]
    await members.appoint(app, "rye", bo, mo)
    assert [await curation.remove(app, mo, post.id) for post in found[:3]] == [False, True, True]

    await members.ban(app, "rye", "anna", bo, remove=True)

    (ban,) = [each for each in await entries(stranger) if each["act"] == "ban"]
    group, _face = await groups.named("rye")
    assert ban["posts_count"] == len(ban["posts"]) == 3  # the first was out, and stands by itself
    assert await registers.all_of(group.id, "proposed") == []
    await posts.delete(app, place.people["anna"], found[1].id)
    (ban,) = [each for each in await entries(stranger) if each["act"] == "ban"]
    assert ban["posts_count"] == len(ban["posts"]) == 2 and "with 2 posts" in (await stranger.get("/modlog")).main
    await members.unban(app, "rye", "anna", bo)
    out = await rows("SELECT id FROM post WHERE removed_at IS NOT NULL AND deleted_at IS NULL")
    assert out == [(found[0].id,)]


def test_what_is_done_for_groups_is_in_the_log_or_left_out_on_purpose() -> None:
    told = {name for names in OF_GROUPS.values() for name in names}
    private = {
        "held", "proposed", "warned", "trusted", "promotional", "invitation", "greeter", "profile:icon_description",
        "profile:image_description",
    }  # fmt: skip

    assert told | private == set(words.GROUP_ACTS) and not told & private


async def test_an_appeal_shows_in_the_log_with_both_acts(place: Place, stranger: Browser) -> None:
    app, mo, olga = place.app, place.people["mo"], place.people["olga"]
    post = await place.write("bo", "Rye bread")
    await curation.remove(app, mo, post.id, "Not here, bo")
    await build.insert(
        "appeal", id=7, act_id=(await rows("SELECT MAX(id) FROM act"))[0][0], group_id=post.group_id, post_id=post.id,
        author_id=post.author_id, removed_by=mo.uri, secret_hash=b"x", state="asked", ends_at=2**50,
    )  # fmt: skip

    asked = (await entries(stranger))[0]
    await appeals.decide(app, 7, olga, accepted=True)
    back, out, *_ = await entries(stranger)

    assert (asked["act"], asked["appeal"]) == ("remove", None)  # that somebody appeals is theirs to tell
    assert (back["act"], out["act"], out["appeal"]) == ("restore", "remove", "accepted")
    assert "Overturned after an appeal" in (await stranger.get("/modlog")).main
    await execute("UPDATE actor SET limited_at = 1 WHERE id = ?", (post.author_id,))
    assert [each["reason"] for each in await entries(stranger)][:2] == ["", ""]  # which names them


@pytest.mark.attack("PRI-26")
async def test_what_is_done_in_a_private_group_is_for_its_members_alone(
    place: Place, stranger: Browser, enter: Enter
) -> None:
    app, mo, bo = place.app, place.people["mo"], place.people["bo"]
    await groups.create(app, "oats", "Oats", steward="mo", visibility="members", join_mode="approval")
    oats, face = await groups.named("oats")
    await build.join(bo, oats)
    secret = await place.write("bo", "Canary", "oats")
    await curation.remove(app, mo, secret.id, "Canary reason")
    await members.ban(app, "oats", "anna", mo, reason="Canary ban", remove=True)
    open_one = await place.write("anna", "Rye")
    await curation.lock(app, mo, open_one.id, "Done")
    member, outsider = await enter(bo), await enter(place.people["anna"])

    ban = (await deeds(Wanted(viewer=bo.id, group_id=oats.id), Page()))[0]
    everywhere = (
        "/modlog", "/modlog/feed.atom", f"{API}?limit=1", "/modlog?act=people", f"/modlog?max_id={ban.id + 1}",
        "/c/oats/modlog", "/modlog?group=oats", "/c/oats/modlog/feed.atom", f"/modlog/{ban.id}",
        f"{API}?group_id={face.id}", f"{API}/{ban.id}/posts",
    )  # fmt: skip
    for browser in (stranger, outsider):
        answers = [await ask(browser, path) for path in everywhere]
        assert [answer.status_code for answer in answers] == [200] * 5 + [404] * 6
        told = [answer.text.replace("=oats", "") for answer in answers]
        assert not [text for text in told if "anary" in text or "oats" in text]
    whole = [each["id"] for each in await entries(stranger)]
    paged, query = [], "?limit=1"
    while found := await entries(stranger, query):  # nothing of it shows between the pages either
        paged.append(found[0]["id"])
        query = f"?limit=1&max_id={found[0]['id']}"
    assert paged == whole and len(whole) == 2
    assert (
        "Canary reason" in (await member.get("/modlog")).main
        and "Canary ban" in (await member.get("/c/oats/modlog")).main
    )
    assert [each.property for each in await deeds(Wanted(group_id=oats.id), Page())] == []

    await group_profile.change(app, "oats", Change(visibility="public", join_mode="open"), mo)

    assert [each["setting"] for each in await entries(stranger, f"?group_id={face.id}")] == ["visibility"]
    assert "anary" not in (await stranger.get("/c/oats/modlog")).source  # of before only those know who belonged to it
    assert "Canary ban" in (await member.get("/c/oats/modlog")).main


async def test_the_log_of_the_server_has_accounts_and_servers_and_can_be_looked_through(
    place: Place, stranger: Browser, enter: Enter
) -> None:
    app, olga = place.app, await place.account("olga")
    for act in (sanctions.LIMIT, sanctions.WARN, "unlimit", sanctions.SUSPEND):
        await sanctions.act(app, place.people["bo"].id, act, olga, "Canary words")
    post = await place.write("anna", "Rye")
    await curation.lock(app, None, post.id)
    await peers.decide(
        app, "spam.example", Decision("suspend", public_comment="Spam", private_comment="Canary"), by="@olga"
    )
    await peers.decide(app, "hidden.example", Decision("limit", obfuscate=True), by="@olga")
    await peers.decide(app, "friend.example", Decision("allow"), by="@olga")

    closed = await entries(stranger)
    assert [each["act"] for each in closed] == ["lock", "suspend", "unlimit", "limit", "appoint"]
    assert {each["account"]["acct"] for each in closed[1:4]} == {"bo"}
    await settings.change(app, olga, {"blocks_shown": "members"})
    member = await enter(place.people["anna"])
    assert [each["act"] for each in await entries(stranger)] == [each["act"] for each in closed]
    assert "spam.example" in (await member.get("/modlog")).main
    await settings.change(app, olga, {"blocks_shown": "everybody"})

    whole = await entries(stranger)
    assert [each["domain"] for each in whole[:2]] == ["hid***.****ple", "spam.example"]
    assert [each["act"] for each in whole[:2]] == ["limit_server", "suspend_server"] and whole[1]["reason"] == "Spam"
    assert "anary" not in json.dumps(whole) and "friend" not in json.dumps(whole)
    ids = [str(each["id"]) for each in whole]
    pages = [[each["id"] for each in await entries(stranger, query)] for query in (
        "?limit=3", f"?limit=3&max_id={ids[2]}", f"?limit=3&min_id={ids[5]}", f"?limit=3&max_id={ids[5]}",
    )]  # fmt: skip
    assert pages == [ids[:3], ids[3:6], ids[2:5], ids[6:]]
    link = (await ask(stranger, f"{API}?limit=3&act=")).headers["link"]
    assert f"limit=3&act=&max_id={ids[2]}" in link and 'rel="next"' in link
    assert 'rel="next"' not in (await ask(stranger, f"{API}?max_id={ids[2]}")).headers["link"]
    assert [each["act"] for each in await entries(stranger, "?act=accounts")] == ["suspend", "unlimit", "limit"]
    assert await entries(stranger, "?until=2001-01-01") == [] == await entries(stranger, "?since=2100-01-01")
    assert len(await entries(stranger, "?since=2001-01-01&until=2100-01-01")) == len(whole)
    assert [(await ask(stranger, f"{API}?{wrong}")).status_code for wrong in ("act=x", "since=x", "group_id=1")] == [
        422,
        422,
        404,
    ]
    asked = filled((await stranger.get("/modlog")).form("/modlog")) | {"act": "servers"}
    chosen = await stranger.get(f"/modlog?{urlencode(asked)}")
    assert "spam.example" in chosen.main and "locked" not in chosen.main.partition("Why")[2]
