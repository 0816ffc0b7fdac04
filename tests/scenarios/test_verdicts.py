"""Stories of people who are banned from groups: they learn it once, and why, how long and what they may still do."""

import pytest

from fedcomm import clock, deputies, group_profile, members, moderation, rollback
from fedcomm.group_profile import Change
from storage import groups
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows
from tests import build
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face
from tests.scenarios.test_joining import answers
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

DAY = 86_400_000  # ms


async def ban(at: Instance, face: Actor, who: str, by: Person, **how: object) -> None:
    with at.here():
        await members.ban(at.app, face.username, who, by.actor, **how)  # type: ignore[arg-type]


async def unban(at: Instance, face: Actor, who: str, by: Person) -> None:
    with at.here():
        await members.unban(at.app, face.username, who, by.actor)


async def speakers(who: Person) -> set[str]:
    """Ids of those who wrote direct messages to somebody, as their server has them."""
    with who.instance.here():
        sql = (
            "SELECT a.uri FROM post p JOIN mention m ON m.post_id = p.id JOIN actor a ON a.id = p.author_id"
            " WHERE p.visibility = 3 AND m.actor_id = ?"
        )
        return {found[0] for found in await rows(sql, (who.actor.id,))}


async def test_who_is_banned_learns_it_once_from_the_group_or_their_own_server_and_when_it_is_lifted(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, dan = [await a.person(name) for name in ("greta", "alice", "dan")]
    bob, carol = await b.person("bob"), await b.person("carol")
    face = await a.group("club", moderator=greta)
    await fediverse.join(face, alice, bob)
    until = clock.now_ms() + 3 * DAY
    for _time in range(2):
        for who in (alice, bob):
            await ban(a, face, who.actor.uri, greta, until=until, reason="Only <rye>\nhere")
        for who in (dan, carol):
            await ban(a, face, who.actor.uri, greta)
        await fediverse.settle()

    (to_alice,), (to_bob,), (to_dan,) = await alice.letters(), await bob.letters(), await dan.letters()
    assert await carol.letters() == []  # has nothing to do with the group, whose name nobody told her
    assert all("banned you until 20" in told and " UTC." in told for told in (to_alice, to_bob))
    assert all("Only &lt;rye&gt;" in told and "you can still read" in told for told in (to_alice, to_bob))
    assert "with no end set" in to_dan and "<blockquote>" not in to_dan
    assert "/c/club" in to_alice and "b.test/c/club@a.test" in to_bob
    assert await speakers(alice) == {face.uri} and await speakers(bob) == {"https://b.test/actor"}

    for who in (alice, bob, dan, carol):
        await unban(a, face, who.actor.uri, greta)
    await fediverse.settle()
    _told, again_alice = await alice.letters()
    _told, again_bob = await bob.letters()
    assert "You may join it again" in again_alice and "You are a member of it again" in again_bob
    assert len(await dan.letters()) == 2 and await carol.letters() == []

    await ban(a, face, alice.actor.uri, greta, until=until)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 4 * 86_400)  # when it is over nobody has to be told
    await unban(a, face, alice.actor.uri, greta)
    await fediverse.join(face, alice)
    assert len(await alice.letters()) == 3


