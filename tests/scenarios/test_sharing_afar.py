"""What a group decides about a thread of another one that it shows: other servers hear of it, and it stays its own."""

from typing import Any

import pytest

from fedcomm import curation, groups, members, sharing
from fedcomm.errors import NotAllowed
from storage import actors, registers, shares
from storage.actors import Actor
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Host
from web.pages import beside

pytestmark = pytest.mark.anyio


class World:
    """ann's thread in `bread@a.test`, which `wine@b.test` shows.

    bob is steward of wine, dot a moderator of it who lives at c.test, carol a member there.
    """

    a: Instance
    b: Instance
    c: Instance
    bread: Actor
    wine: Actor
    ann: Person
    bob: Person
    carol: Person
    dot: Person
    post: Post

    def __init__(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse

    async def begin(self) -> None:
        """Everybody in their place."""
        self.a, self.b, self.c = [await self.fediverse.instance(f"{name}.test") for name in "abc"]
        self.ann, self.bob = await self.a.person("ann"), await self.b.person("bob")
        self.carol, self.dot = await self.c.person("carol"), await self.c.person("dot")
        self.bread = await self.a.group("bread", moderator=self.ann)
        self.wine = await self.b.group("wine", moderator=self.bob)
        await self.fediverse.join(self.bread, self.ann, self.bob)
        await self.fediverse.join(self.wine, self.bob, self.carol, self.dot)
        with self.b.here():
            dot = (await actors.by_uris([self.dot.actor.uri]))[self.dot.actor.uri]
            await members.appoint(self.b.app, "wine", dot, self.bob.actor)
        self.post = await self.ann.post("@bread@a.test Rye and Riesling")
        await self.fediverse.settle()
        await self.share()

    async def share(self) -> None:
        """wine shows the thread."""
        there = await self.b.knows(self.post.uri)
        with self.b.here():
            await sharing.share(self.b.app, self.bob.actor, there.id, "wine")
        await self.fediverse.settle()

    async def act(self, what: Any, instance: Instance, who: Person, within: str) -> None:
        """A moderator does something with the thread in a group that shows it."""
        post = await instance.knows(self.post.uri)
        with instance.here():
            await what(instance.app, who.actor, post.id, within=within)
        await self.fediverse.settle()

    async def state(self, *instances: Instance) -> list[tuple[bool, bool, int]]:
        """Whether wine has locked and pinned the thread, and whether it is locked where it began, as servers know."""
        found = []
        for instance in instances:
            root = await instance.knows(self.post.uri)
            with instance.here():
                found += [(each.locked, each.pinned, root.locked) for each in await shares.showing(root.id)]
        return found

    async def offered(self, instance: Instance, who: Person) -> frozenset[str]:
        """What the page of the thread offers to somebody who looks after wine."""
        post = await instance.knows(self.post.uri)
        with instance.here():
            (shown,) = await beside.also_in(instance.app.peers, who.actor.id, who.actor, post)
        assert shown.mine == ("remove" in shown.may)
        return shown.may


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """The thread is shown in both groups."""
    made = World(fediverse)
    await made.begin()
    return made


def decisions(host: Host) -> list[str]:
    """What a server was told of locks and pins."""
    inner = [
        each["object"] for each in host.received if each["type"] == "Announce" and isinstance(each["object"], dict)
    ]
    return [each["type"] for each in inner if each["type"] in ("Lock", "Undo", "Add", "Remove")]


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-03", "GRP-06")
async def test_a_second_group_tells_of_its_locks_and_pins_which_its_deputies_order_from_anywhere(world: World) -> None:
    await nobody_else(world)
    everywhere = (world.a, world.b, world.c)
    piefed, unknown, other = [Host(world.fediverse, f"{name}.test") for name in ("piefed", "unknown", "fedcomm")]
    for host in (piefed, unknown, other):
        face = host.actor("fay")
        await forger.send(world.fediverse, world.b, face, face.does("Follow", world.wine.uri))
    with world.b.here():
        world.b.learn("piefed.test", "groups", "piefed")
        world.b.learn("fedcomm.test", "groups", "fedcomm")

    for act in (curation.lock, curation.pin):
        await world.act(act, world.b, world.bob, "wine")
    assert await world.state(*everywhere) == [(True, True, 0)] * 3
    with pytest.raises(NotAllowed, match=r"locked in !wine@b\.test"):
        await world.carol.reply(await world.c.knows(world.post.uri), "And?")
    await world.ann.reply(world.post, "Where it began it is open")
    for act in (curation.unlock, curation.unpin):
        with pytest.raises(NotAllowed, match="Only moderators"):
            await world.act(act, world.c, world.carol, "wine@b.test")
        await world.act(act, world.c, world.dot, "wine@b.test")
    assert await world.state(*everywhere) == [(False, False, 0)] * 3
    said = await world.carol.reply(await world.c.knows(world.post.uri), "And now?")
    await world.fediverse.settle()
    assert (await world.a.knows(said.uri)).thread_id == world.post.id
    theirs = [await world.offered(world.c, each) for each in (world.carol, world.dot)]
    assert theirs == [frozenset(), frozenset(("lock", "pin", "remove"))]
    assert decisions(other) == ["Lock", "Add", "Undo", "Remove"] and decisions(piefed) == decisions(unknown) == []

    for act in (curation.pin, curation.lock):
        await world.act(act, world.c, world.dot, "wine@b.test")
    later = await world.fediverse.instance("d.test")
    await world.fediverse.join(world.wine, await later.person("erin"))
    await world.fediverse.settle()
    assert await world.state(later) == [(True, True, 0)], "who comes later learns of both"
    featured = await world.b.get("/c/wine/featured")
    assert featured["totalItems"] == 0, "who does not say who asks is told of the threads of the group"


@pytest.mark.attack("GRP-03", "GRP-06")
async def test_who_looks_after_a_second_group_or_began_the_thread_ends_from_elsewhere_that_it_is_shown(
    world: World,
) -> None:
    everywhere = (world.a, world.b, world.c)
    mal = Host(world.fediverse, "m.test").actor("mal")
    act = mal.does("Remove", world.post.uri, to=[world.wine.uri], target=world.wine.uri, audience=world.wine.uri)
    await forger.send(world.fediverse, world.b, mal, act)

    async def ends(who: Person) -> None:
        there = await who.instance.knows(world.post.uri)
        with who.instance.here():
            await sharing.end(who.instance.app, who.actor, there.id, "wine@b.test")
        await world.fediverse.settle()

    async def shown() -> list[int]:
        found = []
        for instance in everywhere:
            there = await instance.knows(world.post.uri)
            with instance.here():
                found.append(len(await shares.of_thread(there.id)))
        return found

    with pytest.raises(NotAllowed):
        await ends(world.carol)
    assert await shown() == [1, 1, 1]
    await ends(world.dot)
    assert await shown() == [0, 0, 0], "a deputy of the group"
    with world.b.here():
        ended = await registers.get((await groups.named("wine"))[0].id, "share", world.post.uri)
    assert ended is not None and world.dot.actor.uri in ended and "moderator" in ended
    with world.b.here():
        await sharing.share(world.b.app, world.bob.actor, (await world.b.knows(world.post.uri)).id, "wine")
    await world.fediverse.settle()
    assert await shown() == [1, 1, 1]
    await ends(world.ann)
    assert await shown() == [0, 0, 0], "who began the thread"


async def nobody_else(world: World) -> None:
    """Who does not look after wine locks and pins nothing in it, nor who does through a program that knows no such."""
    mal = Host(world.fediverse, "m.test").actor("mal")
    for kind, more in (("Lock", {}), ("Add", {"target": world.wine.featured})):
        act = mal.does(kind, world.post.uri, to=[world.wine.uri], cc=[forger.PUBLIC], audience=world.wine.uri, **more)
        await forger.send(world.fediverse, world.b, mal, act)
    with world.b.here():
        world.b.learn("a.test", "groups", "lemmy")
    with world.a.here():
        world.a.learn("b.test", "groups", "lemmy")
        with pytest.raises(NotAllowed):
            await world.act(curation.lock, world.a, world.ann, "wine@b.test")
    assert await world.state(world.a, world.b, world.c) == [(False, False, 0)] * 3
    with world.c.here():
        world.c.learn("b.test", "groups", "lemmy")
    with pytest.raises(NotAllowed, match="knows no locks and pins"):
        await world.act(curation.lock, world.c, world.dot, "wine@b.test")
    for instance, host in ((world.a, "b.test"), (world.c, "b.test"), (world.b, "a.test")):
        with instance.here():
            instance.learn(host, "groups", "fedcomm")
