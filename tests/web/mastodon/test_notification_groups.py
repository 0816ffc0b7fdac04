"""The same of half a day is told of together, and nobody is told more than in a list of single notifications."""

import httpx
import pytest

from storage.connect import execute
from storage.notice_groups import read
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

V2 = "/api/v2/notifications"
MISSING = (404, "Record not found")


async def _busy_day(alice: Member, bob: Member) -> tuple[str, str]:
    """Three favourites of one post, a mention, and three followers; gives the ids of the posts."""
    post = await build.post(alice.actor)
    named = await build.post(bob.actor, "@alice", mentions=[alice.actor])
    for number in range(3):
        fan = await build.person(f"fan{number}")
        await build.notice(alice.actor, "favourite", fan, post)
        await build.notice(alice.actor, "follow", fan)
    await build.notice(alice.actor, "mention", bob.actor, named)
    return str(post.id), str(named.id)


async def test_the_same_is_told_of_together(alice: Member, bob: Member) -> None:
    post, named = await _busy_day(alice, bob)

    told = await alice.get(V2)

    groups = told["notification_groups"]
    assert [(each["type"], each["notifications_count"], each["status_id"]) for each in groups] == [
        ("mention", 1, named), ("follow", 3, None), ("favourite", 3, post)
    ]  # fmt: skip
    assert len(groups[1]["sample_account_ids"]) == 3 and groups[0]["sample_account_ids"] == [bob.id]
    assert {each["id"] for each in told["accounts"]} == {bob.id, *groups[1]["sample_account_ids"]}
    assert {each["id"] for each in told["statuses"]} == {post, named}
    single = await alice.get("notifications")
    assert {each["group_key"] for each in single} == {each["group_key"] for each in groups}
    assert groups[2]["most_recent_notification_id"] == int(
        next(each["id"] for each in single if each["type"] == "favourite")
    )
    assert await alice.get(f"{V2}/unread_count") == {"count": 3}


async def test_what_is_taken_together_and_shown_can_be_chosen(alice: Member, bob: Member) -> None:
    await _busy_day(alice, bob)

    async def kinds(**wish: object) -> list[str]:
        return [each["type"] for each in (await alice.get(V2, **wish))["notification_groups"]]

    assert await kinds(**{"grouped_types[]": "favourite"}) == ["mention", "follow", "favourite", "follow", "follow"]
    assert await kinds(**{"types[]": ["follow", "mention"]}) == ["mention", "follow"]
    assert await kinds(**{"exclude_types[]": "follow"}) == ["mention", "favourite"]
    assert await kinds(account_id=bob.id) == ["mention"] and await kinds(account_id="1") == []
    assert (await alice.ask("GET", f"{V2}?expand_accounts=some")).status_code == 422
    partial = await alice.get(V2, expand_accounts="partial_avatars")
    assert len(partial["accounts"]) == 2 and len(partial["partial_accounts"]) == 2
    assert set(partial["partial_accounts"][0]) == {
        "id", "acct", "url", "avatar", "avatar_static", "locked", "bot"
    }  # fmt: skip


async def test_pages_show_each_group_once(alice: Member) -> None:
    posts = [await build.post(alice.actor, str(number)) for number in range(5)]
    for number in range(4):
        fan = await build.person(f"fan{number}")
        for post in posts:
            await build.notice(alice.actor, "favourite", fan, post)

    keys, answer = [], await alice.ask("GET", f"{V2}?limit=2&types[]=favourite")
    while True:
        page = answer.json()["notification_groups"]
        keys += [each["group_key"] for each in page]
        assert page and all(each["notifications_count"] == 4 for each in page)
        assert all(int(each["page_min_id"]) <= int(each["page_max_id"]) for each in page)
        if "next" not in answer.links:
            break
        assert "types[]=favourite" in answer.links["next"]["url"]
        answer = await alice.ask("GET", answer.links["next"]["url"])

    assert len(keys) == len(set(keys)) == 5
    back = await alice.ask("GET", answer.links["prev"]["url"])
    assert [each["group_key"] for each in back.json()["notification_groups"]] == keys[2:4]
    full = await alice.ask("GET", f"{V2}?limit=5&types[]=favourite")  # the last one: Mastodon leads on from it, too
    assert (await alice.ask("GET", full.links["next"]["url"])).json()["notification_groups"] == []
    assert "next" not in (await alice.ask("GET", f"{V2}?limit=6&types[]=favourite")).links


