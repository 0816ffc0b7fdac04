"""Members say whom they want to hear from; the others wait, and are let in or not."""

import pytest

from fedcomm.app import App
from storage import telling
from storage.connect import Writes, apply, execute
from storage.ids import next_id
from tests import build
from tests.people import person
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

POLICY = "/api/v2/notifications/policy"
REQUESTS = "notifications/requests"
LONG_AGO = build.NOW - 400 * telling.DAY
MISSING = (404, "Record not found")


async def test_a_policy_is_changed_word_by_word(alice: Member, bob: Member) -> None:
    usual = await alice.get(POLICY)
    changed = await alice.do(POLICY, "PATCH", for_not_following="filter", for_new_accounts="drop")
    form = await alice.ask("PUT", POLICY, data={"for_new_accounts": "accept"})
    refused = await alice.refused("PATCH", POLICY, for_not_followers="maybe", for_not_following="accept")

    rules = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_bots")
    assert [usual[rule] for rule in rules] == ["accept"] * 5
    assert usual["summary"] == {"pending_requests_count": 0, "pending_notifications_count": 0}
    assert [changed[rule] for rule in rules] == ["filter", "accept", "drop", "accept", "accept"]
    assert [form.json()[rule] for rule in rules] == ["filter", "accept", "accept", "accept", "accept"]
    assert refused == (422, "A policy is accept, filter or drop.") and await alice.get(POLICY) == form.json()
    assert (await bob.get(POLICY)) == usual
    old = await alice.do("notifications/policy", "PUT", filter_not_following=False, filter_not_followers=True)
    assert (old["filter_not_following"], old["filter_not_followers"]) == (False, True)


@pytest.mark.parametrize("word", ["filter", "drop"])
@pytest.mark.parametrize("rule", ["for_not_following", "for_not_followers", "for_new_accounts", "for_bots"])
async def test_who_is_not_wanted_is_kept_back_by_each_rule(alice: Member, bob: Member, rule: str, word: str) -> None:
    await alice.do(POLICY, "PATCH", **{rule: word})
    await bob.do("accounts/update_credentials", "PATCH", bot=rule == "for_bots")
    post = await alice.post("Hello")

    await bob.do(f"statuses/{post['id']}/favourite")
    await bob.post("@alice look")

    waiting = await alice.get(REQUESTS)
    assert await alice.get("notifications") == [] and await alice.get("notifications/unread_count") == {"count": 0}
    assert (await alice.get("/api/v2/notifications"))["notification_groups"] == []
    assert [(each["id"], each["notifications_count"]) for each in waiting] == [(bob.id, "2")] * (word == "filter")
    assert len(await alice.get("notifications", include_filtered="true")) == 2 * (word == "filter")
    assert (await alice.get(POLICY))["summary"] == {
        "pending_requests_count": int(word == "filter"), "pending_notifications_count": 2 * (word == "filter")
    }  # fmt: skip


async def test_who_is_wanted_is_heard_by_each_rule(alice: Member, bob: Member) -> None:
    rules = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_bots")
    await bob.do("accounts/update_credentials", "PATCH", bot=True)
    await alice.do(POLICY, "PATCH", **dict.fromkeys(rules, "drop"))
    await build.follow(alice.actor, bob.actor)
    await build.follow(bob.actor, alice.actor)
    await execute("UPDATE follow SET created_at = ?", (LONG_AGO,))

    await bob.post("@alice look")
    await bob.post("@alice psst", visibility="direct")

    assert [each["type"] for each in await alice.get("notifications")] == ["mention"] * 2


async def test_private_mentions_wait_unless_they_answer(alice: Member, bob: Member) -> None:
    await alice.do(POLICY, "PATCH", for_private_mentions="filter")
    asked = await alice.post("@bob do you know?", visibility="direct")

    answer = await bob.post("@alice yes", visibility="direct", in_reply_to_id=asked["id"])
    unasked = await bob.post("@alice buy this", visibility="direct")
    public = await bob.post("@alice hello")

    assert [each["status"]["id"] for each in await alice.get("notifications")] == [public["id"], answer["id"]]
    (waiting,) = await alice.get(REQUESTS)
    assert waiting["last_status"]["id"] == unasked["id"]


