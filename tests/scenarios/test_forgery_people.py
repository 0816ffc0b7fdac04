"""What a forger tries with people and groups: follow, accept, leave, block, vote, ban or describe in others' names."""

from typing import Any

import pytest

from fedcomm import fetching
from storage import follows
from storage.actors import Actor
from storage.connect import rows, value
from tests.forger import Face, followed, post
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def _asked(town: Town, face: Face) -> dict[str, Any]:
    """Anna asks to follow somebody elsewhere; gives what was sent."""
    await town.anna.follow(face.uri)
    await town.fediverse.settle()
    return face.host.received[-1]


async def _state(town: Town, target: Face) -> str | None:
    with town.ours.here():
        there: Actor = await fetching.actor(town.ours.app, target.uri)
        found = await follows.of(town.anna.actor.id, there.id)
    return found.state if found else None


@pytest.mark.attack("ORI-16")
@pytest.mark.parametrize("answer", ["Accept", "Reject"])
@pytest.mark.parametrize("who", ["eve", "mallory"])
async def test_only_who_was_asked_answers(town: Town, who: str, answer: str) -> None:
    asked = await _asked(town, town.bob)
    by: Face = getattr(town, who)

    await town.send(by, by.does(answer, asked["id"]), by.does(answer, asked))
    await town.send(
        by, by.does(answer, {"id": asked["id"], "type": "Follow", "actor": asked["actor"], "object": by.uri})
    )
    await town.send(by, by.does(answer, {"type": "Follow", "actor": asked["actor"], "object": town.bob.uri}))

    assert await _state(town, town.bob) == "pending"
    assert await _state(town, by) is None


@pytest.mark.attack("ORI-16")
async def test_what_was_never_asked_is_not_granted(town: Town) -> None:
    await town.send(town.bob, town.bob.does("Like", "https://ours.test/posts/1"))
    request = {
        "id": "https://ours.test/activities/1", "type": "Follow", "actor": town.anna.actor.uri, "object": town.bob.uri,
    }  # fmt: skip

    await town.send(town.bob, town.bob.does("Accept", request), town.bob.does("Accept", request["id"]))
    private = town.bob.note(1, to=[town.bob.followers], cc=None)
    await town.send(town.bob, town.bob.does("Create", private))

    assert await _state(town, town.bob) is None
    assert await town.ours.post(private["id"]) is None


@pytest.mark.attack("ORI-16")
async def test_a_request_of_somebody_else_that_was_forged_into_an_answer_counts_nothing(town: Town) -> None:
    bert = await town.ours.person("bert")
    asked = await _asked(town, town.bob)

    await town.send(town.bob, town.bob.does("Accept", asked | {"actor": bert.actor.uri, "id": f"{asked['id']}/x"}))

    with town.ours.here():
        assert await rows("SELECT follower_id, state FROM follow") == [(town.anna.actor.id, "pending")]


@pytest.mark.attack("ORI-15")
@pytest.mark.parametrize("who", ["eve", "mallory"])
async def test_nobody_takes_back_what_another_did(town: Town, who: str) -> None:
    club = await town.ours.group("club", moderator=town.anna)
    thread = await town.anna.post("A question @club@ours.test")
    follow, join = town.bob.does("Follow", town.anna.actor.uri), town.bob.does("Follow", club.uri)
    like, boost = town.bob.does("Like", thread.uri), town.bob.does("Announce", thread.uri)
    await town.send(town.bob, follow, join, like, boost)
    by: Face = getattr(town, who)

    for done in (follow, join, like, boost):
        for thing in (done, done["id"], done | {"actor": by.uri}, {"id": done["id"], "type": done["type"]}):
            answer = await post(town.ours, by.does("Undo", thing), by)
            assert answer.status_code in (202, 400)
    await town.fediverse.settle()

    there = await town.ours.knows(thread.uri)
    assert (there.likes_count, there.boosts_count) == (1, 2)  # the other boost is the group's
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM follow WHERE state = 'accepted'") == 2
        assert await value("SELECT COUNT(*) FROM member WHERE state = 'joined'") == 1


@pytest.mark.attack("ORI-15")
async def test_what_is_taken_back_is_what_was_done_and_not_what_is_said_of_it(town: Town) -> None:
    mine, other = await town.anna.post("One"), await town.anna.post("Another")
    like, boost = town.bob.does("Like", mine.uri), town.bob.does("Announce", mine.uri)
    await town.send(town.bob, like, town.bob.does("Like", other.uri), boost)

    await town.send(town.eve, town.eve.does("Like", other.uri))
    await town.send(town.eve, town.eve.does("Undo", like | {"actor": town.eve.uri, "object": mine.uri}))
    await town.send(town.bob, town.bob.does("Undo", boost | {"object": other.uri}))

    assert (await town.ours.knows(mine.uri)).likes_count == 1
    assert (await town.ours.knows(other.uri)).likes_count == 2
    assert (await town.ours.knows(mine.uri)).boosts_count == 0


@pytest.mark.attack("ORI-15")
async def test_nobody_votes_follows_blocks_or_reports_for_another(town: Town) -> None:
    thread = await town.anna.post("A question")
    await followed(town.fediverse, town.anna, town.bob)
    said = [
        town.bob.does("Like", thread.uri),
        town.bob.does("Follow", town.anna.actor.uri),
        town.bob.does("Block", town.anna.actor.uri),
        town.bob.does("Flag", [town.anna.actor.uri]),
        town.bob.does("Announce", thread.uri),
    ]

    for activity in said:
        for by in (town.eve, town.mallory):
            assert (await post(town.ours, activity, by)).status_code == 401
            wrapped = by.does("Announce", activity)
            assert (await post(town.ours, wrapped, by)).status_code == 202
    await town.fediverse.settle()

    assert (await town.ours.knows(thread.uri)).likes_count == 0
    assert await _state(town, town.bob) == "accepted"
    with town.ours.here():
        for table in ("block", "report", "reaction", "boost"):
            assert await value(f"SELECT COUNT(*) FROM {table}") == 0
        assert await value("SELECT COUNT(*) FROM follow") == 1


