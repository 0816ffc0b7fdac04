"""A moderator's account was stolen: what it did is undone as a set, at every server (attack GRP-23)."""

import asyncio
import hashlib

import msgspec
import pytest

import storage.members
from fedcomm import (
    clock,
    curation,
    fetching,
    flairs,
    group_profile,
    invites,
    members,
    remote_invites,
    requests,
    rights,
    rollback,
    sharing,
    topics,
    welcomes,
)
from fedcomm.errors import Conflict, NotAllowed, NotFound
from fedcomm.flairs import Wanted
from fedcomm.group_profile import Change
from storage import accounts, groups, posts, registers
from storage import flairs as stored_flairs
from storage import invites as stored_invites
from storage.actors import Actor
from storage.connect import rows
from storage.groups import Group
from storage.registers import Span
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json

pytestmark = [pytest.mark.anyio, pytest.mark.attack("GRP-23")]
State = tuple[dict[tuple[str, str], str | None], tuple[object, ...], list[tuple[object, ...]], list[str]]


class World:
    """`bread@a.test` with its stewards ann and mo, its members bo and cy, one elsewhere, and a server that follows."""

    def __init__(self, fediverse: Fediverse, a: Instance) -> None:
        self.fediverse, self.a = fediverse, a
        self.host = Host(fediverse, "f.test")
        self.host.runs("lemmy")
        self.fo: Face
        self.bread: Actor
        self.group: Group
        self.ann: Person
        self.mo: Person
        self.bo: Person
        self.cy: Person
        self.before: State
        self.links: list[str]

    async def state(self) -> State:
        """What the group is now: registers that hold something, settings, posts, members."""
        with self.a.here():
            group, face = await groups.with_face(self.group.id)
            assert group and face
            held = await rows("SELECT property, subject, value FROM register WHERE group_id = ?", (group.id,))
            kept = {(each[0], each[1]): each[2] for each in held if each[0] not in ("rolled_back", "taken_out")}
            settings = (
                face.name, face.summary, face.locked, face.discoverable, group.join_mode, group.votes, group.visibility,
                bool(group.closed_at), group.question, group.posting, group.ladder, await topics.shown(group),
                tuple(each.name for each in await stored_flairs.of_group(group.id)),
            )  # fmt: skip
            written = await rows("SELECT uri, locked, removed_at IS NULL FROM post WHERE group_id = ? ORDER BY id",
                                 (group.id,))  # fmt: skip
            there = await rows("SELECT a.uri FROM member m JOIN actor a ON a.id = m.actor_id WHERE m.group_id = ?"
                               " AND m.state = 'joined' ORDER BY a.uri", (group.id,))  # fmt: skip
            return {key: value for key, value in kept.items() if value}, settings, written, [each[0] for each in there]

    def heard(self) -> list[Json]:
        """What the server that follows has heard of what is done for the group, oldest first."""
        inner = [each.get("object") for each in self.host.received]
        return [each for each in inner if isinstance(each, dict)]


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    a = await fediverse.instance("a.test")
    made = World(fediverse, a)
    made.ann, made.mo, made.bo, made.cy = [await a.person(name) for name in ("ann", "mo", "bo", "cy")]
    made.bread = await a.group("bread", moderator=made.ann)
    made.fo = made.host.actor("fo")
    for face in (made.fo, made.host.actor("re")):
        await forger.send(fediverse, a, face, face.does("Follow", made.bread.uri))
    for person in (made.ann, made.mo, made.bo, made.cy):
        await person.follow("!bread@a.test")
    with a.here():
        made.group = (await group_of(a)) or pytest.fail("no group")
        await members.appoint(a.app, "bread", made.mo.actor, role=rights.STEWARD)
        await flairs.change(a.app, "bread", [Wanted("", "Question", "#112233")], made.ann.actor)
    return made


async def group_of(a: Instance) -> Group | None:
    """The group, as it is stored."""
    found = await rows("SELECT id FROM groups WHERE local = 1")
    return (await groups.with_face(found[0][0]))[0]


async def rampage(world: World) -> None:
    """All that whoever has mo's account can do to the group: each kind of act, over what ann had decided too."""
    app, mo, ann = world.a.app, world.mo.actor, world.ann.actor
    first, second, third = [
        await world.bo.post(f"{title}\nDay nine @bread@a.test") for title in ("Rye", "Wheat", "Spelt")
    ]
    with world.a.here():
        await curation.lock(app, ann, second.id)
        await curation.remove(app, ann, third.id, "off topic")
        await curation.pin(app, ann, first.id)
        await flairs.give(app, ann, second.id, "Question")
        await welcomes.change(app, "bread", welcomes.Change(texts={"": "Hello"}), ann)
    await world.a.group("wine")
    await world.bo.follow("!wine@a.test")
    await world.ann.follow("!wine@a.test")
    beside = await world.bo.post("Port\nOld oak @wine@a.test")  # which the ban takes out of what the group shows
    stays = await world.ann.post("Sherry\nDry @wine@a.test")
    with world.a.here():
        for each in (beside, stays):
            await sharing.share(app, ann, each.id, "bread")
    await world.fediverse.settle()
    world.before = await world.state()
    with world.a.here():
        account = await accounts.by_name("mo")
        world.links = [await invites.create(app, account, group_id=world.group.id) for _ in range(2)]
        world.links.append("s" * 32)
        hashed = remote_invites.Wanted(hash=hashlib.sha256(("s" * 32).encode()).hexdigest())
        await remote_invites.make(app, "bread", mo, hashed)
        await curation.unlock(app, mo, second.id)
        await curation.restore(app, mo, third.id)
        await curation.unpin(app, mo, first.id)
        await curation.pin(app, mo, second.id)
        for each in (beside, stays):
            await curation.lock(app, mo, each.id, within="bread")
            await curation.pin(app, mo, each.id, within="bread")
        await flairs.give(app, mo, second.id, "")
        await flairs.change(app, "bread", [Wanted("", "Spam", "#ff0000")], mo)
        await welcomes.change(app, "bread", welcomes.Change(texts={"": "Buy this"}), mo)
        changed = Change(
            title="Casino", summary="Win", join_mode="invite", votes="none", rules=("Pay",), topics=("casino",),
            languages=("eo",), closed=True, question="How much?", posting="moderators", listed=False,
            visibility="members",
        )  # fmt: skip
        await group_profile.change(app, "bread", changed, mo)
        await requests.take_out(app, "bread", world.cy.actor.id, "", mo)
        await members.ban(app, "bread", world.bo.actor.uri, mo, reason="spam", remove=True)
        await members.ban(app, "bread", world.fo.uri, mo)
        await members.ban(app, "bread", ann.uri, mo)
        accomplice = await fetching.actor(app, world.host.actor("crook").uri)
        await members.appoint(app, "bread", accomplice, mo, rights.STEWARD)
    await world.fediverse.settle()


