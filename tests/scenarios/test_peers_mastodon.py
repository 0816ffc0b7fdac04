"""Two fedcomm servers and a Mastodon-like one, each a server of its own, over https: what each sees of the others."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.databases import Databases
from tests.peers.mastodon import Mastodon, Person
from tests.scenarios.neighbours import Home, Neighbourhood, eventually

pytestmark = pytest.mark.anyio


class World(msgspec.Struct):
    """The servers of this file."""

    around: Neighbourhood
    a: Home
    b: Home
    mastodon: Mastodon

    def mona(self, name: str) -> Person:
        return self.mastodon.person(name)


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, anyio_backend: str
) -> AsyncIterator[World]:
    """One of the fedcomm servers on SQLite, the other on PostgreSQL; the Mastodon tells strangers nothing."""
    around = Neighbourhood(tmp_path_factory.mktemp("mastodon"), "a.test", "b.test", "mastodon.test")
    a = await around.home("a.test")
    b = await around.home("b.test", DATABASE_URL=await databases.new("postgres"))
    yield World(around, a, b, Mastodon(await around.server("mastodon.test", secure=True)))
    await around.close()


async def test_posts_answers_likes_edits_and_deletions_of_people_go_both_ways(world: World) -> None:
    alice, mona = await world.a.member("alice"), world.mona("mona")
    await alice.follow(mona.handle)
    await mona.follow("alice@a.test")
    await eventually(lambda: (mona.uri, alice.uri) in world.mastodon.following, "mona follows alice")

    hello = await alice.write("Hello from here")
    await eventually(lambda: hello in world.mastodon.statuses, "the post is there")
    answer = await mona.post("Hello back", answering=hello)
    like = await mona.like(hello)
    await alice.sees(hello, replies_count=1, favourites_count=1)
    await alice.act("favourite", answer)
    await alice.edit(hello, "Hello from over here")

    await eventually(lambda: world.mastodon.statuses[answer].likes == {alice.uri}, "the like is there")
    await eventually(lambda: world.mastodon.statuses[hello].edits == 1, "the edit is there")
    assert "from over here" in world.mastodon.statuses[hello].content

    await mona.edit(answer, "Hello back, alice")
    await mona.unlike(hello, like)
    await alice.act("unfavourite", answer)
    await alice.sees(answer, content="Hello back, alice")
    await alice.sees(hello, favourites_count=0)
    await eventually(lambda: world.mastodon.statuses[answer].likes == set(), "the like is taken back")

    await mona.delete(answer)
    await alice.misses(answer)
    await alice.delete(hello)
    await eventually(lambda: hello not in world.mastodon.statuses, "the post is gone")