async def test_another_half_day_is_another_group(alice: Member) -> None:
    post = await build.post(alice.actor)
    first = await build.notice(alice.actor, "favourite", await build.person("fan0"), post)
    await build.notice(alice.actor, "favourite", await build.person("fan1"), post)
    await execute("UPDATE notification SET id = id - ? WHERE id = ?", (86_400_000 << 16, first))

    groups = (await alice.get(V2))["notification_groups"]

    assert [each["notifications_count"] for each in groups] == [1, 1]
    assert groups[0]["group_key"] != groups[1]["group_key"]


async def test_one_group_is_looked_at_and_put_away_by_its_key(alice: Member, bob: Member) -> None:
    await _busy_day(alice, bob)
    mention, follows, favourites = [each["group_key"] for each in (await alice.get(V2))["notification_groups"]]

    one = await alice.get(f"{V2}/{follows}")
    people = await alice.pages(f"{V2}/{follows}/accounts", limit=2)
    alone = await alice.get(f"{V2}/{mention}/accounts")
    for key in (mention, follows, follows):
        assert await alice.do(f"{V2}/{key}/dismiss") == {}

    assert [each["group_key"] for each in one["notification_groups"]] == [follows] and len(one["accounts"]) == 3
    assert [len(page) for page in people] == [2, 1] and ids(alone) == [bob.id]
    assert [each["group_key"] for each in (await alice.get(V2))["notification_groups"]] == [favourites]
    assert await alice.refused("GET", f"{V2}/{follows}") == MISSING
    assert await alice.do(f"{V2}/clear") == {} and (await alice.get(V2))["notification_groups"] == []


@pytest.mark.attack("OAU-13")
async def test_nobody_reads_or_ends_a_group_of_another(alice: Member, bob: Member) -> None:
    await _busy_day(alice, bob)
    keys = [each["group_key"] for each in (await alice.get(V2))["notification_groups"]]

    for key in keys:
        assert await bob.refused("GET", f"{V2}/{key}") == MISSING
        assert await bob.get(f"{V2}/{key}/accounts") == []
        await bob.do(f"{V2}/{key}/dismiss")
    await bob.do(f"{V2}/clear")

    assert len((await alice.get(V2))["notification_groups"]) == len(keys) == 3


@pytest.mark.attack("PRI-24")
async def test_whom_one_blocks_is_in_no_group(alice: Member, bob: Member) -> None:
    post = await build.post(alice.actor)
    fan = await build.person("fan")
    await build.notice(alice.actor, "favourite", fan, post)
    await build.notice(alice.actor, "favourite", bob.actor, post)
    await build.block(alice.actor, bob.actor)

    (group,) = (await alice.get(V2))["notification_groups"]

    assert (group["notifications_count"], group["sample_account_ids"]) == (1, [str(fan.id)])
    assert ids(await alice.get(f"{V2}/{group['group_key']}/accounts")) == [str(fan.id)]


@pytest.mark.parametrize(
    "key",
    ["", "x", "follow", "follow-", "follow-1-2-3", "ungrouped-x", "ungrouped-1-2", "follow-" + "9" * 30, "mention-1-1"],
)
def test_what_is_no_key_is_no_group(key: str) -> None:
    assert read(key) is None


async def test_a_key_that_is_none_is_not_found(client: httpx.AsyncClient, alice: Member) -> None:
    for key in ("follow-99", "ungrouped-99", "favourite-1-999999999999999999", "%00", "a" * 500):
        assert (await alice.ask("GET", f"{V2}/{key}")).status_code == 404
        assert (await alice.ask("POST", f"{V2}/{key}/dismiss")).status_code in (200, 404)
