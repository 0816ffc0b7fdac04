"""Who somebody is, whom they know, and what one can do about them."""

import httpx
import pytest

import storage.actors
from fedcomm import accounts, actors, group_profile, groups, peers
from fedcomm.app import App
from storage import fragments
from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def test_a_program_learns_whom_it_acts_for(alice: Member) -> None:
    found = await alice.get("accounts/verify_credentials")

    assert (found["id"], found["username"], found["acct"]) == (alice.id, "alice", "alice")
    assert found["source"].keys() >= {
        "privacy", "sensitive", "language", "note", "fields", "follow_requests_count", "hide_collections",
        "discoverable", "indexable", "attribution_domains", "quote_policy",
    }  # fmt: skip
    assert found["role"].keys() == {"id", "name", "permissions", "color", "highlighted"}
    assert {**found, "source": 0, "role": 0, "state": 0}.items() >= (await alice.get(f"accounts/{alice.id}")).items()


@pytest.mark.parametrize("role", ["member", "moderator", "admin"])
async def test_a_program_learns_the_role_of_its_person(client: httpx.AsyncClient, role: str) -> None:
    member = await Member.of(client, await build.person("ann", role=role))

    found = (await member.get("accounts/verify_credentials"))["role"]

    assert found["name"] == ("" if role == "member" else role.title())


async def test_counters_follow_what_happens(alice: Member, bob: Member) -> None:
    before = await alice.get(f"accounts/{bob.id}")
    await alice.do(f"accounts/{bob.id}/follow")
    followed = await alice.get(f"accounts/{bob.id}")
    await alice.do(f"accounts/{bob.id}/unfollow")
    after = await alice.get(f"accounts/{bob.id}")

    assert [each["followers_count"] for each in (before, followed, after)] == [0, 1, 0]


