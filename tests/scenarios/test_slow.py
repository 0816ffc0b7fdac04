"""Stories of groups and threads in which people are to write less: features S0.7."""

import asyncio

import pytest

from fedcomm import curation, group_profile, holding, lapses, members
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.group_profile import Change
from storage.connect import execute, rows
from tests import forger
from tests.fediverse import Fediverse, Instance
from tests.forger import Host, send
from tests.scenarios.test_holding import club, person_of, talk, waiting
from tests.scenarios.test_moderators_elsewhere import Elsewhere, elsewhere
from tests.scenarios.test_welcome import messages

__all__ = ["elsewhere"]  # the fixture
pytestmark = pytest.mark.anyio


async def pass_by(at: Instance, ms: int) -> None:
    """Let all that came have come so much earlier, and what waits for that be looked at."""
    with at.here():
        await execute("UPDATE post SET received_at = received_at - ? WHERE group_id IS NOT NULL", (ms,))
        await lapses.end(at.app)


@pytest.mark.thorough("postgres")
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
    at_once = [alice.post(f"@club {number}\n\nof hers") for number in range(3)]
    of_hers = await asyncio.gather(*at_once, return_exceptions=True)
    assert sorted(type(each).__name__ for each in of_hers) == ["Post", "TooMany", "TooMany"]
    await pass_by(a, 200_000)
    await fediverse.settle()
    assert len(await waiting(a)) == 2
    await pass_by(a, 101_000)
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


async def opens(at: Instance) -> None:
    """Let the time be over for which threads are closed."""
    with at.here():
        await execute("UPDATE job SET run_at = 0 WHERE name = 'open_thread'")


@pytest.mark.thorough("postgres")
async def test_a_thread_that_is_closed_for_a_while_opens_by_itself_and_then_has_what_came(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob, mo = (
        *[await a.person(name) for name in ("greta", "alice")],
        *[await b.person(name) for name in ("bob", "mo")],
    )
    face, far = await a.group("club", moderator=greta), Host(fediverse, "far.test")
    far.runs("forum")
    eve = far.actor("eve")
    await fediverse.join(face, alice, bob, mo)
    await forger.send(fediverse, a, eve, eve.does("Follow", face.uri))
    with a.here():
        await members.appoint(a.app, "club", await person_of(a, mo.actor.uri))
    thread = await bob.post("@club@a.test Hot\n\nwords")
    other = await bob.post("@club@a.test Other\n\nwords")
    await fediverse.settle()
    heard = len(far.received)

    async def answer(name: str, to: str) -> str:
        note = eve.note(name, inReplyTo=to, cc=[face.uri])
        await send(fediverse, a, eve, eve.does("Create", note, cc=[face.uri]))
        return str(note["id"])

    with b.here():  # who moderates from elsewhere: the group's server hears how long, and tells all
        with pytest.raises(Invalid):
            await curation.lock(b.app, mo.actor, thread.id, minutes=4)
        await curation.lock(b.app, mo.actor, thread.id, "Calm down", minutes=60)
    await fediverse.settle()
    for who, home in ((alice, a), (bob, b)):
        with pytest.raises(NotAllowed, match="Minutes until it opens: 60"):
            await who.reply(await home.knows(thread.uri), "More")
    mine = await greta.reply(await a.knows(thread.uri), "Please wait.")
    late, fine, turned = await answer("late", thread.uri), await answer("fine", other.uri), await answer("no", mine.uri)

    inside = await talk(a)
    assert fine in inside and not {late, turned} & set(inside)
    assert [(each.kind, each.post_uri) for each in await waiting(a)] == [("cooldown", late), ("cooldown", turned)]
    assert sum("closed its thread for a while" in str(each) for each in far.received) == 1
    locks = [each["object"] for each in far.received[heard:] if each["type"] == "Announce"]
    (lock,) = [each for each in locks if isinstance(each, dict) and each["type"] == "Lock"]
    assert lock["endTime"] == lock["expires"] and lock["actor"] == mo.actor.uri
    with a.here():
        await holding.refuse(a.app, "club", (await waiting(a))[1].id, greta.actor)
    await opens(a)
    await fediverse.settle()

    assert late in await talk(a) and turned not in await talk(a) and await waiting(a) == []
    undone = [each["object"]["type"] for each in far.received[heard:] if isinstance(each.get("object"), dict)]
    assert undone.count("Lock") == undone.count("Undo") == 1
    assert (await bob.reply(await b.knows(thread.uri), "Calm again")).uri in await talk(b)
    await fediverse.settle()

    with a.here():  # what was closed anew, or opened by hand, an earlier end does not touch
        post = await a.knows(thread.uri)
        await curation.lock(a.app, greta.actor, post.id, minutes=60)
        await curation.lock(a.app, greta.actor, post.id)
    await opens(a)
    await fediverse.settle()
    assert [(await at.knows(thread.uri)).locked for at in (a, b)] == [1, 1]
    assert await answer("never", thread.uri) not in await talk(a) and await waiting(a) == []
    with a.here():
        await curation.lock(a.app, greta.actor, post.id, minutes=60)
    waits = await answer("soon", thread.uri)
    with a.here():
        await curation.unlock(a.app, greta.actor, post.id)
    await fediverse.settle()
    assert waits in await talk(a)


@pytest.mark.thorough("postgres")
async def test_a_lock_for_a_while_ends_where_its_server_knows_of_none(elsewhere: Elsewhere) -> None:
    ann, home = elsewhere.ann, elsewhere.home
    elsewhere.listed.append(ann.actor.uri)
    elsewhere.appoint()
    await elsewhere.announce(elsewhere.mo.does("Add", ann.actor.uri, target="https://g.test/c/wine/moderators"))
    post = await elsewhere.a.knows(elsewhere.note["id"])

    with elsewhere.a.here():
        await curation.lock(elsewhere.a.app, ann.actor, post.id, minutes=60)
    await opens(elsewhere.a)
    await elsewhere.fediverse.settle()
    over = elsewhere.mo.does("Lock", post.uri, endTime="2026-01-01T00:00:00Z")
    await elsewhere.announce(over)

    lock, undo = [each for each in home.received if each["type"] in ("Lock", "Undo")]
    assert (lock["actor"], undo["object"]["id"], undo["actor"]) == (ann.actor.uri, lock["id"], ann.actor.uri)
    assert (await elsewhere.a.knows(post.uri)).locked == 0
    await elsewhere.announce(elsewhere.mo.does("Lock", post.uri, endTime="2027-06-01T00:00:00Z"))
    with pytest.raises(NotAllowed, match="closed to answers for a while"):
        await (await elsewhere.a.person("lea")).reply(post, "And now?")
