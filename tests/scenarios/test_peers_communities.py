"""Two fedcomm servers and one of a program with communities: its people in our groups, our members in its own."""

from collections.abc import Callable

import msgspec
import pytest

from tests.peers.discourse import Discourse
from tests.peers.forum import Dialect, Forum
from tests.peers.friendica import Friendica
from tests.peers.lemmy import Lemmy
from tests.peers.mbin import Mbin
from tests.peers.server import PUBLIC, ids
from tests.peers.users import User
from tests.scenarios.forums import Group, World, answers_with, arrived, listed, ours, theirs, there, until_listed
from tests.scenarios.neighbours import eventually
from tests.scenarios.stories import Street, nothing_twice

pytestmark = pytest.mark.anyio


class Habits(msgspec.Struct, frozen=True):
    """What a program does and does not do, as far as a story sees it."""

    dialect: Callable[[], Dialect]
    status: int = 200  # by which it takes activities
    locks: bool = True  # its moderators close threads
    polls: bool = True  # takes polls, as they are or as texts
    begins: bool = True  # its people begin threads in groups elsewhere
    votes: bool = True  # passes on the votes of others
    changes: bool = True  # passes on what others edit and delete
    shared: bool = True  # all its actors have one inbox for what is for everybody


PROGRAMS = {
    "lemmy1": Habits(lambda: Lemmy("1.0.0-beta.1")),
    "mbin": Habits(Mbin),
    "friendica": Habits(Friendica, 202, locks=False, votes=False, changes=False),
    "discourse": Habits(Discourse, 202, locks=False, polls=False, begins=False, votes=False, shared=False),
}


async def moved_in(street: Street, program: str) -> World:
    host = f"{program}.test"
    known = next((server for server in street.around.servers if server.host == host), None)
    if known is None:
        server = await street.around.server(host, taken=PROGRAMS[program].status)
        return World(street.around, street.a, street.b, Forum(server, PROGRAMS[program].dialect()), street.clock)
    assert isinstance(known.program, Forum)
    return World(street.around, street.a, street.b, known.program, street.clock)


async def in_our_group(world: World, name: str) -> Group:
    """As `ours`; on a Discourse it is a category that follows the group."""
    if not isinstance(world.forum.dialect, Discourse):
        return await ours(world, name)
    alice, bob = await world.a.member(f"alice_{name}"), await world.b.member(f"bob_{name}")
    handle = await world.a.group(name, alice)
    await bob.follow(handle)
    flora = User(world.forum, f"flora_{name}")
    category = world.forum.community(f"category_{name}", "Bread", flora.uri)
    group = await world.forum.dialect.follow(world.forum, category, handle)
    await eventually(lambda: category.uri in world.forum.joined.get(group, ()), "the category follows the group")
    await world.around.quiet()
    return Group(group, handle, alice, bob, flora)


@pytest.mark.shows(
    "lemmy1",
    "mbin",
    "friendica",
    "discourse",
    theirs="join answer vote edit delete",
    ours="post answer vote edit delete",
)
@pytest.mark.shows("lemmy1", "mbin", "friendica", theirs="post")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_people_of_a_program_take_part_in_our_group(street: Street, program: str) -> None:
    world, habits = await moved_in(street, program), PROGRAMS[program]
    here = await in_our_group(world, f"rye_{program}")

    thread = await here.alice.write(f"Which rye flour?\n\nThe coarse one never rises. @{here.handle}")
    await there(world, thread, title="Which rye flour?", text="never rises", community=here.uri)
    answer = await here.flora.comment(thread, "Half of it wheat.")
    for member in (here.alice, here.bob):
        await member.sees(answer, content="Half of it wheat")
        await member.reads(thread, [answer])
    reply = await here.bob.write("Or a longer rest.", answering=answer)
    await there(world, reply, parent=answer)
    more = await here.alice.write("Overnight.", answering=reply)  # to nobody of the program, as what follows
    last = await here.bob.write("In the cold?", answering=await arrived(here.bob, more))
    await there(world, last, parent=await there(world, more, parent=reply))
    await here.flora.vote(thread, 1)
    await here.bob.act("favourite", answer)
    await here.alice.sees(thread, favourites_count=1)
    await there(world, answer, votes={here.bob.uri: 1})
    await here.alice.sees(answer, favourites_count=1)
    await here.flora.edit(answer, "A third of it wheat.")
    await here.alice.edit(thread, f"Which rye flour?\n\nThe fine one never rises. @{here.handle}")
    await here.alice.edit(more, "Overnight, or two nights.")
    await there(world, thread, text="fine one", edits=1)
    await there(world, more, text="two nights", edits=1)
    for member in (here.alice, here.bob):
        await member.sees(answer, content="A third of it")
    if habits.begins:
        page = await here.flora.post(here.uri, "Sourdough in winter", "Where do you keep it warm?")
        for member in (here.alice, here.bob):
            await member.sees(page, content="Where do you keep it warm")

        async def in_the_group() -> bool:  # it is here a moment before the group has said that it is in it
            return page in await listed(here.bob)

        await eventually(in_the_group, "bob sees the page in the group")
    if habits.polls:
        poll = await here.bob.ask(f"When do we bake?\n\nOne of these days. @{here.handle}", "Saturday", "<Sunday>")
        await there(world, poll, title="When do we bake?", text="One of these days", community=here.uri)
        listed_there = "<li>Saturday</li><li>&lt;Sunday&gt;</li>" in world.forum.posts[poll].text
        assert listed_there == isinstance(world.forum.dialect, Lemmy)
    await here.flora.vote(thread, 0)
    await here.alice.sees(thread, favourites_count=0)
    await here.flora.delete(answer)
    for member in (here.alice, here.bob):
        await member.misses(answer)
    await here.alice.delete(more)
    await here.alice.delete(thread)
    for uri in (more, thread):
        await there(world, uri, deleted=True)
    await world.around.quiet()

    nothing_twice(world.forum.server, shared=habits.shared)


