"""How one follows: in which languages, told of everything or not; who is seen to follow whom, and whom one may like."""

import httpx
import pytest

import storage.actors
import storage.relationships
import storage.waiting
from fedcomm import follows, peers, profiles, telling
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import rows
from storage.paging import Page
from tests import build
from tests.people import person
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def tell(app: App) -> None:
    """Do what waits to be told of posts."""
    for (args,) in await rows("SELECT args FROM job WHERE name = 'tell_post' ORDER BY id", ()):
        await telling.tell_post(app, int("".join(filter(str.isdigit, args))))


async def test_posts_in_other_languages_do_not_come_home(alice: Member, bob: Member) -> None:
    followed = await alice.do(f"accounts/{bob.id}/follow", languages=["de", "fr"])
    german, english = await bob.post("Hallo", language="de"), await bob.post("Hello", language="en")

    assert followed["languages"] == ["de", "fr"]
    assert ids(await alice.get("timelines/home")) == [german["id"]]
    assert (await alice.do(f"accounts/{bob.id}/follow", reblogs=True))["languages"] == ["de", "fr"], "kept unless said"
    assert (await alice.do(f"accounts/{bob.id}/follow", languages=[]))["languages"] is None
    assert ids(await alice.get("timelines/home")) == [english["id"], german["id"]]


async def test_a_group_brings_only_languages_one_wants(alice: Member, bob: Member, gardening: Actor) -> None:
    await bob.do(f"accounts/{gardening.id}/follow")
    await alice.do(f"accounts/{gardening.id}/follow", languages=["de"])
    german, _ = await bob.post("@gardening Hallo", language="de"), await bob.post("@gardening Hello", language="en")

    assert [each["reblog"]["id"] for each in await alice.get("timelines/home")] == [german["id"]]


async def test_what_is_no_language_changes_nothing(alice: Member, bob: Member) -> None:
    many = ["de"] * (follows.MAX_LANGUAGES + 1)
    odd = (["%"], ["de en"], ["x" * 40])
    refusals = [await alice.refused("POST", f"accounts/{bob.id}/follow", languages=each) for each in odd]

    assert {status for status, _ in refusals} == {422} and await rows("SELECT 1 FROM follow", ()) == []
    assert (await alice.do(f"accounts/{bob.id}/follow", languages=many))["languages"] == ["de"]


async def test_whoever_asked_for_it_is_told_of_each_post(app: App, client: httpx.AsyncClient, alice: Member) -> None:
    bob, carol = [await Member.of(client, await person(app, name)) for name in ("bob", "carol")]
    await alice.do(f"accounts/{bob.id}/follow", notify=True)
    await carol.do(f"accounts/{bob.id}/follow")
    other = await carol.post("Hello")
    posts = [await bob.post("First"), await bob.post("For followers", visibility="private")]
    await bob.post("Answer", in_reply_to_id=other["id"])
    await bob.post("@carol Secret", visibility="direct")
    named = await bob.post("@alice look")

    await tell(app)

    assert [each["type"] for each in await alice.get("notifications") if each["status"]["id"] == named["id"]] == [
        "mention"
    ]
    found = await alice.get("notifications", **{"types[]": "status"})
    assert [each["status"]["id"] for each in found] == [each["id"] for each in reversed(posts)]
    assert {each["account"]["id"] for each in found} == {bob.id}
    assert await carol.get("notifications", **{"types[]": "status"}) == []


