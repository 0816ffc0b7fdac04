"""Admins tell everybody here something; members answer with an emoji and put it away, each for themselves."""

import itertools
from typing import Any

import httpx
import pytest

from fedcomm import bulletins, clock, emojis
from fedcomm.app import App
from fedcomm.errors import AppError, NotAllowed
from storage import accounts
from storage.connect import Database, execute
from tests import build
from tests.web.live import event, heard, listening_apart, said
from tests.web.mastodon import keys
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema
from tests.web.mastodon.test_custom_emojis import PNG

pytestmark = pytest.mark.anyio

MISSING = (404, bulletins.MISSING)
ANNOUNCEMENT = {
    "id": "number", "content": str, "starts_at": ("moment", None), "ends_at": ("moment", None), "all_day": bool,
    "published_at": "moment", "updated_at": "moment", "read": bool, "mentions": list, "statuses": list,
    "tags": [keys.TAG_IN_STATUS], "emojis": list, "reactions": [{"name": str, "count": int, "me": bool}],
}  # fmt: skip


async def test_everybody_here_is_told(client: httpx.AsyncClient, alice: Member) -> None:
    await emojis.add(None, "oven", PNG)
    first = await bulletins.publish(None, "Baking <today> #bread :oven:", "2026-11-21", "2126-11-22")
    second = await bulletins.publish(None, "More")
    await alice.do(f"announcements/{first.id}/reactions/🍞", "PUT")

    found = await alice.get("announcements")

    assert ids(found) == [str(second.id), str(first.id)]
    assert [fault for each in found for fault in keys.wrong(each, ANNOUNCEMENT)] == []
    assert "&lt;today&gt;" in found[1]["content"] and [tag["name"] for tag in found[1]["tags"]] == ["bread"]
    assert (found[1]["starts_at"], found[1]["all_day"]) == ("2026-11-21T00:00:00.000Z", True)
    assert [each["shortcode"] for each in found[1]["emojis"]] == ["oven"] and found[0]["emojis"] == []
    assert (await client.get("/api/v1/announcements")).status_code == 401
    schema = Schema()
    assert schema.wrong(found, schema.of("/api/v1/announcements", "get")) == []


async def test_who_has_put_one_away_does_not_see_it_again(alice: Member, bob: Member) -> None:
    made = await bulletins.publish(None, "Hello")

    assert (
        await alice.do(f"announcements/{made.id}/dismiss") == {} == await alice.do(f"announcements/{made.id}/dismiss")
    )

    assert await alice.get("announcements") == []
    (read,) = await alice.get("announcements", with_dismissed=True)
    (unread,) = await bob.get("announcements", with_dismissed=True)
    assert (read["read"], unread["read"]) == (True, False)


async def test_what_is_changed_is_told_and_what_has_ended_is_not(alice: Member) -> None:
    ended, over, changed = [await bulletins.publish(None, text) for text in ("One", "Two", "Three")]
    await bulletins.end(None, ended.id)
    await execute("UPDATE bulletin SET ends_at = ? WHERE id = ?", (clock.now_ms() - 1, over.id))
    await bulletins.change(None, changed.id, "Four", "2026-11-21T10:00", "2126-11-21T10:00")

    (found,) = await alice.get("announcements", with_dismissed=True)

    assert (found["id"], found["content"], found["all_day"]) == (str(changed.id), "<p>Four</p>", False)
    for gone in (ended, over):
        assert await alice.refused("POST", f"announcements/{gone.id}/dismiss") == MISSING
        assert await alice.refused("PUT", f"announcements/{gone.id}/reactions/🍞") == MISSING