async def test_who_is_let_in_is_heard_from_then_on(alice: Member, bob: Member) -> None:
    await alice.do(POLICY, "PATCH", for_not_following="filter")
    first = await bob.post("@alice one")

    shown = await alice.get(f"{REQUESTS}/{bob.id}")
    of_bob = await alice.get("notifications", account_id=bob.id)
    assert await alice.do(f"{REQUESTS}/{bob.id}/accept") == {}
    second = await bob.post("@alice two")

    assert shown["account"]["id"] == bob.id and shown["last_status"]["id"] == first["id"]
    assert [each["status"]["id"] for each in of_bob] == [first["id"]]
    assert [each["status"]["id"] for each in await alice.get("notifications")] == [second["id"], first["id"]]
    assert await alice.get(REQUESTS) == [] and await alice.get(f"{REQUESTS}/merged") == {"merged": True}
    assert await alice.refused("GET", f"{REQUESTS}/{bob.id}") == MISSING


async def test_who_is_dismissed_waits_again_with_the_next(app: App, alice: Member, bob: Member) -> None:
    await alice.do(POLICY, "PATCH", for_not_following="filter")
    carol = await Member.of(alice.client, await person(app, "carol"))
    for member in (bob, carol):
        await member.post("@alice one")

    await alice.ask("POST", f"{REQUESTS}/dismiss", data={"id[]": [bob.id, carol.id]})
    nobody = await alice.get(REQUESTS)
    await bob.post("@alice two")

    assert nobody == [] and [(each["id"], each["notifications_count"]) for each in await alice.get(REQUESTS)] == [
        (bob.id, "1")
    ]
    assert await alice.get("notifications") == []


@pytest.mark.attack("OAU-13")
async def test_nobody_answers_the_requests_of_another(alice: Member, bob: Member) -> None:
    carol = await Member.of(alice.client, await build.person("carol"))
    await alice.do(POLICY, "PATCH", for_not_following="filter")
    await bob.post("@alice one")

    answers = [await carol.refused("POST", f"{REQUESTS}/{bob.id}/{verb}") for verb in ("accept", "dismiss")]
    several = await carol.refused("POST", f"{REQUESTS}/accept", id=[bob.id])

    assert [code for code, _ in [*answers, several]] == [404] * 3 and await carol.get(REQUESTS) == []
    assert ids(await alice.get(REQUESTS)) == [bob.id] and await alice.get("notifications") == []


async def test_requests_come_in_pages(alice: Member) -> None:
    await alice.do(POLICY, "PATCH", for_not_following="filter")
    post = await build.post(alice.actor)
    for number in range(5):
        fan = await build.person(f"fan{number}")
        writes = Writes()
        telling.tell(writes, next_id(), alice.actor.id, "favourite", fan.id, post.id, build.NOW)
        telling.tell(writes, next_id(), alice.actor.id, "reblog", fan.id, post.id, build.NOW)
        await apply(writes)

    pages = await alice.pages(REQUESTS, limit=2)

    assert [len(page) for page in pages] == [2, 2, 1] and len({i for page in pages for i in ids(page)}) == 5
    assert {each["notifications_count"] for page in pages for each in page} == {"2"}


@whichever_database
async def test_what_one_did_oneself_no_policy_keeps_back(alice: Member, bob: Member) -> None:
    await alice.do(POLICY, "PATCH", for_not_following="drop")
    post = await build.post(bob.actor)
    for kind in ("poll", "update", "mention"):
        writes = Writes()
        telling.tell(writes, next_id(), alice.actor.id, kind, bob.actor.id, post.id, build.NOW)
        await apply(writes)

    assert [each["type"] for each in await alice.get("notifications")] == ["update", "poll"]