async def test_nothing_waits_to_be_told_where_nobody_asked(app: App, alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/follow")
    await bob.post("Hello")

    assert await rows("SELECT 1 FROM job WHERE name = 'tell_post'", ()) == []


@pytest.mark.attack("PRI-25")
async def test_who_hides_whom_they_know_shows_it_to_nobody_else(
    client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    await alice.do(f"accounts/{bob.id}/follow")
    changed = await alice.do("accounts/update_credentials", "PATCH", hide_collections=True)
    path = f"accounts/{alice.id}/following"

    assert changed["hide_collections"] and changed["source"]["hide_collections"]
    assert ids(await alice.get(path)) == [bob.id] and (await bob.get(f"accounts/{alice.id}"))["hide_collections"]
    assert await bob.get(path) == (await client.get(f"/api/v1/{path}")).json() == []
    await bob.do(f"accounts/{alice.id}/follow")
    assert await bob.get(f"accounts/{alice.id}/followers") == [] and ids(
        await alice.get(f"accounts/{alice.id}/followers")
    )


async def test_one_learns_which_friends_know_somebody(client: httpx.AsyncClient, alice: Member, bob: Member) -> None:
    friend, private, stranger = [await build.person(name) for name in ("friend", "private", "stranger")]
    await storage.actors.change(private.id, hide_collections=1)
    for each in (friend, private):
        await build.follow(alice.actor, each)
    for each in (friend, private, stranger):
        await build.follow(each, bob.actor)

    found = await alice.get("accounts/familiar_followers", **{"id[]": [bob.id, str(stranger.id), "1"]})

    assert [(each["id"], ids(each["accounts"])) for each in found] == [
        (bob.id, [str(friend.id)]),
        (str(stranger.id), []),
    ]
    await storage.actors.change(bob.actor.id, hide_collections=1)
    assert (await alice.get("accounts/familiar_followers", id=bob.id))[0]["accounts"] == []
    in_the_body = await alice.ask("GET", "accounts/familiar_followers", data={"id[]": [bob.id]})
    assert [each["id"] for each in in_the_body.json()] == [bob.id]


async def test_people_and_groups_one_does_not_know_are_suggested(alice: Member, bob: Member, gardening: Actor) -> None:
    await storage.actors.change(alice.actor.id, discoverable=0)
    await storage.actors.change(bob.actor.id, discoverable=1, followers_count=5)
    hidden = await build.person("hidden")
    found = await alice.get("/api/v2/suggestions")
    old = await alice.get("suggestions")

    assert ids(old) == [each["account"]["id"] for each in found] == [bob.id, str(gardening.id)]
    assert found[0]["sources"] and str(hidden.id) not in ids(old)
    assert await alice.do(f"suggestions/{bob.id}", "DELETE") == {}
    await alice.do(f"accounts/{gardening.id}/follow")
    assert await alice.get("/api/v2/suggestions") == [] and await alice.refused("DELETE", "suggestions/1") == MISSING
    assert ids(await bob.get("suggestions")) == [str(gardening.id)]


async def test_the_directory_shows_those_who_want_to_be_found(client: httpx.AsyncClient, alice: Member) -> None:
    await storage.actors.change(alice.actor.id, discoverable=0)
    far = await build.person("far", "far.test", discoverable=1, last_post_at=build.NOW + 2)
    near = await build.person("near", discoverable=1, last_post_at=build.NOW + 1)
    idle = await build.person("idle", discoverable=1)
    await build.person("hidden")
    gone = await build.person("gone", discoverable=1, suspended_at=1)
    await build.block(far, alice.actor)

    async def found(member: Member | None = None, **wanted: str | int) -> list[str]:
        answer = await client.get("/api/v1/directory", params=dict(wanted), headers=member.headers if member else {})
        assert answer.status_code == 200
        return ids(answer.json())

    by_activity, by_age = [str(each.id) for each in (far, near, idle)], [str(each.id) for each in (idle, near, far)]
    assert await found() == by_activity and await found(order="new") == by_age
    assert await found(local=True) == by_activity[1:] and await found(limit=1, offset=1) == by_activity[1:2]
    assert await found(alice) == by_activity[1:] and str(gone.id) not in await found()


async def test_who_is_limited_has_to_ask_and_is_seen_to(app: App, alice: Member) -> None:
    """Of a limited server, or limited by name: neither is shown elsewhere to who does not follow them."""
    far = await build.person("fay", "far.example")
    near = await build.person("ned", "near.example", limited_at=build.NOW)
    gone = await build.person("sue", "shut.example")
    await peers.set_policy(app, "far.example", "limit")
    await peers.set_policy(app, "shut.example", "suspend")
    for asker in (far, near, gone):
        await build.follow(asker, alice.actor, "pending")
    asked = await alice.get("follow_requests")
    counted = (await alice.get("accounts/verify_credentials"))["source"]["follow_requests_count"]
    listed = await storage.relationships.asking(alice.actor.id, Page())
    waits = await storage.waiting.of(alice.actor.id, 0, [])

    assert waits.requests == 2  # what every page of hers says
    assert [each["acct"] for each in asked] == ["ned@near.example", "fay@far.example"]
    assert counted == 2 and listed.ids == [near.id, far.id]
    assert await alice.get("accounts/search", q="fay") == []
    assert (await alice.do(f"follow_requests/{far.id}/authorize"))["followed_by"]
    assert ids(await alice.get("follow_requests")) == [str(near.id)]
    locked = await profiles.change(app, alice.actor, profiles.Change(locked=True))
    await profiles.change(app, locked, profiles.Change(locked=False))
    assert ids(await alice.get("follow_requests")) == [str(near.id)], "let in by nobody unasked"
