"""Accounts elsewhere that move, and those that only say so."""

import msgspec
import pytest

from storage.connect import execute, rows, value
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, followed, send

pytestmark = pytest.mark.anyio


async def _followed_by(person: Person) -> list[str]:
    """Whom a member follows, accepted or asked."""
    sql = "SELECT t.uri FROM follow f JOIN actor t ON t.id = f.target_id WHERE f.follower_id = ? ORDER BY t.uri"
    with person.instance.here():
        return [uri for (uri,) in await rows(sql, (person.actor.id,))]


async def _start(fediverse: Fediverse) -> tuple[Instance, Person, Face, Host]:
    """Anna follows bob, who is about to move to another server."""
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob = await ours.person("anna"), theirs.actor("bob")
    await followed(fediverse, anna, bob)
    return ours, anna, bob, Host(fediverse, "new.test")


async def test_followers_here_go_along_with_an_account_that_moves(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    new = new_host.actor("bob", alsoKnownAs=[bob.uri])
    bob.host.serve(bob.uri, bob.document(movedTo=new.uri))

    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=new.uri))

    assert await _followed_by(anna) == [new.uri]
    assert [thing["object"] for thing in new_host.received if thing["type"] == "Follow"] == [new.uri]
    undone = [thing for thing in bob.host.received if thing["type"] == "Undo"]
    assert [thing["object"]["object"] for thing in undone] == [bob.uri]


@pytest.mark.attack("ORI-17")
@pytest.mark.parametrize("aliases", [None, [], ["https://theirs.test/users/eve"], "https://theirs.test/users/BOB"])
async def test_nobody_is_led_to_an_account_that_does_not_name_the_old_one(
    fediverse: Fediverse, aliases: object
) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    new = new_host.actor("bob", alsoKnownAs=aliases)

    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=new.uri))

    assert await _followed_by(anna) == [bob.uri]


@pytest.mark.attack("ORI-17")
async def test_nobody_moves_another(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    eve = bob.host.actor("eve")
    new = new_host.actor("mallory", alsoKnownAs=[bob.uri, eve.uri])

    for by in (new, eve):
        await send(fediverse, ours, by, by.does("Move", bob.uri, target=new.uri))
        await send(fediverse, ours, by, by.does("Move", by.uri, target=new.uri, origin=bob.uri))
        await send(fediverse, ours, by, by.does("Announce", bob.does("Move", bob.uri, target=new.uri)))

    assert await _followed_by(anna) == [bob.uri]


@pytest.mark.attack("ORI-17")
async def test_a_move_in_a_circle_ends(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    new = new_host.actor("bob", alsoKnownAs=[bob.uri])
    bob.host.serve(bob.uri, bob.document(alsoKnownAs=[new.uri]))

    for _round in range(3):
        await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=new.uri))
        asked = next(thing for thing in reversed(new_host.received) if thing["type"] == "Follow")
        await send(fediverse, ours, new, new.does("Accept", asked), new.does("Move", new.uri, target=bob.uri))

    sent = [thing for host in (bob.host, new_host) for thing in host.received if thing["type"] == "Follow"]
    assert len(await _followed_by(anna)) == 1
    assert len(sent) <= 3


@pytest.mark.attack("ORI-17")
async def test_an_account_that_moves_again_and_again_leads_nobody_far(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    targets = [new_host.actor(f"bob{number}", alsoKnownAs=[bob.uri]) for number in range(10)]

    for target in targets:
        await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=target.uri))

    assert await _followed_by(anna) == [targets[0].uri]
    assert len([thing for thing in new_host.received if thing["type"] == "Follow"]) == 1


@pytest.mark.attack("ORI-17")
async def test_a_person_does_not_lead_followers_into_a_group(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    trap = new_host.actor("trap", "Group", alsoKnownAs=[bob.uri])

    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=trap.uri))

    assert await _followed_by(anna) == [bob.uri]


