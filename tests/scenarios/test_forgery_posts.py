"""What a forger tries with posts of others: to change, delete, move, widen or replace them."""

import asyncio

import pytest

from fedcomm import clock
from storage.connect import execute, rows, value
from storage.posts import PUBLIC as LISTED
from tests.forger import PUBLIC, followed, post
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ORI-12")
async def test_an_edit_changes_what_a_post_says_and_nothing_else(town: Town) -> None:
    club = await town.ours.group("club", moderator=town.anna)
    note = await town.written(to=["https://www.w3.org/ns/activitystreams#Public"])
    before = await town.here()

    changed = note | {
        "type": "Question", "content": "<p>Edited</p>", "audience": club.uri, "to": [PUBLIC, club.uri],
        "inReplyTo": "https://theirs.test/notes/other", "published": "2020-01-01T00:00:00Z",
        "updated": "2026-11-21T13:00:00Z", "context": "https://evil.test/context",
    }  # fmt: skip
    await town.send(town.bob, town.bob.does("Update", changed))

    town.theirs.serve(note["id"], note | {"attributedTo": town.eve.uri, "content": "<p>FORGED</p>"})
    await town.send(town.bob, town.bob.does("Update", note["id"]))  # its server says now that it is by another
    after = await town.here()
    assert after.content == "<p>Edited</p>"
    same = ("id", "uri", "kind", "author_id", "group_id", "parent_id", "parent_uri", "thread_id", "visibility")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert (after.published, after.context) == (before.published, before.context)


@pytest.mark.attack("ORI-12")
async def test_an_edit_does_not_open_a_post_to_more_people(town: Town) -> None:
    private = town.bob.note(1, to=[town.anna.actor.uri], cc=None)
    await town.send(town.bob, town.bob.does("Create", private))
    before = await town.here()

    opened = private | {"to": [PUBLIC], "content": "<p>Edited</p>", "updated": "2026-11-21T13:00:00Z"}
    await town.send(town.bob, town.bob.does("Update", opened))

    after = await town.here()
    assert (after.visibility, after.content) == (before.visibility, "<p>Edited</p>")
    assert after.visibility > 1


@pytest.mark.attack("ORI-12", "ORI-34")
async def test_a_post_does_not_become_an_actor_nor_an_actor_a_post(town: Town) -> None:
    note = await town.written()
    posing = town.bob.document(id=note["id"], inbox=f"{note['id']}/inbox")

    town.theirs.serve(town.bob.uri, note | {"id": town.bob.uri, "updated": "2026-11-21T13:00:00Z"})
    await town.send(town.bob, town.bob.does("Update", posing), town.bob.does("Update", town.bob.uri))

    assert (await town.here()).content == "<p>Hello</p>"
    with town.ours.here():
        assert await rows("SELECT kind FROM actor WHERE uri IN (?texts)", ([note["id"], town.bob.uri],)) == [
            ("Person",)
        ]


@pytest.mark.attack("ORI-34")
@pytest.mark.parametrize("kind", ["Group", "Application", "Service"])
async def test_a_person_gains_nothing_by_saying_to_be_something_else(town: Town, kind: str) -> None:
    note = await town.written()
    town.theirs.serve(town.bob.uri, town.bob.document(type=kind, name="Changed"))

    await town.send(town.bob, town.bob.does("Update", town.bob.document(type=kind)))
    await town.anna.follow(town.bob.uri)
    await town.fediverse.settle()
    asked = town.theirs.received[-1]
    await town.send(town.bob, town.bob.does("Accept", asked))
    victim = town.eve.note("hers")
    town.theirs.serve(victim["id"], victim)
    await town.send(town.bob, town.bob.does("Announce", town.eve.does("Create", victim)))

    with town.ours.here():
        assert await rows("SELECT kind, name FROM actor WHERE uri = ?", (town.bob.uri,)) == [("Person", "Changed")]
        assert await value("SELECT COUNT(*) FROM groups") == 0
    assert await town.ours.post(victim["id"]) is None
    assert (await town.here()).uri == note["id"]


@pytest.mark.attack("ORI-34")
async def test_a_group_that_says_to_be_a_person_stays_the_group_it_was(town: Town) -> None:
    cats = town.theirs.actor("cats", "Group")
    await followed(town.fediverse, town.anna, cats)

    town.theirs.serve(cats.uri, cats.document(type="Person", name="Changed"))
    await town.send(cats, cats.does("Update", cats.document(type="Person")))

    with town.ours.here():
        assert await rows("SELECT kind, name FROM actor WHERE uri = ?", (cats.uri,)) == [("Group", "Changed")]
        assert await value("SELECT COUNT(*) FROM groups") == 1


