"""What a forger tries with polls of ours."""

from typing import Any

import msgspec
import pytest

from fedcomm.drafting import PollDraft
from storage import posts
from storage.connect import execute, rows
from storage.posts import Post
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, send

pytestmark = pytest.mark.anyio


def _ballot(voter: Face, poll: Post, answer: str, name: str = "ballot", **more: Any) -> dict[str, Any]:
    note = voter.note(f"{voter.name}-{name}", "", inReplyTo=poll.uri, cc=None)
    return voter.does("Create", {**note, "name": answer, "to": ["https://ours.test/users/anna"], **more})


async def _counts(instance: Instance, poll: Post) -> tuple[list[int], int]:
    with instance.here():
        found = await posts.poll_of(poll.id)
    assert found is not None
    return msgspec.json.decode(found.votes), found.voters_count


async def _asked(fediverse: Fediverse, **more: Any) -> tuple[Instance, Person, Post, Host]:
    ours = await fediverse.instance("ours.test")
    anna = await ours.person("anna")
    draft = PollDraft(("Pears", "Apples"), multiple=more.pop("multiple", False))
    return ours, anna, await anna.post("Which?", poll=draft, **more), Host(fediverse, "theirs.test")


async def test_votes_from_elsewhere_are_counted(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse)
    bob, carol = theirs.actor("bob"), theirs.actor("carol")

    await send(fediverse, ours, bob, _ballot(bob, poll, "Apples"))
    await send(fediverse, ours, carol, _ballot(carol, poll, "Apples"))

    assert await _counts(ours, poll) == ([0, 2], 2)
    with ours.here():
        assert await rows("SELECT uri FROM post WHERE local = 0") == []  # a ballot is no post
        assert await rows("SELECT kind FROM notification WHERE kind = 'mention'") == []


@pytest.mark.attack("ORI-32")
async def test_nobody_votes_twice_where_one_answer_is_chosen(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse)
    bob = theirs.actor("bob")

    await send(fediverse, ours, bob, _ballot(bob, poll, "Pears"), _ballot(bob, poll, "Apples", "again"))
    await send(fediverse, ours, bob, _ballot(bob, poll, "Pears", "once more"))

    assert await _counts(ours, poll) == ([1, 0], 1)


@pytest.mark.attack("ORI-32")
async def test_each_answer_counts_once_where_several_can_be_chosen(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse, multiple=True)
    bob = theirs.actor("bob")

    for name, answer in enumerate(("Pears", "Apples", "Apples")):
        await send(fediverse, ours, bob, _ballot(bob, poll, answer, str(name)))

    assert await _counts(ours, poll) == ([1, 1], 1)


@pytest.mark.attack("ORI-32")
async def test_an_answer_that_is_not_offered_counts_nothing(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse)
    bob = theirs.actor("bob")

    for name, answer in enumerate(("Plums", "pears ", "0", "Pears' OR 1=1")):
        await send(fediverse, ours, bob, _ballot(bob, poll, answer, str(name)))

    assert await _counts(ours, poll) == ([0, 0], 0)


@pytest.mark.attack("ORI-32")
async def test_votes_after_the_end_count_nothing(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse)
    bob = theirs.actor("bob")
    with ours.here():
        await execute("UPDATE poll SET ends_at = 1")

    await send(fediverse, ours, bob, _ballot(bob, poll, "Pears", published="2020-01-01T00:00:00Z"))
    with ours.here():
        await execute("UPDATE poll SET ends_at = NULL, closed_at = 1")
    await send(fediverse, ours, bob, _ballot(bob, poll, "Pears", "again"))

    assert await _counts(ours, poll) == ([0, 0], 0)


@pytest.mark.attack("ORI-32")
@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_who_cannot_see_a_poll_does_not_vote_in_it(fediverse: Fediverse, visibility: str) -> None:
    ours, anna, poll, theirs = await _asked(fediverse, visibility=visibility)
    mallory, bob = theirs.actor("mallory"), theirs.actor("bob")
    await send(fediverse, ours, bob, bob.does("Follow", anna.actor.uri))

    await send(fediverse, ours, mallory, _ballot(mallory, poll, "Pears"))
    await send(fediverse, ours, bob, _ballot(bob, poll, "Apples"))

    assert await _counts(ours, poll) == (([0, 1], 1) if visibility == "private" else ([0, 0], 0))


@pytest.mark.attack("ORI-32")
async def test_who_is_blocked_or_banned_does_not_vote(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, mallory, eve = await ours.person("anna"), theirs.actor("mallory"), theirs.actor("eve")
    club = await ours.group("club", moderator=anna)
    poll = await anna.post("Which? @club@ours.test", poll=PollDraft(("Pears", "Apples")))
    await ours.ban(club, eve.uri)
    await send(fediverse, ours, mallory, mallory.does("Like", poll.uri))
    await anna.block(mallory.uri)

    for by in (mallory, eve):
        await send(fediverse, ours, by, _ballot(by, poll, "Pears"))

    assert await _counts(ours, poll) == ([0, 0], 0)


@pytest.mark.attack("ORI-32")
async def test_nobody_votes_for_another_nor_says_how_many_voted(fediverse: Fediverse) -> None:
    ours, _anna, poll, theirs = await _asked(fediverse)
    bob, mallory = theirs.actor("bob"), Host(fediverse, "evil.test").actor("mallory")
    forged = _ballot(bob, poll, "Pears")["object"]

    await send(fediverse, ours, mallory, mallory.does("Create", forged))
    claimed = {
        "id": poll.uri, "type": "Question", "attributedTo": mallory.uri, "votersCount": 999,
        "oneOf": [{"type": "Note", "name": "Pears", "replies": {"totalItems": 999}}],
    }  # fmt: skip
    await send(fediverse, ours, mallory, mallory.does("Update", claimed))

    assert await _counts(ours, poll) == ([0, 0], 0)
