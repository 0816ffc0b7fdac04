"""What a group asks for before a post is in it, as programs are told it: 403 for consent, 422 for the rest."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from fedcomm import clock, consents, group_profile, members, scheduled
from fedcomm.app import App
from fedcomm.consents import Agreement
from fedcomm.group_profile import Change
from storage import groups
from storage.actors import Actor
from storage.connect import execute, rows
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

ASKED = (403, f"Read and accept the rules: {build.BASE}/c/gardening/rules")


async def test_programs_are_told_to_accept_the_rules_before_the_first_post_of_any_kind(
    app: App, alice: Member, bob: Member, gardening: Actor
) -> None:
    thread = await alice.post("@gardening Tulips\n\nare up")
    await group_profile.change(app, "gardening", Change(rules=("Be kind.",)))
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    tried = (
        {"status": "@gardening Roses\n\nnext"},
        {"status": "So are mine", "in_reply_to_id": thread["id"]},
        {"status": "@gardening Roses\n\ntomorrow", "scheduled_at": later},
    )

    told = [await member.refused("POST", "statuses", **sent) for member in (alice, bob) for sent in tried]
    liked = await bob.ask("POST", f"statuses/{thread['id']}/favourite")
    edited = await alice.ask("PUT", f"statuses/{thread['id']}", json={"status": "Tulips\n\nare high"})
    aside = await bob.post("Not for the group")
    group = await groups.by_actor(gardening.id)
    assert group
    rules = await consents.of_group(group)
    await consents.agree(bob.actor, Agreement((rules,), consents.seal((rules,))))

    assert told == [ASKED] * 6 and [liked.status_code, edited.status_code] == [200, 200] and aside["id"]
    assert (await bob.post("So are mine", in_reply_to_id=thread["id"]))["in_reply_to_id"] == thread["id"]
    assert await rows("SELECT COUNT(*) FROM held") == [(0,)]  # nothing of members here waits


async def test_programs_are_told_what_newcomers_may_and_when_that_ends(
    app: App, alice: Member, gardening: Actor
) -> None:
    await group_profile.change(app, "gardening", Change(ladder=True))
    links = "https://a.example https://b.example https://c.example"

    told = [
        await alice.refused("POST", "statuses", status=f"@gardening Shops{between}{links}") for between in ("\n\n", " ")
    ]

    (status, sentence), in_the_title = told
    assert in_the_title == (status, sentence)
    assert status == 422 and sentence.startswith("New members may add 2 links to a post on their first day")
    assert sentence.endswith(
        "Hours until that ends: 24; sooner when others have answered 3 of your replies, or a moderator trusts you."
    )


async def test_programs_are_told_to_pause_between_two_posts_in_a_slow_group(
    app: App, alice: Member, bob: Member, gardening: Actor
) -> None:
    await members.appoint(app, "gardening", bob.actor)
    thread = await alice.post("@gardening Tulips\n\nare up")
    await group_profile.change(app, "gardening", Change(slow=300))
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    early = await alice.ask("POST", "statuses", json={"status": "Again", "in_reply_to_id": thread["id"]})
    edited = await alice.ask("PUT", f"statuses/{thread['id']}", json={"status": "Tulips\n\nare high"})
    aside, planned = (
        await alice.post("Not for the group"),
        await alice.post("@gardening More\n\nthen", scheduled_at=later),
    )
    moderators = [await bob.post("Fine", in_reply_to_id=thread["id"]) for _twice in range(2)]
    await execute("UPDATE scheduled_post SET publish_at = 1")
    await scheduled.publish(app, int(planned["id"]))
    waiting = await rows("SELECT publish_at > ?, refused FROM scheduled_post", (clock.now_ms() + 290_000,))
    await execute("UPDATE post SET received_at = received_at - 300000 WHERE group_id IS NOT NULL")
    await execute("UPDATE scheduled_post SET publish_at = 1")
    await scheduled.publish(app, int(planned["id"]))

    assert early.status_code == 429 and early.json()["error"].endswith("Minutes until you can write again: 5.")
    assert 240 < int(early.headers["retry-after"]) <= 300
    assert edited.status_code == 200 and aside["id"] and len(moderators) == 2
    assert waiting in ([(1, "")], [(True, "")])
    assert await rows("SELECT COUNT(*) FROM scheduled_post") == [(0,)]
    assert (await alice.refused("POST", "statuses", status="@gardening Roses\n\nnext"))[0] == 429  # after that one
    await alice.ask("DELETE", f"statuses/{thread['id']}")
    assert (await alice.refused("POST", "statuses", status="@gardening Roses\n\nnext"))[0] == 429


async def test_posts_at_once_do_not_go_past_what_newcomers_may_nor_past_the_limit_for_announcements(
    app: App, alice: Member, bob: Member, gardening: Actor
) -> None:
    await group_profile.change(app, "gardening", Change(ladder=True))
    at_once = [alice.ask("POST", "statuses", json={"status": f"@gardening Bed {n}\n\nis dug"}) for n in range(6)]
    threads = [answer.status_code for answer in await asyncio.gather(*at_once)]
    await group_profile.change(app, "gardening", Change(ladder=False, promotion=3))
    shop = "https://shop.example"
    await bob.post(f"@gardening Offer\n\n{shop}/0")
    at_once = [bob.ask("POST", "statuses", json={"status": f"@gardening Offer\n\n{shop}/{n}"}) for n in range(1, 4)]
    announced = [answer.status_code for answer in await asyncio.gather(*at_once)]

    assert sorted(threads) == [200] * 3 + [422] * 3 and sorted(announced) == [200, 422, 422]
    assert await rows("SELECT COUNT(*) FROM post WHERE group_id IS NOT NULL") == [(5,)]
