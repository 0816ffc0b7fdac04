"""Moderators who live elsewhere, and groups elsewhere with moderators anywhere: who may do what, who learns of it."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from fedcomm import admit, blocks, clock, curation, deputies, fetching, flairs, groups, members, posts, rights
from fedcomm.errors import NotAllowed
from fedcomm.flairs import Wanted
from fedcomm.posts import Draft
from storage import actors, registers
from storage import flairs as stored_flairs
from storage import groups as stored
from storage.actors import Actor
from storage.connect import rows
from storage.groups import Group
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test`, its stewards ann (here) and mo (elsewhere), its member bo, and a server that follows it."""

    def __init__(self, fediverse: Fediverse, a: Instance) -> None:
        self.fediverse, self.a = fediverse, a
        self.host = Host(fediverse, "m.test")
        self.follower = Host(fediverse, "f.test")
        self.follower.runs("lemmy")
        self.bread: Actor
        self.ann: Person
        self.bo: Person
        self.mo: Face
        self.post: Post

    async def send(self, activity: Json, by: Face) -> list[Json]:
        """What the following server hears from the group when somebody sends this."""
        heard = len(self.follower.received)
        await forger.send(self.fediverse, self.a, by, activity, inbox="/c/bread/inbox")
        return self.follower.received[heard:]

    async def now(self) -> Post:
        """The post as the group's server has it."""
        return await self.a.knows(self.post.uri)

    async def register(self, property_: str, subject: str) -> str | None:
        """What a register of the group holds."""
        with self.a.here():
            group = await stored.by_actor(self.bread.id)
            assert group
            return await registers.get(group.id, property_, subject)

    async def log(self) -> int:
        """How many acts the group has seen."""
        with self.a.here():
            group = await stored.by_actor(self.bread.id)
            assert group
            return len(await registers.log(group.id))


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place, and a thread by bo."""
    a = await fediverse.instance("a.test")
    made = World(fediverse, a)
    made.ann, made.bo = await a.person("ann"), await a.person("bo")
    made.bread = await a.group("bread", moderator=made.ann)
    made.mo = made.host.actor("mo")
    reader = made.follower.actor("fo")
    await forger.send(fediverse, a, reader, reader.does("Follow", made.bread.uri))
    with a.here():
        await members.appoint(a.app, "bread", await fetching.actor(a.app, made.mo.uri), role=rights.STEWARD)
    made.post = await made.bo.post("Rye\nDay nine @bread@a.test")
    await fediverse.settle()
    return made


def acts(world: World, by: Face) -> dict[str, Json]:
    """Everything that a moderator can do, by one who says to be one; `Undo`s have what is undone inside."""
    face, post, bo = world.bread, world.post.uri, world.bo.actor.uri
    here: Json = {"cc": [face.uri], "audience": face.uri}
    lock, delete = by.does("Lock", post, **here), by.does("Delete", post, summary="spam", **here)
    block = by.does("Block", bo, target=face.uri, removeData=False, summary="spam", **here)
    described = {
        "id": face.uri, "type": "Group", "preferredUsername": "bread", "name": "Loaves", "inbox": f"{face.uri}/inbox",
        "summary": "<p>All of it</p><script>x</script>", "postingRestrictedToMods": True,
        "publicKey": {"id": f"{face.uri}#main-key", "owner": face.uri, "publicKeyPem": "stolen"},
    }  # fmt: skip
    return {
        "lock": lock,
        "unlock": by.does("Undo", lock, **here),
        "pin": by.does("Add", post, target=face.featured, **here),
        "unpin": by.does("Remove", post, target=face.featured, **here),
        "remove": delete,
        "restore": by.does("Undo", delete, **here),
        "ban": block,
        "unban": by.does("Undo", block, **here),
        "appoint": by.does("Add", bo, target=face.moderators, **here),
        "promote": by.does("Add", bo, target=f"{face.uri}/stewards", **here),
        "demote": by.does("Remove", bo, target=f"{face.uri}/stewards", **here),
        "dismiss": by.does("Remove", world.ann.actor.uri, target=face.moderators, **here),
        "describe": by.does("Update", described, **here),
    }


STEWARDS_ONLY = {"appoint", "promote", "demote", "dismiss", "describe"}

Check = Callable[[World], Awaitable[Any]]
EFFECTS: dict[str, Check] = {
    "lock": lambda w: _locked(w, 1),
    "unlock": lambda w: _locked(w, 0),
    "pin": lambda w: _holds(w, "pinned", w.post.uri, '{"pinned":true}'),
    "unpin": lambda w: _holds(w, "pinned", w.post.uri, None),
    "remove": lambda w: _removed(w, True),
    "restore": lambda w: _removed(w, False),
    "ban": lambda w: _holds(w, "ban", w.bo.actor.uri, "{}"),
    "unban": lambda w: _holds(w, "ban", w.bo.actor.uri, None),
    "appoint": lambda w: _holds(w, "role", w.bo.actor.uri, '{"role":"moderator"}'),
    "promote": lambda w: _holds(w, "role", w.bo.actor.uri, '{"role":"steward"}'),
    "demote": lambda w: _holds(w, "role", w.bo.actor.uri, '{"role":"moderator"}'),
    "dismiss": lambda w: _holds(w, "role", w.ann.actor.uri, None),
    "describe": lambda w: _described(w),
}
ORDER = [
    "lock",
    "unlock",
    "pin",
    "unpin",
    "remove",
    "restore",
    "ban",
    "unban",
    "appoint",
    "promote",
    "demote",
    "dismiss",
    "describe",
]


async def _locked(world: World, locked: int) -> None:
    assert (await world.now()).locked == locked


async def _removed(world: World, removed: bool) -> None:
    assert ((await world.now()).removed_at is not None) == removed


async def _holds(world: World, property_: str, subject: str, value: str | None) -> None:
    assert await world.register(property_, subject) == value


async def _described(world: World) -> None:
    document = await world.a.get("/c/bread")
    assert (document["name"], document["postingRestrictedToMods"]) == ("Loaves", True)
    assert "All of it" in document["summary"] and "script" not in document["summary"]
    assert "stolen" not in document["publicKey"]["publicKeyPem"]


@pytest.mark.attack("GRP-06")
async def test_what_a_steward_elsewhere_does_has_its_effect_and_is_announced_as_it_came(world: World) -> None:
    said = acts(world, world.mo)
    for name in ORDER:
        heard = await world.send(said[name], world.mo)

        await EFFECTS[name](world)
        wrapped = [each["object"] for each in heard if each["type"] == "Announce" and isinstance(each["object"], dict)]
        assert [each["id"] for each in wrapped] == [said[name]["id"]], name
        assert wrapped[0]["actor"] == world.mo.uri and wrapped[0]["type"] == said[name]["type"]


@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-07")
@pytest.mark.thorough("postgres")
async def test_a_moderator_elsewhere_looks_after_threads_and_people_and_decides_about_nothing_else(
    world: World,
) -> None:
    moderator = world.host.actor("moderator")
    with world.a.here():
        await members.appoint(world.a.app, "bread", await fetching.actor(world.a.app, moderator.uri))
    await world.fediverse.settle()
    said = acts(world, moderator)

    for name in ORDER:
        before = await world.log()
        heard = await world.send(said[name], moderator)
        if name in STEWARDS_ONLY:
            assert (heard, await world.log()) == ([], before), name
        else:
            await EFFECTS[name](world)
            passed_on = [
                each["object"]["id"] for each in heard if each["type"] == "Announce" and "id" in each["object"]
            ]
            assert passed_on == [said[name]["id"]], name

    here = {"cc": [world.bread.uri], "audience": world.bread.uri, "target": world.bread.uri}
    assert await world.send(moderator.does("Block", world.mo.uri, **here), moderator) == []  # who has more to say
    listed = here | {"target": world.bread.moderators}
    assert await world.send(world.mo.does("Add", world.ann.actor.uri, **listed), world.mo) == []
    assert await world.register("role", world.ann.actor.uri) == '{"role":"steward"}'  # no moderator by an Add
    await world.send(moderator.does("Remove", moderator.uri, **listed), moderator)
    assert await world.register("role", moderator.uri) is None  # everybody may step down

    steward, deputy = world.host.actor("steward"), world.host.actor("deputy")
    with world.a.here():
        await members.appoint(world.a.app, "bread", await fetching.actor(world.a.app, steward.uri), role="steward")
        await members.appoint(world.a.app, "bread", await fetching.actor(world.a.app, deputy.uri))
    await world.fediverse.settle()
    heard = await world.send(steward.does("Block", deputy.uri, **here), steward)
    removal, ban = (each["object"] for each in heard if each["type"] == "Announce")
    assert (removal["type"], removal["object"], removal["target"]) == ("Remove", deputy.uri, world.bread.moderators)
    assert removal["actor"] != steward.uri and ban["actor"] == steward.uri  # who said nothing of the list
    assert await world.register("role", deputy.uri) is None and await world.register("ban", deputy.uri) is not None


@pytest.mark.attack("GRP-05")
@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-07")
@pytest.mark.attack("GRP-08")
@pytest.mark.attack("GRP-09")
@pytest.mark.parametrize("who", ["stranger", "on the author's server", "moderator of another group", "ex-moderator"])
async def test_what_somebody_says_who_is_no_moderator_changes_nothing(world: World, who: str) -> None:
    speaker = world.host.actor("eve") if who != "ex-moderator" else world.mo
    with world.a.here():
        app = world.a.app
        eve = await fetching.actor(app, speaker.uri)
        if who == "moderator of another group":
            await groups.create(app, "wine", "Wine", "", "ann")
            await members.appoint(app, "wine", eve)
        elif who == "ex-moderator":
            await members.dismiss(app, "bread", eve)
    await world.fediverse.settle()
    before, document, log = await world.now(), await world.a.get("/c/bread"), await world.log()
    said = acts(world, speaker)

    for name in ORDER:
        assert await world.send(said[name], speaker) == [], name
    for everything in ("https://a.test/", "https://a.test/actor"):  # as Lemmy's admins ban from a whole server
        block = speaker.does("Block", world.bo.actor.uri, target=everything, removeData=True, cc=[world.bread.uri])
        assert await world.send(block, speaker) == []

    assert (await world.now(), await world.a.get("/c/bread"), await world.log()) == (before, document, log)
    with world.a.here():
        for act in (curation.lock, curation.pin, curation.remove):
            await act(app, world.ann.actor, world.post.id)
        await members.ban(app, "bread", world.bo.actor.uri, world.ann.actor)
    await world.fediverse.settle()
    before, log = await world.now(), await world.log()
    for name in ("unlock", "unpin", "restore", "unban"):  # of what is done
        assert await world.send(said[name] | {"id": f"{said[name]['id']}/again"}, speaker) == [], name
    assert (await world.now(), await world.log()) == (before, log)
    with world.a.here():
        assert (
            await rows("SELECT 1 FROM block") == [] and await rows("SELECT 1 FROM actor WHERE suspended_at > 0") == []
        )


@pytest.mark.attack("GRP-08")
@pytest.mark.parametrize("target", ["https://a.test/c/wine/featured", "https://m.test/c/bread/featured"])
async def test_a_list_of_another_group_is_not_changed_by_a_moderator_of_this_one(world: World, target: str) -> None:
    with world.a.here():
        await groups.create(world.a.app, "wine", "Wine", "", "bo")
    here = {"cc": [world.bread.uri], "audience": world.bread.uri}

    heard = await world.send(world.mo.does("Add", world.post.uri, target=target, **here), world.mo)
    other = await world.bo.post("In no group")
    heard += await world.send(world.mo.does("Add", other.uri, target=world.bread.featured, **here), world.mo)

    assert heard == [] and await world.register("pinned", world.post.uri) is None
    assert await world.register("pinned", other.uri) is None


async def test_somebody_who_was_never_here_can_be_banned_and_only_moderators_have_them_looked_up(world: World) -> None:
    spam, eve = world.host.actor("spam"), world.host.actor("eve")
    here: Json = {"cc": [world.bread.uri], "audience": world.bread.uri, "target": world.bread.uri}

    ignored = await world.send(eve.does("Block", spam.uri, **here), eve)
    asked = spam.uri in world.host.asked
    heard = await world.send(world.mo.does("Block", spam.uri, **here), world.mo)

    assert (ignored, asked) == ([], False)
    assert [each["object"]["type"] for each in heard] == ["Block"]
    assert await world.register("ban", spam.uri) == "{}"


@pytest.mark.parametrize("name", ["endTime", "expires"])
async def test_a_ban_ends_when_it_says_by_either_name_and_is_lifted_by_itself(world: World, name: str) -> None:
    ban = acts(world, world.mo)["ban"] | {name: "2036-01-01T00:00:00Z"}

    await world.send(ban, world.mo)

    value = await world.register("ban", world.bo.actor.uri)
    assert value == '{"until":2082758400000}'
    assert admit.banned(value) and not admit.banned('{"until":1000}')


async def test_a_ban_with_an_end_is_announced_with_both_names_for_it(world: World) -> None:
    with world.a.here():
        await members.ban(world.a.app, "bread", "bo", world.ann.actor, until=2_082_758_400_000, reason="spam")
    await world.fediverse.settle()

    (block,) = [
        each["object"]
        for each in world.follower.received
        if isinstance(each["object"], dict) and each["object"]["type"] == "Block"
    ]
    assert block["endTime"] == block["expires"] == "2036-01-01T00:00:00.000Z"
    assert (block["summary"], block["removeData"], block["audience"]) == ("spam", False, world.bread.uri)


@pytest.mark.attack("GRP-10")
async def test_a_hostile_reason_is_kept_as_mere_text_and_cut(world: World) -> None:
    reason = "<script>alert(1)</script>" + "x" * 100_000

    await world.send(acts(world, world.mo)["lock"] | {"summary": reason}, world.mo)

    with world.a.here():
        group = await stored.by_actor(world.bread.id)
        assert group
        (act,) = [act for act in await registers.log(group.id) if act.property == "locked"]
    assert act.summary == reason[:1_000]  # pages show text as text


@pytest.mark.attack("GRP-09")
async def test_a_ban_that_has_ended_before_it_began_is_none(world: World) -> None:
    ban = acts(world, world.mo)["ban"] | {"endTime": "2020-01-01T00:00:00Z"}

    heard = await world.send(ban, world.mo)

    assert heard == [] and await world.register("ban", world.bo.actor.uri) is None


async def test_a_time_that_a_moderator_elsewhere_claims_gives_no_advantage(world: World) -> None:
    future = acts(world, world.mo)["lock"] | {"published": "2099-01-01T00:00:00Z", "updated": "2099-01-01T00:00:00Z"}
    await world.send(future, world.mo)
    await _locked(world, 1)

    with world.a.here():
        await curation.unlock(world.a.app, world.ann.actor, world.post.id)

    await _locked(world, 0)
    assert await world.register("locked", world.post.uri) is None


@pytest.mark.attack("GRP-22")
async def test_the_last_steward_is_not_dismissed_from_elsewhere(world: World) -> None:
    here = {"cc": [world.bread.uri], "audience": world.bread.uri, "target": world.bread.moderators}
    await world.send(world.mo.does("Remove", world.ann.actor.uri, **here), world.mo)

    heard = await world.send(world.mo.does("Remove", world.mo.uri, **here), world.mo)

    assert heard == [] and await world.register("role", world.mo.uri) == '{"role":"steward"}'


async def test_an_addition_that_names_no_list_is_understood_by_what_is_added(world: World) -> None:
    here = {"cc": [world.bread.uri], "audience": world.bread.uri, "target": None}

    await world.send({**world.mo.does("Add", world.post.uri, **here), "target": None}, world.mo)
    await world.send({**world.mo.does("Add", world.bo.actor.uri, **here), "target": None}, world.mo)

    assert await world.register("pinned", world.post.uri) == '{"pinned":true}'
    assert await world.register("role", world.bo.actor.uri) == '{"role":"moderator"}'


async def test_what_came_is_passed_on_byte_for_byte_of_meaning(world: World) -> None:
    lock = acts(world, world.mo)["lock"] | {"summary": "enough", "https://x.test/ns#odd": [1, {"a": None}]}

    heard = await world.send(lock, world.mo)

    (announce,) = [each for each in heard if each["type"] == "Announce"]
    expected = {name: value for name, value in lock.items() if name != "@context"}
    assert msgspec.json.encode(announce["object"]) == msgspec.json.encode(expected)


async def _group(uri: str) -> Group:
    found = await stored.by_face(uri)
    assert found
    return found


class Afar:
    """`bread@a.test`, which bob@b.test looks after with ann, and carol@c.test has written in."""

    def __init__(self, fediverse: Fediverse, servers: list[Instance], people: list[Person], bread: Actor) -> None:
        self.fediverse, self.servers, self.bread = fediverse, servers, bread
        self.a, self.b, self.c = servers
        self.ann, self.bob, self.carol = people
        self.post: Post

    async def does(self, act: Callable[..., Awaitable[None]], *what: Any, by: Person | None = None, **more: Any) -> Any:
        """What each server has of it when somebody at b.test, bob mostly, has acted and all is told."""
        by = by or self.bob
        with self.b.here():
            await act(self.b.app, *what, by=by.actor, **more)
        await self.fediverse.settle()
        return [await self.state(each) for each in self.servers]

    async def curates(self, act: Callable[..., Awaitable[None]], by: Person | None = None) -> Any:
        """As `does`, with the thread."""
        there = await self.b.knows(self.post.uri)
        return await self.does(lambda app, by: act(app, by, there.id), by=by)

    async def state(self, server: Instance) -> list[str]:
        """What is so there."""
        post = await server.knows(self.post.uri)
        with server.here():
            group, carol = await _group(self.bread.uri), self.carol.actor.uri
            held = {name: await registers.get(group.id, name, post.uri) for name in ("pinned",)}
            held |= {name: await registers.get(group.id, name, carol) for name in ("ban", "role")}
        held |= {"locked": post.locked or None, "removed": post.removed_at}
        role = registers.role(held.pop("role"))
        return [*([role] if role else []), *(name for name, value in held.items() if value is not None)]

    async def labels(self, post: Post) -> list[list[str]]:
        """The flairs of a thread, everywhere."""
        found = []
        for server in self.servers:
            known = await server.knows(post.uri)
            with server.here():
                has = await stored_flairs.of_posts([known.id])
            found.append([flair.name for flair in has.get(known.id, [])])
        return found

    async def there(self) -> tuple[Group, Actor, Actor]:
        """The group, its face and carol as b.test knows them."""
        with self.b.here():
            group = await _group(self.bread.uri)
            face, carol = [await fetching.actor(self.b.app, uri) for uri in (self.bread.uri, self.carol.actor.uri)]
        return group, face, carol


@pytest.fixture
async def afar(fediverse: Fediverse) -> Afar:
    """Everybody has joined, and carol's thread is everywhere."""
    servers = [await fediverse.instance(f"{name}.test") for name in "abc"]
    people = [await server.person(name) for server, name in zip(servers, ("ann", "bob", "carol"), strict=True)]
    bread = await servers[0].group("bread", moderator=people[0])
    await fediverse.join(bread, *people)
    made = Afar(fediverse, servers, people, bread)
    with made.a.here():
        there = await fetching.actor(made.a.app, made.bob.actor.uri)
        await members.appoint(made.a.app, "bread", there, made.ann.actor, rights.STEWARD)
    made.post = await made.carol.post("Rye @bread@a.test")
    await fediverse.settle()
    return made


