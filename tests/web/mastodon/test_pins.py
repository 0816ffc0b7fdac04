"""What members pin to their profiles, and threads of which they want to hear nothing."""

import httpx
import pytest

from fedcomm.app import App
from storage.connect import rows
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def _pinned(viewer: Member, owner: Member) -> list[str]:
    return ids(await viewer.get(f"accounts/{owner.id}/statuses", pinned="true"))


async def test_pinned_posts_stand_on_top_of_a_profile_until_they_are_taken_down(alice: Member, bob: Member) -> None:
    first, second = await alice.post("one"), await alice.post("two", visibility="unlisted")

    pinned = [await alice.do(f"statuses/{post['id']}/pin") for post in (first, second, second)]
    await bob.do(f"statuses/{second['id']}/favourite")
    both, hers = await _pinned(bob, alice), await alice.get(f"accounts/{alice.id}/statuses", pinned="true")
    theirs = await bob.get(f"accounts/{alice.id}/statuses", pinned="true")
    down = await alice.do(f"statuses/{first['id']}/unpin")
    again = await alice.do(f"statuses/{first['id']}/unpin")

    assert [post["pinned"] for post in pinned] == [True] * 3 and both == [second["id"], first["id"]]
    assert down["pinned"] is again["pinned"] is False and await _pinned(bob, alice) == [second["id"]]
    assert [post["pinned"] for post in hers] == [True, True]
    assert [post["favourited"] for post in theirs] == [True, False]
    assert (await alice.get(f"statuses/{second['id']}"))["pinned"] is True
    assert "pinned" not in await bob.get(f"statuses/{second['id']}")


async def test_only_so_many_of_ones_own_can_be_pinned(alice: Member, bob: Member) -> None:
    others, direct = await bob.post("bob's"), await alice.post("@bob psst", visibility="direct")
    for number in range(5):
        await alice.do(f"statuses/{(await alice.post(str(number)))['id']}/pin")
    sixth = await alice.post("six")

    answers = [await alice.refused("POST", f"statuses/{post['id']}/pin") for post in (others, direct, sixth)]

    assert [code for code, _ in answers] == [422] * 3 and "5 posts" in answers[2][1]
    assert len(await _pinned(alice, alice)) == 5
    limit = (await alice.get("/api/v2/instance"))["configuration"]["accounts"]["max_pinned_statuses"]
    assert limit == 5


async def test_a_deleted_post_is_pinned_no_more_and_makes_room(alice: Member) -> None:
    pinned = [await alice.post(str(number)) for number in range(5)]
    for post in pinned:
        await alice.do(f"statuses/{post['id']}/pin")

    await alice.do(f"statuses/{pinned[0]['id']}", "DELETE")
    await alice.do(f"statuses/{(await alice.post('new'))['id']}/pin")

    assert pinned[0]["id"] not in await _pinned(alice, alice) and len(await _pinned(alice, alice)) == 5


@pytest.mark.attack("PRI-02", "PRI-10")
async def test_what_is_pinned_is_seen_by_those_who_may_see_it(
    client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    private = await alice.post("for followers", visibility="private")
    await alice.do(f"statuses/{private['id']}/pin")

    refused = await bob.refused("POST", f"statuses/{private['id']}/pin")
    before = await _pinned(bob, alice)
    await bob.do(f"accounts/{alice.id}/follow")
    after = await _pinned(bob, alice)
    stranger = await client.get(f"/api/v1/accounts/{alice.id}/statuses?pinned=true")
    collection = await client.get("/users/alice/featured", headers={"accept": "application/activity+json"})

    public = await alice.post("for all")
    await alice.do(f"statuses/{public['id']}/pin")
    await alice.do(f"accounts/{bob.id}/block")

    assert await _pinned(bob, alice) == await _pinned(alice, bob) == []
    assert refused == MISSING and before == [] and after == [private["id"]]
    assert stranger.json() == [] and collection.json()["totalItems"] == 0


async def test_followers_elsewhere_are_told_what_is_pinned(app: App, client: httpx.AsyncClient, alice: Member) -> None:
    await build.follow(await build.person("fan", "far.test"), alice.actor)
    post = await alice.post("look")

    await alice.do(f"statuses/{post['id']}/pin")
    collection = (
        await client.get("/users/alice/featured", headers={"accept": "application/activity+json"})
    ).json()  # fmt: skip
    document = (await client.get("/users/alice", headers={"accept": "application/activity+json"})).json()
    await alice.do(f"statuses/{post['id']}/unpin")

    sent = [body.decode() for (body,) in await rows("SELECT body FROM outbox ORDER BY seq DESC LIMIT 2")]
    assert document["featured"] == collection["id"] and [item["id"] for item in collection["orderedItems"]] == [
        post["uri"]
    ]
    for body, kind in zip(sent, ("Remove", "Add"), strict=True):
        assert f'"{kind}"' in body and f'"target":"{collection["id"]}"' in body and post["uri"] in body


async def test_of_a_muted_thread_one_hears_nothing(alice: Member, bob: Member) -> None:
    post = await alice.post("Hello")
    below = await bob.post("one", in_reply_to_id=post["id"])

    muted = await alice.do(f"statuses/{below['id']}/mute")
    await bob.post("two", in_reply_to_id=below["id"])
    await bob.post("@alice three", in_reply_to_id=below["id"])
    await bob.do(f"statuses/{post['id']}/favourite")
    await bob.do(f"statuses/{post['id']}/reblog")
    quiet = await alice.get("notifications")
    elsewhere = await bob.post("@alice in another thread")
    unmuted = await alice.do(f"statuses/{post['id']}/unmute")
    named = await bob.post("@alice four", in_reply_to_id=below["id"])

    assert muted["muted"] is True and (await alice.get(f"statuses/{post['id']}"))["muted"] is False
    assert (await bob.get(f"statuses/{post['id']}"))["muted"] is False and unmuted["muted"] is False
    assert [each["status"]["id"] for each in quiet] == [below["id"]]
    assert [each["status"]["id"] for each in await alice.get("notifications")][:2] == [named["id"], elsewhere["id"]]


async def test_a_thread_stays_muted_when_it_becomes_part_of_another(alice: Member, bob: Member) -> None:
    top = await build.post(bob.actor, "above")
    start = await build.post(bob.actor, "@alice", mentions=[alice.actor])
    await alice.do(f"statuses/{start.id}/mute")
    await rows("UPDATE post SET thread_id = ?, parent_id = ? WHERE id = ? RETURNING id", (top.id, top.id, start.id))

    await bob.post("@alice more", in_reply_to_id=str(start.id))

    assert await alice.get("notifications") == []
    assert (await alice.get(f"statuses/{top.id}"))["muted"] is True
    assert (await alice.do(f"statuses/{top.id}/unmute"))["muted"] is False


@pytest.mark.attack("PRI-02")
async def test_a_thread_that_one_may_not_see_cannot_be_muted(alice: Member, bob: Member) -> None:
    private = await alice.post("for followers", visibility="private")

    for verb in ("mute", "unmute", "unpin"):
        assert await bob.refused("POST", f"statuses/{private['id']}/{verb}") == MISSING