@pytest.mark.attack("ORI-14")
@pytest.mark.parametrize("who", ["eve", "mallory"])
async def test_only_its_author_deletes_a_post(town: Town, who: str) -> None:
    note = await town.written()
    by = town.eve if who == "eve" else town.mallory

    await town.send(by, by.does("Delete", note["id"]), by.does("Delete", {"id": note["id"], "type": "Tombstone"}))
    await town.send(by, by.does("Delete", town.bob.does("Create", note)), by.does("Delete", town.bob.uri))

    assert (await town.here()).content == "<p>Hello</p>"
    with town.ours.here():
        assert await value("SELECT deleted_at FROM actor WHERE uri = ?", (town.bob.uri,)) is None
    await town.send(town.bob, town.bob.does("Delete", note["id"]))
    assert await town.ours.lacks(note["id"])


@pytest.mark.attack("ORI-14", "ORI-21")
@pytest.mark.parametrize("who", ["eve", "mallory"])
async def test_nobody_deletes_a_post_before_it_comes(town: Town, who: str) -> None:
    by = town.eve if who == "eve" else town.mallory
    future = "https://theirs.test/notes/1"

    await town.send(by, by.does("Delete", future), by.does("Undo", future), by.does("Undo", by.does("Like", future)))
    await town.send(by, by.does("Undo", {"id": future, "type": "Like", "actor": by.uri, "object": future}))
    await town.written()

    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-14")
async def test_a_deletion_that_somebody_else_brings_deletes_nothing(town: Town) -> None:
    note = await town.written()
    gone = town.bob.does("Delete", note["id"])

    answer = await post(town.ours, gone, town.mallory)
    as_announced = town.mallory.does("Announce", gone)
    await town.send(town.mallory, as_announced)

    assert answer.status_code == 401
    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-11", "ORI-14")
async def test_what_a_group_passes_on_of_a_post_is_believed_when_its_origin_says_so_too(town: Town) -> None:
    cats = town.evil.actor("cats", "Group")
    await followed(town.fediverse, town.anna, cats)
    note = await town.written(audience=cats.uri)
    await town.send(cats, cats.does("Announce", note["id"]))
    later = {"updated": "2026-11-21T13:00:00Z"}
    forged, edited = note | later | {"content": "<p>FORGED</p>"}, note | later | {"content": "<p>Edited</p>"}
    gone = town.bob.does("Delete", note["id"])

    for by in (town.bob, town.eve, town.mallory, cats):
        await town.send(cats, cats.does("Announce", by.does("Update", forged)))
    await town.send(cats, cats.does("Announce", gone))
    still = await town.here()
    town.theirs.serve(note["id"], edited)
    await town.send(cats, cats.does("Announce", town.bob.does("Update", forged)))
    changed = await town.here()
    town.theirs.gone(note["id"])
    await town.send(cats, cats.does("Announce", gone))

    assert still.group_id is not None
    assert (still.content, changed.content) == ("<p>Hello</p>", "<p>Edited</p>")
    assert await town.ours.lacks(note["id"])


@pytest.mark.attack("ORI-14")
async def test_who_says_goodbye_is_gone_with_everything(town: Town) -> None:
    ours = await town.anna.post("By anna")
    for number in range(3):
        await town.send(town.bob, town.bob.does("Create", town.bob.note(number, cc=[town.anna.actor.uri])))
    await town.send(town.bob, town.bob.does("Like", ours.uri), town.bob.does("Follow", town.anna.actor.uri))
    await town.send(town.bob, town.bob.does("Announce", ours.uri))

    await town.send(town.bob, town.bob.does("Delete", town.bob.uri))

    there = await town.ours.knows(ours.uri)
    assert (there.likes_count, there.boosts_count) == (0, 0)
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0 AND deleted_at IS NULL") == 0
        assert await value("SELECT followers_count FROM actor WHERE id = ?", (town.anna.actor.id,)) == 0
        assert await value("SELECT posts_count FROM actor WHERE uri = ?", (town.bob.uri,)) == 0
        assert await value("SELECT COUNT(*) FROM follow") == await value("SELECT COUNT(*) FROM reaction") == 0
    late = await post(town.ours, town.bob.does("Create", town.bob.note(9, cc=[town.anna.actor.uri])), town.bob)
    await town.fediverse.settle()
    assert late.status_code >= 400 or await town.ours.post("https://theirs.test/notes/9") is None


