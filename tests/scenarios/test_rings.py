"""Answers that answer each other, or themselves (attack GRP-15)."""

import pytest

from fedcomm import fetching
from storage import threads, visible
from storage.connect import rows
from tests.forger import PUBLIC, Json
from tests.scenarios.test_programs import program
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.attack("GRP-15")]


def says(town: Town, slug: str, above: str, *to: str) -> Json:
    """A post of bob, which his server serves."""
    note = town.bob.note(slug, inReplyTo=above, to=[PUBLIC, *to], cc=[town.anna.actor.uri])
    town.theirs.serve(note["id"], note)
    return note


async def walked(town: Town, uri: str) -> None:
    """Whatever walks along a thread comes to an end, and no post lies above itself."""
    post = await town.here(uri)
    with town.ours.here():
        found = await threads.context(visible.ANYBODY, post.id, above=100, below=500, depth=100)
        above = {row[0]: row[1] for row in await rows("SELECT id, parent_id FROM post")}
    assert post.id not in (*found.ancestors, *found.descendants)
    for start in above:
        seen, at = {start}, above[start]
        while at is not None:
            assert at not in seen, f"{start} lies above itself"
            seen.add(at)
            at = above[at]
    reader = await program(await town.ours.known("anna"))
    told = (await reader.ask("GET", f"statuses/{post.id}/context")).json()
    assert str(post.id) not in [each["id"] for way in ("ancestors", "descendants") for each in told[way]]


@pytest.mark.parametrize("way", ["told", "fetched"])
@pytest.mark.parametrize("ring", [("1",), ("1", "2"), ("1", "2", "3")])
async def test_answers_in_a_ring_are_cut_where_the_ring_closes(town: Town, ring: tuple[str, ...], way: str) -> None:
    face = await town.ours.group("bread", moderator=town.anna)
    notes = [
        says(town, slug, f"https://theirs.test/notes/{ring[(at + 1) % len(ring)]}", face.uri)
        for at, slug in enumerate(ring)
    ]

    for note in notes:
        if way == "told":
            town.theirs.gone(note["inReplyTo"], 404)
            await town.send(town.bob, town.bob.does("Create", note, to=note["to"], cc=note["cc"]))
        else:
            with town.ours.here():
                await fetching.post(town.ours.app, note["id"])
            await town.fediverse.settle()

    for note in notes:
        await walked(town, note["id"])
