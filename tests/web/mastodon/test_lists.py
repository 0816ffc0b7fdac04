"""Lists that members make, and those that joined groups are; each is there for its owner alone."""

import httpx
import pytest

from fedcomm import groups, lists
from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


@pytest.fixture
async def joined(alice: Member, gardening: Actor) -> str:
    """The list that alice has got by joining."""
    await alice.do(f"accounts/{gardening.id}/follow")
    return str(gardening.id)


async def test_a_list_answers_everywhere_a_client_asks(alice: Member, joined: str) -> None:
    shown = {"id": joined, "title": "Gardening", "replies_policy": "none", "exclusive": False}

    assert await alice.get("lists") == [shown]
    assert await alice.get(f"lists/{joined}") == shown
    assert ids(await alice.get(f"lists/{joined}/accounts")) == [joined]
    assert await alice.get(f"accounts/{joined}/lists") == [shown]
    assert await alice.get(f"timelines/list/{joined}") == []


async def test_lists_stand_in_the_order_of_their_titles(app: App, alice: Member) -> None:
    for name in ("zebras", "Apples", "bees"):
        await groups.create(app, name, name, "", None, "open")
        await alice.do(f"accounts/{(await groups.named(name))[1].id}/follow")

    assert [each["title"] for each in await alice.get("lists")] == ["Apples", "bees", "zebras"]


async def test_a_group_whose_boosts_are_not_wanted_is_kept_out_of_home(alice: Member, bob: Member, joined: str) -> None:
    await bob.do(f"accounts/{joined}/follow")
    await alice.do(f"accounts/{joined}/follow", reblogs=False)

    post = await bob.post("@gardening Beans")

    assert (await alice.get(f"lists/{joined}"))["exclusive"] is True
    assert await alice.get("timelines/home") == []
    assert ids(await alice.get(f"timelines/list/{joined}")) == [post["id"]]


@pytest.mark.attack("OAU-13")
async def test_the_list_of_a_group_is_there_for_its_members_only(alice: Member, bob: Member, joined: str) -> None:
    await alice.post("@gardening Beans")

    for path in (f"lists/{joined}", f"lists/{joined}/accounts", f"timelines/list/{joined}", f"timelines/list/{bob.id}"):
        assert await bob.refused("GET", path) == MISSING, path
    for method in ("PUT", "DELETE"):
        assert await bob.refused(method, f"lists/{joined}") == MISSING
    assert await bob.get("lists") == await bob.get(f"accounts/{joined}/lists") == []


async def test_nobody_is_put_into_the_list_of_a_group(alice: Member, bob: Member, joined: str) -> None:
    refusals = [
        await alice.refused("POST", f"lists/{joined}/accounts", account_ids=[bob.id]),
        await alice.refused("DELETE", f"lists/{joined}/accounts", account_ids=[joined]),
    ]

    assert {status for status, _ in refusals} == {422} and all("follows a group" in said for _, said in refusals)
    assert ids(await alice.get(f"lists/{joined}/accounts")) == [joined]


async def test_a_member_names_the_list_of_a_group_for_themselves(alice: Member, bob: Member, joined: str) -> None:
    await bob.do(f"accounts/{joined}/follow")

    named = await alice.do(f"lists/{joined}", "PUT", title=" Green things ")
    back = await alice.do(f"lists/{joined}", "PATCH", title="")

    assert (named["title"], back["title"]) == ("Green things", "Gardening")
    assert (await bob.get(f"lists/{joined}"))["title"] == "Gardening"
    assert (await alice.refused("PUT", f"lists/{joined}", title="x" * 256))[0] == 422
    assert (await alice.refused("PUT", f"lists/{joined}", sort="loud"))[0] == 422


async def test_an_exclusive_group_is_kept_out_of_home_and_comes_back(alice: Member, bob: Member, joined: str) -> None:
    await bob.do(f"accounts/{joined}/follow")
    post = await bob.post("@gardening Beans")
    assert len(await alice.get("timelines/home")) == 1

    kept_out = await alice.do(f"lists/{joined}", "PUT", exclusive=True)
    home = await alice.get("timelines/home")
    let_in = await alice.do(f"lists/{joined}", "PUT", exclusive="false")

    assert kept_out["exclusive"] and home == [] and not let_in["exclusive"]
    assert [each["reblog"]["id"] for each in await alice.get("timelines/home")] == [post["id"]]


async def test_hiding_the_list_of_a_group_does_not_leave_it(alice: Member, joined: str) -> None:
    assert await alice.do(f"lists/{joined}", "DELETE") == {}

    (seen,) = await alice.get("accounts/relationships", id=joined)
    assert seen["following"] and await alice.get("lists") == await alice.get(f"accounts/{joined}/lists") == []
    await alice.do(f"accounts/{joined}/unfollow")
    await alice.do(f"accounts/{joined}/follow")
    assert ids(await alice.get("lists")) == [joined], "who joins anew has its list again"


