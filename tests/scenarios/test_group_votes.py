"""Votes and echoes: one voice for each person, and nothing goes round in circles."""

import pytest

from storage.actors import Actor
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance
from tests.forger import PUBLIC, Host, Json

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test` with a thread by ann, and a server that votes."""

    def __init__(self, fediverse: Fediverse, a: Instance, bread: Actor, post: Post) -> None:
        self.fediverse, self.a, self.bread, self.post = fediverse, a, bread, post
        self.host = Host(fediverse, "e.test")

    async def votes(self) -> tuple[int, int]:
        """Likes and dislikes."""
        found = await self.a.knows(self.post.uri)
        return found.likes_count, found.dislikes_count


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everything in its place."""
    a = await fediverse.instance("a.test")
    ann = await a.person("ann")
    bread = await a.group("bread", moderator=ann)
    post = await ann.post("Rye @bread@a.test")
    await fediverse.settle()
    return World(fediverse, a, bread, post)


@pytest.mark.attack("GRP-11")
async def test_one_person_has_one_vote_the_last_one(world: World) -> None:
    eve, mal = world.host.actor("eve"), world.host.actor("mal")
    uri = world.post.uri
    first, second = eve.does("Like", uri), eve.does("Like", uri)
    down = eve.does("Dislike", uri)
    counts = []

    for activity, by in (
        (first, eve),
        (second, eve),
        (down, eve),
        (mal.does("Undo", down), mal),
        (eve.does("Undo", first), eve),
        (eve.does("EmojiReact", uri, content="🍞"), eve),
    ):
        await forger.send(world.fediverse, world.a, by, activity)
        counts.append(await world.votes())

    assert counts == [(1, 0), (1, 0), (0, 1), (0, 1), (0, 1), (1, 0)]


@pytest.mark.attack("GRP-11")
@pytest.mark.attack("GRP-13")
async def test_a_server_with_many_new_people_has_not_many_votes(world: World) -> None:
    for number in range(36):
        voter = world.host.actor(f"v{number}")
        await forger.post(world.a, voter.does("Like", world.post.uri), voter)
    await world.fediverse.settle()

    assert await world.votes() == (30, 0)


@pytest.mark.attack("GRP-11")
async def test_what_a_post_says_of_its_own_votes_counts_nothing(world: World) -> None:
    eve = world.host.actor("eve")
    many = {"type": "Collection", "totalItems": 9_999}
    note = eve.note("1", to=[world.bread.uri, PUBLIC], likes=many, shares=many, replies={**many, "id": f"{eve.uri}/r"})
    world.host.serve(note["id"], note)

    await forger.send(world.fediverse, world.a, eve, eve.does("Create", note))

    found = await world.a.knows(note["id"])
    assert (found.likes_count, found.boosts_count, found.replies_count) == (0, 1, 0)  # the boost is the group's


@pytest.mark.attack("GRP-04")
@pytest.mark.attack("GRP-12")
async def test_what_a_group_elsewhere_makes_of_our_announcements_is_not_announced_again(world: World) -> None:
    wine = Host(world.fediverse, "g.test").actor("wine", "Group")
    await forger.send(world.fediverse, world.a, wine, wine.does("Follow", world.bread.uri))
    eve = world.host.actor("eve")
    note = eve.note("1", to=[world.bread.uri, PUBLIC])
    world.host.serve(note["id"], note)
    await forger.send(world.fediverse, world.a, eve, eve.does("Create", note, to=note["to"]))
    heard: list[Json] = [each for each in wine.host.received if each["type"] == "Announce"]
    assert heard

    altered = {**note, "content": "<p>Buy watches</p>"}
    echoes = [
        *(wine.does("Announce", each) for each in heard),
        *(wine.does("Announce", each["object"]) for each in heard),
        wine.does("Announce", note["id"]),
        wine.does("Announce", world.post.uri),
        wine.does("Announce", eve.does("Create", altered)),
        wine.does("Announce", eve.does("Update", altered)),
    ]
    await forger.send(world.fediverse, world.a, wine, *echoes)

    again = [each for each in wine.host.received if each["type"] == "Announce"]
    assert [each["id"] for each in again] == [each["id"] for each in heard]
    assert "watches" not in (await world.a.knows(note["id"])).content
