"""Stories of groups and threads in which people are to write less: features S0.7."""

import pytest

from fedcomm import group_profile, holding, lapses
from fedcomm.errors import TooMany
from fedcomm.group_profile import Change
from storage.connect import execute, rows
from tests.fediverse import Fediverse, Instance
from tests.scenarios.test_holding import club, person_of, talk, waiting
from tests.scenarios.test_welcome import messages

pytestmark = pytest.mark.anyio


async def pass_by(at: Instance, ms: int) -> None:
    """Let all that came have come so much earlier, and what waits for that be looked at."""
    with at.here():
        await execute("UPDATE post SET received_at = received_at - ? WHERE group_id IS NOT NULL", (ms,))
        await lapses.end(at.app)


async def test_what_comes_too_soon_in_a_slow_group_waits_and_is_in_it_after_the_pause(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob, mia = [await a.person(name) for name in ("greta", "alice")] + [
        await b.person(name) for name in ("bob", "mia")
    ]
    face = await club(a, greta, slow=300)
    await fediverse.join(face, alice, bob, mia)
    with a.here():
        await holding.trust(a.app, "club", (await person_of(a, mia.actor.uri)).id, greta.actor)

    begun = await bob.post("@club@a.test One\n\nof them")
    await fediverse.settle()
    soon = [await bob.reply(begun, f"And {number}") for number in range(2)]
    free = [await mia.post(f"@club@a.test {number}\n\nof mine") for number in range(2)]
    own = [await greta.post(f"@club {number}\n\nof ours") for number in range(2)]
    await fediverse.settle()

    assert sorted(await talk(a)) == sorted(each.uri for each in (begun, *free, *own))
    assert [(each.kind, each.post_uri) for each in await waiting(a)] == [("slow", each.uri) for each in soon]
    (told,) = await messages(bob)
    assert "there is a pause in the group" in told.content
    with pytest.raises(TooMany):
        await alice.post("@club 1\n\nof hers")
        await alice.post("@club 2\n\nof hers")
    await pass_by(a, 299_000)
    await fediverse.settle()
    assert len(await waiting(a)) == 2
    await pass_by(a, 2_000)
    await fediverse.settle()
    assert soon[0].uri in await talk(a) and [each.post_uri for each in await waiting(a)] == [soon[1].uri]
    await pass_by(a, 0)
    await fediverse.settle()
    assert len(await waiting(a)) == 1 and len(await messages(bob)) == 1
    await pass_by(a, 301_000)
    await fediverse.settle()
    assert await waiting(a) == [] and soon[1].uri in await talk(a)
    with a.here():
        log = await rows("SELECT subject FROM act WHERE value = ? ORDER BY id", ('{"state":"over"}',))
        await group_profile.change(a.app, "club", Change(slow=0), greta.actor)
    assert log == [(each.uri,) for each in soon]
    last = [await bob.reply(begun, f"Now {number}") for number in range(2)]
    await fediverse.settle()
    assert {each.uri for each in last} <= set(await talk(a)) and len(await messages(bob)) == 1
