"""A group whose server was silent for long and comes back with other keys: somebody may have bought the domain."""

from datetime import timedelta

import pytest
import time_machine

from fedcomm import estrangement
from fedcomm.errors import NotFound
from storage import actors, groups
from tests import rsa_keys
from tests.forger import Face, followed, post
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


async def _says(town: Town, group: Face, slug: str) -> int:
    """The status with which an announcement of a new post is answered; ten minutes after the last one."""
    note = town.bob.note(slug, to=["https://www.w3.org/ns/activitystreams#Public", group.uri], cc=[])
    town.theirs.serve(note["id"], note)
    for app in town.ours.apps:
        app.keyring._asked.clear()
    answer = await post(town.ours, group.does("Announce", town.bob.does("Create", note)), group)
    await town.fediverse.settle()
    return answer.status_code


async def _later(town: Town, group: Face) -> None:
    """The group is served with a key of somebody else."""
    group.key = rsa_keys.called("who bought the domain")
    town.theirs.serve(group.uri, group.document())


@pytest.mark.attack("GRP-18")
async def test_a_group_with_other_keys_after_a_long_silence_waits_for_an_admin(town: Town) -> None:
    group = town.theirs.actor("cats", "Group")
    await followed(town.fediverse, town.anna, group)
    assert await _says(town, group, "before") == 202
    with time_machine.travel(timedelta(days=40), tick=True):
        await _later(town, group)

        refused = await _says(town, group, "bought")

        with town.ours.here():
            face = await actors.by_uri(group.uri)
            assert face is not None
            waiting = await groups.estranged()
        assert refused in (401, 403)
        assert await town.ours.post("https://theirs.test/notes/bought") is None
        assert waiting == [face.id]
        assert await _says(town, group, "again") in (401, 403)
        with town.ours.here():
            await estrangement.recognise(face.id, None)
            with pytest.raises(NotFound):
                await estrangement.recognise(face.id, None)
        assert await _says(town, group, "same") == 202
        with town.ours.here():
            assert await groups.estranged() == []
            found = await groups.by_actor(face.id)
        assert found is not None and found.estranged_at is None
    assert await town.ours.post("https://theirs.test/notes/same") is not None


@pytest.mark.attack("GRP-18")
async def test_a_group_that_is_heard_all_the_time_may_change_its_keys(town: Town) -> None:
    group = town.theirs.actor("cats", "Group")
    await followed(town.fediverse, town.anna, group)
    with time_machine.travel(timedelta(days=20), tick=True):
        await _later(town, group)

        assert await _says(town, group, "rotated") == 202

    with town.ours.here():
        assert await groups.estranged() == []
    assert await town.ours.post("https://theirs.test/notes/rotated") is not None
