"""A channel of PeerTube, a blog of WordPress and a group of Mobilizon, each followed by members of two of our servers.

What they publish is a thread that can be read, and what our members say about it reaches them.
"""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.databases import Databases
from tests.peers.publishers import Mobilizon, PeerTube, Publisher, WordPress
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually

pytestmark = pytest.mark.anyio

PROGRAMS = {"peertube.test": PeerTube, "wordpress.test": WordPress, "mobilizon.test": Mobilizon}


class World(msgspec.Struct):
    """The servers of this file, and a member of each of ours who follows all channels."""

    around: Neighbourhood
    a: Home
    programs: dict[str, Publisher]
    alice: Member
    bob: Member


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[World]:
    """One of our servers is on SQLite, the other on PostgreSQL."""
    folder = tmp_path_factory.mktemp("publishers")
    async with Neighbourhood(folder, "a.test", "b.test", *PROGRAMS) as around:
        a, b = await around.home("a.test"), await around.home("b.test", DATABASE_URL=await databases.new("postgres"))
        programs = {host: made(await around.server(host)) for host, made in PROGRAMS.items()}
        alice, bob = await a.member("alice"), await b.member("bob")
        for program in programs.values():
            await alice.follow(program.handle)
            await bob.follow(program.handle)
        await around.quiet()
        yield World(around, a, programs, alice, bob)


@pytest.mark.parametrize("host", PROGRAMS)
async def test_what_is_published_is_a_thread_that_is_read_answered_changed_and_taken_away(
    world: World, host: str
) -> None:
    program = world.programs[host]
    uri = await program.publish("Rye", "How we sow it.")

    for member in (world.alice, world.bob):
        seen = await member.sees(uri, content="How we sow it.")
        assert "Rye" in seen["content"]
        await _until_listed(member, program, uri)
    answer = await world.alice.write("How deep?", answering=uri)
    await eventually(lambda: answer in program.comments, "the answer is there")
    back = await program.answer(answer, "Two fingers.")
    aside = await program.answer(uri, "Ask us anything.")
    await world.alice.sees(back, content="Two fingers.")
    await world.bob.sees(aside)
    assert set(await world.alice.thread(uri)) == {answer, back, aside}
    assert aside in await world.bob.thread(uri)

    await program.edit(uri, "Rye", "How we sow it, and when.")  # type: ignore[attr-defined]
    for member in (world.alice, world.bob):
        await member.sees(uri, content="and when")
    await world.alice.act("favourite", uri)
    await eventually(lambda: program.likes.get(uri) == {world.alice.uri}, "the like is there")
    await world.alice.act("unfavourite", uri)
    await eventually(lambda: program.likes.get(uri) == set(), "the like is taken back")
    await world.alice.edit(answer, "How deep, and how far apart?")
    await eventually(lambda: "far apart" in program.comments[answer].content, "the edit is there")
    await world.alice.delete(answer)
    await eventually(lambda: answer not in program.comments, "the answer is gone")
    if isinstance(program, Mobilizon):
        await program.join(uri)
    await program.delete(uri)  # type: ignore[attr-defined]
    for member in (world.alice, world.bob):
        await member.misses(uri)


async def _until_listed(member: Member, program: Publisher, uri: str) -> None:
    """Until what was published is a thread in the member's list of the group."""
    found = await member.call("GET", f"/api/v1/accounts/lookup?acct={program.handle}")

    async def so() -> bool:
        shown = await member.call("GET", f"/api/v1/timelines/list/{found['id']}")
        return uri in [post["uri"] for post in shown]

    await eventually(so, f"{uri} is in the list of {member.name}")
