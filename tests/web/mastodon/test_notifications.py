"""Members are told what happens to them, and nobody else is."""

import httpx
import pytest

from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


async def test_a_member_is_told_of_votes_boosts_mentions_and_followers(alice: Member, bob: Member) -> None:
    post = await alice.post("Hello")
    await bob.do(f"accounts/{alice.id}/follow")
    await bob.do(f"statuses/{post['id']}/favourite")
    await bob.do(f"statuses/{post['id']}/reblog")
    answer = await bob.post("Hi", in_reply_to_id=post["id"])
    named = await bob.post("@alice look")

    told = await alice.get("notifications")

    assert [(each["type"], each["status"] and each["status"]["id"]) for each in told] == [
        ("mention", named["id"]), ("mention", answer["id"]), ("reblog", post["id"]), ("favourite", post["id"]),
        ("follow", None),
    ]  # fmt: skip
    assert {each["account"]["id"] for each in told} == {bob.id} and await bob.get("notifications") == []
    assert await alice.get(f"notifications/{told[0]['id']}") == told[0]
    assert await alice.get("notifications/unread_count") == {"count": 5}


async def test_only_the_kinds_that_are_asked_for_are_shown(alice: Member, bob: Member) -> None:
    post = await build.post(alice.actor)
    for kind in ("mention", "favourite", "reblog"):
        await build.notice(alice.actor, kind, bob.actor, post)
    await build.notice(alice.actor, "follow", bob.actor)

    async def kinds(**wish: object) -> list[str]:
        return [each["type"] for each in await alice.get("notifications", **wish)]

    assert await kinds(**{"types[]": ["mention", "follow"]}) == ["follow", "mention"]
    assert await kinds(types="mention") == ["mention"]
    assert await kinds(**{"exclude_types[]": ["mention", "follow"]}) == ["reblog", "favourite"]
    assert await kinds(**{"types[]": "admin.report"}) == []
    assert await kinds(account_id="1") == [] and len(await kinds(account_id=bob.id)) == 4


async def test_what_is_done_with_is_put_away(alice: Member, bob: Member) -> None:
    for number in range(4):
        await build.notice(alice.actor, "follow", await build.person(f"fan{number}"))
    first, second, third, fourth = ids(await alice.get("notifications"))

    await alice.do(f"notifications/{first}/dismiss")
    one = ids(await alice.get("notifications"))
    await alice.ask("DELETE", "notifications/destroy_multiple", params={"ids[]": [second, third]})
    two = ids(await alice.get("notifications"))
    await alice.do("notifications/clear")

    assert one == [second, third, fourth] and two == [fourth] and await alice.get("notifications") == []


async def test_what_was_taken_back_is_told_no_more(alice: Member, bob: Member) -> None:
    post = await alice.post("Hello")
    for subject, act in (("accounts", "follow"), ("statuses", "favourite"), ("statuses", "reblog")):
        await bob.do(f"{subject}/{alice.id if act == 'follow' else post['id']}/{act}")
    told = await alice.get("notifications")

    for act in (
        f"accounts/{alice.id}/unfollow",
        f"statuses/{post['id']}/unfavourite",
        f"statuses/{post['id']}/unreblog",
    ):
        await bob.do(act)

    assert len(told) == 3 and await alice.get("notifications") == []


async def test_whom_an_edit_names_is_told_once(alice: Member, bob: Member, client: httpx.AsyncClient) -> None:
    carol = await Member.of(client, await build.person("carol"))
    post = await alice.post("@bob look")
    (first,) = await bob.get("notifications")
    await bob.do(f"notifications/{first['id']}/dismiss")

    for text in ("@bob @carol look", "@bob @carol @alice look again"):
        await alice.do(f"statuses/{post['id']}", "PUT", status=text)

    (told,) = await carol.get("notifications")
    assert (told["type"], told["status"]["id"]) == ("mention", post["id"])
    assert await bob.get("notifications") == await alice.get("notifications") == []


async def test_a_mention_beside_somebody_one_does_not_hear_tells_nothing(
    alice: Member, bob: Member, client: httpx.AsyncClient
) -> None:
    carol = await Member.of(client, await build.person("carol"))
    texts = [(await bob.post(text))["id"] for text in ("@alice look", "@alice @carol look")]

    async def heard() -> list[str]:
        return [each["status"]["id"] for each in await alice.get("notifications")]

    assert await heard() == texts[::-1]
    await alice.do(f"accounts/{carol.id}/mute", notifications=False)
    assert await heard() == texts[::-1]
    await alice.do(f"accounts/{carol.id}/mute")
    assert await heard() == texts[:1]
    await alice.do(f"accounts/{carol.id}/unmute")
    await alice.do(f"accounts/{carol.id}/block")
    assert await heard() == texts[:1]


@pytest.mark.attack("OAU-13")
async def test_nobody_reads_or_ends_what_another_is_told(alice: Member, bob: Member) -> None:
    notice = await build.notice(alice.actor, "follow", bob.actor)

    read = await bob.refused("GET", f"notifications/{notice}")
    await bob.ask("POST", f"notifications/{notice}/dismiss")
    await bob.ask("DELETE", "notifications/destroy_multiple", params={"ids[]": [str(notice)]})
    await bob.do("notifications/clear")

    assert read == MISSING and ids(await alice.get("notifications")) == [str(notice)]


@pytest.mark.attack("PRI-24")
async def test_whom_one_blocks_tells_nothing(client: httpx.AsyncClient, alice: Member, bob: Member) -> None:
    post = await alice.post("Hello")
    await alice.do(f"accounts/{bob.id}/block")

    await bob.post("@alice look")
    refused = await bob.refused("POST", f"statuses/{post['id']}/favourite")

    assert refused == MISSING and await alice.get("notifications") == []


async def test_how_far_one_has_read_is_kept_for_each_timeline(alice: Member, bob: Member) -> None:
    empty = await alice.get("markers", **{"timeline[]": ["home", "notifications"]})
    first = await alice.do("markers", home={"last_read_id": "10"})
    second = await alice.do("markers", home={"last_read_id": "20"}, notifications={"last_read_id": "5"})
    form = await alice.ask("POST", "markers", data={"home[last_read_id]": "30"})

    kept = await alice.get("markers", **{"timeline[]": ["home", "notifications"]})
    assert empty == {} and first["home"]["last_read_id"] == "10" and second["home"]["last_read_id"] == "20"
    assert form.json()["home"]["version"] > second["home"]["version"] > first["home"]["version"]
    assert (kept["home"]["last_read_id"], kept["notifications"]["last_read_id"]) == ("30", "5")
    assert await bob.get("markers", **{"timeline[]": "home"}) == {}


async def test_what_lies_below_the_marker_is_read(alice: Member, bob: Member) -> None:
    notices = [await build.notice(alice.actor, "follow", await build.person(f"fan{number}")) for number in range(3)]

    await alice.do("markers", notifications={"last_read_id": str(notices[1])})

    assert await alice.get("notifications/unread_count") == {"count": 1}
