"""What members say of themselves reaches those who follow them elsewhere."""

import pytest

import storage.actors
from fedcomm import profiles
from fedcomm.profiles import Change, Line
from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


async def test_a_changed_profile_reaches_followers_elsewhere(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, bob = await a.person("alice"), await b.person("bob")
    await bob.follow(alice.handle)
    await fediverse.settle()

    with a.here():
        wanted = Change(name="Alice", note="I *grow* beans", fields=(Line("Bed", "4"),), locked=True, bot=True)
        await profiles.change(a.app, alice.actor, wanted)
    await fediverse.settle()

    with b.here():
        seen = await storage.actors.by_uri(alice.actor.uri)
    assert seen is not None
    assert (seen.name, seen.summary) == ("Alice", "<p>I <em>grow</em> beans</p>")
    assert (bool(seen.locked), bool(seen.bot)) == (True, True)
    assert '"Bed"' in seen.fields and "source" not in seen.fields


async def test_a_profile_that_stays_the_same_is_told_to_nobody(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, bob = await a.person("alice"), await b.person("bob")
    await bob.follow(alice.handle)
    await fediverse.settle()
    before = len(fediverse.wire.log)

    with a.here():
        await profiles.change(a.app, alice.actor, Change(name=alice.actor.name, locked=False))
    await fediverse.settle()

    assert len(fediverse.wire.log) == before
