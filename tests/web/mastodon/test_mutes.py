"""What members keep away from themselves: muted people, whole servers; and what they note about others."""

import httpx
import pytest

from fedcomm import domain_blocks, mutes
from fedcomm.app import App
from storage import mutes as stored
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.paging import Page
from tests import build
from tests.people import person
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def test_what_somebody_muted_says_does_not_come_unasked(alice: Member, bob: Member, gardening: Actor) -> None:
    for member in (alice, bob):
        await member.do(f"accounts/{gardening.id}/follow")
    await alice.do(f"accounts/{bob.id}/follow")
    top = await alice.post("Which soil?")
    answer = await bob.post("@alice Wet", in_reply_to_id=top["id"])
    post = await bob.post("@gardening Beans #beans")
    places = ("timelines/home", "timelines/public", "timelines/tag/beans", f"timelines/list/{gardening.id}")
    before = [post["id"] in [(each["reblog"] or each)["id"] for each in await alice.get(place)] for place in places]

    muted = await alice.do(f"accounts/{bob.id}/mute")

    for place in places:
        assert post["id"] not in [(each["reblog"] or each)["id"] for each in await alice.get(place)], place
    assert before == [True] * len(places) and muted["muting"] and muted["muting_notifications"] and muted["following"]
    assert (await alice.get(f"statuses/{top['id']}/context"))["descendants"] == []
    assert await alice.get("notifications") == []
    assert set(ids(await alice.get(f"accounts/{bob.id}/statuses"))) == {post["id"], answer["id"]}
    assert (await alice.get(f"statuses/{post['id']}"))["id"] == post["id"]
    assert len(await bob.get("timelines/public")) == 2, "nobody else notices"


