"""Stories of coming into groups across servers: invited, asked, turned down, let in after all, and never stuck."""

from typing import Any

import pytest

from fedcomm import (
    admissions,
    clock,
    fetching,
    group_profile,
    invites,
    limits,
    members,
    moderation,
    posts,
    requests,
    waiting,
)  # fmt: skip
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from fedcomm.group_profile import Change
from fedcomm.limits import ServerLimit
from fedcomm.posts import Draft
from storage import actors
from storage import groups as stored_groups
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows, value
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Host, Json, post, send
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

DAY = 86_400_000  # ms


async def state(at: Instance, face: Actor, uri: str) -> str:
    """What somebody is in a group as its server has it: joined, pending, left or ''."""
    with at.here():
        sql = (
            "SELECT m.state FROM member m JOIN groups g ON g.id = m.group_id JOIN actor a ON a.id = m.actor_id"
            " WHERE g.actor_id = ? AND a.uri = ?"
        )
        found = await rows(sql, (face.id, uri))
        return str(found[0][0]) if found else ""


async def followed(who: Person, uri: str) -> str:
    """What somebody's own server knows of their follow: pending, accepted or ''."""
    with who.instance.here():
        target = await actors.by_uri(uri)
        found = await rows(
            "SELECT state FROM follow WHERE follower_id = ? AND target_id = ?",
            (who.actor.id, target.id if target else 0),
        )
        return str(found[0][0]) if found else ""


def answers(host: Host, kind: str) -> list[dict[str, Any]]:
    """The activities of a kind that were posted to a host."""
    return [activity for activity in host.received if activity["type"] == kind]


async def number(at: Instance, uri: str) -> int:
    """The id of an actor on an instance."""
    with at.here():
        found = await actors.by_uri(uri)
    assert found
    return found.id


