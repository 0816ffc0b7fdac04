"""A fedcomm server whose members are in a category of a NodeBB-like one, with all its habits."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.peers.nodebb import NodeBB
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually
from tests.scenarios.stories import nothing_twice

pytestmark = pytest.mark.anyio


async def until_in_lists(member: Member, uri: str, wanted: set[str]) -> None:
    """Until the groups of these titles, of all that a member is in, list a thread, each once."""

    async def so() -> bool:
        found = []
        for group in await member.call("GET", "/api/v1/lists"):
            shown = await member.call("GET", f"/api/v1/timelines/list/{group['id']}")
            found += [group["title"] for post in shown if uri in (post["uri"], (post["reblog"] or {}).get("uri"))]
        return sorted(found) == sorted(wanted)

    await eventually(so, f"{uri} stands in {wanted}")


class World(msgspec.Struct):
    """The two servers, and members of ours in the category."""

    around: Neighbourhood
    a: Home
    nodebb: NodeBB
    alice: Member
    clock: Path  # holds the seconds by which our server's clock is ahead


@pytest.fixture
async def world(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[World]:
    """alice is in the category."""
    folder = tmp_path_factory.mktemp("nodebb")
    async with Neighbourhood(folder, "a.test", "nodebb.test") as around:
        clock = folder / "clock"
        clock.write_text("0")
        a = await around.home("a.test", TEST_CLOCK=str(clock))
        nodebb = NodeBB(await around.server("nodebb.test", taken=202), "general")
        alice = await a.member("alice")
        await alice.follow("general@nodebb.test")
        await around.quiet()
        yield World(around, a, nodebb, alice, clock)


async def test_a_topic_that_is_told_twice_is_one_thread(world: World) -> None:
    topic = await world.nodebb.topic("Hall rules", "Sweep before you leave.")
    reply = await world.nodebb.reply(topic, "And switch off the light.")
    await world.nodebb.like(topic)
    await world.alice.sees(reply)

    found = await world.alice.sees(topic, content="Sweep before", favourites_count=1, replies_count=1)
    assert found["content"].count("Hall rules") == 1
    (group,) = await world.alice.call("GET", "/api/v1/lists")
    shown = await world.alice.call("GET", f"/api/v1/timelines/list/{group['id']}")
    assert [post["uri"] for post in shown] == [topic]
    assert {sent.status for sent in world.nodebb.server.sent} == {202}


async def test_a_topic_that_is_taken_out_is_gone(world: World) -> None:
    topic = await world.nodebb.topic("Hall rules", "Sweep before you leave.")
    await world.alice.sees(topic)

    await world.nodebb.take_out(topic)

    await world.alice.misses(topic)
    assert {sent.status for sent in world.nodebb.server.sent} == {202}


@pytest.mark.shows("nodebb", ours="join post answer vote edit delete")
async def test_our_members_topics_and_answers_are_taken_and_passed_on_once(world: World) -> None:
    topic = await world.nodebb.topic("Hall rules", "Sweep before you leave.")
    await world.alice.sees(topic)

    answer = await world.alice.write("With which broom?", answering=topic)
    thread = await world.alice.write("Keys\n\nWho has the second one? @general@nodebb.test")
    await eventually(lambda: {answer, thread} <= world.nodebb.posts.keys(), "both are there")
    await world.around.quiet()

    assert world.nodebb.posts[answer]["inReplyTo"] == topic
    assert world.nodebb.posts[thread]["name"] == "Keys"
    await world.alice.sees(topic, replies_count=1)
    await world.nodebb.edit(topic, "Sweep and air before you leave.")
    await world.alice.sees(topic, content="air before")
    await world.alice.act("favourite", topic)
    await eventually(lambda: world.nodebb.likes.get(topic) == {world.alice.uri}, "the vote is there")
    await world.alice.act("unfavourite", topic)
    await eventually(lambda: not world.nodebb.likes[topic], "the vote is taken back")
    await world.alice.edit(answer, "With which of the brooms?")
    await eventually(lambda: "of the brooms" in world.nodebb.posts[answer]["content"], "the edit is there")
    await world.alice.delete(answer)
    await eventually(lambda: answer not in world.nodebb.posts, "the answer is gone")
    outcomes = {r.outcome for r in world.nodebb.server.received if r.activity["type"] == "Create"}
    assert outcomes == {"taken"}
    nothing_twice(world.nodebb.server)


async def test_what_it_rejects_is_not_sent_again_and_does_not_hold_up_what_follows(world: World) -> None:
    world.nodebb.stumbles_over.add("Like")
    topic = await world.nodebb.topic("Hall rules", "Sweep before you leave.")
    await world.alice.sees(topic)

    await world.alice.act("favourite", topic)
    answer = await world.alice.write("With which broom?", answering=topic)
    await eventually(lambda: answer in world.nodebb.posts, "the answer is there")  # without a pause after the failure
    world.clock.write_text("1800")
    last = await world.alice.write("Never mind, found one.", answering=answer)
    await eventually(lambda: last in world.nodebb.posts, "the last answer is there")
    await world.around.quiet()

    likes = [r.activity["id"] for r in world.nodebb.server.received if r.activity["type"] == "Like"]
    rejected = [s.activity["object"]["id"] for s in world.nodebb.server.sent if s.activity["type"] == "Reject"]
    assert likes == rejected
    assert len(likes) == 1


async def test_a_thread_in_several_groups_is_one_topic_there_and_one_thread_here(world: World) -> None:
    nodebb, alice = world.nodebb, world.alice
    for name in ("rye", "spelt"):
        await world.a.group(name, alice)
    rye = await nodebb.join("rye@a.test")
    await eventually(lambda: rye in nodebb.joined, "its user is in the group")
    await world.around.quiet()

    thread = await alice.write("Flour\n\nWhich one? @spelt@a.test")
    asked = await alice.write("What do you say, @rye@a.test?", answering=thread)
    await eventually(lambda: {thread, asked} <= nodebb.posts.keys(), "the thread is there, with what was answered")
    assert nodebb.posts[thread]["audience"] == rye.replace("rye", "spelt"), "the category under which it stands there"
    reply = await nodebb.write(rye, "Half of it wheat.", answering=thread)
    await alice.sees(reply, content="Half of it")
    await world.around.quiet()
    nothing_twice(nodebb.server)

    await nodebb.crosspost(thread)
    await until_in_lists(alice, thread, {"General", "Rye", "Spelt"})
    topic = await nodebb.topic("Hall rules", "Sweep before you leave.")
    await until_in_lists(alice, topic, {"General"})
    kitchen = nodebb.second("kitchen")
    await nodebb.move(topic, nodebb.category, kitchen)
    await until_in_lists(alice, topic, set())  # it is still one thread, which answers reach
    answer = await alice.write("With which broom?", answering=topic)
    await eventually(lambda: answer in nodebb.posts, "the answer is there")
    await alice.follow("kitchen@nodebb.test")
    await until_in_lists(alice, topic, {"Kitchen"})
    await nodebb.move(topic, kitchen, nodebb.category)
    await until_in_lists(alice, topic, {"General"})
    await alice.reads(topic, [answer])
    await nodebb.take_away(topic, nodebb.category)
    await until_in_lists(alice, topic, set())
    assert (await alice.find(topic))["uri"] == topic


@pytest.mark.shows("nodebb", theirs="join post answer vote edit delete")
async def test_its_people_take_part_in_our_group(world: World) -> None:
    nodebb, alice = world.nodebb, world.alice
    handle = await world.a.group("rye", alice)
    group = await nodebb.join(handle)
    await eventually(lambda: group in nodebb.joined, "its user is in the group")
    await world.around.quiet()

    thread = await alice.write(f"Flour\n\nWhich one? @{handle}")
    await eventually(lambda: thread in nodebb.posts, "the thread is there")
    reply = await nodebb.write(group, "Half of it wheat.", answering=thread)
    topic = await nodebb.write(group, "Stone or steel?", title="Ovens")
    await alice.sees(reply, content="Half of it")
    await alice.sees(topic, content="Ovens")
    answer = await alice.write("Stone.", answering=topic)
    await eventually(lambda: answer in nodebb.posts, "the answer is there")
    vote = await nodebb.vote(thread)
    await alice.sees(thread, favourites_count=1)
    await nodebb.unvote(thread, vote)
    await alice.act("favourite", reply)
    await eventually(lambda: nodebb.likes.get(reply) == {alice.uri}, "the vote is there")
    await alice.sees(thread, favourites_count=0)

    await nodebb.change(group, reply, "A third of it wheat.")
    await alice.sees(reply, content="A third")
    await alice.edit(answer, "Stone, and thick.")
    await eventually(lambda: "and thick" in nodebb.posts[answer]["content"], "the edit is there")
    await nodebb.erase(group, reply)
    await alice.misses(reply)
    await alice.delete(answer)
    await eventually(lambda: answer not in nodebb.posts, "the answer is gone there")
    await world.around.quiet()

    nothing_twice(nodebb.server)
