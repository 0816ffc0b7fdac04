"""Tags by themselves, in the home of those who follow them, and on profiles."""

import httpx
import pytest

from fedcomm import clock, endorsements, tags
from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.people import person
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def test_public_posts_with_a_followed_tag_come_home(app: App, client: httpx.AsyncClient, alice: Member) -> None:
    bob = await Member.of(client, await person(app, "bob"))
    before = await bob.post("Too early #beans")
    followed = await alice.do("tags/Beans/follow")
    post = await bob.post("Hello #BEANS")
    await bob.post("Only for followers #beans", visibility="private")
    await bob.post("Not listed #beans", visibility="unlisted")

    assert (followed["name"], followed["following"]) == ("beans", True)
    assert ids(await alice.get("timelines/home")) == [post["id"]] and before["id"] != post["id"]
    assert (await alice.get("tags/beans"))["following"] and not (await bob.get("tags/beans"))["following"]


async def test_what_came_for_a_tag_alone_goes_with_it(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    carol = await Member.of(client, await person(app, "carol"))
    await alice.do(f"accounts/{carol.id}/follow")
    for name in ("beans", "peas"):
        await alice.do(f"tags/{name}/follow")
    gone = await bob.post("#beans")
    stays = [await bob.post("#beans #peas"), await carol.post("#beans"), await alice.post("#beans")]
    assert ids(await alice.get("timelines/home")) == [each["id"] for each in reversed([gone, *stays])]

    after = await alice.do("tags/beans/unfollow")

    assert not after["following"]
    assert ids(await alice.get("timelines/home")) == [each["id"] for each in reversed(stays)]


async def test_nothing_of_somebody_blocked_or_muted_comes_for_a_tag(alice: Member, bob: Member) -> None:
    await alice.do("tags/beans/follow")
    await bob.post("#beans")
    assert len(await alice.get("timelines/home")) == 1

    await alice.do(f"accounts/{bob.id}/mute")
    muted = await alice.get("timelines/home")
    await alice.do(f"accounts/{bob.id}/unmute")
    await alice.do(f"accounts/{bob.id}/block")

    assert muted == await alice.get("timelines/home") == []


async def test_an_answer_inside_a_group_does_not_come_for_its_tag(alice: Member, bob: Member, gardening: Actor) -> None:
    await bob.do(f"accounts/{gardening.id}/follow")
    await alice.do("tags/beans/follow")
    top = await bob.post("@gardening Soil?")
    await bob.post("#beans", in_reply_to_id=top["id"])

    assert await alice.get("timelines/home") == []


async def test_followed_tags_are_listed_page_by_page(alice: Member, bob: Member) -> None:
    for name in ("one", "two", "three"):
        await alice.do(f"tags/{name}/follow")
    await alice.do("tags/two/follow")

    pages = await alice.pages("followed_tags", limit=2)

    assert [[each["name"] for each in page] for page in pages] == [["three", "two"], ["one"]]
    assert all(each["following"] for page in pages for each in page) and await bob.get("followed_tags") == []


async def test_a_tag_tells_how_it_was_used_in_public(app: App, alice: Member, bob: Member) -> None:
    for member in (alice, alice, bob):
        await member.post("#beans")
    await bob.post("#beans", visibility="private")

    history = (await alice.get("tags/beans"))["history"]

    today = clock.now_ms() // 86_400_000 * 86_400
    assert history[0] == {"day": str(today), "uses": "3", "accounts": "2"}
    assert [int(each["day"]) for each in history] == [today - 86_400 * number for number in range(7)]
    assert {each["uses"] for each in history[1:]} == {"0"}


async def test_what_is_no_tag_is_not_followed(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [await alice.refused("POST", f"tags/{odd}/follow") for odd in ("a b", "123", "x" * 101, "a-b", "_")]
    monkeypatch.setattr(tags, "MAX_FOLLOWED", 1)
    await alice.do("tags/one/follow")
    refusals.append(await alice.refused("POST", "tags/two/follow"))
    await alice.do("tags/one/follow")

    assert {status for status, _ in refusals} == {422} and len(await alice.get("followed_tags")) == 1


async def test_tags_stand_on_a_profile(client: httpx.AsyncClient, alice: Member, bob: Member) -> None:
    await alice.post("#beans")
    await alice.post("#beans #peas")
    await alice.post("#beans", visibility="private")
    suggested = await alice.get("featured_tags/suggestions")

    made = await alice.do("featured_tags", name="#Beans")
    after = await alice.get("featured_tags/suggestions")

    assert [each["name"] for each in suggested] == ["beans", "peas"] and [each["name"] for each in after] == ["peas"]
    assert made["statuses_count"] == "2" and made["last_status_at"] and made["url"] == f"{build.BASE}/tags/beans"
    assert await alice.get("featured_tags") == await bob.get(f"accounts/{alice.id}/featured_tags") == [made]
    assert (await client.get(f"/api/v1/accounts/{alice.id}/featured_tags")).json() == [made]
    assert (await alice.get("tags/beans"))["featuring"]
    assert await bob.refused("DELETE", f"featured_tags/{made['id']}") == MISSING
    assert await alice.do(f"featured_tags/{made['id']}", "DELETE") == {} and await alice.get("featured_tags") == []


async def test_a_tag_is_put_on_a_profile_by_its_name_too(alice: Member) -> None:
    on, off = await alice.do("tags/beans/feature"), await alice.do("tags/beans/unfeature")

    assert on["featuring"] and not off["featuring"]


async def test_a_profile_has_few_tags_each_once(alice: Member) -> None:
    for number in range(tags.MAX_FEATURED):
        await alice.do("featured_tags", name=f"tag{number}")

    refusals = [await alice.refused("POST", "featured_tags", name=name) for name in ("more", "tag1", "", "a b")]

    assert {status for status, _ in refusals} == {422} and len(await alice.get("featured_tags")) == 10


async def test_who_is_blocked_sees_nothing_on_a_profile(alice: Member, bob: Member) -> None:
    await alice.do("featured_tags", name="beans")
    await alice.do(f"accounts/{bob.id}/block")

    assert await bob.get(f"accounts/{alice.id}/featured_tags") == []


@pytest.mark.parametrize("word", ["endorse", "pin"])
async def test_people_one_follows_stand_on_a_profile(
    client: httpx.AsyncClient, alice: Member, bob: Member, word: str
) -> None:
    refused = await alice.refused("POST", f"accounts/{bob.id}/{word}")
    await alice.do(f"accounts/{bob.id}/follow")
    shown = await alice.do(f"accounts/{bob.id}/{word}")
    lists = [await alice.get("endorsements"), (await client.get(f"/api/v1/accounts/{alice.id}/endorsements")).json()]
    hidden = await alice.do(f"accounts/{bob.id}/un{word}")

    assert refused[0] == 422 and shown["endorsed"] and not hidden["endorsed"]
    assert [ids(each) for each in lists] == [[bob.id], [bob.id]] and await alice.get("endorsements") == []


async def test_who_is_followed_no_more_stands_on_the_profile_no_more(alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/follow")
    await alice.do(f"accounts/{bob.id}/endorse")
    await alice.do(f"accounts/{bob.id}/unfollow")

    assert await alice.get("endorsements") == []


async def test_a_profile_has_no_more_people_than_it_may(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endorsements, "MAX_ENDORSED", 0)
    await alice.do(f"accounts/{bob.id}/follow")

    assert (await alice.refused("POST", f"accounts/{bob.id}/endorse"))[0] == 422
    assert await alice.get("endorsements") == []