@pytest.mark.attack("GRP-17")
async def test_who_says_on_an_invitation_which_account_they_have_elsewhere_is_let_in_with_that_and_nobody_else(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, bob, eve = await a.person("greta"), await b.person("bob"), await b.person("eve")
    face = await a.group("club", moderator=greta, join_mode="invite")
    with a.here():
        group_id = int(await value("SELECT id FROM groups WHERE actor_id = ?", (face.id,)))
        once = (await invites.create(a.app, None, group_id=group_id)).rpartition("/")[2]
        late = (await invites.create(a.app, None, group_id=group_id, days=1)).rpartition("/")[2]
        elsewhere = (await invites.create(a.app, None)).rpartition("/")[2]
        for token, address, refusal in (
            ("forged", bob.handle, NotFound), (elsewhere, bob.handle, NotFound), (once, "bob", Invalid),
            (once, "@nobody@b.test", NotFound), (once, f"@greta@{a.host}", Conflict),
        ):  # fmt: skip
            with pytest.raises(refusal):
                await admissions.reserve(a.app, token, address)
        await admissions.reserve(a.app, once, f"@{bob.handle}")
        await admissions.reserve(a.app, late, f"@{eve.handle}")
        await execute("UPDATE invite SET expires_at = ? WHERE expires_at < ?", (1, clock.now_ms() + 2 * DAY))

    await fediverse.join(face, eve, bob)
    assert [await followed(who, face.uri) for who in (eve, bob)] == ["", "accepted"]
    assert [await state(a, face, who.actor.uri) for who in (eve, bob)] == ["", "joined"]

    await bob.unfollow(face.uri)
    await fediverse.settle()
    await fediverse.join(face, bob)  # that was one use, and the invitation had no more
    assert await state(a, face, bob.actor.uri) == "left"
    with a.here(), pytest.raises(NotFound):
        await admissions.reserve(a.app, once, bob.handle)


async def test_an_invitation_that_many_begin_to_use_ends_somewhere(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    far = Host(fediverse, "far.test")
    face = await a.group("club", join_mode="approval")
    people = [far.actor(f"p{each}") for each in range(3)]
    with a.here():
        group_id = int(await value("SELECT id FROM groups WHERE actor_id = ?", (face.id,)))
        token = (await invites.create(a.app, None, group_id=group_id)).rpartition("/")[2]
        invite = await invites.find(a.app, token)
        sql = "INSERT INTO admission (group_id, uri, invite_id, expires_at) VALUES (?, ?, ?, ?)"
        for uri in [each.uri for each in people] + [f"https://far.test/{n}" for n in range(admissions.MOST_OPEN - 2)]:
            await execute(sql, (group_id, uri, invite.id, clock.now_ms() + DAY))
        with pytest.raises(TooMany):
            await admissions.reserve(a.app, token, "@p0@far.test")

    for app in a.apps:  # who comes when many do waits for room, and has not used up anything by that
        app.join_limit = ServerLimit(0, limits.JOINS_WINDOW)
    await send(fediverse, a, people[0], people[0].does("Follow", face.uri))
    with a.here():
        assert await value("SELECT uses FROM invite") == 0
    assert await state(a, face, people[0].uri) == "pending"
    with a.here():
        await waiting.let_in(a.app)
        assert await value("SELECT uses FROM invite") == 1

    for app in a.apps:
        app.join_limit = ServerLimit(limits.JOINS, limits.JOINS_WINDOW)
    for each in people:  # of those who begin, as many come in as the invitation is for; the others ask
        await send(fediverse, a, each, each.does("Follow", face.uri))
    with a.here():
        await waiting.let_in(a.app)
    assert [await state(a, face, each.uri) for each in people] == ["joined", "pending", "pending"]


async def test_who_is_turned_down_elsewhere_learns_why_once_and_comes_in_after_all_with_one_welcome(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, bob, carol = await a.person("greta"), await b.person("bob"), await b.person("carol")
    face = await a.group("club", moderator=greta, join_mode="approval")
    with a.here():
        await group_profile.change(a.app, "club", Change(rules=("Be kind.",)), greta.actor)
    await fediverse.join(face, bob, carol)
    assert [await followed(who, face.uri) for who in (bob, carol)] == ["pending", "pending"]
    to_bob, to_carol = await number(a, bob.actor.uri), await number(a, carol.actor.uri)

    with a.here():
        await requests.deny(a.app, "club", to_bob, "Who are you?", greta.actor)
        await requests.deny(a.app, "club", to_carol, "", greta.actor)
        with pytest.raises(NotFound):
            await requests.accept(a.app, "club", to_bob, greta.actor)
        with pytest.raises(NotAllowed):
            await requests.let_in(a.app, "club", to_bob, (await a.person("olaf")).actor)
    await fediverse.settle()
    assert [await followed(who, face.uri) for who in (bob, carol)] == ["", ""]
    (why,), (to_carol_,) = await bob.letters(), await carol.letters()
    assert "Who are you?" in why and "has not let you in" in why and "has not let you in" in to_carol_

    await fediverse.join(face, carol)  # asks again, and waits again
    with a.here():
        await requests.let_in(a.app, "club", to_bob, greta.actor)
        await requests.accept(a.app, "club", to_carol, greta.actor)
        assert await value("SELECT COUNT(*) FROM join_request WHERE state = 'denied'") == 0
    await fediverse.settle()
    assert await followed(carol, face.uri) == "accepted"
    _why, after_all = await bob.letters()
    assert "follow it once more" in after_all
    for _round in range(2):
        await fediverse.join(face, bob)  # is not asked any more, once
        joined = await state(a, face, bob.actor.uri)
        await bob.unfollow(face.uri)
        await fediverse.settle()
        assert joined == ("joined" if _round == 0 else "pending")
    assert sum("Be kind." in letter for letter in await bob.letters()) == 1
    assert sum("Be kind." in letter for letter in await carol.letters()) == 1


async def test_the_question_of_a_group_comes_as_a_message_and_its_answer_to_the_moderators(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, bob, eve = await a.person("greta"), await b.person("bob"), await b.person("eve")
    lemmy = Host(fediverse, "lemmy.test").actor("lea")
    face = await a.group("club", moderator=greta, join_mode="approval")
    with a.here():
        await group_profile.change(a.app, "club", Change(question="Which flour?"), greta.actor)
    await fediverse.join(face, bob, eve)
    with a.here():
        await execute(
            "INSERT INTO peer (host, software, first_seen_at, software_checked_at) VALUES (?, 'lemmy', 1, ?)",
            ("lemmy.test", clock.now_ms()),
        )
    await send(fediverse, a, lemmy, lemmy.does("Follow", face.uri))
    with b.here():
        (asked,) = await rows(
            "SELECT p.id FROM post p JOIN mention m ON m.post_id = p.id WHERE p.visibility = 3 AND m.actor_id = ?",
            (bob.actor.id,),
        )
    await eve.post("@club@a.test me", visibility="direct")
    answer = await bob.post("@club@a.test Rye, & nothing else", in_reply_to_id=asked[0], visibility="direct")
    await fediverse.settle()

    async def read() -> dict[str, str]:
        with a.here():
            found = await rows(
                "SELECT a.username, r.answer FROM join_request r JOIN actor a ON a.id = r.actor_id ORDER BY r.id"
            )
        return dict(found)

    assert "Which flour?" in (await bob.letters())[0] and len(await bob.letters()) == 1
    assert await read() == {"bob": "Rye, & nothing else", "eve": "", "lea": ""}
    assert answers(lemmy.host, "Create") == []  # Lemmy takes no messages of groups
    with a.here():
        told = await rows(
            "SELECT COUNT(*) FROM notification WHERE owner_id = ? AND kind = 'follow_request'", (greta.actor.id,)
        )
    assert told == [(3,)]
    await bob.delete(answer)
    await fediverse.settle()
    assert (await read())["bob"] == ""
    answer = await bob.post("@club@a.test Wheat", in_reply_to_id=asked[0], visibility="private")  # as some programs do
    await fediverse.settle()
    said = (await read())["bob"]
    await bob.edit(answer, "@club@a.test Spelt")
    await fediverse.settle()
    assert [said, (await read())["bob"]] == ["Wheat", "Spelt"]
    await bob.delete(answer)
    await fediverse.settle()
    assert (await read())["bob"] == ""


@pytest.mark.attack("ORI-16")
@pytest.mark.parametrize("late", ["Accept", "Reject"])
async def test_a_late_answer_to_a_request_that_was_taken_back_is_none_to_the_next_one(town: Town, late: str) -> None:
    bread = town.theirs.actor("bread", "Group")

    async def asks() -> Json:
        await town.anna.follow(bread.uri)
        await town.fediverse.settle()
        return answers(town.theirs, "Follow")[-1]

    first = await asks()
    await town.anna.unfollow(bread.uri)
    await town.fediverse.settle()
    await town.send(bread, bread.does(late, first, to=[town.anna.actor.uri]))
    assert await followed(town.anna, bread.uri) == ""
    second = await asks()
    assert second["id"] != first["id"]

    await town.send(bread, bread.does(late, first, "again", to=[town.anna.actor.uri]))
    assert await followed(town.anna, bread.uri) == "pending"
    await town.send(bread, bread.does("Accept", second, to=[town.anna.actor.uri]))
    assert await followed(town.anna, bread.uri) == "accepted"


async def test_a_request_that_nobody_answers_is_sent_again_some_times_under_new_ids(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await fediverse.instance("a.test")
    alice, quiet = await a.person("alice"), Host(fediverse, "quiet.test")
    bread = quiet.actor("bread", "Group")
    await alice.follow(bread.uri)
    await fediverse.settle()
    days = [0.0]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + days[0] * 86_400)

    async def asked_by(day: float) -> int:
        days[0] = day
        with a.here():
            await waiting.ask_again(a.app)
            await waiting.ask_again(a.app)
        await fediverse.settle()
        a.deliver_now("quiet.test")
        await fediverse.settle()
        return len(answers(quiet, "Follow"))

    counts = [await asked_by(day) for day in (0.9, 1.1, 2.9, 3.2, 7.3, 15.4, 31.5, 60, 90, 365)]
    assert counts == [1, 2, 2, 3, 4, 5, 6, 6, 6, 6]
    first, *again = [activity["id"] for activity in answers(quiet, "Follow")]
    assert len({first, *again}) == 6 and await followed(alice, bread.uri) == "pending"

    mallory = quiet.actor("mallory")
    await send(fediverse, a, mallory, mallory.does("Accept", again[2], to=[alice.actor.uri]))
    assert await followed(alice, bread.uri) == "pending"  # whoever was not asked says nothing (attack ORI-16)
    await send(fediverse, a, bread, bread.does("Accept", again[2], to=[alice.actor.uri]))
    assert await followed(alice, bread.uri) == "accepted"
    await alice.unfollow(bread.uri)
    await fediverse.settle()
    a.deliver_now("quiet.test")
    await fediverse.settle()
    (undo,) = answers(quiet, "Undo")
    assert undo["object"]["id"] == first


@pytest.mark.attack("ORI-16", "GRP-17")
async def test_a_second_follow_of_a_member_is_accepted_again_and_of_who_waits_stays_where_it_is(town: Town) -> None:
    face = await town.ours.group("club", moderator=town.anna, join_mode="approval")
    first = town.bob.does("Follow", face.uri)
    await town.send(town.bob, first)
    waits = await state(town.ours, face, town.bob.uri)
    await town.send(town.bob, town.bob.does("Accept", first), town.bob.does("Follow", face.uri))
    await town.send(town.eve, town.eve.does("Undo", first), town.eve.does("Leave", face.uri))
    assert waits == await state(town.ours, face, town.bob.uri) == "pending"
    assert answers(town.theirs, "Accept") == []

    with town.ours.here():
        await requests.accept(town.ours.app, "club", await number(town.ours, town.bob.uri), town.anna.actor)
    again = town.bob.does("Follow", face.uri)
    await town.send(town.bob, again)

    accepted = [activity["object"]["id"] for activity in answers(town.theirs, "Accept")]
    assert len(accepted) == 2 and accepted[1] == again["id"] and accepted[0] != again["id"]
    assert await state(town.ours, face, town.bob.uri) == "joined"
    with town.ours.here():
        assert await value("SELECT members_count FROM groups WHERE actor_id = ?", (face.id,)) == 1


@pytest.mark.attack("GRP-17")
async def test_who_is_banned_waits_no_more_and_no_invitation_helps_them(town: Town) -> None:
    face = await town.ours.group("club", moderator=town.anna, join_mode="approval")
    await town.send(town.bob, town.bob.does("Follow", face.uri))
    bob = await number(town.ours, town.bob.uri)

    await town.ours.ban(face, town.bob.uri, town.anna)
    await town.fediverse.settle()
    assert len(answers(town.theirs, "Reject")) == 1 and await state(town.ours, face, town.bob.uri) == "left"
    with town.ours.here():
        group_id = int(await value("SELECT id FROM groups WHERE actor_id = ?", (face.id,)))
        await execute(
            "INSERT INTO admission (group_id, uri, expires_at) VALUES (?, ?, ?)",
            (group_id, town.bob.uri, clock.now_ms() + DAY),
        )
        with pytest.raises(NotFound):
            await requests.accept(town.ours.app, "club", bob, town.anna.actor)
    await town.send(town.bob, town.bob.does("Follow", face.uri))
    assert len(answers(town.theirs, "Reject")) == 2 and await state(town.ours, face, town.bob.uri) == "left"
    assert answers(town.theirs, "Accept") == []


@pytest.mark.attack("GRP-23")
def test_of_a_hundred_joins_in_a_second_from_one_server_sixty_count_and_ours_all() -> None:
    limit = ServerLimit(limits.JOINS, limits.JOINS_WINDOW)

    counted = [[limit.allows(1, host) for _ in range(100)].count(True) for host in ("evil.test", "other.test", "")]

    assert counted == [60, 60, 100]


@pytest.mark.attack("GRP-23")
async def test_many_joins_at_once_are_let_in_as_fast_as_a_group_bears_and_keep_nobody_else_out(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    bob = await b.person("bob")
    evil = Host(fediverse, "evil.test")
    face = await a.group("bread")
    closed = await a.group("closed", join_mode="approval")
    mob = [evil.actor(f"m{each}") for each in range(9)]
    few = ServerLimit(5, limits.JOINS_WINDOW)
    for app in a.apps:
        app.join_limit = few
    for each in mob:
        assert (await post(a, each.does("Follow", face.uri), each)).status_code == 202
        assert (await post(a, each.does("Follow", closed.uri), each)).status_code == 202
    await fediverse.settle()
    started = clock.now()
    await fediverse.join(face, bob)
    took = clock.now() - started

    async def counted(of: Actor, what: str) -> int:
        with a.here():
            sql = (
                "SELECT COUNT(*) FROM member m JOIN groups g ON g.id = m.group_id JOIN actor a ON a.id = m.actor_id"
                " WHERE g.actor_id = ? AND m.state = ? AND a.host = 'evil.test'"
            )
            return int(await value(sql, (of.id, what)))

    assert await counted(face, "joined") == 5 and await counted(face, "pending") == 4
    assert await state(a, face, bob.actor.uri) == "joined" and took < 5
    with a.here():
        assert await value("SELECT COUNT(*) FROM join_request") == 5  # moderators hear of no more at once
        await waiting.let_in(a.app)
    await fediverse.settle()
    assert await counted(face, "joined") == 9 and await counted(closed, "pending") == 9


@pytest.mark.thorough("postgres")
async def test_moderators_elsewhere_learn_who_asks_and_let_them_in_or_turn_them_down(fediverse: Fediverse) -> None:
    """By an Offer of the group, withdrawn when somebody else has decided; nobody on their server follows it."""
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    ann, bob, bill = await a.person("ann"), await b.person("bob"), await b.person("bill")
    carol, dora, eve = await c.person("carol"), await c.person("dora"), await c.person("eve")
    bread = await a.group("bread", moderator=ann)
    with a.here():
        there = await fetching.actor(a.app, bob.actor.uri)
        await members.appoint(a.app, "bread", there, ann.actor)
        await group_profile.change(a.app, "bread", Change(join_mode="approval", question="Why?"), ann.actor)
    await fediverse.settle()

    async def seen() -> list[str]:
        """Who waits, as bob's server has it, and bob is told of."""
        with b.here():
            sql = (
                "SELECT f.username FROM follow w JOIN actor f ON f.id = w.follower_id JOIN notification n"
                " ON n.actor_id = f.id AND n.owner_id = ? AND n.kind = 'follow_request' WHERE w.target_id = ?"
                " AND w.state = 'pending' ORDER BY f.username"
            )
            face = await fetching.actor(b.app, bread.uri)
            assert face.id in await requests.deciding(bob.actor) and await requests.deciding(bill.actor) == []
            return [found[0] for found in await rows(sql, (bob.actor.id, face.id))]

    async def answer_of_carol() -> str:
        """As bob reads it."""
        await fediverse.settle()
        with b.here():
            sql = "SELECT r.answer FROM join_request r JOIN actor a ON a.id = r.actor_id WHERE a.username = 'carol'"
            return str(await value(sql))

    async def answers_(who: Person, *, granted: bool) -> None:
        with b.here():
            asker = await fetching.actor(b.app, who.actor.uri)
            await requests.answer(b.app, bob.actor, asker.id, granted=granted)
        await fediverse.settle()

    for who in (carol, dora, eve, bill):
        await who.follow("bread@a.test")
    await fediverse.settle()
    assert await seen() == ["bill", "carol", "dora", "eve"]
    with c.here():
        (question,) = await rows(
            "SELECT p.id FROM post p JOIN mention m ON m.post_id = p.id WHERE p.visibility = 3 AND m.actor_id = ?",
            (carol.actor.id,),
        )
    assert await answer_of_carol() == ""
    said = await carol.post("@bread@a.test For rye", in_reply_to_id=question[0], visibility="direct")
    assert await answer_of_carol() == "For rye"
    with c.here():
        await posts.edit(c.app, carol.actor, said.id, Draft(text="@bread@a.test For wheat", visibility="direct"))
    assert await answer_of_carol() == "For wheat"
    await carol.delete(said)
    assert await answer_of_carol() == ""
    assert await seen() == ["bill", "carol", "dora", "eve"]  # once each
    await answers_(carol, granted=True)
    await answers_(bill, granted=False)
    with a.here():  # ann was faster with dora
        asked = await actors.by_uri(dora.actor.uri)
        assert asked
        await requests.accept(a.app, "bread", asked.id, ann.actor)
    await eve.unfollow(bread.uri)
    await fediverse.settle()

    assert await seen() == []
    assert [await state(a, bread, who.actor.uri) for who in (carol, bill, dora, eve)] == [
        "joined", "left", "joined", "left"
    ]  # fmt: skip
    assert [await followed(who, bread.uri) for who in (carol, bill, dora, eve)] == ["accepted", "", "accepted", ""]
    with a.here():
        (denied,) = await rows("SELECT decided_by FROM join_request WHERE state = 'denied'")
    assert denied[0] == there.id
    with pytest.raises(NotFound):
        await answers_(carol, granted=True)


@pytest.mark.attack("GRP-06")
async def test_nobody_lets_themselves_in_and_no_group_makes_others_ask(town: Town) -> None:
    """The answer of a moderator is one only when they are; the offer of a group is about nobody who has not asked."""
    bread = await town.ours.group("bread", moderator=town.anna, join_mode="approval")
    host = Host(town.fediverse, "e.test")
    eve, wine = host.actor("eve"), host.actor("wine", "Group")
    await send(town.fediverse, town.ours, eve, eve.does("Follow", bread.uri))
    for kind in ("Accept", "Reject"):
        answer = eve.does(kind, eve.uri, target=bread.uri, to=[bread.uri])
        await send(town.fediverse, town.ours, eve, answer)
    assert await state(town.ours, bread, eve.uri) == "pending"

    anna = town.anna.actor.uri
    with town.ours.here():
        face = await fetching.actor(town.ours.app, wine.uri)
        group = await stored_groups.by_actor(face.id)
        assert group
        moderation.record_role(
            town.ours.app, writes := Writes(), group, face, anna, wine.uri, f"{wine.uri}#1", given=True
        )
        await apply(writes)
    ben = await town.ours.person("ben")
    for asker in (eve.uri, ben.actor.uri):
        await send(town.fediverse, town.ours, wine, wine.does("Offer", asker, target=wine.uri, to=[anna]))
    zoe = host.actor("zoe").uri
    await send(town.fediverse, town.ours, eve, eve.does("Offer", zoe, target=wine.uri, to=[anna]))

    with town.ours.here():
        sql = "SELECT f.uri FROM follow w JOIN actor f ON f.id = w.follower_id WHERE w.target_id = ?"
        assert await rows(sql, (face.id,)) == [(eve.uri,)]  # of whom the group alone can say so, once
