"""Boosting, for whom, and taking it back; who boosted, as far as whoever asks may see them."""

import httpx
import msgspec
import pytest

import storage.actors
from activitypub.contexts import PUBLIC
from storage.connect import rows
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio


@pytest.mark.attack("PRI-10", "PRI-11")
async def test_nobody_sees_boosts_of_whom_they_do_not_see(alice: Member, bob: Member) -> None:
    names = ("kind", "shy", "rude", "suspended", "limited", "gone")
    fans = {name: await build.person(name) for name in names}
    await build.block(fans["shy"], alice.actor)
    await build.block(alice.actor, fans["rude"])
    for name in ("suspended", "limited"):
        await storage.actors.change(fans[name].id, **{f"{name}_at": build.NOW})
    await storage.actors.change(fans["gone"].id, deleted_at=build.NOW)
    post = await build.post(bob.actor)
    boosts = {name: await build.boost(fan, post) for name, fan in fans.items()}

    seen = ids(await alice.get(f"statuses/{post.id}/reblogged_by"))
    single = {name: (await alice.ask("GET", f"statuses/{boost}")).status_code for name, boost in boosts.items()}

    assert seen == [str(fans["kind"].id)]
    assert single == {name: 200 if name == "kind" else 404 for name in names}
    assert len(await bob.get(f"statuses/{post.id}/reblogged_by")) == 3


async def test_a_boost_wraps_the_post_and_is_taken_back_either_way(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")

    boost = await alice.do(f"statuses/{post['id']}/reblog")
    again = await alice.do(f"statuses/{post['id']}/reblog")
    shown = await alice.get(f"statuses/{boost['id']}")
    listed = await alice.get(f"accounts/{alice.id}/statuses")
    back = await alice.do(f"statuses/{post['id']}/unreblog")
    await alice.do(f"statuses/{post['id']}/reblog")
    (second,) = await alice.get(f"accounts/{alice.id}/statuses")
    await alice.do(f"statuses/{second['id']}", "DELETE")

    assert boost["reblog"]["id"] == post["id"] and boost["account"]["id"] == alice.id and boost["id"] != post["id"]
    assert again["id"] == boost["id"] == shown["id"] and ids(listed) == [boost["id"]]
    assert (boost["reblog"]["reblogged"], boost["reblog"]["reblogs_count"]) == (True, 1)
    assert (back["id"], back["reblogged"], back["reblogs_count"]) == (post["id"], False, 0)
    assert await alice.get(f"accounts/{alice.id}/statuses") == []
    assert (await bob.get(f"statuses/{post['id']}"))["content"] == "<p>Hello</p>"


@pytest.mark.attack("PRI-04")
async def test_what_is_not_for_everybody_cannot_be_boosted(alice: Member, bob: Member) -> None:
    post = await bob.post("@alice for you", visibility="direct")

    status, _ = await alice.refused("POST", f"statuses/{post['id']}/reblog")

    assert status in (403, 422) and await rows("SELECT 1 FROM boost", ()) == []


@pytest.mark.attack("PRI-25")
@pytest.mark.parametrize(("visibility", "to_all"), [("public", True), ("unlisted", True), ("private", False)])
async def test_who_boosts_says_who_learns_of_it(
    client: httpx.AsyncClient, alice: Member, bob: Member, visibility: str, to_all: bool
) -> None:
    fan = await Member.of(client, await build.person("fan"))
    await fan.do(f"accounts/{alice.id}/follow")
    post = await bob.post("Hello")

    boost = await alice.do(f"statuses/{post['id']}/reblog", visibility=visibility)

    assert (boost["visibility"], boost["reblog"]["visibility"]) == (visibility, "public")
    assert boost["id"] in ids(await fan.get("timelines/home"))
    assert (boost["id"] in ids(await bob.get(f"accounts/{alice.id}/statuses"))) == to_all
    assert (ids(await bob.get(f"statuses/{post['id']}/reblogged_by")) == [alice.id]) == to_all
    said = [msgspec.json.decode(found[0]) for found in await rows("SELECT body FROM outbox", ())]
    (announce,) = [activity for activity in said if activity["type"] == "Announce"]
    assert (PUBLIC in [*announce["to"], *announce.get("cc", [])]) == to_all
    assert alice.actor.followers in [*announce["to"], *announce.get("cc", [])]
    assert await alice.do(f"statuses/{post['id']}/unreblog")


@pytest.mark.attack("PRI-04")
async def test_what_somebody_wrote_for_followers_they_alone_pass_on_to_them_alone(alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/follow")
    own = await alice.post("For followers", visibility="private")

    boost = await alice.do(f"statuses/{own['id']}/reblog", visibility="public")
    refused = [
        await bob.refused("POST", f"statuses/{own['id']}/reblog"),
        await alice.refused("POST", f"statuses/{(await alice.post('x', visibility='direct'))['id']}/reblog"),
    ]
    odd = [await bob.refused("POST", f"statuses/{(await alice.post('y'))['id']}/reblog", visibility=word)
           for word in ("direct", "nobody")]  # fmt: skip

    assert boost["visibility"] == "private" and [status for status, _ in refused] == [403, 403]
    assert [status for status, _ in odd] == [422, 422]
    assert [found[0] for found in await rows("SELECT visibility FROM boost", ())] == [build.FOLLOWERS]