@pytest.mark.attack("ORI-17")
async def test_nobody_is_led_to_a_member_of_ours_who_says_nothing_of_it(fediverse: Fediverse) -> None:
    ours, anna, bob, _new_host = await _start(fediverse)
    bert = await ours.person("bert")

    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=bert.actor.uri))

    assert await _followed_by(anna) == [bob.uri]
    with ours.here():
        assert msgspec.json.decode(await value("SELECT also_known_as FROM actor WHERE id = ?", (bert.actor.id,))) == []


@pytest.mark.attack("ORI-17")
async def test_a_profile_that_says_so_is_believed_only_together_with_the_other_one(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    new, trap = new_host.actor("bob"), new_host.actor("trap", "Group", alsoKnownAs=[bob.uri])
    for face in (new, trap):
        await anna.follow(face.uri)
    await fediverse.settle()

    for wrong in (new.uri, trap.uri, bob.uri, "https://nowhere.test/bob", {"id": new.uri}, 5):
        assert await _moved_to(fediverse, ours, bob, movedTo=wrong) is None
    new_host.serve(new.uri, new.document(alsoKnownAs=[bob.uri]))
    await send(fediverse, ours, new, new.does("Update", new.document(alsoKnownAs=[bob.uri])))
    believed = await _moved_to(fediverse, ours, bob, movedTo=new.uri)
    taken_back = await _moved_to(fediverse, ours, bob)

    assert (believed, taken_back) == (new.uri, None)
    assert bob.uri in await _followed_by(anna)  # nobody is led anywhere by a profile


@pytest.mark.attack("ORI-17")
async def test_an_account_that_takes_a_move_back_leads_nobody_on_for_a_week(fediverse: Fediverse) -> None:
    ours, anna, bob, new_host = await _start(fediverse)
    carl = await ours.person("carl")
    new, newer = [new_host.actor(name, alsoKnownAs=[bob.uri]) for name in ("bob", "bobby")]
    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=new.uri))
    await send(fediverse, ours, bob, bob.does("Update", bob.document()))
    await followed(fediverse, carl, bob)

    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=newer.uri))
    too_soon = await _followed_by(carl)
    with ours.here():
        await execute("UPDATE actor SET moved_at = moved_at - ? WHERE uri = ?", (7 * 86_400_000, bob.uri))
    await send(fediverse, ours, bob, bob.does("Move", bob.uri, target=newer.uri))

    assert too_soon == [bob.uri] and await _followed_by(carl) == [newer.uri]
    assert await _followed_by(anna) == [new.uri]


async def _moved_to(fediverse: Fediverse, ours: Instance, bob: Face, **more: object) -> str | None:
    """Whom bob has become, after his profile was changed so."""
    bob.host.serve(bob.uri, bob.document(**more))
    await send(fediverse, ours, bob, bob.does("Update", bob.document(**more)))
    with ours.here():
        sql = "SELECT n.uri FROM actor o JOIN actor n ON n.id = o.moved_to_id WHERE o.uri = ?"
        found = await rows(sql, (bob.uri,))
    return found[0][0] if found else None


async def test_a_thread_that_a_group_moves_elsewhere_stays_as_it_is_here(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob, cats = await ours.person("anna"), theirs.actor("bob"), theirs.actor("cats", "Group")
    await followed(fediverse, anna, cats)
    note = bob.note(1, audience=cats.uri)
    theirs.serve(note["id"], note)
    await send(fediverse, ours, cats, cats.does("Announce", note["id"], name="boost"))

    moved = bob.does("Move", "https://theirs.test/topic/1", target="https://theirs.test/c/dogs", origin=cats.uri)
    await send(fediverse, ours, bob, moved)
    undo = cats.does("Undo", {"id": "https://theirs.test/activities/boost", "type": "Announce", "actor": cats.uri})
    await send(fediverse, ours, cats, undo)

    assert (await ours.knows(note["id"])).boosts_count == 0
    with ours.here():
        assert await rows("SELECT error FROM inbox_item WHERE state = 3") == []
