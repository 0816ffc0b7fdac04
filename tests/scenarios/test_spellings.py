"""What peers write in ways of their own is understood when it comes in, and shown."""

from typing import Any

import pytest

from storage import posts
from storage.connect import rows, value
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import AS, PUBLIC, Face, Host, post, send

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

ANNA = "https://ours.test/users/anna"


async def _start(fediverse: Fediverse) -> tuple[Instance, Person, Face]:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    return ours, await ours.person("anna"), theirs.actor("bob")


@pytest.mark.parametrize(
    ("addresses", "visibility"),
    [
        ({"to": "as:Public", "cc": ANNA}, posts.PUBLIC),
        ({"to": ["Public"], "cc": [ANNA, 2, None, {"x": 1}]}, posts.PUBLIC),
        ({"to": PUBLIC, "cc": [{"id": ANNA, "type": "Person"}]}, posts.PUBLIC),
        ({"to": ANNA, "cc": ["as:Public"]}, posts.UNLISTED),
        ({"to": [[PUBLIC]], "cc": ANNA}, posts.DIRECT),
        ({"to": ANNA, "cc": None}, posts.DIRECT),
        ({"to": [ANNA, 5], "cc": None, "bto": [PUBLIC]}, posts.DIRECT),
    ],
)
async def test_addresses_are_understood_however_they_are_spelled(
    fediverse: Fediverse, addresses: dict[str, Any], visibility: int
) -> None:
    ours, _anna, bob = await _start(fediverse)
    note = bob.note(1) | addresses | {"tag": {"type": "Mention", "href": ANNA, "name": "@anna"}}

    await send(fediverse, ours, bob, bob.does("Create", note) | addresses)

    assert (await ours.knows(note["id"])).visibility == visibility


@pytest.mark.parametrize("kind", ["Video", "Audio", "Image", "Event", "Document", "Recipe", ["Note", "Review"]])
async def test_a_post_of_another_kind_is_readable_with_its_title_and_a_link(fediverse: Fediverse, kind: Any) -> None:
    ours, _anna, bob = await _start(fediverse)
    page = "https://theirs.test/watch/1"
    links = [{"type": "Link", "mediaType": "text/html", "href": page}, {"type": "Link", "href": f"{page}.mp4"}]
    thing = bob.note(1, None, type=kind, name="Pears in spring", url=links, cc=[ANNA])

    await send(fediverse, ours, bob, bob.does("Create", thing))

    there = await ours.knows(thing["id"])
    assert there.title == "Pears in spring"
    assert page in there.content or there.url == page
    if kind != ["Note", "Review"]:
        assert f'href="{page}"' in there.content


@pytest.mark.parametrize("key", ["name", "summary", "content"])
async def test_texts_that_come_only_as_maps_of_languages_are_read(fediverse: Fediverse, key: str) -> None:
    ours, _anna, bob = await _start(fediverse)
    note = bob.note(1, "<p>Text</p>", name="Name", type="Note", cc=[ANNA])
    note[f"{key}Map"] = {"de": "Birnen"}
    note.pop(key, None)

    await send(fediverse, ours, bob, bob.does("Create", note))

    there = await ours.knows(note["id"])
    assert "Birnen" in (there.title, there.summary, there.content.removeprefix("<p>").removesuffix("</p>"))


async def test_embedded_actors_and_objects_stand_for_their_ids(fediverse: Fediverse) -> None:
    ours, anna, bob = await _start(fediverse)
    thread = await anna.post("A question")
    note = bob.note(1, attributedTo=bob.document(), inReplyTo={"id": thread.uri, "type": "Note"}, cc=[ANNA])

    await send(fediverse, ours, bob, bob.does("Create", note, actor=bob.document()))
    like = bob.does("Like", {"id": thread.uri, "type": "Note", "attributedTo": ANNA, "content": "<p>FORGED</p>"})
    await send(fediverse, ours, bob, {name: said for name, said in like.items() if name not in ("to", "@context")})

    assert (await ours.knows(note["id"])).parent_id == thread.id
    there = await ours.knows(thread.uri)
    assert (there.likes_count, "FORGED" in there.content) == (1, False)