async def test_members_answer_with_emojis(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    real, moments = clock.now, itertools.count()
    monkeypatch.setattr(clock, "now", lambda: real() + next(moments))  # of two at one moment, neither is the first
    await emojis.add(None, "oven", PNG)
    made = await bulletins.publish(None, "Hello")
    place = f"announcements/{made.id}/reactions"
    for member, name in ((alice, "🍞"), (bob, "🍞"), (alice, "🍞"), (bob, "oven"), (alice, "👩🏽‍🍳"), (alice, "3️⃣")):
        assert await member.do(f"{place}/{name}", "PUT") == {}

    seen: list[list[dict[str, Any]]] = [(await member.get("announcements"))[0]["reactions"] for member in (alice, bob)]

    assert [(each["name"], each["count"], each["me"]) for each in seen[0]] == [
        ("🍞", 2, True), ("oven", 1, False), ("👩🏽‍🍳", 1, True), ("3️⃣", 1, True)
    ]  # fmt: skip
    assert [each["me"] for each in seen[1]] == [True, True, False, False]
    assert seen[0][1]["url"].endswith(".png") and seen[0][1]["static_url"].endswith("/still")
    assert "url" not in seen[0][0]
    assert await bob.do(f"{place}/🍞", "DELETE") == {}
    assert (await alice.get("announcements"))[0]["reactions"][0] == {"name": "🍞", "count": 1, "me": True}
    assert await bob.refused("DELETE", f"{place}/🍞") == MISSING


async def test_words_are_no_answer_and_there_is_an_end_to_them(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulletins, "MOST_REACTIONS", 2)
    made = await bulletins.publish(None, "Hello")
    place = f"announcements/{made.id}/reactions"

    for name in ("yes", "3", "+", "<b>", "🍞 🍞", "🍞" * 20, "nothing_here", "\u200d"):
        assert (await alice.refused("PUT", f"{place}/{name}"))[0] == 422, name
    for name in ("🍞", "🍕"):
        await alice.do(f"{place}/{name}", "PUT")
    assert (await bob.refused("PUT", f"{place}/🍰"))[0] == 422
    assert await bob.do(f"{place}/🍕", "PUT") == {}


async def test_only_admins_announce_and_what_cannot_be_is_refused(database: Database) -> None:
    await build.person("alice")
    account = await accounts.by_name("alice")
    made = await bulletins.publish(None, "Hello")

    for act in (
        bulletins.publish(account, "x"), bulletins.change(account, made.id, "x"), bulletins.end(account, made.id)
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await act
    for text, starts, ends in (
        ("", "", ""), (" \n", "", ""), ("x" * 5001, "", ""), ("x", "soon", ""), ("x", "", "9999999"),
        ("x", "2026-01-02", "2026-01-01"),
    ):  # fmt: skip
        with pytest.raises(AppError):
            await bulletins.publish(None, text, starts, ends)


async def test_who_looks_on_is_told_at_once(app: App, alice: Member, bob: Member) -> None:
    await emojis.add(None, "oven", PNG)
    secret = alice.headers["authorization"].removeprefix("Bearer ")
    async with listening_apart(app) as place, place.socket(secret, "?stream=user") as socket:
        await heard(socket)

        made = await bulletins.publish(None, "Hello")
        _, kind, told = await event(socket)
        await bob.do(f"announcements/{made.id}/reactions/🍞", "PUT")
        answered = await event(socket)
        await bob.do(f"announcements/{made.id}/reactions/oven", "PUT")
        pictured = (await event(socket))[2]
        await bob.do(f"announcements/{made.id}/reactions/oven", "DELETE")
        none = (await event(socket))[2]
        await bulletins.change(None, made.id, "Hello again")
        changed = await event(socket)
        await bulletins.change(None, made.id, "Hello again", ends="2020-01-01")
        over = await said(socket)
        other = await bulletins.publish(None, "And more")
        await event(socket)
        await bulletins.end(None, other.id)
        ended = await said(socket)

        assert (kind, told["id"], told["content"]) == ("announcement", str(made.id), "<p>Hello</p>")
        assert answered[1:] == ("announcement.reaction", {"announcement_id": str(made.id), "name": "🍞", "count": 1})
        assert (pictured["count"], none["count"]) == (1, 0)
        assert pictured["url"] == none["url"] and "me" not in pictured  # which differs by who looks on
        assert (changed[1], changed[2]["content"]) == ("announcement", "<p>Hello again</p>")
        assert (over["event"], over["payload"]) == ("announcement.delete", str(made.id))
        assert (ended["event"], ended["payload"]) == ("announcement.delete", str(other.id))
