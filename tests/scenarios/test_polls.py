"""Polls elsewhere as they are seen here."""

import msgspec
import pytest

from storage import posts
from storage.connect import rows
from tests.forger import PUBLIC
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


async def test_new_counts_of_a_poll_are_no_edit_and_stop_no_later_one(town: Town) -> None:
    def answers(pears: int) -> list[dict[str, object]]:
        return [
            {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
            for name, votes in (("Pears", pears), ("Apples", 1))
        ]

    question = {
        "type": "Question", "oneOf": answers(0), "votersCount": 1, "endTime": "2090-01-01T00:00:00Z", "to": [PUBLIC],
    }  # fmt: skip
    note = await town.written(**question)

    await town.send(town.bob, town.bob.does("Update", note | {"oneOf": answers(5), "votersCount": 6}))
    counted = await town.here()
    with town.ours.here():
        found = await posts.poll_of(counted.id)
    late = note | {"content": "<p>Edited</p>", "updated": "2026-11-21T12:00:01Z"}
    await town.send(town.bob, town.bob.does("Update", late))

    assert found is not None
    assert (msgspec.json.decode(found.votes), found.voters_count) == ([5, 1], 6)
    assert counted.edited_at is None
    edited = await town.here()
    assert edited.content == "<p>Edited</p>"
    assert edited.edited_at is not None
    with town.ours.here():
        assert await rows("SELECT content FROM post_revision") == [("<p>Hello</p>",)]