async def test_what_changes_about_somebody_shows_in_their_posts_at_once(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    post = await bob.post("Hello")
    path = f"/api/v1/statuses/{post['id']}"
    names = [(await alice.get(path))["account"]["display_name"]]

    await storage.actors.change(bob.actor.id, name="Robert")
    names.append((await alice.get(path))["account"]["display_name"])
    await accounts.delete(app, "bob")

    assert names == ["", "Robert"] and (await client.get(path)).status_code == 404
    assert (await client.get(f"/api/v1/accounts/{bob.id}")).status_code == 404


@pytest.mark.contract(33)
@pytest.mark.parametrize("acct", ["bob", "@bob", "BOB", "bob@home.test", "@bob@HOME.test", " bob "])
async def test_somebody_here_is_looked_up_by_every_spelling(alice: Member, bob: Member, acct: str) -> None:
    assert (await alice.get("accounts/lookup", acct=acct))["id"] == bob.id


async def test_somebody_elsewhere_is_looked_up_by_the_whole_handle(client: httpx.AsyncClient, alice: Member) -> None:
    far = await build.person("carol", "far.test")

    found = await alice.get("accounts/lookup", acct="carol@far.test")

    assert (found["id"], found["acct"]) == (str(far.id), "carol@far.test")
    for acct in ("carol", "carol@other.test", "", "@", "nobody", "a\0b"):
        answer = await client.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert answer.status_code in (404, 422), acct


async def test_the_posts_of_a_group_are_the_threads_in_it(alice: Member, gardening: Actor) -> None:
    await alice.do(f"accounts/{gardening.id}/follow")
    before = await alice.get(f"accounts/{gardening.id}")
    thread = await alice.post("@gardening Tomatoes")
    await alice.post("@gardening Beans")
    await alice.post("Ripe", in_reply_to_id=thread["id"])
    fragments.forget_actor(gardening.id)  # counts are told late, as those of people are

    after = await alice.get(f"accounts/{gardening.id}")

    assert (before["statuses_count"], before["last_status_at"]) == (0, None)
    assert (after["statuses_count"], after["last_status_at"]) == (2, thread["created_at"][:10])
    assert len(await alice.get(f"accounts/{gardening.id}/statuses")) == 2


async def test_nobody_of_a_server_that_is_not_heard_is_shown(app: App, alice: Member, bob: Member) -> None:
    far = await build.person("carol", "far.test")
    await build.follow(bob.actor, far)
    await build.follow(far, bob.actor)

    async def shown() -> list[int]:
        answers = [
            await alice.ask("GET", f"accounts/{far.id}"),
            await alice.ask("GET", "accounts/lookup", params={"acct": "carol@far.test"}),
        ]
        lists = [
            await alice.get("accounts", **{"id[]": far.id}),
            *[await alice.get(f"accounts/{far.id}/{name}") for name in ("followers", "following")],
        ]
        return [*(answer.status_code for answer in answers), *map(len, lists)]

    before = await shown()
    await peers.set_policy(app, "far.test", "suspend")

    assert (before, await shown()) == ([200, 200, 1, 1, 1], [404, 404, 0, 0, 0])


async def test_an_unknown_or_gone_account_is_not_found(alice: Member) -> None:
    gone = await build.person("gone", "far.test", deleted_at=build.NOW)

    for odd in (gone.id, gone.id + 1, 1, "x", "0"):
        assert await alice.refused("GET", f"accounts/{odd}") == MISSING
        assert await alice.refused("GET", f"accounts/{odd}/statuses") == MISSING
        assert await alice.refused("POST", f"accounts/{odd}/follow") == MISSING


async def test_following_shows_on_both_sides_and_ends(alice: Member, bob: Member) -> None:
    followed = await alice.do(f"accounts/{bob.id}/follow")
    again = await alice.do(f"accounts/{bob.id}/follow")
    lists = [await alice.get(f"accounts/{bob.id}/followers"), await bob.get(f"accounts/{alice.id}/following")]
    (seen,) = await bob.get("accounts/relationships", **{"id[]": [alice.id]})
    ended = await alice.do(f"accounts/{bob.id}/unfollow")
    twice = await alice.do(f"accounts/{bob.id}/unfollow")

    assert followed["following"] and followed["showing_reblogs"] and not followed["requested"] and again == followed
    assert [ids(each) for each in lists] == [[alice.id], [bob.id]]
    assert seen["followed_by"] and not seen["following"]
    assert not ended["following"] and not ended["showing_reblogs"] and twice == ended
    assert await alice.get(f"accounts/{bob.id}/followers") == []


async def test_a_wish_about_boosts_and_news_is_kept(alice: Member, bob: Member) -> None:
    quiet = await alice.do(f"accounts/{bob.id}/follow", reblogs=False, notify=True)
    unchanged = await alice.do(f"accounts/{bob.id}/follow")
    loud = await alice.do(f"accounts/{bob.id}/follow", reblogs="true", notify="false")

    assert [(each["showing_reblogs"], each["notifying"]) for each in (quiet, unchanged, loud)] == [
        (False, True), (False, True), (True, False)
    ]  # fmt: skip


async def test_who_asks_to_be_asked_lets_in_or_not(alice: Member, bob: Member) -> None:
    await storage.actors.change(bob.actor.id, locked=1)

    asked = await alice.do(f"accounts/{bob.id}/follow")
    waiting = await bob.get("follow_requests")
    counted = await bob.get("accounts/verify_credentials")
    answer = await bob.do(f"follow_requests/{alice.id}/authorize")
    (after,) = await alice.get("accounts/relationships", id=bob.id)

    assert (asked["requested"], asked["following"]) == (True, False)
    assert ids(waiting) == [alice.id] and counted["source"]["follow_requests_count"] == 1
    assert answer["followed_by"] and after["following"] and not after["requested"]
    assert await bob.refused("POST", f"follow_requests/{alice.id}/reject") == MISSING


@pytest.mark.parametrize("end", ["authorize", "reject", "unfollow"])
async def test_a_request_is_told_until_it_is_answered_or_taken_back(alice: Member, bob: Member, end: str) -> None:
    await storage.actors.change(bob.actor.id, locked=1)
    await alice.do(f"accounts/{bob.id}/follow")
    (told,) = await bob.get("notifications")

    if end == "unfollow":
        await alice.do(f"accounts/{bob.id}/unfollow")
    else:
        await bob.do(f"follow_requests/{alice.id}/{end}")
    after = await bob.get("notifications", **{"types[]": "follow_request"})
    if end == "authorize":
        await alice.do(f"accounts/{bob.id}/unfollow")
    await alice.do(f"accounts/{bob.id}/follow")
    again = await bob.get("notifications", **{"types[]": "follow_request"})

    assert (told["type"], told["account"]["id"]) == ("follow_request", alice.id) and after == []
    assert [each["account"]["id"] for each in again] == [alice.id]


@pytest.mark.attack("OAU-13")
async def test_nobody_answers_a_request_to_somebody_else(client: httpx.AsyncClient, alice: Member, bob: Member) -> None:
    await storage.actors.change(bob.actor.id, locked=1)
    await alice.do(f"accounts/{bob.id}/follow")
    mallory = await Member.of(client, await build.person("mallory"))

    assert await mallory.refused("POST", f"follow_requests/{alice.id}/authorize") == MISSING
    assert await mallory.get("follow_requests") == [] and ids(await bob.get("follow_requests")) == [alice.id]


async def test_nobody_follows_themselves_or_who_blocks_them(alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/block")

    refusals = [await alice.refused("POST", f"accounts/{each}/follow") for each in (alice.id, bob.id)]

    assert [status for status, _ in refusals] == [403, 403]
    assert await rows("SELECT 1 FROM follow", ()) == []


async def test_a_block_ends_following_and_is_found_to_be_lifted(alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/follow")

    blocked = await alice.do(f"accounts/{bob.id}/block")
    listed = await alice.get("blocks")
    found = await alice.get("/api/v2/search", q="bob", type="accounts", resolve=True)
    autocomplete = await alice.get("accounts/search", q="bo")
    lifted = await alice.do(f"accounts/{bob.id}/unblock")

    assert blocked["blocking"] and not blocked["followed_by"] and not lifted["blocking"]
    assert ids(listed) == ids(found["accounts"]) == [bob.id] and await alice.get("blocks") == []
    assert autocomplete == []


async def test_nobody_blocks_the_server_itself(app: App, alice: Member) -> None:
    service = await actors.service(app)

    refused = await alice.refused("POST", f"accounts/{service.id}/block")

    assert refused == (403, "This account stands for the server itself, and nobody blocks it.")
    assert await alice.get("blocks") == []


async def test_who_is_blocked_does_not_find_who_blocks_them(alice: Member, bob: Member) -> None:
    await alice.do(f"accounts/{bob.id}/block")

    found = await bob.get("/api/v2/search", q="alice", type="accounts", resolve=True)

    assert found["accounts"] == []


async def test_a_follower_is_sent_away(alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/follow")

    after = await alice.do(f"accounts/{bob.id}/remove_from_followers")

    assert not after["followed_by"] and await alice.get(f"accounts/{alice.id}/followers") == []


@pytest.mark.contract(33)
@pytest.mark.parametrize("style", ["id[]", "id"])
async def test_relations_to_several_are_asked_in_both_styles(alice: Member, bob: Member, style: str) -> None:
    found = await alice.get("accounts/relationships", **{style: [bob.id, alice.id, bob.id, "1", "x"]})

    expected = [bob.id, alice.id] if style == "id[]" else ids(found)
    assert ids(found) == expected and ids(found)
    assert await alice.get("accounts/relationships") == []


async def test_several_accounts_are_asked_for_at_once(alice: Member, bob: Member) -> None:
    assert ids(await alice.get("accounts", **{"id[]": [bob.id, "1", alice.id]})) == [bob.id, alice.id]


async def test_people_and_groups_are_found_by_the_beginning_of_their_name(
    alice: Member, bob: Member, gardening: Actor
) -> None:
    assert ids(await alice.get("accounts/search", q="@bo")) == [bob.id]
    assert ids(await alice.get("accounts/search", q="!garden")) == [str(gardening.id)]
    assert ids(await alice.get("accounts/search", q="gardening@home.test")) == [str(gardening.id)]
    assert ids((await alice.get("/api/v2/search", q="ARDENI"))["accounts"]) == [str(gardening.id)]
    assert await alice.get("accounts/search", q="bob", following=True) == []
    assert await alice.get("accounts/search", q="%") == await alice.get("accounts/search", q="") == []


async def test_joining_and_leaving_a_group_is_following_it(alice: Member, gardening: Actor) -> None:
    before = await alice.get("lists")
    joined = await alice.do(f"accounts/{gardening.id}/follow")
    after, members = await alice.get("lists"), await alice.get(f"accounts/{gardening.id}/followers")
    await alice.do(f"accounts/{gardening.id}/unfollow")

    assert before == [] and joined["following"]
    assert after == [
        {"id": str(gardening.id), "title": "Gardening", "replies_policy": "none", "exclusive": False}
    ]  # fmt: skip
    assert ids(members) == [alice.id] and await alice.get("lists") == []


async def test_a_group_is_shown_as_one(client: httpx.AsyncClient, gardening: Actor) -> None:
    found = (await client.get(f"/api/v1/accounts/{gardening.id}")).json()

    assert (found["group"], found["bot"], found["acct"]) == (True, False, "gardening")
    assert all(found[key].startswith(build.BASE) for key in ("avatar", "avatar_static", "header", "header_static"))


async def test_the_note_of_a_group_ends_with_its_rules_as_they_are_now(app: App, alice: Member) -> None:
    group = await groups.create(app, "bread", "Bread", "All about bread")

    before = await alice.get(f"accounts/{group.actor_id}")
    await group_profile.change(app, "bread", group_profile.Change(rules=("Be kind", "No <b>ads</b>")))
    after = await alice.get(f"accounts/{group.actor_id}")
    await group_profile.change(app, "bread", group_profile.Change(languages=("de",), title="Brot"))
    german = await alice.get(f"accounts/{group.actor_id}")

    about = "<p>Group · mention @bread to start a thread</p><p>All about bread</p>"
    assert before["note"] == about
    rules = "<ol><li>Be kind</li><li>No &lt;b&gt;ads&lt;/b&gt;</li></ol>"
    assert after["note"] == f"{about}<p>The rules of the group:</p>{rules}"
    assert german["note"].endswith(f"<p>Die Regeln der Gruppe:</p>{rules}") and german["display_name"] == "Brot"