async def test_all_that_a_stolen_account_did_is_undone_and_servers_are_told(world: World) -> None:
    await rampage(world)
    app = world.a.app
    told = len(world.heard())
    with world.a.here():
        assert await members.leading(world.group) == [world.mo.actor.uri, f"https://{world.host.name}/users/crook"]
        with pytest.raises(NotAllowed):
            await rollback.order(app, "bread", world.mo.actor.uri, 24, world.ann.actor)  # whom it has dismissed
        await members.dismiss(app, "bread", world.mo.actor)
        await rollback.order(app, "bread", "mo", 24)  # whoever runs the server does it
    await world.fediverse.settle()

    registers_then, settings, written, there = world.before
    now = await world.state()
    otherwise = {key for key, value in now[0].items() if registers_then.get(key) != value}
    assert otherwise <= {(name, "") for name in rollback.SETTINGS}  # written again as they had been from the beginning
    assert {*registers_then} - {*now[0]} == {("role", world.mo.actor.uri)}  # who is dismissed stays so
    assert now[1:3] == (settings, written)
    assert now[3] == [uri for uri in there if uri != world.fo.uri]  # their server was told that a private group ends
    said = [(each["type"], each["object"]["type"] if isinstance(each.get("object"), dict) else "") for each in
            world.heard()[told:]]  # fmt: skip
    for wanted in (("Undo", "Block"), ("Add", ""), ("Remove", ""), ("Lock", ""), ("Delete", ""), ("Update", "Group")):
        assert wanted in said, said
    with world.a.here():
        assert len(world.links) == 3 and await stored_invites.into(world.group.id, clock.now_ms()) == []
        log = await registers.log(world.group.id, 500)
        assert [act.subject for act in log if act.property == "rolled_back"] == [world.mo.actor.uri]


async def test_a_set_that_was_cut_short_is_undone_to_its_end_and_only_once(world: World) -> None:
    """The process dies in between; what others decided afterwards stays."""
    app, mo = world.a.app, world.mo.actor
    written = [await world.bo.post(f"Loaf {number}\nWarm @bread@a.test") for number in range(6)]
    await world.fediverse.settle()
    with world.a.here():
        for post in written:
            await curation.remove(app, mo, post.id, "mine now")
            await curation.lock(app, mo, post.id)
        await curation.restore(app, world.ann.actor, written[0].id)
        await curation.remove(app, world.ann.actor, written[0].id, "for a reason")
        now = (await registers.log(world.group.id, 1))[0].recorded_at
        span = Span(world.group.id, mo.uri, now - rollback.HOUR, now)
        at_first = len(await registers.log(world.group.id, 500))

        dying = asyncio.create_task(rollback.work(app, msgspec.to_builtins(span), world.ann.actor.uri))
        while len(await registers.log(world.group.id, 500)) < at_first + 3:  # noqa: ASYNC110 (the job brings it about)
            await asyncio.sleep(0)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert len(await registers.log(world.group.id, 500)) < at_first + 11
        for _again in range(2):
            await rollback.work(app, msgspec.to_builtins(span), world.ann.actor.uri)
        assert len(await registers.log(world.group.id, 500)) == at_first + 11  # 5 put back, 6 opened
        after = [await posts.by_id(post.id) for post in written]
    assert [bool(post and post.removed_at) for post in after] == [True, *[False] * 5]
    assert not any(post and post.locked for post in after)


async def test_nobody_but_stewards_orders_it_and_not_for_nothing(world: World) -> None:
    app = world.a.app
    with world.a.here():
        await members.appoint(app, "bread", world.bo.actor)
        await members.ban(app, "bread", world.cy.actor.uri, world.bo.actor)
        for by in (world.bo, world.cy):
            with pytest.raises(NotAllowed):
                await rollback.order(app, "bread", world.bo.actor.uri, 24, by.actor)
        with pytest.raises(NotFound):
            await rollback.order(app, "bread", world.cy.actor.uri, 24, world.ann.actor)
        await rollback.order(app, "bread", world.bo.actor.uri, 24, world.ann.actor)
        with pytest.raises(Conflict, match="already"):  # each would undo the same acts
            await rollback.order(app, "bread", world.bo.actor.uri, 48, world.mo.actor)
    await world.fediverse.settle()
    with world.a.here():
        member = await storage.members.of(world.group.id, world.cy.actor.id)
        assert (
            member
            and member.state == "joined"
            and await registers.get(world.group.id, "ban", world.cy.actor.uri) is None
        )
        with pytest.raises(NotFound):
            await rollback.order(app, "bread", world.bo.actor.uri, 24, world.ann.actor)
