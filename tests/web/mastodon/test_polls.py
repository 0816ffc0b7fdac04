"""Members ask, and others choose among the answers, once."""

import asyncio
from typing import Any

import httpx
import pytest

from fedcomm import clock
from storage.actors import Actor
from storage.connect import execute, rows
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


async def asked(by: Member, **changed: Any) -> str:
    """A new poll; its id."""
    post = await by.post("Which?", poll={"options": ["red", "green", "blue"], "expires_in": 3600} | changed)
    return str(post["poll"]["id"])


async def test_a_vote_is_counted_and_shown_to_who_cast_it(alice: Member, bob: Member) -> None:
    poll = await asked(alice)
    before = await bob.get(f"polls/{poll}")

    voted = await bob.do(f"polls/{poll}/votes", choices=[1])
    hers = await alice.get(f"polls/{poll}")
    shown = await bob.get(f"statuses/{poll}")

    assert (before["voted"], before["own_votes"], before["votes_count"]) == (False, [], 0)
    assert (voted["voted"], voted["own_votes"], voted["voters_count"]) == (True, [1], 1)
    assert [option["votes_count"] for option in hers["options"]] == [0, 1, 0]
    assert (hers["own_votes"], hers["voted"]) == ([], False) and shown["poll"] == voted


async def test_who_asked_may_hide_the_counts_until_the_poll_is_over(
    alice: Member, bob: Member, client: httpx.AsyncClient
) -> None:
    poll = await asked(alice, hide_totals=True)
    await bob.do(f"polls/{poll}/votes", choices=[1])
    ((uri,),) = await rows("SELECT uri FROM post", ())
    await alice.do(f"statuses/{poll}", "PUT", status="Which of them?")

    open_, page = await bob.get(f"polls/{poll}"), (await client.get(f"/@alice/{poll}")).text
    told = (await client.get(uri, headers={"accept": "application/activity+json"})).json()["oneOf"]
    await execute("UPDATE poll SET ends_at = ?", (clock.now_ms(),))
    over, later = await bob.get(f"polls/{poll}"), (await client.get(f"/@alice/{poll}")).text

    assert [option["votes_count"] for option in open_["options"]] == [None] * 3 and open_["voters_count"] == 1
    assert [option["votes_count"] for option in over["options"]] == [0, 1, 0]
    assert "100 %" not in page and "100 %" in later
    assert [option["replies"] for option in told] == [{"type": "Collection"}] * 3


@pytest.mark.parametrize("sent", [{"json": {"choices": ["0", 2]}}, {"data": {"choices[]": ["0", "2"]}}])
async def test_several_answers_are_chosen_where_that_is_allowed(
    alice: Member, bob: Member, sent: dict[str, Any]
) -> None:
    poll = await asked(alice, multiple=True)

    voted = (await bob.ask("POST", f"polls/{poll}/votes", **sent)).json()

    assert (voted["own_votes"], voted["votes_count"], voted["voters_count"]) == ([0, 2], 2, 1)


@pytest.mark.attack("ORI-32")
@pytest.mark.parametrize(
    ("choices", "word"),
    [([], "choose"), ([3], "not exist"), ([-1], "not exist"), ([0, 1], "one answer"), (["x"], "choices")],
)
async def test_what_cannot_be_chosen_is_refused(alice: Member, bob: Member, choices: list[Any], word: str) -> None:
    poll = await asked(alice)

    status, sentence = await bob.refused("POST", f"polls/{poll}/votes", choices=choices)

    assert status == 422 and word in sentence and await rows("SELECT 1 FROM poll_vote", ()) == []


@pytest.mark.attack("ORI-32")
async def test_nobody_votes_twice_or_in_a_poll_of_their_own(alice: Member, bob: Member) -> None:
    poll = await asked(alice)
    await bob.do(f"polls/{poll}/votes", choices=[0])

    again = [await bob.refused("POST", f"polls/{poll}/votes", choices=[place]) for place in (0, 1)]
    own = await alice.refused("POST", f"polls/{poll}/votes", choices=[0])

    assert [status for status, _ in (*again, own)] == [422] * 3
    assert (await alice.get(f"polls/{poll}"))["votes_count"] == 1


