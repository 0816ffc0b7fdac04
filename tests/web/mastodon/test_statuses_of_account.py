"""`/accounts/:id/statuses`: everything somebody wrote, or less of it."""

from typing import Any

import pytest

from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

ALL = {"plain", "answer", "own thread", "tagged", "direct", "boost"}


@pytest.mark.parametrize(
    ("wanted", "left_out"),
    [
        ({}, set()),
        ({"exclude_replies": "true"}, {"answer"}),
        ({"exclude_reblogs": "1"}, {"boost"}),
        ({"exclude_direct": "true"}, {"direct"}),
        ({"tagged": "Rye"}, ALL - {"tagged"}),
        ({"only_media": "true"}, ALL),
        ({"pinned": "true"}, ALL),
        ({"exclude_replies": "on", "exclude_reblogs": "t", "exclude_direct": "1"}, {"answer", "boost", "direct"}),
    ],
)
async def test_of_what_somebody_wrote_less_is_shown_when_less_is_asked_for(
    alice: Member, bob: Member, wanted: dict[str, Any], left_out: set[str]
) -> None:
    theirs = await build.post(bob.actor, "boost")
    plain = await alice.post("plain")
    await alice.post("answer", in_reply_to_id=str(theirs.id))
    await alice.post("own thread", in_reply_to_id=plain["id"])
    await alice.post("tagged #rye")
    await alice.post("direct @bob", visibility="direct")
    await alice.do(f"statuses/{theirs.id}/reblog")

    found = await alice.get(f"accounts/{alice.id}/statuses", **wanted)

    texts = [(each["reblog"] or each)["content"] for each in found]
    assert {word for word in ALL if any(word in text for text in texts)} == ALL - left_out
    assert len(found) == len(ALL - left_out)
