"""What a group asks for before a post is in it, as programs are told it: 403 for consent, 422 for the rest."""

from datetime import UTC, datetime, timedelta

import pytest

from fedcomm import consents, group_profile
from fedcomm.app import App
from fedcomm.consents import Agreement
from fedcomm.group_profile import Change
from storage import groups
from storage.actors import Actor
from storage.connect import rows
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
