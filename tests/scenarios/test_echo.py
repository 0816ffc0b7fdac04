"""What a group passes on to the server from which it came."""

import pytest

import storage.actors
import storage.timelines
from storage.paging import Page
from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


@pytest.mark.thorough("postgres")
async def test_the_authors_own_server_shows_the_post_among_those_that_the_group_took(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    bob = await b.person("bob")
    await fediverse.join(gardening, bob)

    post = await bob.post("Which apple trees bear early? @gardening@a.test")
    await fediverse.settle()

    with b.here():
        face = await storage.actors.by_uri(gardening.uri)
        assert face is not None
        shown = await storage.timelines.of_actor(bob.actor.id, face.id, Page(limit=10), group=True)
    assert [entry.post_id for entry in shown.entries] == [post.id]
    assert (await b.knows(post.uri)).replies_count == 0


async def test_a_post_that_the_group_did_not_take_is_not_among_them(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    bob = await b.person("bob")
    await fediverse.join(gardening, bob)
    fediverse.wire.down.add("b.test")  # where nobody hears of the ban
    await a.ban(gardening, bob.handle)
    await fediverse.settle()

    await bob.post("Buy watches @gardening@a.test")
    await fediverse.settle()

    with b.here():
        face = await storage.actors.by_uri(gardening.uri)
        assert face is not None
        shown = await storage.timelines.of_actor(bob.actor.id, face.id, Page(limit=10), group=True)
    assert shown.entries == []