@pytest.mark.attack("ORI-19")
async def test_a_post_for_some_is_not_shown_to_more_because_somebody_boosts_it(town: Town) -> None:
    bert = await town.ours.person("bert")
    for face in (town.bob, town.mallory):
        await followed(town.fediverse, town.anna, face)
    await followed(town.fediverse, bert, town.mallory)
    private = town.bob.note(1, to=[town.bob.followers], cc=None)
    await town.send(town.bob, town.bob.does("Create", private))

    await town.send(town.mallory, town.mallory.does("Announce", private["id"]))
    await town.send(town.mallory, town.mallory.does("Announce", private))
    await town.send(town.bob, town.bob.does("Announce", private["id"]))

    there = await town.here()
    assert (there.visibility, there.boosts_count) == (2, 0)
    assert [p.uri for p in await town.anna.home()] == [private["id"]]
    assert await bert.home() == []


@pytest.mark.attack("ORI-19")
async def test_a_group_does_not_pass_on_what_is_not_for_everybody(town: Town) -> None:
    cats = town.evil.actor("cats", "Group")
    bert = await town.ours.person("bert")
    await followed(town.fediverse, town.anna, town.bob)
    await followed(town.fediverse, bert, cats)
    for number, to in enumerate(([town.bob.followers], [town.bob.followers, cats.uri])):
        private = town.bob.note(number, to=to, cc=None)
        town.theirs.serve(private["id"], private)
        await town.send(town.bob, town.bob.does("Create", private))

        await town.send(cats, cats.does("Announce", private["id"]))
        await town.send(cats, cats.does("Announce", town.bob.does("Create", private)))

        there = await town.here(private["id"])
        assert (there.group_id, there.boosts_count, there.visibility) == (None, 0, 2)
    assert await bert.home() == []


@pytest.mark.attack("ORI-20")
async def test_the_first_content_of_a_post_stays(town: Town) -> None:
    note = await town.written()

    await town.send(town.bob, town.bob.does("Create", note | {"content": "<p>FORGED</p>"}))
    await town.send(town.mallory, town.mallory.does("Create", note | {"content": "<p>FORGED</p>"}))
    mine = note | {"content": "<p>FORGED</p>", "attributedTo": town.mallory.uri}
    await town.send(town.mallory, town.mallory.does("Create", mine))

    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-20")
async def test_an_unsigned_copy_does_not_use_up_the_signed_one(town: Town) -> None:
    create = town.bob.does("Create", town.bob.note(1, cc=[town.anna.actor.uri]))

    unsigned = await post(town.ours, create, None)
    by_another = await post(town.ours, create, town.mallory)
    await town.send(town.bob, create)

    assert (unsigned.status_code, by_another.status_code) == (401, 401)
    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-21")
async def test_nobody_uses_up_the_id_of_an_activity_for_somebody_else(town: Town) -> None:
    create = town.bob.does("Create", town.bob.note(1, cc=[town.anna.actor.uri]), name="taken")

    await town.send(town.eve, town.eve.does("Like", "https://ours.test/posts/1", name="taken"))
    stolen = await post(town.ours, town.mallory.does("Like", town.anna.actor.uri, id=create["id"]), town.mallory)
    await town.send(town.bob, create)

    assert stolen.status_code == 401
    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-21")
async def test_a_group_kills_no_id_outside_itself(town: Town) -> None:
    cats = town.evil.actor("cats", "Group")
    await followed(town.fediverse, town.anna, cats)
    thread = await town.anna.post("A post of ours")
    like = town.bob.does("Like", thread.uri)
    posing = {"id": "https://theirs.test/notes/1", "type": "Like", "actor": town.bob.uri, "object": thread.uri}

    for inner in (like, posing):
        undo = {"id": "https://theirs.test/undo/1", "type": "Undo", "actor": town.bob.uri, "object": inner}
        await town.send(cats, cats.does("Announce", undo))
    await town.send(town.bob, like)
    await town.written()

    assert (await town.ours.knows(thread.uri)).likes_count == 1
    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("ORI-22")
