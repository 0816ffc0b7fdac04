"""Members write, read, change and delete posts with their programs."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_post_is_answered_as_it_is_shown_later(alice: Member) -> None:
    made = await alice.post("Hello *you* & <b>me</b>", language="de", spoiler_text="Words", sensitive=True)

    assert made == await alice.get(f"statuses/{made['id']}")
    assert made["content"] == "<p>Hello <em>you</em> &amp; &lt;b&gt;me&lt;/b&gt;</p>"
    assert (made["language"], made["spoiler_text"], made["sensitive"]) == ("de", "Words", True)
    assert (made["visibility"], made["in_reply_to_id"], made["edited_at"]) == ("public", None, None)
    assert made["account"]["id"] == alice.id and made["id"].isdigit()
    assert MOMENT.fullmatch(made["created_at"])
    assert made["url"] == f"{build.BASE}/@alice/{made['id']}"


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"status": "Hi & bye", "visibility": "unlisted"}},
        {"data": {"status": "Hi & bye", "visibility": "unlisted"}},
        {"files": {"status": (None, "Hi & bye"), "visibility": (None, "unlisted")}},
        {"params": {"status": "Hi & bye", "visibility": "unlisted"}},
        {"json": {"status": "Hi & bye", "visibility": "unlisted", "media_ids": [], "poll": None, "scheduled_at": None}},
    ],
)
@whichever_database
async def test_a_post_is_sent_in_every_form(alice: Member, sent: dict[str, Any]) -> None:
    answer = await alice.ask("POST", "statuses/", **sent)

    assert answer.status_code == 200
    assert (answer.json()["content"], answer.json()["visibility"]) == ("<p>Hi &amp; bye</p>", "unlisted")


async def test_nothing_is_quoted_and_nobody_is_told_otherwise(alice: Member, bob: Member) -> None:
    post = await alice.post("Hello", quote_approval_policy="public")
    direct = await alice.post("Psst", visibility="direct")

    assert post["quote_approval"]["current_user"] == "denied" and await bob.get(f"statuses/{post['id']}/quotes") == []
    assert (await bob.refused("GET", f"statuses/{direct['id']}/quotes"))[0] == 404
    assert (await alice.refused("PUT", f"statuses/{post['id']}/interaction_policy"))[0] == 422
    assert (await alice.refused("POST", f"statuses/{post['id']}/quotes/1/revoke"))[0] == 404


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"status": ""}, "empty"), ({}, "empty"), ({"status": " \n"}, "empty"), ({"status": "a" * 5001}, "5000"),
        ({"status": "x", "visibility": "secret"}, "visibility"), ({"status": "x", "media_ids": ["1"]}, "pictures"),
        ({"status": "x", "scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled"),
        ({"status": "x", "quoted_status_id": "1"}, "quoted"),
        ({"status": "x", "poll": {"options": ["only"], "expires_in": 600}}, "poll"),
        ({"status": {"a": 1}}, "single value"),
    ],
)  # fmt: skip
@whichever_database
async def test_a_post_that_cannot_be_is_refused_with_a_sentence(alice: Member, wish: dict[str, Any], word: str) -> None:
    status, sentence = await alice.refused("POST", "statuses", **wish)

    assert status == 422 and word in sentence.lower()
    assert await rows("SELECT id FROM post", ()) == []


@pytest.mark.contract(36)
async def test_the_same_key_gives_the_same_post(alice: Member, bob: Member) -> None:
    key = {"idempotency-key": "a key"}

    first, again = [await alice.ask("POST", "statuses", key, json={"status": "once"}) for _ in range(2)]
    other = await bob.ask("POST", "statuses", key, json={"status": "bob's"})
    new = await alice.ask("POST", "statuses", {"idempotency-key": "b"}, json={"status": "once"})

    assert first.json() == again.json() and again.status_code == 200
    assert len({answer.json()["id"] for answer in (first, other, new)}) == 3
    assert len(await rows("SELECT id FROM post", ())) == 3


async def test_the_same_key_at_the_same_moment_gives_one_post(alice: Member) -> None:
    key = {"idempotency-key": "a key"}

    answers = await asyncio.gather(*(alice.ask("POST", "statuses", key, json={"status": "once"}) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await rows("SELECT id FROM post", ())) == 1
    assert len(await alice.get(f"accounts/{alice.id}/statuses")) == 1


async def test_answers_hang_below_what_they_answer(alice: Member, bob: Member) -> None:
    top = await alice.post("Top")
    answer = await bob.post("Answer", in_reply_to_id=top["id"])
    below = await alice.post("Below", in_reply_to_id=answer["id"])

    context = await bob.get(f"statuses/{answer['id']}/context")

    assert ids(context["ancestors"]) == [top["id"]] and ids(context["descendants"]) == [below["id"]]
    assert (answer["in_reply_to_id"], answer["in_reply_to_account_id"]) == (top["id"], alice.id)


async def test_a_post_tells_how_often_it_is_answered_now(alice: Member, bob: Member) -> None:
    top = await alice.post("Top")

    counts = [top["replies_count"]]
    answer = await bob.post("Answer", in_reply_to_id=top["id"])
    counts.append((await alice.get(f"statuses/{top['id']}"))["replies_count"])
    await bob.do(f"statuses/{answer['id']}", "DELETE")
    counts.append((await alice.get(f"statuses/{top['id']}"))["replies_count"])

    assert counts == [0, 1, 0]


async def test_what_is_not_there_cannot_be_answered(alice: Member, bob: Member) -> None:
    secret = await bob.post("For nobody", visibility="direct")

    refusals = [await alice.refused("POST", "statuses", status="x", in_reply_to_id=to) for to in (secret["id"], "1")]

    assert refusals[0] == refusals[1] and refusals[0][0] == 404
    assert len(await rows("SELECT id FROM post", ())) == 1


async def test_a_deleted_post_is_given_back_to_be_written_anew(alice: Member) -> None:
    made = await alice.post("Typoo *here*")

    gone = await alice.do(f"statuses/{made['id']}", "DELETE")

    assert gone["text"] == "Typoo *here*" and "content" not in gone and gone["id"] == made["id"]
    assert await alice.refused("GET", f"statuses/{made['id']}") == MISSING
    assert await alice.refused("DELETE", f"statuses/{made['id']}") == MISSING
    assert await alice.get(f"accounts/{alice.id}/statuses") == []


async def test_a_changed_warning_or_poll_is_a_part_of_the_history(alice: Member, bob: Member) -> None:
    made = await alice.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    path = f"statuses/{made['id']}"

    await alice.do(path, "PUT", spoiler_text="A question")
    await alice.do(path, "PUT", poll={"options": ["one", "three"], "expires_in": 3600})
    same = await alice.do(path, "PUT", poll={"options": ["one", "three"], "expires_in": 3600})

    history = await bob.get(f"{path}/history")
    assert [each["spoiler_text"] for each in history] == ["", "A question", "A question"]
    assert [[o["title"] for o in each["poll"]["options"]] for each in history] == [
        ["one", "two"], ["one", "two"], ["one", "three"]
    ]  # fmt: skip
    assert same["edited_at"] == history[-1]["created_at"] > history[1]["created_at"] > history[0]["created_at"]


async def test_what_was_attached_is_shown_while_it_is_there(alice: Member) -> None:
    far = await build.person("carol", "far.test")
    post = await build.post(far, "Look", edited_at=build.NOW)
    for number in range(2):
        await build.insert(
            "media", id=post.id + number, owner_id=far.id, post_id=post.id, position=number, kind="image",
            origin="remote", remote_url=f"https://far.test/{number}.png", created_at=build.NOW,
        )  # fmt: skip
    await build.insert(
        "post_revision", post_id=post.id, number=1, title="", content="<p>Before</p>", source="", summary="",
        sensitive=0, created_at=build.NOW, media='["https://far.test/1.png","https://far.test/gone.png"]',
    )  # fmt: skip

    before, now = await alice.get(f"statuses/{post.id}/history")

    assert [file["remote_url"] for file in before["media_attachments"]] == ["https://far.test/1.png"]
    assert len(now["media_attachments"]) == 2 and "poll" not in now


async def test_a_post_is_edited_and_its_history_kept(alice: Member, bob: Member) -> None:
    made = await alice.post("First", spoiler_text="Words")
    before = await bob.get(f"statuses/{made['id']}/history")

    edited = await alice.do(f"statuses/{made['id']}", "PUT", status="Second")

    history = await bob.get(f"statuses/{made['id']}/history")
    assert (edited["content"], edited["spoiler_text"]) == ("<p>Second</p>", "Words")
    assert MOMENT.fullmatch(edited["edited_at"]) and edited["created_at"] == made["created_at"]
    assert [each["content"] for each in before] == ["<p>First</p>"]
    assert [each["content"] for each in history] == ["<p>First</p>", "<p>Second</p>"]
    assert await alice.get(f"statuses/{made['id']}/source") == await bob.get(f"statuses/{made['id']}/source") == {
        "id": made["id"], "text": "Second", "spoiler_text": "Words"
    }  # fmt: skip


async def test_what_is_sensitive_stays_so_unless_its_warning_is_taken_away(alice: Member) -> None:
    warned, plain = await alice.post("First", spoiler_text="Words"), await alice.post("First", sensitive=True)

    found = [
        (await alice.do(f"statuses/{post['id']}", "PUT", status="Second", **wish))["sensitive"]
        for post, wish in (
            (warned, {}), (warned, {"spoiler_text": ""}), (plain, {"spoiler_text": ""}), (plain, {"sensitive": False}),
        )
    ]  # fmt: skip

    assert found == [True, False, True, False]


@pytest.mark.attack("OAU-13")
async def test_nobody_changes_the_post_of_somebody_else(alice: Member, bob: Member) -> None:
    made = await alice.post("Mine")
    secret = await alice.post("Hidden", visibility="direct")

    refusals = [
        await bob.refused(method, f"statuses/{made['id']}", status="Yours") for method in ("PUT", "PATCH", "DELETE")
    ]
    hidden = [await bob.refused(method, f"statuses/{secret['id']}", status="Yours") for method in ("PUT", "DELETE")]

    assert [status for status, _ in refusals] == [403, 403, 403] and hidden == [MISSING, MISSING]
    assert (await alice.get(f"statuses/{made['id']}"))["content"] == "<p>Mine</p>"
    assert (await alice.get(f"statuses/{secret['id']}"))["content"] == "<p>Hidden</p>"


@pytest.mark.attack("OAU-15")
async def test_what_a_client_may_not_choose_is_ignored(alice: Member, bob: Member) -> None:
    given = {"id": "5", "account_id": bob.id, "author_id": bob.id, "created_at": "2001-01-01", "uri": "https://x.test/"}

    made = await alice.post("Hi", **given)

    assert made["account"]["id"] == alice.id and made["id"] != "5" and made["uri"].startswith(build.BASE)
    assert not made["created_at"].startswith("2001")


ON_A_POST = [
    ("GET", ""), ("GET", "/context"), ("GET", "/history"), ("GET", "/source"), ("GET", "/favourited_by"),
    ("GET", "/reblogged_by"), ("POST", "/favourite"), ("POST", "/unfavourite"), ("POST", "/reblog"),
    ("POST", "/unreblog"), ("POST", "/bookmark"), ("POST", "/unbookmark"), ("PUT", ""), ("DELETE", ""),
]  # fmt: skip


@pytest.mark.attack("OAU-13", "PRI-02", "PRI-17")
@pytest.mark.parametrize("hidden", ["direct", "private", "deleted", "blocked"])
async def test_what_may_not_be_seen_is_answered_as_what_does_not_exist(alice: Member, bob: Member, hidden: str) -> None:
    post = await build.post(
        bob.actor, visibility={"direct": build.DIRECT, "private": build.FOLLOWERS}.get(hidden, build.PUBLIC),
        deleted_at=build.NOW if hidden == "deleted" else None,
    )  # fmt: skip
    if hidden == "blocked":
        await build.block(bob.actor, alice.actor)

    for method, path in ON_A_POST:
        there = await alice.ask(method, f"statuses/{post.id}{path}", json={"status": "x"})
        nothing = await alice.ask(method, f"statuses/{post.id + 1}{path}", json={"status": "x"})

        assert (there.status_code, there.json()) == (404, {"error": "Record not found"}), (method, path)
        assert there.content == nothing.content and there.status_code == nothing.status_code
        assert without_id(there) == without_id(nothing)
    assert await rows("SELECT 1 FROM reaction UNION SELECT 1 FROM bookmark UNION SELECT 1 FROM boost", ()) == []


@pytest.mark.parametrize("odd", ["0", "x", "-1", "1e3", "9" * 25, "１２", "%00", "' OR 1=1", "1.json"])
@whichever_database
async def test_an_id_that_is_none_is_not_found(alice: Member, odd: str) -> None:
    answer = await alice.ask("GET", f"/api/v1/statuses/{odd}")

    assert answer.status_code == 404 and answer.json()["error"]


async def test_several_posts_are_asked_for_at_once(alice: Member, bob: Member) -> None:
    mine, theirs = await alice.post("One"), await bob.post("Two")
    secret = await bob.post("Three", visibility="direct")

    found = await alice.get("statuses", **{"id[]": [theirs["id"], secret["id"], mine["id"], "x", mine["id"]]})

    assert ids(found) == [theirs["id"], mine["id"]]
    assert ids(await alice.get("statuses", id=mine["id"])) == [mine["id"]]


async def test_a_vote_counts_once_and_is_taken_back(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")
    path = f"statuses/{post['id']}"

    once, twice = await alice.do(f"{path}/favourite"), await alice.do(f"{path}/favourite")
    listed = await alice.get("favourites")
    back = await alice.do(f"{path}/unfavourite")

    assert [(each["favourited"], each["favourites_count"]) for each in (once, twice, back)] == [
        (True, 1), (True, 1), (False, 0)
    ]  # fmt: skip
    assert ids(listed) == [post["id"]] and await alice.get("favourites") == []
    assert (await bob.get(path))["favourited"] is False


async def test_who_voted_and_boosted_is_shown(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")
    await alice.do(f"statuses/{post['id']}/favourite")
    await alice.do(f"statuses/{post['id']}/reblog")

    voters = await bob.get(f"statuses/{post['id']}/favourited_by")
    boosters = await bob.get(f"statuses/{post['id']}/reblogged_by")

    assert ids(voters) == ids(boosters) == [alice.id]


@pytest.mark.contract(21)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
@whichever_database
async def test_what_needs_no_words_takes_an_empty_body_of_any_kind(alice: Member, bob: Member, kind: str) -> None:
    post = await bob.post("Hello")
    headers = {"content-type": kind} if kind else {}

    answers = [
        await alice.ask("POST", f"statuses/{post['id']}/{verb}", headers, content=b"")
        for verb in ("favourite", "reblog", "bookmark", "unbookmark", "unreblog", "unfavourite")
    ]

    assert [answer.status_code for answer in answers] == [200] * 6


async def test_what_is_put_aside_is_nobody_elses_business(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")

    kept = await alice.do(f"statuses/{post['id']}/bookmark")

    assert kept["bookmarked"] is True and ids(await alice.get("bookmarks")) == [post["id"]]
    assert await bob.get("bookmarks") == [] and (await bob.get(f"statuses/{post['id']}"))["bookmarked"] is False


async def test_a_mention_of_a_group_begins_a_thread_in_it(alice: Member, bob: Member, gardening: Actor) -> None:
    for member in (alice, bob):
        await member.do(f"accounts/{gardening.id}/follow")

    post = await alice.post("@gardening Which soil for tomatoes?")
    answer = await bob.post("Not too wet", in_reply_to_id=post["id"])

    (shown,) = await bob.get(f"timelines/list/{gardening.id}")
    (boost,) = await bob.get(f"accounts/{gardening.id}/statuses")
    assert shown["id"] == boost["reblog"]["id"] == post["id"]
    assert boost["account"]["group"] is True
    assert str(gardening.id) in ids(post["mentions"]) and str(gardening.id) in ids(answer["mentions"])
    assert ids((await alice.get(f"statuses/{post['id']}/context"))["descendants"]) == [answer["id"]]

    other = await bob.post("Nor too dry", in_reply_to_id=post["id"])
    below = await alice.post("How wet?", in_reply_to_id=answer["id"])
    await alice.ask("DELETE", f"statuses/{post['id']}")  # the others' answers are found from each of them
    contexts = [await bob.get(f"statuses/{each['id']}/context") for each in (answer, below, other)]
    assert [ids(each["ancestors"]) for each in contexts] == [[], [answer["id"]], []]
    assert [ids(each["descendants"]) for each in contexts] == [
        [below["id"], other["id"]], [other["id"]], [answer["id"], below["id"]],
    ]  # fmt: skip
    assert (await bob.ask("GET", f"statuses/{post['id']}/context")).status_code == 404


async def test_what_is_for_followers_names_no_group(alice: Member, bob: Member, gardening: Actor) -> None:
    for member in (alice, bob):
        await member.do(f"accounts/{gardening.id}/follow")
    top = await bob.post("@gardening Which soil?")
    group = {"status": "@gardening Wet", "visibility": "private"}

    refusals = [
        await alice.refused("POST", "statuses", **group),
        await alice.refused("POST", "statuses", **group, in_reply_to_id=top["id"]),
        await alice.refused("POST", "statuses", **group, scheduled_at="2099-01-01T00:00:00Z"),
    ]
    own = await alice.post("Wet", visibility="private", in_reply_to_id=top["id"])
    told = await alice.post("@gardening Wet", visibility="direct")

    assert {status for status, _ in refusals} == {422} and all("do not name the group" in said for _, said in refusals)
    assert [each["visibility"] for each in (own, told)] == ["private", "direct"]
    assert [each["id"] for each in await alice.get(f"accounts/{alice.id}/statuses")] == [told["id"], own["id"]]


async def test_who_is_not_signed_in_reads_what_is_for_everybody_without_what_is_somebodys(
    client: httpx.AsyncClient, alice: Member
) -> None:
    post = await alice.post("Hello")
    secret = await alice.post("Followers", visibility="private")

    shown = await client.get(f"/api/v1/statuses/{post['id']}")
    hidden = await client.get(f"/api/v1/statuses/{secret['id']}")

    assert shown.status_code == 200 and hidden.status_code == 404
    assert not {"favourited", "bookmarked", "filtered", "pinned"} & shown.json().keys()


def without_id(answer: httpx.Response) -> dict[str, str]:
    """The header of an answer, but for what is new each time."""
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