@pytest.mark.thorough("postgres")
async def test_a_member_here_looks_after_a_group_elsewhere_and_every_server_follows(
    afar: Afar, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = afar.ann, afar.bob
    group, face, carol = await afar.there()
    with afar.b.here():  # from the first day on, not since somebody acted
        roles = await members.roles(group)
        found = await actors.by_uris(list(roles))
    assert set(found) == {ann.actor.uri, bob.actor.uri} and set(roles.values()) == {"steward"}

    assert await afar.curates(curation.lock) == [["locked"]] * 3
    assert await afar.curates(curation.unlock) == [[]] * 3
    assert await afar.curates(curation.pin) == [["pinned"]] * 3
    assert [each["id"] for each in (await afar.a.get("/c/bread/featured"))["orderedItems"]] == [afar.post.uri]
    assert await afar.curates(curation.unpin) == [[]] * 3
    assert await afar.curates(curation.remove) == [["removed"]] * 3
    assert await ann.home() == await bob.home() == []
    assert await afar.curates(curation.restore) == [[]] * 3
    assert [p.uri for p in await ann.home()] == [p.uri for p in await bob.home()] == [afar.post.uri]
    later = clock.now_ms() + 86_400_000
    assert await afar.does(deputies.ban, group, face, carol, until=later, reason="spam") == [["ban"]] * 3
    with afar.c.here():
        ban = await registers.winner((await _group(face.uri)).id, "ban", carol.uri)
    assert ban is not None and (ban.value, ban.summary, ban.actor_uri) == (
        f'{{"until":{later}}}',
        "spam",
        bob.actor.uri,
    )
    assert await afar.does(deputies.unban, group, face, carol) == [[]] * 3
    assert await afar.does(deputies.ban, group, face, carol, remove=True) == [["ban", "removed"]] * 3
    assert await afar.does(deputies.unban, group, face, carol) == [[]] * 3
    with afar.a.here():
        await flairs.change(afar.a.app, "bread", [Wanted("", "Offer", "#ffcc00")], ann.actor)
    await afar.fediverse.settle()
    own = await bob.post("An oven @bread@a.test", flair="Offer")
    await afar.fediverse.settle()
    assert await afar.labels(own) == [["Offer"]] * 3
    with afar.b.here():
        await posts.edit(afar.b.app, bob.actor, own.id, Draft(text="An oven @bread@a.test", flair=""))
    await afar.fediverse.settle()
    assert await afar.labels(own) == [[]] * 3
    for post in (own, afar.post):
        there = await afar.b.knows(post.uri)
        for name in ("Offer", ""):
            with afar.b.here():
                await flairs.give(afar.b.app, bob.actor, there.id, name)
            await afar.fediverse.settle()
            assert await afar.labels(post) == [[name] if name else []] * 3

    assert await afar.does(deputies.appoint, group, face, carol) == [["moderator"]] * 3
    assert await afar.does(deputies.appoint, group, face, carol, role="steward") == [["steward"]] * 3
    assert await afar.does(deputies.appoint, group, face, carol, role="moderator") == [["moderator"]] * 3
    assert await afar.does(deputies.dismiss, group, face, carol) == [[]] * 3
    assert await afar.does(deputies.appoint, group, face, carol, role="steward") == [["steward"]] * 3
    assert len((await afar.a.get("/c/bread/stewards"))["orderedItems"]) == 3
    with afar.a.here():
        await members.appoint(afar.a.app, "bread", there := await fetching.actor(afar.a.app, bob.actor.uri), ann.actor)
    await afar.fediverse.settle()
    for role in ("moderator", "steward"):  # which is not for a moderator to say
        with pytest.raises(NotAllowed):
            await afar.does(deputies.appoint, group, face, ann.actor, role=role)
    assert await afar.curates(curation.lock) == [["steward", "locked"]] * 3
    assert await afar.does(deputies.dismiss, group, face, bob.actor) == [["steward", "locked"]] * 3
    with pytest.raises(NotAllowed):
        await afar.curates(curation.unlock)
    with afar.a.here():
        await members.appoint(afar.a.app, "bread", there, ann.actor)
    await afar.fediverse.settle()
    with pytest.raises(NotAllowed):  # only stewards ban who looks after the group
        await afar.does(deputies.ban, group, face, carol)
    with afar.a.here():
        await members.appoint(afar.a.app, "bread", there, ann.actor, rights.STEWARD)
    await afar.fediverse.settle()
    assert await afar.does(deputies.ban, group, face, carol) == [["ban", "locked"]] * 3
    assert await afar.does(deputies.unban, group, face, carol) == [["locked"]] * 3
    with afar.a.here():
        acted = [
            each.property for each in await registers.log((await _group(face.uri)).id) if each.subject == carol.uri
        ]
        assert acted[:3] == ["ban", "ban", "role"]  # the dismissal was said, and is no other act of the group's server
        await members.appoint(afar.a.app, "bread", await fetching.actor(afar.a.app, carol.uri), ann.actor)
        await members.dismiss(afar.a.app, "bread", there, ann.actor)
    await afar.fediverse.settle()
    with afar.a.here():
        assert there.uri not in await members.roles(await _group(face.uri))
        await members.ban(afar.a.app, "bread", carol.uri, ann.actor)  # who looks after it nowhere then
    await afar.fediverse.settle()
    assert [await afar.state(each) for each in afar.servers] == [["ban", "locked"]] * 3
    # Nothing had its effect twice, what waited for peers when the database was read neither.
    assert not [each for each in (*caplog.get_records("setup"), *caplog.records) if each.levelno >= logging.ERROR]


async def test_who_is_appointed_elsewhere_where_nobody_follows_the_group_learns_it_and_can_act_until_they_are_dismissed(
    afar: Afar,
) -> None:
    """The group is not known there before. By hand of a steward at its home, and of one elsewhere."""
    d = await afar.fediverse.instance("d.test")
    dan, dora = await d.person("dan"), await d.person("dora")

    async def role(who: Person) -> str:
        await afar.fediverse.settle()
        with d.here():
            found = await stored.by_face(afar.bread.uri)
            return (await members.roles(found)).get(who.actor.uri, "") if found else ""

    with afar.a.here():
        there = await fetching.actor(afar.a.app, dan.actor.uri)
        await members.appoint(afar.a.app, "bread", there, afar.ann.actor)
    assert await role(dan) == "moderator"
    with afar.b.here():
        group, face = await _group(afar.bread.uri), await fetching.actor(afar.b.app, afar.bread.uri)
        found = await fetching.actor(afar.b.app, dora.actor.uri)
        await deputies.appoint(afar.b.app, group, face, found, afar.bob.actor, rights.STEWARD)
    assert (await role(dan), await role(dora)) == ("moderator", "steward")
    for who in (dan, dora):
        assert sum("You look after the group" in each for each in await who.letters()) == 1
    with d.here():
        group, face = await _group(afar.bread.uri), await fetching.actor(d.app, afar.bread.uri)
        carol = await fetching.actor(d.app, afar.carol.actor.uri)
        await deputies.ban(d.app, group, face, carol, dan.actor)
        dora_there = (await actors.by_uri(dora.actor.uri)) or dora.actor
        with pytest.raises(NotAllowed):
            await deputies.dismiss(d.app, group, face, dora_there, dan.actor)
    await afar.fediverse.settle()
    assert [await afar.state(each) for each in afar.servers] == [["ban"]] * 3

    with afar.a.here():
        await members.dismiss(afar.a.app, "bread", there, afar.ann.actor)
    assert await role(dan) == ""
    with d.here():
        await blocks.block(d.app, dan.actor, face.id)
    with afar.a.here():
        await members.appoint(afar.a.app, "bread", there, afar.ann.actor)
    assert await role(dan) == ""  # who wants nothing of the group looks after nothing
    with afar.b.here():
        group, face = await _group(afar.bread.uri), await fetching.actor(afar.b.app, afar.bread.uri)
        await deputies.appoint(afar.b.app, group, face, found, afar.bob.actor, rights.MODERATOR)
    assert await role(dora) == "moderator"
    with afar.a.here():
        await members.ban(afar.a.app, "bread", dora.actor.uri, afar.ann.actor)
    assert await role(dora) == ""


@pytest.mark.attack("GRP-06")
async def test_who_does_not_look_after_a_group_elsewhere_sends_it_nothing(afar: Afar) -> None:
    bill = await afar.b.person("bill")
    await afar.fediverse.join(afar.bread, bill)
    group, face, carol = await afar.there()
    posted = len(afar.fediverse.wire.posted)

    for act in (curation.remove, curation.restore, curation.lock, curation.unlock, curation.pin, curation.unpin):
        with pytest.raises(NotAllowed):
            await afar.curates(act, by=bill)
    for decision in (deputies.ban, deputies.unban, deputies.appoint, deputies.dismiss):
        with pytest.raises(NotAllowed):
            await afar.does(decision, group, face, carol, by=bill)
    await afar.fediverse.settle()

    assert [await afar.state(each) for each in afar.servers] == [[]] * 3
    assert len(afar.fediverse.wire.posted) == posted


@pytest.mark.attack("GRP-22")
async def test_the_last_moderator_does_not_leave_the_group_alone_by_banning_themselves(world: World) -> None:
    with world.a.here():
        await members.dismiss(world.a.app, "bread", world.ann.actor)
    await world.fediverse.settle()
    before = await world.log()

    heard = await world.send(world.mo.does("Block", world.mo.uri, target=world.bread.uri), world.mo)

    assert heard == [] and await world.log() == before
    assert await world.register("role", world.mo.uri) is not None
    assert await world.register("ban", world.mo.uri) is None