@pytest.mark.shows("lemmy1", "mbin", "friendica", "discourse", theirs="post", ours="join answer")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_our_members_take_part_in_a_community_of_a_program(street: Street, program: str) -> None:
    world, habits = await moved_in(street, program), PROGRAMS[program]
    here = await theirs(world, f"warp_{program}")

    page = await here.flora.post(here.uri, "Warp drives", "Which one is quiet?")
    comment = await here.flora.comment(page, "None that I know.")
    for member in (here.alice, here.bob):
        post = await member.sees(page, content="Which one is quiet")
        assert post["spoiler_text"] == "" and "Warp drives" in post["content"]
        await member.sees(comment)
        await member.reads(page, [comment])
        await until_listed(member, [page])
    answer = await here.bob.write("Mine is.", answering=page)
    await there(world, answer, parent=page, community=here.uri)
    await here.alice.sees(answer)
    if habits.polls:
        poll = await here.alice.ask(f"Which one?\n\nOnly one. @{here.handle}", "Warp", "Impulse")
        await there(world, poll, title="Which one?", community=here.uri)
        await here.bob.sees(poll)
    thread = await here.alice.write(f"Impulse drives\n\nSlow but sure. @{here.handle}")
    await there(world, thread, title="Impulse drives", text="Slow but sure", community=here.uri)
    await here.bob.sees(thread)
    await here.flora.vote(page, 1)
    await here.alice.act("favourite", page)
    await there(world, page, votes={here.flora.uri: 1, here.alice.uri: 1})
    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=2 if habits.votes or member is here.alice else 1)
    await here.alice.act("unfavourite", page)
    await there(world, page, votes={here.flora.uri: 1})
    await here.flora.vote(page, 0)
    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=0)
    await here.flora.edit(page, "Which one is silent?")
    await here.bob.edit(answer, "Mine is, mostly.")
    await there(world, answer, text="mostly")
    if habits.changes:
        await here.alice.sees(answer, content="mostly")
    for member in (here.alice, here.bob):
        await member.sees(page, content="silent")
    await here.bob.delete(answer)
    await there(world, answer, deleted=True)
    if habits.changes:
        await here.alice.misses(answer)
    if habits.locks:
        await here.flora.lock(page)
        for member in (here.alice, here.bob):
            await answers_with(member, page, 403)
    await here.flora.delete(comment)
    for member in (here.alice, here.bob):
        await member.misses(comment)
    await world.around.quiet()

    nothing_twice(world.forum.server, shared=habits.shared)


