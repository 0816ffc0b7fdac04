"""Two fedcomm servers and a PieFed-like one: its users in our groups, our members in its communities."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.databases import Databases
from tests.peers.forum import Forum, Post, bare
from tests.peers.piefed import PieFed
from tests.peers.server import PUBLIC
from tests.peers.users import User
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually

pytestmark = pytest.mark.anyio


class World(msgspec.Struct):
    """The servers of this file."""

    around: Neighbourhood
    a: Home
    b: Home
    piefed: Forum


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[World]:
    """One of the fedcomm servers on SQLite, the other on PostgreSQL."""
    async with Neighbourhood(tmp_path_factory.mktemp("piefed"), "a.test", "b.test", "piefed.test") as around:
        a = await around.home("a.test")
        b = await around.home("b.test", DATABASE_URL=await databases.new("postgres"))
        yield World(around, a, b, Forum(await around.server("piefed.test", taken=200), PieFed()))


class Group(msgspec.Struct):
    """A group or community, and somebody of each server in it."""

    uri: str
    alice: Member
    bob: Member
    petra: User


async def ours(world: World, name: str) -> Group:
    """A group on a.test. Its name has a capital letter, and there is a thread in it when petra joins."""
    alice, bob = await world.a.member(f"Alice_{name}"), await world.b.member(f"bob_{name}")
    handle = await world.a.group(name.capitalize(), alice)
    await bob.follow(handle)
    await alice.write(f"Welcome\n\nThis is about {name}. @{handle}")
    petra = User(world.piefed, f"petra_{name}")
    uri = await petra.join(handle)
    await eventually(lambda: petra.uri in world.piefed.joined.get(uri, ()), "petra is in the group")
    await world.around.quiet()
    return Group(uri, alice, bob, petra)


async def theirs(world: World, name: str) -> Group:
    """A community of the PieFed-like server; petra moderates it."""
    petra = User(world.piefed, f"petra_{name}")
    made = world.piefed.community(name, name.capitalize(), petra.uri)
    alice, bob = await world.a.member(f"Alice_{name}"), await world.b.member(f"bob_{name}")
    for member in (alice, bob):
        await member.follow(f"{name}@piefed.test")
    await world.around.quiet()
    return Group(made.uri, alice, bob, petra)


async def there(world: World, uri: str, **wanted: Any) -> Post:
    """The post at the PieFed-like server, once it looks so; of texts a part is enough."""

    def looks() -> bool:
        post = world.piefed.posts.get(uri)
        if post is None:
            return False
        seen = msgspec.structs.asdict(post)
        return all(v in seen[n] if isinstance(v, str) else seen[n] == v for n, v in wanted.items())

    await eventually(looks, f"{uri} at piefed.test shows {wanted}, but is {world.piefed.posts.get(uri)}")
    return world.piefed.posts[uri]


async def test_a_thread_of_our_group_with_answers_and_votes_is_the_same_everywhere(world: World) -> None:
    here = await ours(world, "threads")

    thread = await here.bob.write("Which rye flour?\n\nThe coarse one never rises. @threads@a.test")
    await there(world, thread, title="Which rye flour?", community=here.uri)
    answer = await here.petra.comment(thread, "Half of it wheat.")
    await here.bob.sees(answer, content="Half of it wheat")
    reply = await here.alice.write("Or a longer rest.", answering=answer)
    await there(world, reply, parent=answer)
    await here.petra.vote(thread, 1)
    await here.bob.act("favourite", answer)
    await here.alice.act("favourite", thread)

    await there(world, thread, votes={here.petra.uri: 1, here.alice.uri: 1})
    await there(world, answer, votes={here.bob.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(thread, favourites_count=2, replies_count=1)
        await member.sees(answer, favourites_count=1)
        await member.sees(reply)
        assert await member.thread(thread) == [answer, reply]


async def test_ids_of_ours_are_in_small_letters_and_all_of_ours_are_found_by_them(world: World) -> None:
    here = await ours(world, "Letters")

    thread = await here.alice.write("Capitals\n\nDo they matter? @letters")
    await there(world, thread)

    assert here.uri == "https://a.test/c/letters"
    assert world.piefed.posts[thread].author == world.piefed.posts[thread].author.lower()
    assert here.alice.name != here.alice.name.lower()


@pytest.mark.parametrize(("asks", "inbox"), [(True, "https://a.test/actor/inbox"), (False, "https://a.test/inbox")])
async def test_the_server_is_reached_where_its_actor_says_and_where_it_is_guessed(
    world: World, asks: bool, inbox: str
) -> None:
    here = await ours(world, f"letterbox_{asks}")
    world.piefed.dialect = PieFed(asks=asks)

    page = await here.petra.post(here.uri, "Letterboxes", "Who still has one?")
    await here.bob.sees(page, content="Who still has one")

    assert [sent.inbox for sent in world.piefed.server.sent if page in str(sent.activity)] == [inbox]


async def test_edits_deletions_and_votes_go_both_ways(world: World) -> None:
    here = await ours(world, "changes")
    page = await here.petra.post(here.uri, "Crust", "Hard or soft?")
    await here.bob.sees(page)
    answer = await here.bob.write("Hard.", answering=page)
    await there(world, answer)

    await here.petra.edit(page, "Hard or soft, and how?")
    await here.bob.edit(answer, "Hard, with steam.")
    await here.petra.vote(answer, -1)
    await there(world, answer, text="with steam", edits=1)
    for member in (here.alice, here.bob):
        await member.sees(page, content="and how")
        await member.sees(answer, content="with steam")
    await here.petra.vote(answer, 1)
    await here.alice.sees(answer, favourites_count=1)
    await here.petra.vote(answer, 0)
    await here.alice.sees(answer, favourites_count=0)

    await here.bob.delete(answer)
    await here.petra.delete(page)
    await there(world, answer, deleted=True)
    for member in (here.alice, here.bob):
        await member.misses(page)
        await member.misses(answer)


async def test_piefed_gets_activities_only_and_passes_over_none_but_those_of_its_own(world: World) -> None:
    here = await ours(world, "forms")
    thread = await here.alice.write("Spelt\n\nOld or new sorts? @forms")
    await there(world, thread)
    answer = await here.petra.comment(thread, "Old ones.")
    await here.alice.sees(answer)
    await here.alice.act("favourite", answer)
    await here.alice.edit(thread, "Spelt\n\nOld or new sorts, then? @forms")
    await here.alice.delete(thread)
    await there(world, thread, deleted=True)
    await world.around.quiet()

    received = [
        r for r in world.piefed.server.received if r.activity["actor"] == here.uri and r.activity["type"] == "Announce"
    ]
    told = [(r.activity["object"]["type"], r.outcome) for r in received if isinstance(r.activity["object"], dict)]
    assert len(told) == len(received)
    own = "Activity about local content which is already present"
    assert told == [
        ("Create", "taken"), ("Create", own), ("Like", "taken"), ("Update", "taken"), ("Delete", "taken"),
    ]  # fmt: skip


async def test_our_members_take_part_in_a_community_of_piefed(world: World) -> None:
    here = await theirs(world, "warp")

    page = await here.petra.post(here.uri, "Warp drives", "Which one is quiet?")
    await here.bob.sees(page, content="Which one is quiet")
    thread = await here.alice.write("Impulse drives\n\nSlow but sure. @warp@piefed.test")
    await there(world, thread, title="Impulse drives", community=here.uri)
    answer = await here.bob.write("None of them.", answering=page)
    comment = await here.petra.comment(await _there(world, answer), "A pity.")
    await here.alice.act("favourite", page)
    await here.bob.sees(thread)

    await there(world, page, votes={here.alice.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=1, replies_count=1)
        await member.sees(comment)
        assert await member.thread(page) == [answer, comment]


async def test_votes_that_piefed_announces_together_are_all_counted(world: World) -> None:
    here = await theirs(world, "batches")
    page = await here.petra.post(here.uri, "Batches", "Several at once")
    await here.bob.sees(page)
    voters = [User(world.piefed, f"voter{number}") for number in range(3)]
    likes = [
        {
            "id": world.piefed.activity_id("like"),
            "type": "Like",
            "actor": voter.uri,
            "object": page,
            "audience": here.uri,
        }
        for voter in voters
    ]
    community = world.piefed.communities[here.uri]

    await world.piefed.announce_to(community, world.piefed.inboxes_of(community), [bare(like) for like in likes])

    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=3)


async def test_what_piefeds_moderators_take_out_and_put_back_is_so_for_our_members(world: World) -> None:
    here = await theirs(world, "brig")
    spam = await here.bob.write("Watches\n\nVery cheap. @brig@piefed.test")
    await there(world, spam)
    await here.alice.sees(spam)
    (group,) = await here.alice.call("GET", "/api/v1/lists")

    async def listed() -> list[str]:
        return [post["uri"] for post in await here.alice.call("GET", f"/api/v1/timelines/list/{group['id']}")]

    async def shows(wanted: list[str]) -> None:
        async def so() -> bool:
            return await listed() == wanted

        await eventually(so, f"alice sees {wanted}")

    await shows([spam])
    await here.petra.remove(spam, "rule 1")
    await shows([])
    await here.petra.restore(spam)
    await shows([spam])

    assert await here.bob.find(spam) is not None


async def test_nobody_answers_in_a_thread_that_piefeds_moderators_have_locked(world: World) -> None:
    here = await theirs(world, "locks")
    page = await here.petra.post(here.uri, "Locks", "Open or closed?")
    number = await here.alice.here(page)

    async def answered(status: int) -> None:
        async def so() -> bool:
            got, _ = await here.alice.attempt("POST", "/api/v1/statuses", status="Open.", in_reply_to_id=number)
            return got == status

        await eventually(so, f"an answer is met with {status}")

    await here.petra.lock(page)
    await answered(403)
    await here.petra.unlock(page)
    await answered(200)


async def test_a_group_that_somebody_else_announces_for_changes_nothing(world: World) -> None:
    here = await theirs(world, "true")
    other = await theirs(world, "false")
    page = await here.petra.post(here.uri, "Mine", "Of this community")
    await here.bob.sees(page)
    like = {
        "id": world.piefed.activity_id("like"), "type": "Like", "actor": here.petra.uri, "object": page, "to": [PUBLIC],
    }  # fmt: skip
    liar = world.piefed.communities[other.uri]

    await world.piefed.announce_to(liar, world.piefed.inboxes_of(liar), like)
    await world.around.quiet()

    await here.bob.sees(page, favourites_count=0)


async def _there(world: World, uri: str) -> str:
    await there(world, uri)
    return uri