async def test_what_failed_after_it_was_taken_in_is_done_when_its_time_comes(town: Town) -> None:
    await town.written()
    with town.ours.here():
        await execute("ALTER TABLE reaction RENAME TO reaction_away")
    like = town.eve.does("Like", "https://theirs.test/notes/1")

    assert (await post(town.ours, like, town.eve)).status_code == 202
    with town.ours.here():
        async with asyncio.timeout(10):
            while not (waiting := await rows("SELECT state, attempts FROM inbox_item WHERE state = 2")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await execute("ALTER TABLE reaction_away RENAME TO reaction")
        await execute("UPDATE inbox_item SET next_at = 0 WHERE state = 2")
    again = await post(town.ours, like, town.eve)
    town.ours.overflow()
    await town.fediverse.settle()

    assert waiting == [(2, 1)]
    assert again.status_code == 202
    assert (await town.here()).likes_count == 1


@pytest.mark.attack("ORI-23")
async def test_answers_that_come_before_what_they_answer_find_their_place(town: Town) -> None:
    first = town.bob.note(1, cc=[town.anna.actor.uri])
    second = town.eve.note(2, cc=[town.anna.actor.uri], inReplyTo=first["id"])
    third = town.mallory.note(3, cc=[town.anna.actor.uri], inReplyTo=second["id"])

    for by, note in ((town.mallory, third), (town.eve, second), (town.bob, first)):
        await town.send(by, by.does("Create", note))

    there = [await town.here(note["id"]) for note in (first, second, third)]
    assert {p.thread_id for p in there} == {there[0].id}
    assert [p.parent_id for p in there] == [None, there[0].id, there[1].id]
    assert [p.replies_count for p in there] == [1, 1, 0]


@pytest.mark.attack("ORI-23")
async def test_a_boost_that_comes_before_its_post_fetches_it_and_shows_it_once(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.mallory)
    note = town.bob.note(1, cc=[town.anna.actor.uri])
    town.theirs.serve(note["id"], note)

    await town.send(town.mallory, town.mallory.does("Announce", note["id"]))
    await town.send(town.bob, town.bob.does("Create", note))

    assert (await town.here()).boosts_count == 1
    assert [p.uri for p in await town.anna.home()] == [note["id"]]
    assert (await town.here()).visibility == LISTED


@pytest.mark.attack("ORI-23")
async def test_a_vote_that_a_group_passes_on_before_its_post_counts_once_that_is_here(town: Town) -> None:
    cats = town.evil.actor("cats", "Group")
    await followed(town.fediverse, town.anna, cats)
    note = town.bob.note(1, cc=[cats.uri], audience=cats.uri)
    vote = cats.does("Announce", town.eve.does("Like", note["id"]))

    await town.send(cats, vote)
    early = await town.ours.post(note["id"])
    town.theirs.serve(note["id"], note)
    await town.send(cats, cats.does("Announce", town.bob.does("Create", note)))

    assert early is None
    assert (await town.here()).likes_count == 1


@pytest.mark.attack("ORI-35")
async def test_a_date_to_come_puts_nothing_on_top(town: Town) -> None:
    for face in (town.mallory, town.bob):
        await followed(town.fediverse, town.anna, face)
    late = {"published": "2098-01-01T00:00:00Z", "updated": "2098-01-02T00:00:00Z"}
    absurd = {"type": "Event", "name": "Then", "startTime": "2098-01-01T00:00:00Z", "endTime": "9999-12-31T23:59:59Z"}
    ours = await town.anna.post("By anna")
    for number, said in enumerate((late, late | absurd, {"published": "9999-12-31T23:59:59Z"}, {"published": -1})):
        note = town.mallory.note(number, cc=[town.anna.actor.uri], **said)
        await town.send(town.mallory, town.mallory.does("Create", note, published=late["published"]))
        await town.send(town.mallory, town.mallory.does("Update", note | late | {"content": "<p>Edited</p>"}))
    await town.send(town.mallory, town.mallory.does("Announce", ours.uri, published=late["published"]))

    last = town.bob.note("last", published=None)
    await town.send(town.bob, town.bob.does("Create", last))

    home = await town.anna.home()
    assert len(home) == 6 and home[0].uri == last["id"]
    with town.ours.here():
        now = clock.now_ms()
        assert await value("SELECT COUNT(*) FROM post WHERE published > ? OR author_updated > ?", (now, now)) == 0
        assert await value("SELECT COUNT(*) FROM boost WHERE published > ?", (now,)) == 0
