"""Members who move to another account, and back; and what is refused to them."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

import storage.actors
from fedcomm import aliases, boosts, clock, fetching, follows, moving, peers, polls, posts, reactions
from fedcomm.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany
from fedcomm.posts import Draft, PollDraft
from storage.actors import Actor
from storage.connect import execute, rows, value
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, get, send

pytestmark = pytest.mark.anyio

DAY = 86_400_000


async def now_of(person: Person) -> Actor:
    """A member as their own server has them now."""
    with person.instance.here():
        found = await storage.actors.by_id(person.actor.id)
    assert found
    return found


async def claim(person: Person, other: str) -> None:
    """A member says that another account is theirs too."""
    actor = await now_of(person)
    with person.instance.here():
        await aliases.add(person.instance.app, actor, other)


async def go(person: Person, where: str) -> Actor:
    """A member moves."""
    actor = await now_of(person)
    with person.instance.here():
        return await moving.away(person.instance.app, actor, where)


async def come_back(person: Person) -> None:
    """A member uses the old account again."""
    actor = await now_of(person)
    with person.instance.here():
        await moving.back(person.instance.app, actor)


async def whom(person: Person) -> list[tuple[str, str]]:
    """Whom a member follows, and whether that was granted."""
    sql = (
        "SELECT t.uri, f.state FROM follow f JOIN actor t ON t.id = f.target_id WHERE f.follower_id = ? ORDER BY t.uri"
    )
    with person.instance.here():
        return [(uri, state) for uri, state in await rows(sql, (person.actor.id,))]


async def seen_at(instance: Instance, uri: str) -> Actor:
    """An actor as some server has it."""
    with instance.here():
        found = await storage.actors.by_uri(uri)
    assert found
    return found


async def left_alone(person: Person) -> bool:
    """Whether nothing of a member says that they have moved."""
    with person.instance.here():
        told = await value("SELECT COUNT(*) FROM outbox WHERE actor_id = ?", (person.actor.id,))
        jobs = await value("SELECT COUNT(*) FROM job WHERE name = 'follow_moved'")
    actor = await now_of(person)
    return (told, jobs, actor.moved_to_id, actor.moved_at) == (0, 0, None, None)


async def test_followers_on_both_servers_go_along(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    old, new = await a.person("anna"), await b.person("annie")
    carl, dora = await a.person("carl"), await b.person("dora")
    for each in (carl, dora):
        await each.follow(old.handle)
    await claim(new, old.handle)
    await fediverse.settle()

    await go(old, new.handle)
    await fediverse.settle()

    assert await whom(carl) == await whom(dora) == [(new.actor.uri, "accepted")]
    assert (await a.get("/users/anna"))["movedTo"] == new.actor.uri
    assert (await b.get("/users/annie"))["alsoKnownAs"] == [old.actor.uri]
    there = await seen_at(b, old.actor.uri)
    assert (there.moved_to_id, there.followers_count) == (new.actor.id, 0)
    shown = await b.get("/api/v1/accounts/lookup?acct=anna@a.test", "application/json")
    assert shown["moved"]["acct"] == "annie"
    await new.post("I am here now")
    await fediverse.settle()
    assert [post.source for post in await dora.home()] == ["I am here now"]
    assert len(await carl.home()) == 1


async def test_followers_on_a_third_server_go_along(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    old, new, carl = await a.person("anna"), await b.person("anna"), await c.person("carl")
    await carl.follow(old.handle)
    await claim(new, old.actor.uri)
    await fediverse.settle()

    await go(old, new.actor.uri)
    await fediverse.settle()

    assert await whom(carl) == [(new.actor.uri, "accepted")]
    assert (await seen_at(c, old.actor.uri)).moved_to_id == (await seen_at(c, new.actor.uri)).id
    assert (await seen_at(b, new.actor.uri)).followers_count == 1
    with a.here():
        assert await rows("SELECT id FROM follow") == []


async def test_a_member_moves_to_another_account_of_the_same_server(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    old, new, carl, dora = [await a.person(name) for name in ("anna", "annie", "carl")] + [await b.person("dora")]
    for each in (carl, dora):
        await each.follow(old.handle)
    await fediverse.settle()
    await claim(new, "anna")

    await go(old, "annie")
    await fediverse.settle()

    assert await whom(carl) == await whom(dora) == [(new.actor.uri, "accepted")]


async def test_who_does_not_want_to_be_followed_by_somebody_is_not(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    old, new, carl = await a.person("anna"), await b.person("annie"), await a.person("carl")
    await carl.follow(old.handle)
    await claim(new, old.handle)
    await carl.block(new.actor.uri)
    await fediverse.settle()

    await go(old, new.handle)
    await fediverse.settle()

    assert await whom(carl) == [(old.actor.uri, "accepted")]


async def with_a_follower(fediverse: Fediverse) -> tuple[Instance, Person, Face, Face]:
    """Anna, whom carl elsewhere follows, and her new account, which says so."""
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, carl = await ours.person("anna"), theirs.actor("carl")
    new = Host(fediverse, "new.test").actor("anna", alsoKnownAs=[anna.actor.uri])
    await send(fediverse, ours, carl, carl.does("Follow", anna.actor.uri))
    theirs.received.clear()
    return ours, anna, carl, new


async def test_followers_servers_get_the_changed_profile_and_then_the_move(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)

    await go(anna, new.uri)
    await fediverse.settle()

    update, move = carl.host.received
    assert (update["type"], update["object"]["id"], update["object"]["movedTo"]) == ("Update", anna.actor.uri, new.uri)
    assert {name: move[name] for name in ("type", "actor", "object", "target", "to")} == {
        "type": "Move",
        "actor": anna.actor.uri,
        "object": anna.actor.uri,
        "target": new.uri,
        "to": [anna.actor.followers],
    }
    with ours.here():
        key = (await storage.actors.keys_of(anna.actor.id))[-1]
    assert move["proof"]["verificationMethod"] == key.key_id
    served = await get(ours, move["id"].removeprefix(ours.app.base_url), None)
    assert served.status_code == 200 and msgspec.json.decode(served.content)["target"] == new.uri
    assert new.host.received == []  # nobody here had followed


async def test_a_server_that_is_down_learns_of_it_later(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    old, new, carl = await a.person("anna"), await b.person("anna"), await c.person("carl")
    await carl.follow(old.handle)
    await claim(new, old.handle)
    await fediverse.settle()
    fediverse.wire.down.add("c.test")
    await go(old, new.handle)
    await fediverse.settle()
    assert await whom(carl) == [(old.actor.uri, "accepted")]

    fediverse.wire.down.clear()
    a.deliver_now("c.test")
    await fediverse.settle()

    assert await whom(carl) == [(new.actor.uri, "accepted")]


@pytest.mark.attack("ORI-17")
@pytest.mark.parametrize("said", [None, [], ["https://ours.test/users/eve"], "https://ours.test/users/ANNA"])
async def test_nobody_moves_to_an_account_that_does_not_name_the_old_one(fediverse: Fediverse, said: object) -> None:
    ours = await fediverse.instance("ours.test")
    anna, new = await ours.person("anna"), Host(fediverse, "new.test").actor("anna", alsoKnownAs=said)

    with pytest.raises(Invalid, match=r"name @anna@ours\.test as another"):
        await go(anna, new.uri)

    assert await left_alone(anna)


@pytest.mark.attack("ORI-17")
async def test_what_the_new_account_said_before_does_not_count(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    anna, host = await ours.person("anna"), Host(fediverse, "new.test")
    new = host.actor("anna", alsoKnownAs=[anna.actor.uri])
    with ours.here():
        await fetching.actor(ours.app, new.uri)
    host.serve(new.uri, new.document(alsoKnownAs=[]))

    with pytest.raises(Invalid, match="does not say that it is yours"):
        await go(anna, new.uri)

    assert await left_alone(anna)
    host.serve(new.uri, new.document(alsoKnownAs=[anna.actor.uri]))
    assert (await go(anna, new.uri)).uri == new.uri


async def test_who_moves_to_themselves_or_into_a_group_or_nowhere_stays(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    anna, host = await ours.person("anna"), Host(fediverse, "new.test")
    trap = host.actor("trap", "Group", alsoKnownAs=[anna.actor.uri])
    gone = host.actor("gone", alsoKnownAs=[anna.actor.uri])
    host.gone(gone.uri)
    bread = await ours.group("bread")
    cases: dict[str, type[AppError]] = {
        "anna": Invalid,
        "@anna@ours.test": Invalid,
        anna.actor.uri: Invalid,
        "https://ours.test/@anna": Invalid,
        trap.uri: Invalid,
        bread.uri: Invalid,
        gone.uri: NotFound,
        "https://new.test/users/nobody": NotFound,
        "nobody@new.test": NotFound,
        "nobody": NotFound,
        "https://": NotFound,
        "no account at all": NotFound,
        "anna@down.test": Invalid,
        "https://down.test/users/anna": Invalid,
    }

    for where, kind in cases.items():
        with pytest.raises(AppError) as refused:
            await go(anna, where)
        assert type(refused.value) is kind and str(refused.value), where

    assert await left_alone(anna)


async def test_nobody_moves_where_this_server_does_not_speak(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    with ours.here():
        await fetching.actor(ours.app, new.uri)
        await peers.set_policy(ours.app, "new.test", "suspend")

    for where in (new.uri, "anna@new.test"):
        with pytest.raises(AppError):
            await go(anna, where)

    assert (await now_of(anna)).moved_to_id is None and carl.host.received == []


@pytest.mark.attack("ORI-17")
async def test_two_accounts_do_not_move_to_each_other(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    one, other, carl = await a.person("anna"), await b.person("anna"), await c.person("carl")
    await carl.follow(one.handle)
    await fediverse.settle()
    await claim(one, other.handle)
    await claim(other, one.handle)
    await fediverse.settle()
    await go(one, other.handle)
    await fediverse.settle()

    with pytest.raises(Invalid, match="has moved away itself"):
        await go(other, one.handle)

    assert (await now_of(other)).moved_to_id is None and await whom(carl) == [(other.actor.uri, "accepted")]


async def test_an_account_moves_once_in_thirty_days_also_when_it_came_back(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    await go(anna, new.uri)
    with pytest.raises(TooMany):
        await go(anna, new.uri)
    await come_back(anna)

    with pytest.raises(TooMany) as refused:
        await go(anna, new.uri)
    await fediverse.settle()

    assert 29 * DAY / 1000 < refused.value.retry_after <= 30 * DAY / 1000
    assert [thing["type"] for thing in carl.host.received] == ["Update", "Move", "Update"]
    with ours.here():
        await execute("UPDATE actor SET moved_at = ? WHERE id = ?", (clock.now_ms() - 30 * DAY - 1, anna.actor.id))
    await go(anna, new.uri)
    assert (await now_of(anna)).moved_to_id is not None


async def test_of_two_moves_at_once_one_is_made(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    another = new.host.actor("annie", alsoKnownAs=[anna.actor.uri])

    done = await asyncio.gather(go(anna, new.uri), go(anna, another.uri), return_exceptions=True)
    await fediverse.settle()

    (moved,) = [each for each in done if isinstance(each, Actor)]
    assert [type(each) for each in done if isinstance(each, Exception)] == [TooMany]
    assert [thing["target"] for thing in carl.host.received if thing["type"] == "Move"] == [moved.uri]
    assert (await ours.get("/users/anna"))["movedTo"] == moved.uri


async def test_who_has_moved_does_nothing_new_and_may_take_things_back(fediverse: Fediverse) -> None:
    ours, anna, _carl, new = await with_a_follower(fediverse)
    bert, bread, app = await ours.person("bert"), await ours.group("bread"), ours.app
    poll = await bert.post("Tea?", poll=PollDraft(options=("yes", "no"), seconds=3600))
    mine, theirs, another = await anna.post("Hello"), await bert.post("Hi"), await bert.post("Ho")
    await anna.like(theirs)
    await anna.follow("bert")
    await go(anna, new.uri)
    actor = await now_of(anna)
    new_things: list[Callable[[], Awaitable[object]]] = [
        lambda: posts.create(app, actor, Draft(text="Still here")),
        lambda: posts.create(app, actor, Draft(text="No", in_reply_to_id=theirs.id)),
        lambda: reactions.like(app, actor, another.id),
        lambda: reactions.dislike(app, actor, another.id),
        lambda: boosts.boost(app, actor, another.id),
        lambda: polls.vote(app, actor, poll.id, [0]),
        lambda: follows.follow(app, actor, bread.id),
    ]

    with ours.here():
        for act in new_things:
            with pytest.raises(NotAllowed, match="has moved"):
                await act()
        await posts.edit(app, actor, mine.id, Draft(text="Hello there"))
        await reactions.unlike(app, actor, theirs.id)
        await follows.unfollow(app, actor, bert.actor.id)

    assert (await ours.knows(mine.uri)).source == "Hello there"
    with ours.here():
        for table in ("boost", "reaction", "member"):
            assert await rows(f"SELECT actor_id FROM {table} WHERE actor_id = ?", (actor.id,)) == [], table
        assert await rows("SELECT id FROM follow WHERE follower_id = ?", (actor.id,)) == []
        await posts.delete(app, actor, mine.id)
    assert await ours.lacks(mine.uri)


async def test_who_comes_back_is_heard_again_and_followers_servers_are_told(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    old, new = await a.person("anna"), await b.person("anna")
    carl, dora = await c.person("carl"), await c.person("dora")
    for each in (carl, dora):
        await each.follow(old.handle)
    await dora.block(new.actor.uri)  # and so does not go along
    await claim(new, old.handle)
    await fediverse.settle()
    await go(old, new.handle)
    await fediverse.settle()
    assert (await seen_at(c, old.actor.uri)).moved_to_id is not None

    await come_back(old)
    await fediverse.settle()

    assert "movedTo" not in await a.get("/users/anna")
    assert (await seen_at(c, old.actor.uri)).moved_to_id is None
    assert await whom(carl) == [(new.actor.uri, "accepted")] and await whom(dora) == [(old.actor.uri, "accepted")]
    with a.here():
        await posts.create(a.app, await storage.actors.local("anna") or old.actor, Draft(text="Back"))
    with pytest.raises(Conflict):
        await come_back(old)


async def test_nobody_begins_to_follow_an_account_that_has_moved(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    there, bert = await fediverse.instance("there.test"), await ours.person("bert")
    dora, eve = await there.person("dora"), carl.host.actor("eve")
    await go(anna, new.uri)

    with pytest.raises(NotAllowed, match="follow the new one"):
        await bert.follow("anna")
    await dora.follow(anna.handle)  # whose server has not heard of it
    await send(fediverse, ours, eve, eve.does("Follow", anna.actor.uri))
    await send(fediverse, ours, carl, carl.does("Follow", anna.actor.uri))  # who has followed all the time

    assert await whom(bert) == await whom(dora) == []
    answers = [(each["type"], each["object"]["actor"]) for each in carl.host.received[2:]]
    assert answers == [("Reject", eve.uri), ("Accept", carl.uri)]