async def test_threads_of_a_group_are_listed_by_when_something_was_said(
    alice: Member, bob: Member, joined: str
) -> None:
    await bob.do(f"accounts/{joined}/follow")
    posts = [await bob.post(f"@gardening Thread {number}") for number in range(4)]
    await bob.post("To myself", in_reply_to_id=posts[0]["id"])
    await alice.post("Answer", in_reply_to_id=posts[1]["id"])
    by_time = [posts[n]["id"] for n in (3, 2, 1, 0)]
    by_activity = [posts[n]["id"] for n in (1, 3, 2, 0)]

    assert ids(await alice.get(f"timelines/list/{joined}")) == by_time
    assert ids(await alice.get(f"timelines/list/{joined}", sort="active")) == by_activity
    await alice.do(f"lists/{joined}", "PUT", sort="active")
    pages = await alice.pages(f"timelines/list/{joined}", limit=1)
    assert [each["id"] for page in pages for each in page] == by_activity
    assert ids(await alice.get(f"timelines/list/{joined}", sort="new")) == by_time
    unanswered = await alice.pages(f"timelines/list/{joined}", limit=2, sort="unanswered")
    assert [ids(page) for page in unanswered] == [[posts[3]["id"], posts[2]["id"]], [posts[0]["id"]]]
    for sort in ("hot", "top-week"):
        assert ids(await alice.get(f"timelines/list/{joined}", sort=sort)) == by_activity, sort


@pytest.fixture
async def friends(alice: Member, bob: Member) -> str:
    """A list of alice's with bob in it."""
    await alice.do(f"accounts/{bob.id}/follow")
    made = await alice.do("lists", title="Friends")
    await alice.do(f"lists/{made['id']}/accounts", account_ids=[bob.id])
    return str(made["id"])


async def test_a_list_is_made_changed_and_deleted(alice: Member, bob: Member, friends: str) -> None:
    shown = {"id": friends, "title": "Friends", "replies_policy": "list", "exclusive": False}
    before = [
        await alice.get("lists"),
        await alice.get(f"accounts/{bob.id}/lists"),
        [await alice.get(f"lists/{friends}")],
    ]

    changed = await alice.do(f"lists/{friends}", "PUT", title="Close", replies_policy="none", exclusive="true")
    held = await alice.get(f"lists/{friends}/accounts")
    await alice.do(f"lists/{friends}/accounts", "DELETE", account_ids=[bob.id, "1"])
    emptied = await alice.get(f"lists/{friends}/accounts")
    deleted = await alice.do(f"lists/{friends}", "DELETE")

    assert before == [[shown]] * 3 and ids(held) == [bob.id] and emptied == [] and deleted == {}
    assert changed == {"id": friends, "title": "Close", "replies_policy": "none", "exclusive": True}
    assert await alice.refused("GET", f"lists/{friends}") == MISSING and await alice.get("lists") == []


async def test_lists_of_groups_come_after_those_one_made(alice: Member, joined: str, friends: str) -> None:
    assert ids(await alice.get("lists")) == [friends, joined]


async def test_who_is_in_a_list_is_shown_page_by_page(alice: Member, friends: str, bob: Member) -> None:
    more = [await build.person(f"p{number}") for number in range(4)]
    for each in more:
        await build.follow(alice.actor, each)
    await alice.do(f"lists/{friends}/accounts", account_ids=[str(each.id) for each in more])

    pages = await alice.pages(f"lists/{friends}/accounts", limit=2)

    assert [len(page) for page in pages] == [2, 2, 1]
    assert {each["id"] for page in pages for each in page} == {bob.id, *(str(each.id) for each in more)}


async def test_a_list_shows_what_those_in_it_write_and_boost(
    app: App, alice: Member, bob: Member, friends: str
) -> None:
    carol = await build.person("carol")
    await build.follow(alice.actor, carol)
    other = await build.post(carol, "Not in the list", home=[alice.actor])
    own, quiet = await bob.post("Mine"), await bob.post("Soon muted", visibility="private")
    boosted = await bob.do(f"statuses/{other.id}/reblog")

    found = await alice.get(f"timelines/list/{friends}")

    assert ids(found) == [boosted["id"], quiet["id"], own["id"]]
    await alice.do(f"accounts/{carol.id}/mute")
    assert ids(await alice.get(f"timelines/list/{friends}")) == [quiet["id"], own["id"]]
    assert [len(page) for page in await alice.pages(f"timelines/list/{friends}", limit=1)][:2] == [1, 1]