async def test_what_somebody_of_friendica_shares_into_a_second_group_is_theirs_or_a_boost(street: Street) -> None:
    """A share with words is a post with `quoteUrl`, one without is a boost by that person; a forum makes none of it."""
    world = await moved_in(street, "friendica")
    here, dialect = await ours(world, "barley"), world.forum.dialect
    assert isinstance(dialect, Friendica)
    second = await world.a.group("oats", here.alice)
    oats = await here.flora.join(second)
    await eventually(lambda: here.flora.uri in world.forum.joined.get(oats, ()), "flora is in both groups")
    thread = await here.alice.write(f"Flour\n\nWhich mill? @{here.handle}")
    await there(world, thread, community=here.uri)
    await here.alice.write(f"Do you know, @{second}?", answering=thread)  # which shows the thread from now on

    def boosted(group: str) -> int:
        told = [each.activity for each in world.forum.server.received if each.activity["actor"] == group]
        return sum(each["type"] == "Announce" and thread in ids(each["object"]) for each in told)

    await eventually(lambda: boosted(oats) == 1, "the second group has boosted the thread")
    dialect.quotes["<p>Look here.</p>"] = thread
    quote = await here.flora.post(oats, "", "Look here.")
    shown = await here.alice.sees(quote, content="Look here.")
    assert f'href="{thread}"' in shown["content"] and shown["in_reply_to_id"] is None
    await here.alice.reads(quote, [])
    assert quote not in await listed(here.bob)  # who is in the first group alone

    share = {"id": world.forum.activity_id("announce"), "type": "Announce", "actor": here.flora.uri, "object": thread}
    share |= {"to": [PUBLIC], "cc": [f"{here.flora.uri}/followers", here.alice.uri]}
    before = (await here.alice.sees(thread))["reblogs_count"]
    await world.forum.send(here.alice.uri, share)
    await here.alice.sees(thread, reblogs_count=before + 1)
    await world.around.quiet()
    assert world.forum.posts[thread].community == here.uri, "one post, of the group in which it began"


async def test_a_community_that_lets_people_in_does_so_when_somebody_says_it(street: Street) -> None:
    world = await moved_in(street, "lemmy1")
    flora = User(world.forum, "flora_closed")
    made = world.forum.community("closed", "Closed", flora.uri)
    made.asks = True
    alice = await world.a.member("alice_closed")
    await world.a.command("follow", account=alice.name, whom="closed@lemmy1.test")
    await eventually(lambda: alice.uri in made.waiting, "alice has asked")

    await world.forum.let_in(made, alice.uri)

    page = await flora.post(made.uri, "Keys", "Who has the second one?")
    await arrived(alice, page)
    await alice.follow("closed@lemmy1.test")


async def test_a_member_here_moderates_a_magazine_of_mbin_as_far_as_mbin_takes_it(street: Street) -> None:
    """Mbin 1.10.1 takes what moderators elsewhere do, but for what takes a deletion back."""
    world = await moved_in(street, "mbin")
    here = await theirs(world, "tools_mbin")
    made, where = world.forum.communities[here.uri], f"/c/{here.handle}/moderate"
    page = await here.flora.post(here.uri, "Saws", "Which one is sharp?")
    number = await here.alice.here(page)
    made.moderators.append(here.alice.uri)
    added = {"id": world.forum.activity_id("add"), "type": "Add", "actor": here.flora.uri, "object": here.alice.uri,
             "target": f"{here.uri}/moderators", "to": [PUBLIC], "cc": [here.uri]}  # fmt: skip
    for inbox in world.forum.inboxes_of(made):
        await world.forum.server.deliver(here.flora.uri, inbox, added)
    await world.around.quiet()

    async with world.a.browser(here.alice) as browser:
        secret = (await browser.get(where)).all("input", name="csrf")[0]["value"]

        async def does(path: str, act: str, status: int = 303, **more: str) -> None:
            answer = await browser.post(path, {"csrf": secret, "act": act} | more)
            assert answer.status == status, f"{act}: {answer.status} {answer.problem}"
            await world.around.quiet()

        thread = f"/moderate/{number}"
        await does(thread, "lock")
        await there(world, page, locked=True)
        await does(thread, "unlock")
        await there(world, page, locked=False)
        await does(thread, "pin")
        assert world.forum.featured(here.uri) == [page]
        await does(thread, "unpin")
        assert world.forum.featured(here.uri) == []
        await does(where, "ban", who=f"@{here.bob.name}@{world.b.host}", reason="spam", days="0")
        assert made.banned == {here.bob.uri}
        bob = await here.alice.call("GET", f"/api/v1/accounts/lookup?acct={here.bob.name}@{world.b.host}")
        await does(where, "unban", id=bob["id"])
        assert made.banned == set()
        await does(where, "appoint", who=f"@{here.bob.name}@{world.b.host}")
        assert here.bob.uri in made.moderators
        await does(where, "ban", who=f"@{here.bob.name}@{world.b.host}", days="0")
        assert here.bob.uri not in made.moderators and made.banned == {here.bob.uri}
        said = [
            each.activity["type"] for each in world.forum.server.received if each.activity["actor"] == here.alice.uri
        ]
        assert said[-2:] == ["Remove", "Block"]  # Mbin bans nobody who moderates
        await does(where, "ban", 403, who=f"@{here.flora.uri.rsplit('/', 1)[-1]}@{world.host}", remove="true")
        await does(thread, "remove", reason="off topic")
        await there(world, page, removed="off topic")
        await does(where, "restore", 403, who=page)  # Mbin takes no deletion back
        await does(f"/c/{here.handle}/profile", "", 403, title="Other tools")
        assert "Put back" not in (await browser.get(where)).source
    await here.alice.misses(page)