async def test_a_private_group_tells_its_members_alone_and_each_server_one_thing(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, dan = [await a.person(name) for name in ("greta", "alice", "dan")]
    bob, eve = await b.person("bob"), await b.person("eve")
    face = await a.group("club", moderator=greta)
    await fediverse.join(face, alice, bob)
    with a.here():
        await group_profile.change(a.app, "club", Change(visibility="members", join_mode="approval"), greta.actor)
    await fediverse.settle()
    await fediverse.join(face, eve)  # asks

    for who in (alice, bob, dan, eve):
        await ban(a, face, who.actor.uri, greta, reason="No more")
    await fediverse.settle()

    assert await dan.letters() == []  # learns of no private group by it
    for who in (alice, bob, eve):
        (told,) = await who.letters()
        assert "No more" in told
    await unban(a, face, bob.actor.uri, greta)
    await fediverse.settle()
    assert len(await bob.letters()) == 2 and "You may join it again" in (await bob.letters())[1]


async def test_a_server_that_shows_bans_gets_no_message_besides_and_every_other_one(town: Town) -> None:
    face = await town.ours.group("club", moderator=town.anna)
    people: dict[str, Face] = {}
    for software in ("lemmy", "piefed", "mbin", "nodebb", "mastodon", "unheard-of"):
        with town.ours.here():
            await execute("DELETE FROM peer WHERE host = 'theirs.test'")
            await build.insert(
                "peer", host="theirs.test", software=software, first_seen_at=1, software_checked_at=clock.now_ms()
            )
        people[software] = town.theirs.actor(software)
        await town.send(people[software], people[software].does("Follow", face.uri))
        town.theirs.received.clear()
        await ban(town.ours, face, people[software].uri, town.anna, reason="Noise")
        await ban(town.ours, face, people[software].uri, town.anna, reason="Noise")
        await unban(town.ours, face, people[software].uri, town.anna)
        await town.fediverse.settle()
        told = [each["object"]["content"] for each in answers(town.theirs, "Create")]

        assert len(told) == (0 if software in ("lemmy", "piefed", "mbin") else 2), software
        assert not told or ("Noise" in told[0] and "lifted your ban" in told[1] and "member of it again" in told[1])


@pytest.mark.attack("GRP-09")
async def test_a_group_elsewhere_that_bans_members_here_is_heard_by_those_who_are_in_it(town: Town) -> None:
    bread = town.theirs.actor("bread", "Group")
    ben = await town.ours.person("ben")
    await town.anna.follow(bread.uri)
    await town.fediverse.settle()
    asked = answers(town.theirs, "Follow")[-1]
    await town.send(bread, bread.does("Accept", asked))
    with town.ours.here():
        from_there = await groups.by_face(bread.uri)
        assert from_there
        faces = await groups.with_face(from_there.id)
        assert faces[0] is not None and faces[1] is not None
        moderation.record_role(
            town.ours.app, writes := Writes(), faces[0], faces[1], town.bob.uri, bread.uri, f"{bread.uri}#1", given=True
        )
        await apply(writes)

    def block(who: Person, slug: str) -> dict[str, object]:
        more = {"target": bread.uri, "summary": "No rye", "endTime": "2099-01-01T10:30:00Z"}
        return bread.does("Announce", town.bob.does("Block", who.actor.uri, slug, **more), f"a{slug}")

    for slug in ("one", "two"):
        await town.send(bread, block(town.anna, slug), block(ben, f"ben{slug}"))
    await town.send(bread, bread.does("Reject", asked, "out"))
    (told,) = await town.anna.letters()
    assert "(!bread@theirs.test) have banned you until 2099-01-01 10:30 UTC." in told and "No rye" in told
    assert await ben.letters() == []  # whoever is not there is not spoken to by it

    banned = town.bob.does("Block", town.anna.actor.uri, "two", target=bread.uri)
    for slug in ("u", "v"):
        await town.send(bread, bread.does("Announce", town.bob.does("Undo", banned, slug), f"a{slug}"))
    assert len(await town.anna.letters()) == 2 and "You may join it again" in (await town.anna.letters())[1]
    with town.ours.here():
        await execute("UPDATE member SET left_at = left_at - 120000 WHERE state = 'left'")
    await town.send(bread, block(town.anna, "three"))
    await town.send(bread, bread.does("Announce", town.bob.does("Undo", banned, "w"), "aw"))
    assert len(await town.anna.letters()) == 2  # is in it no more


async def test_whom_a_moderator_elsewhere_bans_from_a_group_of_ours_learns_it_too(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, ann = await a.person("greta"), await a.person("alice"), await b.person("ann")
    bob = await b.person("bob")
    face = await a.group("club", moderator=greta)
    await fediverse.join(face, alice, ann, bob)
    with a.here():
        there = await members.somebody(a.app, ann.actor.uri)
        await members.appoint(a.app, "club", there, greta.actor)
    await fediverse.settle()
    before = len(await ann.letters())
    with b.here():
        group = await groups.by_face(face.uri)
        assert group
        _group, there_face = await groups.with_face(group.id)
        assert there_face
        for who in (alice, bob):
            subject = await members.somebody(b.app, who.actor.uri)
            await deputies.ban(b.app, group, there_face, subject, ann.actor, reason="Noise")
    await fediverse.settle()

    (to_alice,), (to_bob,) = await alice.letters(), await bob.letters()
    assert "Noise" in to_alice and "Noise" in to_bob and len(await ann.letters()) == before
    with a.here():  # what a stolen account did is undone, and who it was done to hears that too
        await rollback.order(a.app, "club", ann.actor.uri, 1, greta.actor)
    await fediverse.settle()
    assert "lifted your ban" in (await alice.letters())[-1] and len(await alice.letters()) == 2
