"""One thread in several groups: it stays one, everybody's answers are in it once, and nothing goes round in circles."""

import itertools
from typing import Any

import msgspec
import pytest

from fedcomm import curation, group_profile, holding, members, sharing
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.group_profile import Change
from storage import actors, collections, groups, notifications, registers, shares
from storage import held as waiting
from storage.actors import Actor
from storage.connect import rows
from storage.groups import Group
from storage.paging import Page
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test` and `wine@a.test`; ann is in both, bo in bread; one server follows each, and tells of itself."""

    def __init__(self, fediverse: Fediverse, a: Instance, bread: Actor, wine: Actor, ann: Person, bo: Person) -> None:
        self.fediverse, self.a, self.bread, self.wine, self.ann, self.bo = fediverse, a, bread, wine, ann, bo
        self.of_bread, self.of_wine = Host(fediverse, "f.test"), Host(fediverse, "w.test")
        self.numbers = itertools.count(1)  # of what forgers say
        self.eaters, self.drinkers = self.of_bread.actor("fo"), self.of_wine.actor("wo")

    async def also_in(self, post: Post) -> list[int]:
        """The faces of the groups that show a thread beside its own."""
        with self.a.here():
            return [group.actor_id for group in await shares.of_thread((await self.a.knows(post.uri)).id)]

    def heard(self, host: Host, uri: str) -> list[str]:
        """In which forms a server was told of a post by groups: by its id alone, or in an activity."""
        found = []
        for each in (each for each in host.received if each["type"] == "Announce"):
            inner: Any = each["object"]
            about = inner if isinstance(inner, str) else inner.get("object")
            if (about if isinstance(about, str) else about.get("id")) == uri:
                found.append("id" if isinstance(inner, str) else inner["type"])
        return found

    async def says(self, by: Face, to: list[str], **more: Any) -> str:
        """Somebody elsewhere writes; gives the id of the post."""
        note = by.note(next(self.numbers), to=[*to, PUBLIC], **more)
        by.host.serve(note["id"], note)
        await forger.send(self.fediverse, self.a, by, by.does("Create", note, to=note["to"]))
        return str(note["id"])


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    return await begun(fediverse)


async def begun(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    a = await fediverse.instance("a.test")
    ann, bo = await a.person("ann"), await a.person("bo")
    bread, wine = await a.group("bread", moderator=ann), await a.group("wine", moderator=ann)
    made = World(fediverse, a, bread, wine, ann, bo)
    await fediverse.join(bread, ann, bo)
    await fediverse.join(wine, ann)
    await forger.send(fediverse, a, made.eaters, made.eaters.does("Follow", bread.uri))
    await forger.send(fediverse, a, made.drinkers, made.drinkers.does("Follow", wine.uri))
    return made


async def told(instance: Instance, who: Person) -> list[str]:
    """Which groups somebody was told of that show what they began, by name."""
    with instance.here():
        found, _older = await notifications.page(who.actor.id, Page(limit=9), ["reblog"])
        faces = await actors.by_ids([each.actor_id for each in found])
    return [faces[each.actor_id].acct for each in found]


@pytest.mark.attack("GRP-12")
async def test_a_thread_that_is_shared_stays_one_and_is_told_once(world: World) -> None:
    post = await world.bo.post("@bread@a.test Rye and Riesling\n\nDo they go together?")
    await world.fediverse.settle()
    app = world.a.app

    with world.a.here():
        for _again in range(2):
            await sharing.share(app, world.ann.actor, post.id, "wine")
        with pytest.raises(Invalid, match="already"):
            await sharing.share(app, world.ann.actor, post.id, "bread")
        with pytest.raises(NotAllowed):
            await sharing.share(app, world.bo.actor, post.id, "wine")
    await world.fediverse.settle()
    known = await world.a.knows(post.uri)

    assert await world.also_in(post) == [world.wine.id] and (known.thread_id, known.boosts_count) == (post.id, 2)
    assert world.heard(world.of_wine, post.uri) == ["id"]
    assert await told(world.a, world.bo) == ["wine"] and await told(world.a, world.ann) == []
    assert [each.uri for each in await world.ann.home()] == [post.uri]
    answer = await world.ann.reply(post, "Why not?")
    deep = await world.bo.reply(answer, "Indeed.")
    await world.fediverse.settle()
    for said in (answer, deep):
        assert world.heard(world.of_wine, said.uri) == world.heard(world.of_bread, said.uri) == ["Create"]
    named = await world.bo.reply(answer, "@wo@w.test, your turn.")  # who is told by its author hears it from no group
    await world.bo.edit(named, "@wo@w.test, you next.")
    await world.bo.delete(named)
    await world.fediverse.settle()
    heard = [each for each in world.of_wine.received if named.uri in str(each)]
    assert [(each["type"], each["actor"]) for each in heard] == [
        (kind, world.bo.actor.uri) for kind in ("Create", "Update", "Delete")
    ]
    assert world.heard(world.of_bread, named.uri) == ["Create", "Update", "Delete"]
    await world.bo.edit(post, "@bread@a.test Rye and Riesling\n\nWhich?")
    await world.bo.delete(post)
    await world.fediverse.settle()
    assert world.heard(world.of_wine, post.uri) == ["id", "Update", "Delete"] and await world.a.lacks(post.uri)
    undone = [each["object"]["object"] for each in world.of_wine.received if each["type"] == "Undo"]
    assert undone == [post.uri]


@pytest.mark.attack("GRP-12")
@pytest.mark.attack("GRP-15")
async def test_who_names_a_second_group_shows_the_thread_there_if_they_may(world: World) -> None:
    both = await world.ann.post("@bread@a.test @wine@a.test A feast")
    alone = await world.bo.post("@bread@a.test A party")
    await world.fediverse.settle()

    await world.bo.reply(alone, "@wine@a.test come all")  # whose thread it is; anybody may write in wine
    other = await world.bo.post("@bread@a.test A picnic")
    eve = Host(world.fediverse, "e.test").actor("eve")
    await world.says(eve, [world.wine.uri], inReplyTo=other.uri)  # neither hers nor is she in both
    before = await world.also_in(other)
    cy = await world.a.person("cy")
    for _again in range(2):
        assert (await cy.reply(other, "@wine@a.test have a look")).parent_id == other.id, "it is published"
    with world.a.here():
        letters = await rows("SELECT content FROM post WHERE author_id = ? AND visibility = 3", (world.wine.id,))
    assert len(letters) == 1 and "Only members share threads into a group" in letters[0][0]
    reply = await world.ann.reply(other, "@wine@a.test look at this")
    await world.says(eve, [world.wine.uri], inReplyTo=reply.uri)
    await world.fediverse.settle()

    assert await told(world.a, world.bo) == ["wine"], "of what ann brought there, and not of what they did themselves"
    assert await world.also_in(both) == await world.also_in(alone) == await world.also_in(other) == [world.wine.id]
    assert before == []
    assert [world.heard(world.of_wine, each.uri) for each in (both, alone, other)] == [["id"]] * 3
    assert world.heard(world.of_wine, reply.uri) == ["Create"], "what brought it there is in it there"
    assert world.heard(world.of_bread, both.uri) == ["id"], "what runs there is not known"
    for post in (both, alone, other):
        assert (await world.a.knows(post.uri)).group_id == (await world.a.knows(alone.uri)).group_id


@pytest.mark.attack("GRP-01")
async def test_the_bans_of_each_group_count_for_what_it_shows_and_each_ends_that_for_itself(world: World) -> None:
    post = await world.bo.post("@bread@a.test Rye and Riesling")
    mal = Host(world.fediverse, "m.test").actor("mal")
    with world.a.here():
        await sharing.share(world.a.app, world.ann.actor, post.id, "wine")
    first = await world.says(mal, [world.bread.uri], inReplyTo=post.uri)
    await world.a.ban(world.wine, mal.uri)
    second = await world.says(mal, [world.bread.uri], inReplyTo=post.uri, cc=[world.bo.actor.uri])
    await world.fediverse.settle()

    assert world.heard(world.of_bread, first) == world.heard(world.of_wine, first) == ["Create"]
    assert world.heard(world.of_bread, second) == ["Create"] and world.heard(world.of_wine, second) == []
    with world.a.here():
        with pytest.raises(NotAllowed):
            cy = await world.a.person("cy")
            await sharing.end(world.a.app, cy.actor, post.id, "wine")
        await members.appoint(world.a.app, "wine", cy.actor, world.ann.actor)
        await sharing.end(world.a.app, cy.actor, post.id, "wine")
        with pytest.raises(NotFound):
            await sharing.end(world.a.app, cy.actor, post.id, "wine")
    third = await world.ann.reply(post, "Still here")
    await world.fediverse.settle()
    assert await world.also_in(post) == [] and world.heard(world.of_wine, third.uri) == []
    assert [each["object"]["object"] for each in world.of_wine.received if each["type"] == "Undo"] == [post.uri]


@pytest.mark.attack("GRP-01", "GRP-13")
@pytest.mark.thorough("postgres")
async def test_sharing_is_no_way_round_what_a_group_asks_for_and_whom_it_banned(world: World) -> None:
    links = "https://a.example https://b.example https://c.example"
    mal, others = Host(world.fediverse, "m.test").actor("mal"), [await world.a.person(name) for name in ("cy", "dot")]
    await world.fediverse.join(world.wine, *others)
    cy, dot = others
    plain = [await world.bo.post(f"@bread Rye {number}\n\nand so on") for number in range(6)]
    spam = await world.bo.post(f"@bread Many\n\n{links}")
    with world.a.here():
        app = world.a.app
        await group_profile.change(app, "wine", Change(ladder=True), world.ann.actor)
        with pytest.raises(Invalid, match="2 links"):
            await sharing.share(app, cy.actor, spam.id, "wine")
        for post in plain[:3]:
            await sharing.share(app, cy.actor, post.id, "wine")
        with pytest.raises(Invalid, match="3 threads"):
            await sharing.share(app, cy.actor, plain[3].id, "wine")
        await group_profile.change(app, "wine", Change(rules=("Be kind.",)), world.ann.actor)
        with pytest.raises(NotAllowed, match="accept the rules"):
            await sharing.share(app, dot.actor, plain[3].id, "wine")
    await forger.send(world.fediverse, world.a, mal, mal.does("Follow", world.wine.uri))
    own = await world.says(mal, [world.bread.uri], content=f"<p>{links}</p>")
    await world.says(mal, [world.wine.uri], inReplyTo=own, cc=[])
    assert [await world.also_in(await world.a.knows(uri)) for uri in (own, spam.uri, plain[3].uri)] == [[], [], []]

    with world.a.here():
        await sharing.share(app, world.ann.actor, plain[4].id, "wine")
        await world.a.ban(world.wine, world.bo.actor.uri)
        with pytest.raises(NotAllowed, match="banned"):
            await sharing.share(app, world.ann.actor, plain[5].id, "wine")
    for number, group in enumerate((world.bread, world.wine)):
        await forger.send(world.fediverse, world.a, mal, mal.does("Follow", group.uri, f"again-{number}"))
    with world.a.here():  # who is in both, from elsewhere, and no newcomer
        await group_profile.change(app, "wine", Change(ladder=False, rules=()), world.ann.actor)
    await world.says(mal, [world.wine.uri], inReplyTo=plain[5].uri, cc=[], tag=[])
    await world.says(
        mal,
        [world.wine.uri],
        inReplyTo=(fine := await world.ann.post("@bread Mine")).uri,
        cc=[],
        tag=[],
        sensitive=False,
    )
    assert await world.also_in(plain[5]) == [] and await world.also_in(fine) == [world.wine.id]
    await world.bo.edit(plain[4], "@bread Rye\n\nin other words")
    with world.a.here():  # with all that they wrote
        await members.ban(app, "wine", world.bo.actor.uri, world.ann.actor, remove=True)
        assert await shares.by_author((await groups.by_face(world.wine.uri)).id, world.bo.actor.id) == []  # type: ignore[union-attr]
    assert await world.also_in(plain[4]) == []
    await world.fediverse.settle()
    assert world.heard(world.of_wine, plain[4].uri) == ["id"]
    assert world.heard(world.of_bread, plain[4].uri) == ["id"], "what runs there is not known"
    edits = [each["actor"] for each in world.of_bread.received if each["type"] == "Update"]
    assert edits == [world.bo.actor.uri]


@pytest.mark.attack("GRP-12")
@pytest.mark.thorough("postgres")
async def test_what_people_elsewhere_say_each_server_hears_once_wherever_the_thread_began(world: World) -> None:
    away, ours = Host(world.fediverse, "t.test"), (world.bread, world.wine)
    tea, ned = away.actor("tea", "Group"), away.actor("ned")
    eve, zoe = [Host(world.fediverse, f"{name}.test").actor(name) for name in ("eve", "zoe")]
    both, third = Host(world.fediverse, "both.test"), Host(world.fediverse, "third.test")
    for group in ours:
        await forger.send(
            world.fediverse, world.a, both.actor("bob"), both.actor("bob").does("Follow", group.uri, group.username)
        )
    for face in (ned, zoe, third.actor("tom")):
        await forger.send(world.fediverse, world.a, face, face.does("Follow", world.wine.uri))
    await world.ann.follow(tea.uri)
    await world.fediverse.settle()
    await forger.send(world.fediverse, world.a, tea, tea.does("Accept", (away.received[-1])))

    async def announced(kind: str, by: Face, thing: Any) -> None:
        await forger.send(world.fediverse, world.a, tea, tea.does("Announce", by.does(kind, thing)))
        await world.fediverse.settle()

    for home in (world.bread.uri, tea.uri):  # of ours, and of another server
        begun = eve.note(next(world.numbers), to=[home, PUBLIC], cc=[])
        eve.host.serve(begun["id"], begun)
        named = {"type": "Mention", "href": world.drinkers.uri, "name": "@wo@w.test"}
        answer = zoe.note(
            next(world.numbers), to=[home, PUBLIC], cc=[named["href"]], tag=[named], inReplyTo=begun["id"]
        )
        zoe.host.serve(answer["id"], answer)
        for by, note in ((eve, begun), (zoe, answer)):
            if home == tea.uri:
                await announced("Create", by, note)
            else:
                await forger.send(world.fediverse, world.a, by, by.does("Create", note, to=note["to"]))
            if note is begun:
                known = await world.a.knows(begun["id"])
                with world.a.here():
                    await sharing.share(world.a.app, world.ann.actor, known.id, "wine")
        await world.fediverse.settle()
        assert (await world.a.knows(answer["id"])).thread_id == known.id
        later = answer | {"content": "<p>Later</p>", "updated": "2026-11-22T12:00:00Z"}
        zoe.host.serve(answer["id"], later)
        if home == tea.uri:
            await announced("Update", zoe, later | {"content": "<p>What she never said</p>"})
            await announced("Update", zoe, later)  # its origin was asked before: nothing new
            last = later | {"content": "<p>Last</p>", "updated": "2026-11-23T12:00:00Z"}
            zoe.host.serve(answer["id"], last)
            await announced("Update", zoe, last)
        else:
            await forger.send(world.fediverse, world.a, zoe, zoe.does("Update", later))
        await world.fediverse.settle()
        zoe.host.gone(answer["id"])
        if home == tea.uri:
            await announced("Delete", zoe, answer["id"])
        else:
            await forger.send(world.fediverse, world.a, zoe, zoe.does("Delete", answer["id"]))
        await world.fediverse.settle()
        told = [world.heard(host, answer["id"]) for host in (third, both, world.of_wine, away, zoe.host)]
        acts = ["Create", "Update", "Delete"]
        assert told[:3] == [acts, acts, ["Delete"]], "who is named hears it from zoe"
        assert told[3:] == [[], []] if home == tea.uri else [acts, []], "where it began it is known"
        assert not [each for each in third.received if "never said" in str(each)]
        assert [world.heard(host, begun["id"]) for host in (third, away)] == [["id"], ["id"]]


@pytest.mark.attack("GRP-03")
async def test_threads_that_a_group_elsewhere_shows_are_followed_here_with_their_answers(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    ann, bob, carol = await a.person("ann"), await b.person("bob"), await c.person("carol")
    bread, wine = await a.group("bread", moderator=ann), await b.group("wine", moderator=bob)
    await fediverse.join(bread, ann, bob)
    await fediverse.join(wine, bob, carol)
    post = await ann.post("@bread@a.test Rye and Riesling")
    await fediverse.settle()

    there = await b.knows(post.uri)
    with b.here():
        await sharing.share(b.app, bob.actor, there.id, "wine")
    await fediverse.settle()
    from_c = await carol.reply(post, "Yes!")
    from_a = await ann.reply(post, "No!")
    await fediverse.settle()

    for instance in (a, b, c):
        root = await instance.knows(post.uri)
        for each in (from_c, from_a):
            found = await instance.knows(each.uri)
            assert (found.thread_id, found.parent_id) == (root.id, root.id), (instance.host, each.uri)
        with instance.here():
            shown = [group.id for group in await shares.of_thread(root.id)]
            there_ = await groups.by_face(wine.uri)
        assert there_ is not None and shown == [there_.id], instance.host  # also where it began, which follows nobody
    assert post.uri in [each.uri for each in await carol.home()] and await told(a, ann) == ["wine@b.test"]
    with b.here():
        await sharing.end(b.app, bob.actor, there.id, "wine")
    await fediverse.settle()
    for instance in (a, b, c):
        root = await instance.knows(post.uri)
        with instance.here():
            assert await shares.of_thread(root.id) == [], instance.host
    assert await told(a, ann) == []


async def test_what_was_ended_is_not_shared_again_by_who_ended_it_or_against_moderators(world: World) -> None:
    post, eve = await world.bo.post("@bread Rye"), Host(world.fediverse, "e.test").actor("eve")
    cy, dot = [await world.a.person(name) for name in ("cy", "dot")]
    for group in (world.bread, world.wine):
        await world.fediverse.join(group, cy, dot, world.bo)
        await forger.send(world.fediverse, world.a, eve, eve.does("Follow", group.uri, group.username))

    async def shared(by: Person) -> str:
        with world.a.here():
            try:
                await sharing.share(world.a.app, by.actor, post.id, "wine")
            except NotAllowed as why:
                return str(why)
        return ""

    async def ended(by: Person) -> None:
        with world.a.here():
            await sharing.end(world.a.app, by.actor, post.id, "wine")

    assert await shared(dot) == ""
    await ended(dot)
    assert "last day" in await shared(dot) and await shared(cy) == ""
    await ended(world.bo)
    assert "does not want" in await shared(cy) and "last day" in await shared(world.bo)
    await world.bo.reply(post, "@wine@a.test come all")
    await world.says(eve, [world.wine.uri], inReplyTo=post.uri)
    assert await world.also_in(post) == []
    assert await shared(world.ann) == ""  # who looks after wine
    await ended(world.ann)
    refused = [await shared(each) for each in (cy, dot, world.bo)]
    await world.says(eve, [world.wine.uri], inReplyTo=post.uri, cc=[])
    assert all("Moderators" in each for each in refused) and await world.also_in(post) == []
    assert await shared(world.ann) == "" and await world.also_in(post) == [world.wine.id]
    mal = Host(world.fediverse, "m.test").actor("mal")  # follows nobody
    own = await world.a.knows(await world.says(mal, [world.bread.uri]))
    with world.a.here():
        await sharing.share(world.a.app, world.ann.actor, own.id, "wine")
        await sharing.end(world.a.app, world.ann.actor, own.id, "wine")
    await world.fediverse.settle()
    by_wine = [each for each in mal.host.received if each["actor"] == world.wine.uri]
    assert [each["type"] for each in by_wine] == ["Announce", "Undo"] and by_wine[0]["object"] == own.uri
    with world.a.here():
        wine = await groups.by_actor(world.wine.id)
        assert wine is not None and await registers.get(wine.id, "share", post.uri) is None


async def test_what_is_written_elsewhere_for_a_group_is_in_it_and_not_beside_it(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    ann, bob = await a.person("ann"), await b.person("bob")
    bread = await a.group("bread", moderator=ann)
    await fediverse.join(bread, ann, bob)
    far = Host(fediverse, "far.test").actor("fay")
    note = far.note("1", to=[bread.uri, PUBLIC], content="Rye?")  # of which b hears from the group first
    far.host.serve(note["id"], note)
    await forger.send(fediverse, a, far, far.does("Create", note, to=note["to"]))
    await fediverse.settle()

    there = await b.knows(note["id"])
    with b.here():
        group = await groups.by_face(bread.uri)
        assert group is not None and there.group_id == group.id
        assert await shares.of_thread(there.id) == []


async def test_each_group_locks_and_pins_a_thread_for_itself_and_the_lock_at_home_closes_it(world: World) -> None:
    post, a, both = await world.bo.post("@bread Rye"), world.a, Host(world.fediverse, "g.test")
    cy, dot = [await a.person(name) for name in ("cy", "dot")]
    await world.fediverse.join(world.wine, cy, dot)
    eve, follower = Host(world.fediverse, "e.test").actor("eve"), both.actor("go")
    await forger.send(world.fediverse, a, eve, eve.does("Follow", world.wine.uri))
    for group in (world.bread, world.wine):
        await forger.send(world.fediverse, a, follower, follower.does("Follow", group.uri, group.username))
    with a.here():
        await members.appoint(a.app, "wine", cy.actor, world.ann.actor)
        await sharing.share(a.app, dot.actor, post.id, "wine")
        with pytest.raises(NotAllowed):
            await curation.lock(a.app, cy.actor, post.id)
        for act in (curation.lock, curation.pin):
            with pytest.raises(NotAllowed):
                await act(a.app, dot.actor, post.id, within="wine")
            with pytest.raises(NotFound):
                await act(a.app, cy.actor, post.id, within="tea")
            await act(a.app, cy.actor, post.id, within="wine")
        wine, bread = await groups.by_actor(world.wine.id), await groups.by_actor(world.bread.id)
        assert wine is not None and bread is not None
        pinned = [[each.id for each in await collections.pinned(g.id, beside=True)] for g in (wine, bread)]
        assert pinned == [[post.id], []] and await collections.pinned(wine.id) == []
    assert (await a.knows(post.uri)).locked == 0

    with pytest.raises(NotAllowed, match="locked in !wine"):
        await dot.reply(post, "And?")
    outside = await world.says(eve, [world.wine.uri], inReplyTo=post.uri)
    from_home, from_moderator = await world.bo.reply(post, "Well"), await cy.reply(post, "Enough")
    with a.here():
        await curation.unlock(a.app, cy.actor, post.id, within="wine")
        await curation.unpin(a.app, cy.actor, post.id, within="wine")
        assert await collections.pinned(wine.id, beside=True) == []
    after = await dot.reply(post, "And?")
    inside = await world.says(eve, [world.wine.uri], inReplyTo=post.uri, cc=[])
    with a.here():
        await curation.lock(a.app, world.ann.actor, post.id)
        with pytest.raises(NotAllowed, match="locked"):
            await dot.reply(post, "But")
        assert [each.locked for each in await shares.showing(post.id)] == [False]
    await world.fediverse.settle()

    heard = [[world.heard(host, uri) for host in (world.of_bread, world.of_wine, both)] for uri in (
        outside, from_home.uri, from_moderator.uri, after.uri, inside,
    )]  # fmt: skip
    once = ["Create"]
    assert heard == [[[], [], []], [once, [], once], [once, once, once], [once, once, once], [once, once, once]]
    assert not [each for each in world.of_wine.received if each["type"] == "Announce" and "Lock" in str(each["object"])]


async def test_who_is_in_a_thread_through_a_second_group_keeps_to_what_that_asks(world: World) -> None:
    a, links = world.a, "https://a.example https://b.example https://c.example"
    dot, elsewhere = await a.person("dot"), Host(world.fediverse, "e.test")
    eve, mal, zed = [elsewhere.actor(name) for name in ("eve", "mal", "zed")]
    await world.fediverse.join(world.wine, dot)
    for face in (eve, mal):
        await forger.send(world.fediverse, a, face, face.does("Follow", world.wine.uri))
    post = await world.bo.post("@bread Rye")
    with a.here():
        await group_profile.change(a.app, "bread", Change(posting="members", ladder=True), world.ann.actor)
        with pytest.raises(NotAllowed, match="Only its members share"):
            await sharing.share(a.app, dot.actor, post.id, "wine")
        with pytest.raises(NotAllowed, match="Only members"):
            await dot.reply(post, "No way in")
        await sharing.share(a.app, world.ann.actor, post.id, "wine")
        await a.ban(world.bread, mal.uri)
        answer = await dot.reply(post, f"Through wine, which limits nobody: {links}")
        await dot.edit(answer, "In other words")
        heard = [await world.says(face, [], inReplyTo=post.uri, cc=[world.bo.actor.uri]) for face in (eve, mal, zed)]
        await group_profile.change(a.app, "wine", Change(rules=("Be kind.",)), world.ann.actor)
        with pytest.raises(NotAllowed, match=r"accept the rules: .*wine"):
            await dot.reply(post, "Once more")
        held = await world.says(eve, [], inReplyTo=post.uri, cc=[world.bo.actor.uri, world.bread.uri])
        wine = await groups.by_actor(world.wine.id)
        assert wine is not None
        (kept,) = await waiting.of_group(wine.id, 9)
        await holding.release(a.app, "wine", kept.id, world.ann.actor)
    await world.fediverse.settle()

    told = [[world.heard(host, uri) for host in (world.of_bread, world.of_wine)] for uri in (answer.uri, *heard, held)]
    assert kept.post_uri == held
    assert told == [[["Create", "Update"]] * 2, [["Create"]] * 2, [[], []], [[], []], [["Create"]] * 2]


async def test_what_waits_for_one_group_and_names_another_is_in_both_when_it_is_let_in(world: World) -> None:
    a, links = world.a, "".join(f'<p><a href="https://{name}.example/">{name}</a></p>' for name in "abc")
    eve = Host(world.fediverse, "e.test").actor("eve")
    await forger.send(world.fediverse, a, eve, eve.does("Follow", world.wine.uri))
    with a.here():
        bread, wine = await groups.by_actor(world.bread.id), await groups.by_actor(world.wine.id)
        assert bread is not None and wine is not None

    async def let_in(name: str, group: Group) -> None:
        with a.here():
            (kept,) = await waiting.of_group(group.id, 9)
            await holding.release(a.app, name, kept.id, world.ann.actor)
        await world.fediverse.settle()

    async def limits(name: str, *, on: bool) -> None:
        with a.here():
            await group_profile.change(a.app, name, Change(ladder=on), world.ann.actor)

    await limits("bread", on=True)
    first = await world.says(eve, [world.bread.uri, world.wine.uri], content=links)
    assert await a.lacks(first)
    await let_in("bread", bread)
    await limits("wine", on=True)
    await limits("bread", on=False)
    second = await world.says(eve, [world.bread.uri, world.wine.uri], content=links)
    before = await world.also_in(await a.knows(second))
    await let_in("wine", wine)
    third = await world.says(eve, [world.bread.uri, world.wine.uri], content=links)
    with a.here():
        (kept,) = await waiting.of_group(wine.id, 9)
        await holding.refuse(a.app, "wine", kept.id, world.ann.actor)
    note = msgspec.json.decode(eve.host.served[third.removeprefix("https://e.test")].body)
    again = eve.does("Create", note, to=note["to"])
    await forger.send(world.fediverse, a, eve, again)

    shown = [await world.also_in(await a.knows(uri)) for uri in (first, second, third)]
    assert before == [] and shown == [[world.wine.id], [world.wine.id], []]
    assert [world.heard(world.of_wine, uri) for uri in (first, second, third)] == [["id"], ["id"], []]
