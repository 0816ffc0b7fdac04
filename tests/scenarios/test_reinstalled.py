"""A server that was set up anew, or a domain that changed hands: who has the old names there inherits nothing."""

import logging

import pytest

from fedcomm import accounts, members
from storage import actors
from storage.connect import rows
from tests import rsa_keys
from tests.forger import PUBLIC, Face, followed, post
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


def _newcomer(town: Town) -> Face:
    """Somebody with another id and key who is called as bob was."""
    face = Face(town.theirs, "bob", "Person", rsa_keys.called("the new bob"))
    face.uri = "https://theirs.test/people/2"
    face.key_id, face.followers = f"{face.uri}#main-key", f"{face.uri}/followers"
    town.theirs.serve(face.uri, face.document())
    return face


@pytest.mark.attack("ORI-28")
async def test_who_has_the_handle_of_somebody_else_has_neither_followers_nor_roles_nor_bans_of_theirs(
    town: Town,
) -> None:
    await town.ours.group("bread", moderator=town.anna)
    wine = await town.ours.group("wine")
    await followed(town.fediverse, town.anna, town.bob)
    lead = await town.anna.post("Rules @bread@ours.test")
    with town.ours.here():
        bob = await actors.by_uri(town.bob.uri)
        assert bob is not None
        await members.appoint(town.ours.app, "bread", bob, town.anna.actor)
    await town.ours.ban(wine, town.bob.uri)
    await town.fediverse.settle()
    new = _newcomer(town)

    note = new.note("2", to=[PUBLIC, wine.uri], cc=[new.followers])
    await town.send(new, new.does("Create", note, to=note["to"]), new.does("Lock", lead.uri))

    there = await town.here(note["id"])
    with town.ours.here():
        at_home = await rows("SELECT 1 FROM home_entry WHERE post_id = ?", (there.id,))
        known = await actors.by_uris([town.bob.uri, new.uri])
    assert {actor.acct for actor in known.values()} == {"bob@theirs.test"} and len(known) == 2
    assert at_home == []
    assert (await town.ours.knows(lead.uri)).locked == 0
    assert there.group_id is not None  # the ban was of the other one
    await town.send(town.bob, town.bob.does("Lock", lead.uri))
    assert (await town.ours.knows(lead.uri)).locked == 1


@pytest.mark.attack("ORI-28")
async def test_who_said_goodbye_does_not_come_back_under_the_same_id_with_another_key(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.bob)
    await town.send(town.bob, town.bob.does("Delete", town.bob.uri))
    town.bob.key = rsa_keys.called("the new bob")
    town.theirs.serve(town.bob.uri, town.bob.document(name="The new bob"))
    for app in town.ours.apps:
        app.keyring._asked.clear()  # as ten minutes later

    note = town.bob.note("2", cc=[town.anna.actor.uri])
    answer = await post(town.ours, town.bob.does("Create", note), town.bob)
    await town.fediverse.settle()

    assert answer.status_code in (401, 403)
    assert await town.ours.post(note["id"]) is None
    with town.ours.here():
        gone = await actors.by_uri(town.bob.uri)
    assert gone is not None and gone.deleted_at is not None and gone.name != "The new bob"


@pytest.mark.attack("ORI-28")
async def test_who_runs_the_server_is_told_when_somebody_has_another_key(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """And who looks after a group together with them; where nobody else does, nobody is left in the dark either."""
    bread, wine = await town.ours.group("bread", moderator=town.anna), await town.ours.group("wine")
    olga = await town.ours.person("olga")
    await town.written()
    with town.ours.here():
        await accounts.promote(town.ours.app, "olga", "admin")
        bob = await actors.by_uri(town.bob.uri)
        assert bob is not None
        for name in ("bread", "wine"):
            await members.appoint(town.ours.app, name, bob)
    update = town.bob.does("Update", town.bob.document(name="Bobby"))
    with caplog.at_level(logging.WARNING, "fedcomm"):
        town.theirs.serve(town.bob.uri, town.bob.document(name="Bobby"))
        await town.send(town.bob, update)
        same = [record.getMessage() for record in caplog.records]
        town.bob.key = rsa_keys.called("the new bob")
        town.theirs.serve(town.bob.uri, town.bob.document())
        for app in town.ours.apps:
            app.keyring._asked.clear()  # as ten minutes later
        await town.send(town.bob, town.bob.does("Like", "https://theirs.test/notes/1"))

    assert same == []
    assert [record.getMessage() for record in caplog.records] == [f"all keys replaced actor={town.bob.uri}"]
    with town.ours.here():
        told = await rows(
            "SELECT p.author_id, m.actor_id FROM post p JOIN mention m ON m.post_id = p.id"
            " WHERE p.visibility = 3 AND p.author_id IN (?ints) AND p.content LIKE '%bob@theirs.test%' ORDER BY p.id",
            ([bread.id, wine.id],),
        )
    assert [tuple(each) for each in told] == [(bread.id, town.anna.actor.id), (wine.id, olga.actor.id)]