async def test_what_others_boost_or_say_of_somebody_muted_stays_away_from_home(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    carol = await Member.of(client, await person(app, "carol"))
    await alice.do(f"accounts/{carol.id}/follow")
    boosted = await bob.post("Hello")
    await carol.do(f"statuses/{boosted['id']}/reblog")
    await carol.post("Listen to @bob")
    await carol.post("Fine")
    assert len(await alice.get("timelines/home")) == 3

    await alice.do(f"accounts/{bob.id}/mute", notifications=False)

    assert [each["content"] for each in await alice.get("timelines/home")] == ["<p>Fine</p>"]


async def test_somebody_muted_for_timelines_alone_is_still_heard(alice: Member, bob: Member) -> None:
    muted = await alice.do(f"accounts/{bob.id}/mute", notifications="false")
    await bob.post("@alice Hello")

    assert muted["muting"] and not muted["muting_notifications"]
    assert [each["type"] for each in await alice.get("notifications")] == ["mention"]


async def test_a_mute_ends_when_it_was_to_end(app: App, alice: Member, bob: Member) -> None:
    await bob.post("Hello")
    before = (await alice.do(f"accounts/{bob.id}/mute", duration=3600))["muting_expires_at"]
    (shown,) = await alice.get("mutes")
    assert await alice.get("timelines/public") == [] and shown["id"] == bob.id
    assert shown["mute_expires_at"] == before and before.endswith("Z")

    await execute("UPDATE mute SET expires_at = 1", ())

    assert len(await alice.get("timelines/public")) == 1 and await alice.get("mutes") == []
    assert (await alice.get("accounts/relationships", id=bob.id))[0]["muting"] is False
    assert await stored.forget_expired(2) == 1 and await rows("SELECT 1 FROM mute", ()) == []


async def test_a_mute_without_end_is_lifted(alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/mute", duration=3600)
    await alice.do(f"accounts/{bob.id}/mute", notifications=False, duration=0)
    (shown,) = await alice.get("mutes")
    lifted = await alice.do(f"accounts/{bob.id}/unmute")

    assert shown["mute_expires_at"] is None and not lifted["muting"] and await alice.get("mutes") == []
    assert (await alice.do(f"accounts/{bob.id}/unmute")) == lifted


async def test_muted_people_are_shown_page_by_page(client: httpx.AsyncClient, alice: Member) -> None:
    people = [await build.person(f"p{number}") for number in range(5)]
    for each in people:
        await alice.do(f"accounts/{each.id}/mute")

    pages = await alice.pages("mutes", limit=2)

    assert [len(page) for page in pages] == [2, 2, 1]
    assert {each["id"] for page in pages for each in page} == {str(one.id) for one in people}


async def test_what_makes_no_sense_mutes_nobody(alice: Member, bob: Member) -> None:
    refusals = [
        await alice.refused("POST", f"accounts/{alice.id}/mute"),
        await alice.refused("POST", f"accounts/{bob.id}/mute", duration=-1),
        await alice.refused("POST", f"accounts/{bob.id}/mute", duration=mutes.MAX_DURATION + 1),
        await alice.refused("POST", f"accounts/{bob.id}/mute", duration="long"),
        await alice.refused("POST", "accounts/1/mute"),
    ]

    assert [status for status, _ in refusals] == [403, 422, 422, 422, 404]
    assert await rows("SELECT 1 FROM mute", ()) == []


async def test_nothing_of_a_blocked_server_comes_any_more(app: App, alice: Member, bob: Member) -> None:
    far, near = await build.person("carol", "far.test"), await build.person("dan", "sub.far.test")
    await build.follow(alice.actor, far)
    await build.follow(far, alice.actor)
    post = await build.post(far, "Hello", tags=["beans"], home=[alice.actor])
    other = await build.post(near, "Hello", tags=["beans"])
    await build.notice(alice.actor, "mention", far, post)
    assert len(await alice.get("timelines/tag/beans")) == 2

    assert await alice.do("domain_blocks", domain=" FAR.test ") == {}

    assert ids(await alice.get("timelines/tag/beans")) == [str(other.id)]
    assert len(await bob.get("timelines/public")) == 2
    assert await alice.get("timelines/home") == await alice.get("notifications") == []
    assert await alice.get("domain_blocks") == ["far.test"] and await bob.get("domain_blocks") == []
    (seen,) = await alice.get("accounts/relationships", id=far.id)
    assert seen["domain_blocking"] and not seen["following"] and not seen["followed_by"]
    assert await alice.refused("POST", f"accounts/{far.id}/follow") == (403, "You block the server of that account.")


async def test_whoever_followed_from_a_blocked_server_is_told(app: App, alice: Member) -> None:
    far = await build.person("carol", "far.test")
    await build.follow(alice.actor, far)
    await build.follow(far, alice.actor)

    await alice.do("domain_blocks", domain="far.test")

    sent = [str(body) for (body,) in await rows("SELECT uri FROM outbox ORDER BY seq", ())]
    assert len(sent) == 2 and sum(uri.endswith("#undo") for uri in sent) == 1
    assert await value("SELECT following_count FROM actor WHERE id = ?", (alice.actor.id,)) is not None


async def test_it_is_told_what_a_block_of_a_server_would_end(alice: Member) -> None:
    carol, dave, waiting = [await build.person(name, "far.test") for name in ("carol", "dave", "erin")]
    near = await build.person("frank", "near.test")
    for who in (carol, dave, near):
        await build.follow(alice.actor, who)
    await build.follow(carol, alice.actor)
    await build.follow(waiting, alice.actor, "pending")

    told = [await alice.get("domain_blocks/preview", domain=host) for host in ("FAR.test", "unknown.test")]

    assert told[0] == {"following_count": 2, "followers_count": 1}
    assert told[1] == {"following_count": 0, "followers_count": 0}
    assert (await alice.refused("GET", "domain_blocks/preview", domain="a b"))[0] == 422


async def test_a_blocked_server_is_listed_until_the_block_is_lifted(alice: Member) -> None:
    for number in range(3):
        await alice.do("domain_blocks", domain=f"far{number}.test")
    pages = await alice.pages("domain_blocks", limit=2)

    answer = await alice.ask("DELETE", "domain_blocks", params={"domain": "far1.test"})
    by_body = await alice.do("domain_blocks", "DELETE", domain="far2.test")

    assert pages == [["far2.test", "far1.test"], ["far0.test"]]
    assert answer.json() == by_body == {} and await alice.get("domain_blocks") == ["far0.test"]


ODD = ("", "home.test", "https://home.test/about", "a b", "x" * 300, "ftp://far.test", "https:far.test/x y")


async def test_a_server_is_named_by_any_of_its_addresses(alice: Member) -> None:
    for domain in ("https://far.test/@carol", "HTTP://Near.test", "last.test/"):
        await alice.do("domain_blocks", domain=domain)

    assert sorted(await alice.get("domain_blocks")) == ["far.test", "last.test", "near.test"]


async def test_only_names_of_other_servers_are_blocked_and_not_too_many(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [await alice.refused("POST", "domain_blocks", domain=odd) for odd in ODD]
    refusals.append(await alice.refused("POST", "domain_blocks"))
    monkeypatch.setattr(domain_blocks, "MAX_HOSTS", 1)
    await alice.do("domain_blocks", domain="far.test")
    refusals.append(await alice.refused("POST", "domain_blocks", domain="other.test"))

    assert {status for status, _ in refusals} == {422} and await alice.get("domain_blocks") == ["far.test"]


async def test_a_note_is_its_writers_alone(alice: Member, bob: Member) -> None:
    noted = await alice.do(f"accounts/{bob.id}/note", comment=" Met at the fair ")
    long = await alice.refused("POST", f"accounts/{bob.id}/note", comment="x" * 2001)
    (own,) = await alice.get("accounts/relationships", id=bob.id)
    (others,) = await bob.get("accounts/relationships", id=alice.id)
    emptied = await alice.do(f"accounts/{bob.id}/note")

    assert noted["note"] == own["note"] == "Met at the fair" and others["note"] == emptied["note"] == ""
    assert long[0] == 422 and "2000" in long[1] and await alice.refused("POST", "accounts/1/note") == MISSING


async def test_nobody_sees_the_mutes_of_somebody_else(alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/mute")

    assert await bob.get("mutes") == [] and (await stored.of(bob.actor.id, Page(), build.NOW)).entries == []