@pytest.mark.attack("ORI-13")
async def test_a_profile_is_what_its_home_says_whoever_else_says_something(town: Town) -> None:
    await town.written()
    forged = town.bob.document(name="FORGED", inbox="https://theirs.test/users/eve/inbox")
    forged["publicKey"] |= {"publicKeyPem": town.eve.document()["publicKey"]["publicKeyPem"]}

    for by in (town.eve, town.mallory):
        await town.send(by, by.does("Update", forged), by.does("Update", town.bob.uri))
    await town.send(town.bob, town.bob.does("Update", forged))  # bob's own, but his home says otherwise

    with town.ours.here():
        assert await rows("SELECT name, inbox FROM actor WHERE uri = ?", (town.bob.uri,)) == [
            ("Bob", f"{town.bob.uri}/inbox")
        ]
    await town.send(town.bob, town.bob.does("Like", "https://theirs.test/notes/1"))
    assert (await town.here()).likes_count == 1


@pytest.mark.attack("GRP-05", "GRP-06")
@pytest.mark.parametrize("embedded", [False, True], ids=["ids", "whole people"])
async def test_only_moderators_whom_a_group_lists_take_posts_out_of_it(town: Town, embedded: bool) -> None:
    moderators = "https://theirs.test/c/cats/moderators"
    cats = town.theirs.actor("cats", "Group", attributedTo=moderators)
    listed: Any = [town.eve.document() if embedded else town.eve.uri]
    town.theirs.serve(moderators, {"type": "OrderedCollection", "orderedItems": listed})
    await followed(town.fediverse, town.anna, cats)
    note = await town.written(audience=cats.uri)
    await town.send(cats, cats.does("Announce", town.bob.does("Create", note)))
    neighbour = town.theirs.actor("neighbour")

    for by in (neighbour, town.mallory):
        await town.send(cats, cats.does("Announce", by.does("Delete", note["id"], summary="spam")))
        await town.send(by, by.does("Delete", note["id"]))
    still = await town.here()
    await town.send(cats, cats.does("Announce", town.eve.does("Delete", note["id"], summary="spam")))
    out = await town.here()
    await town.send(cats, cats.does("Announce", neighbour.does("Undo", town.eve.does("Delete", note["id"]))))
    stays_out = await town.here()
    await town.send(cats, cats.does("Announce", town.eve.does("Undo", town.eve.does("Delete", note["id"]))))

    assert still.group_id is not None
    assert (still.removed_at, still.deleted_at) == (None, None)
    assert out.removed_at is not None and out.deleted_at is None
    assert stays_out.removed_at is not None
    assert (await town.here()).removed_at is None


@pytest.mark.attack("GRP-06")
async def test_who_is_no_moderator_any_more_does_nothing(town: Town) -> None:
    moderators = "https://theirs.test/c/cats/moderators"
    cats = town.theirs.actor("cats", "Group", attributedTo=moderators)
    town.theirs.serve(moderators, {"type": "OrderedCollection", "orderedItems": [town.eve.uri]})
    await followed(town.fediverse, town.anna, cats)
    for number in (1, 2):
        note = town.bob.note(number, audience=cats.uri)
        town.theirs.serve(note["id"], note)
        await town.send(cats, cats.does("Announce", note["id"]))
    await town.send(cats, cats.does("Announce", town.eve.does("Delete", "https://theirs.test/notes/1")))

    town.theirs.serve(moderators, {"type": "OrderedCollection", "orderedItems": []})
    for app in town.ours.apps:
        app.moderators_read._done.clear()  # as ten minutes later
    await town.send(cats, cats.does("Announce", town.eve.does("Delete", "https://theirs.test/notes/2")))

    assert (await town.here("https://theirs.test/notes/1")).removed_at is not None
    assert (await town.here("https://theirs.test/notes/2")).removed_at is None


@pytest.mark.attack("GRP-06")
async def test_the_admins_of_a_groups_server_are_heard_when_it_says_who_they_are(town: Town) -> None:
    moderators = "https://theirs.test/c/cats/moderators"
    cats = town.theirs.actor("cats", "Group", attributedTo=moderators)
    town.theirs.serve(moderators, {"type": "OrderedCollection", "orderedItems": []})
    admins = [{"person": {"actor_id": uri}} for uri in (town.eve.uri, town.mallory.uri, None)]
    town.theirs.serve("/api/v3/site", {"admins": [*admins, 1, {}]}, content_type="application/json")
    await followed(town.fediverse, town.anna, cats)
    note = await town.written(audience=cats.uri)
    await town.send(cats, cats.does("Announce", note["id"]))
    carol = town.theirs.actor("carol")

    for by in (town.mallory, carol):  # of another server, and a neighbour
        await town.send(cats, cats.does("Announce", by.does("Delete", note["id"])))
        await town.send(cats, cats.does("Announce", by.does("Block", town.bob.uri, target=cats.uri)))
    still = await town.here()
    await town.send(cats, cats.does("Announce", town.eve.does("Delete", note["id"])))
    await town.send(cats, cats.does("Announce", town.eve.does("Block", town.bob.uri, target=cats.uri)))

    assert still.removed_at is None
    assert (await town.here()).removed_at is not None
    with town.ours.here():
        assert await rows("SELECT actor_uri FROM act WHERE property = 'ban'") == [(town.eve.uri,)]