async def test_an_answer_that_names_no_group_is_in_the_group_of_its_thread(fediverse: Fediverse) -> None:
    ours, anna, bob = await _start(fediverse)
    club = await ours.group("club", moderator=anna)
    thread = await anna.post("A question @club@ours.test")
    await fediverse.settle()

    note = bob.note(1, inReplyTo=thread.uri, cc=[ANNA, bob.followers])
    await send(fediverse, ours, bob, bob.does("Create", note))

    answer = await ours.knows(note["id"])
    assert answer.group_id is not None
    assert answer.group_id == (await ours.knows(thread.uri)).group_id
    with ours.here():
        passed_on = await value(
            "SELECT COUNT(*) FROM outbox WHERE form = 'wrapped' AND actor_id = ? AND post_id = ?", (club.id, answer.id)
        )
    assert passed_on == 1


@pytest.mark.parametrize("kind", ["Like", "Dislike", "EmojiReact"])
async def test_votes_need_no_addresses_and_the_last_one_counts(fediverse: Fediverse, kind: str) -> None:
    ours, anna, bob = await _start(fediverse)
    thread = await anna.post("A question")

    for said in (bob.does("Dislike", thread.uri, to=None), bob.does(kind, thread.uri, to=None, content="❤")):
        await send(fediverse, ours, bob, said)

    there = await ours.knows(thread.uri)
    assert (there.likes_count, there.dislikes_count) == ((0, 1) if kind == "Dislike" else (1, 0))


@pytest.mark.parametrize("listed", [True, False], ids=["list", "one"])
async def test_a_report_is_kept_for_those_who_look_after_the_server(fediverse: Fediverse, listed: bool) -> None:
    ours, anna, bob = await _start(fediverse)
    thread = await anna.post("A question")
    about: Any = [ANNA, {"id": thread.uri, "type": "Note"}] if listed else thread.uri

    flag = bob.does("Flag", about, content="<p>This is <script>bad()</script> not nice</p>", to=None)
    await send(fediverse, ours, bob, flag, flag)

    with ours.here():
        found = await rows("SELECT target_id, post_ids, comment, state FROM report")
    assert found == [(anna.actor.id, f"[{thread.id}]", "This is  not nice", "open")]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "Add", "target": None, "object": "https://theirs.test/users/bob"},
        {"type": "Announce", "object": 2},
        {"type": "Announce", "object": [1, None, "https://theirs.test/notes/none", {"type": "Like"}]},
        {"type": "Delete", "object": [{"type": "Tombstone"}]},
        {"type": "Update", "object": {"type": "Person"}},
        {"type": "Create", "object": {"type": "Note", "content": "no id"}},
        {"type": "Undo", "object": {"type": "Undo", "object": {"type": "Undo"}}},
        {"type": "Follow", "object": [ANNA, ANNA]},
        {"type": "Accept", "object": {"type": "Follow", "actor": 1, "object": []}},
        {"type": ["Like", "Dislike"], "object": "https://ours.test/posts/1"},
        {"type": "Flag", "object": []},
        {"type": "Block", "object": ANNA, "target": "https://theirs.test/c/none", "endTime": "never"},
        {"type": "Move", "object": "https://theirs.test/topic/3", "target": 5},
        {"type": "Question", "name": "?", "oneOf": [{"name": 1}]},
        {"type": "Arrive", "location": {"type": "Place"}},
    ],
    ids=lambda odd: str(odd["type"]),
)
async def test_what_makes_no_sense_is_taken_with_thanks_and_changes_nothing(
    fediverse: Fediverse, odd: dict[str, Any]
) -> None:
    ours, anna, bob = await _start(fediverse)
    thread = await anna.post("A question")

    answer = await post(ours, {"@context": AS, "id": "https://theirs.test/odd/1", "actor": bob.uri} | odd, bob)
    await fediverse.settle()

    assert answer.status_code in (202, 400)
    assert (await ours.knows(thread.uri)).likes_count == 0
    with ours.here():
        assert await rows("SELECT error FROM inbox_item WHERE state NOT IN (1, 4) OR attempts > 0") == []
        assert await value("SELECT COUNT(*) FROM post") == 1
        assert await value("SELECT COUNT(*) FROM block") == await value("SELECT COUNT(*) FROM report") == 0