@pytest.mark.attack("ORI-32")
@pytest.mark.parametrize("where", ["", "far.test"])
async def test_where_several_answers_can_be_chosen_more_are_added_later_and_none_twice(
    alice: Member, bob: Member, where: str
) -> None:
    poll = await asked_elsewhere(multiple=1) if where else await asked(alice, multiple=True)
    await bob.do(f"polls/{poll}/votes", choices=[1])

    added = await bob.do(f"polls/{poll}/votes", choices=[0])
    again = await bob.refused("POST", f"polls/{poll}/votes", choices=[0])

    assert (added["votes_count"], added["voters_count"], added["own_votes"]) == (2, 1, [1, 0])
    assert again == (422, "You have already voted on this poll.")
    assert (await alice.get(f"polls/{poll}"))["votes_count"] == 2


@pytest.mark.attack("ORI-32")
@pytest.mark.parametrize("where", ["", "far.test"])
async def test_many_votes_of_one_person_at_once_count_as_one(alice: Member, bob: Member, where: str) -> None:
    poll = await asked(alice) if not where else await asked_elsewhere()

    answers = await asyncio.gather(
        *(bob.ask("POST", f"polls/{poll}/votes", json={"choices": [1]}) for _ in range(6))
    )  # fmt: skip

    assert {answer.status_code for answer in answers} <= {200, 422}
    found = await alice.get(f"polls/{poll}")
    assert (found["votes_count"], found["voters_count"]) == (1, 1)


async def test_a_poll_that_is_over_takes_no_votes(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = await asked(alice, expires_in=600)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 601)

    status, sentence = await bob.refused("POST", f"polls/{poll}/votes", choices=[0])

    assert (status, sentence) == (422, "This poll is over.")
    assert (await bob.get(f"polls/{poll}"))["expired"] is True


@pytest.mark.attack("PRI-17", "OAU-13")
async def test_who_may_not_see_a_poll_does_not_vote_in_it(alice: Member, bob: Member) -> None:
    hidden = await alice.post("Which?", visibility="direct", poll={"options": ["a", "b"], "expires_in": 600})
    plain = await alice.post("No poll")

    for post in (hidden["id"], plain["id"], "1"):
        assert await bob.refused("GET", f"polls/{post}") == (404, "Record not found")
        assert (await bob.refused("POST", f"polls/{post}/votes", choices=[0]))[0] == 404
    await alice.do(f"accounts/{bob.id}/block")
    assert (await bob.refused("POST", f"polls/{await asked(alice)}/votes", choices=[0]))[0] == 404


async def test_nobody_votes_in_a_group_that_is_closed(
    client: httpx.AsyncClient, alice: Member, bob: Member, gardening: Actor
) -> None:
    for member in (alice, bob):
        await member.do(f"accounts/{gardening.id}/follow")
    post = await alice.post("@gardening Which?", poll={"options": ["a", "b"], "expires_in": 600})
    await rows("UPDATE groups SET closed_at = ? WHERE actor_id = ? RETURNING id", (build.NOW, gardening.id))

    refused = await bob.refused("POST", f"polls/{post['id']}/votes", choices=[0])

    assert refused == (403, "This group is closed.")


async def asked_elsewhere(multiple: int = 0) -> str:
    """A poll of another server, that nobody here has voted in; its id."""
    post = await build.post(await build.person("carol", "far.test"), "Which?", kind="Question")
    await build.insert(
        "poll", post_id=post.id, multiple=multiple, options='["red","green"]', votes="[0,0]", voters_count=0,
        ends_at=None,
    )  # fmt: skip
    return str(post.id)


async def test_a_poll_may_be_what_the_server_says_and_no_more(alice: Member) -> None:
    told = (await alice.get("/api/v2/instance"))["configuration"]["polls"]
    most, longest = told["max_options"], told["max_characters_per_option"]
    answers = [f"{number}".rjust(longest, "x") for number in range(most + 1)]

    for seconds in (told["min_expiration"], told["max_expiration"]):
        await asked(alice, options=answers[:most], expires_in=seconds)
    beyond = [
        {"options": answers},
        {"options": ["x" * (longest + 1), "y"]},
        {"expires_in": told["min_expiration"] - 1},
        {"expires_in": told["max_expiration"] + 1},
    ]
    polls = [{"options": ["red", "green"], "expires_in": 3600} | wish for wish in beyond]
    refused = [await alice.refused("POST", "statuses", status="Which?", poll=poll) for poll in polls]

    assert [status for status, _sentence in refused] == [422] * 4
