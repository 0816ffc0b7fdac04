"""Who looks on is told what is not shown any more, under every id that they may have seen."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from fedcomm import accounts, clock, curation, groups, members
from fedcomm.app import App
from storage import events, live
from storage.actors import Actor
from storage.connect import execute
from storage.ids import next_id
from tests import build
from tests.people import person
from tests.web.live import Place, listening_apart, said, subscribe
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

Told = set[tuple[str, str]]  # stream and id of what is gone


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    """The app as a server; with PostgreSQL what happens happens in another process."""
    async with listening_apart(app) as found:
        yield found


@pytest.fixture
async def herald(app: App, alice: Member, bob: Member) -> Member:
    """Whom alice and bob follow, to hear that everything before was told."""
    found = await Member.of(alice.client, await person(app, "herald"))
    for each in (alice, bob):
        await each.do(f"accounts/{found.id}/follow")
    return found


@pytest.fixture
async def warden(app: App) -> Actor:
    """Who moderates the group."""
    return await person(app, "warden")


@pytest.fixture
async def baking(app: App, warden: Actor, alice: Member, bob: Member) -> Actor:
    """The face of a group with a moderator, that alice and bob are in."""
    await groups.create(app, "baking", "Baking", "", "warden", "open")
    face = (await groups.named("baking"))[1]
    for each in (alice, bob):
        await each.do(f"accounts/{face.id}/follow")
    return face


def look(place: Place, member: Member) -> Any:
    """A socket of somebody at their home."""
    return place.socket(member.headers["authorization"].removeprefix("Bearer "), "?stream=user")


async def own_list(owner: Member, *people: str) -> str:
    """The id of a new list with these in it."""
    made: str = (await owner.do("lists", title="Bakers"))["id"]
    await owner.do(f"lists/{made}/accounts", account_ids=list(people))
    return made


async def told(socket: ClientConnection, herald: Member) -> Told:
    """What is told to be gone until now."""
    last = (await herald.post("That was all"))["id"]
    found: Told = set()
    while True:
        message = await said(socket)
        if message["event"] == "delete":
            what = " ".join(message["stream"]), message["payload"]
            assert what not in found, "it is told twice"
            found.add(what)
        elif message["stream"] == ["user"] and json.loads(message["payload"])["id"] == last:
            return found


async def boost_in(member: Member, post_id: str) -> str:
    """The id under which a post that a group took in is in somebody's home."""
    return str(
        next(each["id"] for each in await member.get("timelines/home") if (each["reblog"] or {})["id"] == post_id)
    )


async def test_what_a_moderator_takes_out_leaves_homes_and_lists(
    place: Place, app: App, alice: Member, bob: Member, herald: Member, baking: Actor, warden: Actor
) -> None:
    await bob.do(f"accounts/{alice.id}/follow")
    mine = await own_list(bob, alice.id, str(baking.id))
    post = (await alice.post("@baking Buy my beans"))["id"]
    boost = await boost_in(bob, post)
    async with look(place, bob) as his, look(place, alice) as hers:
        await subscribe(his, "list", list=str(baking.id))
        await subscribe(his, "list", list=mine)
        await subscribe(his, "public")

        await curation.remove(app, warden, int(post), "spam")
        first = await told(his, herald), await told(hers, herald)
        await curation.remove(app, warden, int(post), "spam")

        streams = ("user", "public", f"list {baking.id}", f"list {mine}")
        assert first[0] == {*((stream, post) for stream in streams), ("user", boost), (f"list {mine}", boost)}
        assert first[1] == {("user", boost)}  # it stays hers
        assert await told(his, herald) == set()


async def test_all_that_a_ban_takes_out_is_told(
    place: Place, app: App, alice: Member, bob: Member, herald: Member, baking: Actor
) -> None:
    begun = [(await alice.post(f"@baking Beans {number}"))["id"] for number in range(2)]
    answer = (await alice.post("More beans", in_reply_to_id=begun[0]))["id"]
    boosts = [await boost_in(bob, each) for each in begun]
    await bob.do(f"accounts/{alice.id}/follow")
    async with look(place, bob) as his:
        await members.ban(app, "baking", "alice", remove=True)

        assert await told(his, herald) == {("user", each) for each in (*begun, answer, *boosts)}


async def test_what_is_deleted_is_told_to_whoever_had_it_passed_on_or_was_named(
    place: Place, app: App, alice: Member, bob: Member, herald: Member
) -> None:
    carol = await Member.of(alice.client, await person(app, "carol"))
    for each in (alice, carol):
        await bob.do(f"accounts/{each.id}/follow")
    mine = await own_list(bob, carol.id)
    posts = [(await alice.post("For all"))["id"], (await alice.post("@bob Look", visibility="private"))["id"]]
    eve = await Member.of(alice.client, await person(app, "eve"))
    posts.append((await alice.post("@bob @eve Between us", visibility="direct"))["id"])
    boost = (await carol.do(f"statuses/{posts[0]}/reblog"))["id"]
    await eve.do(f"accounts/{herald.id}/follow")
    async with look(place, bob) as his, look(place, eve) as hers:
        await subscribe(his, "list", list=mine)

        for each in posts:
            await alice.ask("DELETE", f"statuses/{each}")

        boosts = {("user", boost), (f"list {mine}", boost)}
        assert await told(his, herald) == {*(("user", each) for each in posts), *boosts}
        assert await told(hers, herald) == {("user", posts[2])}


async def test_what_somebody_wrote_who_is_suspended_is_told(
    place: Place, app: App, alice: Member, bob: Member, herald: Member
) -> None:
    await bob.do(f"accounts/{alice.id}/follow")
    mine = await own_list(bob, alice.id)
    await build.post(alice.actor, id=next_id(clock.now_ms() - 15 * 86_400_000))  # which is on nobody's screen
    wishes = ("public", "private", "direct")
    posts = [(await alice.post(f"{each}", visibility=each))["id"] for each in wishes]
    boost = (await alice.do(f"statuses/{(await herald.post('Bread'))['id']}/reblog"))["id"]
    eve = await Member.of(alice.client, await person(app, "eve"))
    await eve.do(f"accounts/{herald.id}/follow")
    async with look(place, bob) as his, look(place, eve) as hers:
        await subscribe(his, "list", list=mine)
        await subscribe(hers, "public")

        await accounts.set_suspended(app, "alice", True)

        shown = (*posts[:2], boost)
        assert await told(his, herald) == {(stream, each) for stream in ("user", f"list {mine}") for each in shown}
        assert posts[1] not in {each for _stream, each in await told(hers, herald)}


async def test_what_a_group_elsewhere_takes_out_is_told(place: Place, app: App, bob: Member, herald: Member) -> None:
    group = await build.group("oats", "far.test")
    far = await build.person("carol", "far.test")
    post = await build.post(far, group=group)
    kept = await build.post(far, group=group)
    boost = await live.boost_of(group.actor_id, post.id)
    await build.join(bob.actor, group)
    async with look(place, bob) as his:
        await subscribe(his, "list", list=str(group.actor_id))

        await execute("UPDATE post SET removed_at = 1 WHERE id = ?", (post.id,))
        for each in (post, kept):
            events.happened("removed", each.id)  # the second act came too late to count

        group_list = f"list {group.actor_id}"
        assert await told(his, herald) == {("user", str(post.id)), ("user", str(boost)), (group_list, str(post.id))}