@pytest.mark.parametrize(
    ("policy", "seen"),
    [("none", {"self", "me"}), ("list", {"self", "me", "in"}), ("followed", {"self", "me", "in", "out"})],
)
async def test_answers_are_listed_as_the_list_says(
    alice: Member, bob: Member, friends: str, policy: str, seen: set[str]
) -> None:
    inside, outside = [await build.person(name) for name in ("inside", "outside")]
    for each in (inside, outside):
        await build.follow(alice.actor, each)
    await alice.do(f"lists/{friends}/accounts", account_ids=[str(inside.id)])
    await alice.do(f"lists/{friends}", "PUT", replies_policy=policy)
    parents = {"self": bob.actor, "me": alice.actor, "in": inside, "out": outside}
    for name, author in parents.items():
        await build.post(bob.actor, name, parent=await build.post(author, f"above {name}"), home=[alice.actor])

    found = await alice.get(f"timelines/list/{friends}")

    assert {each["content"] for each in found} == {f"<p>{name}</p>" for name in seen}


async def test_who_is_in_an_exclusive_list_is_kept_out_of_home(alice: Member, bob: Member, friends: str) -> None:
    post, own = await bob.post("Hello"), await alice.post("Mine")
    assert ids(await alice.get("timelines/home")) == [own["id"], post["id"]]

    await alice.do(f"lists/{friends}", "PUT", exclusive=True)

    assert ids(await alice.get("timelines/home")) == [own["id"]]
    assert ids(await alice.get(f"timelines/list/{friends}")) == [post["id"]]


async def test_a_group_in_a_list_brings_what_begins_threads(
    alice: Member, bob: Member, joined: str, friends: str
) -> None:
    await bob.do(f"accounts/{joined}/follow")
    await alice.do(f"lists/{friends}/accounts", account_ids=[joined])
    post = await bob.post("@gardening Beans")
    await bob.post("More", in_reply_to_id=post["id"])

    assert [each["reblog"]["id"] for each in await alice.get(f"timelines/list/{friends}")] == [post["id"]]


async def test_who_is_followed_no_more_is_in_no_list(alice: Member, bob: Member, friends: str) -> None:
    await alice.do(f"accounts/{bob.id}/unfollow")

    assert await alice.get(f"lists/{friends}/accounts") == await alice.get(f"accounts/{bob.id}/lists") == []


async def test_what_makes_no_sense_changes_no_list(
    alice: Member, bob: Member, friends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = await build.person("stranger")
    refusals = [
        await alice.refused("POST", "lists"),
        await alice.refused("POST", "lists", title=" "),
        await alice.refused("POST", "lists", title="x" * 256),
        await alice.refused("POST", "lists", title="x", replies_policy="loud"),
        await alice.refused("PUT", f"lists/{friends}", replies_policy="loud", title="Other"),
        await alice.refused("POST", f"lists/{friends}/accounts", account_ids=[bob.id]),
        await alice.refused("POST", f"lists/{friends}/accounts", account_ids=[str(n) for n in range(101)]),
    ]
    monkeypatch.setattr(lists, "MAX_LISTS", 1)
    refusals.append(await alice.refused("POST", "lists", title="One more"))
    monkeypatch.setattr(lists, "MAX_ENTRIES", 1)
    await build.follow(alice.actor, stranger)
    refusals.append(await alice.refused("POST", f"lists/{friends}/accounts", account_ids=[str(stranger.id)]))

    assert [status for status, _ in refusals] == [422] * 9
    assert [each["title"] for each in await alice.get("lists")] == ["Friends"]
    assert ids(await alice.get(f"lists/{friends}/accounts")) == [bob.id]


async def test_only_people_one_follows_are_put_into_a_list(alice: Member, bob: Member, friends: str) -> None:
    stranger = str((await build.person("stranger")).id)

    assert await alice.refused("POST", f"lists/{friends}/accounts", account_ids=[stranger]) == MISSING
    assert await alice.refused("POST", f"lists/{friends}/accounts", account_ids=["1"]) == MISSING
    assert ids(await alice.get(f"lists/{friends}/accounts")) == [bob.id]


@pytest.mark.attack("OAU-13")
async def test_a_list_is_there_for_its_owner_alone(alice: Member, bob: Member, friends: str) -> None:
    for path in (f"lists/{friends}", f"lists/{friends}/accounts", f"timelines/list/{friends}"):
        assert await bob.refused("GET", path) == MISSING, path
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/accounts"), ("DELETE", "/accounts")):
        assert await bob.refused(method, f"lists/{friends}{path}", title="Mine", account_ids=[bob.id]) == MISSING
    assert await bob.get("lists") == await bob.get(f"accounts/{bob.id}/lists") == []
    assert ids(await alice.get(f"lists/{friends}/accounts")) == [bob.id]


async def test_a_group_that_asks_lets_nobody_read_before_its_yes(
    app: App, client: httpx.AsyncClient, alice: Member
) -> None:
    await groups.create(app, "closed", "Closed", "", None, "approval")
    face = (await groups.named("closed"))[1]

    asked = await alice.do(f"accounts/{face.id}/follow")

    assert (asked["requested"], asked["following"]) == (True, False)
    assert await alice.get("lists") == []
    assert await alice.refused("GET", f"timelines/list/{face.id}") == MISSING
