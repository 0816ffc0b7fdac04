"""Flairs: the labels of a group for its threads, here and on servers that know such labels."""

from typing import Any

import pytest

from fedcomm import flairs, members
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.flairs import Wanted
from storage import flairs as stored
from storage import groups, rankings
from storage.actors import Actor
from storage.paging import Page
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host

pytestmark = pytest.mark.anyio

BREAD = [Wanted("", "Question", "#ffcc00"), Wanted("", "For sale", "#003366")]


class World:
    """`bread@a.test` with two flairs, its steward ann, its member bo, and a server that follows it."""

    def __init__(self, fediverse: Fediverse, a: Instance, bread: Actor, ann: Person, bo: Person) -> None:
        self.fediverse, self.a, self.bread, self.ann, self.bo = fediverse, a, bread, ann, bo
        self.follower = Host(fediverse, "f.test")
        self.follower.runs("lemmy")
        self.uris = [f"{bread.uri}/tag/question", f"{bread.uri}/tag/forsale"]

    async def labels(self, post: Post | str) -> list[str]:
        """The names of the flairs of a post."""
        found = await self.a.knows(post if isinstance(post, str) else post.uri)
        with self.a.here():
            return [flair.name for flair in (await stored.of_posts([found.id])).get(found.id, [])]

    async def said(self, by: Face, **more: Any) -> str:
        """Somebody elsewhere starts a thread in the group; gives its id."""
        note = by.note(str(len(by.host.received) + len(more)), to=[self.bread.uri, PUBLIC], **more)
        by.host.serve(note["id"], note)
        await forger.send(self.fediverse, self.a, by, by.does("Create", note, to=note["to"]))
        return str(note["id"])


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everything in its place."""
    a = await fediverse.instance("a.test")
    ann, bo = await a.person("ann"), await a.person("bo")
    made = World(fediverse, a, await a.group("bread", moderator=ann), ann, bo)
    reader = made.follower.actor("fo")
    await forger.send(fediverse, a, reader, reader.does("Follow", made.bread.uri))
    with a.here():
        await flairs.change(a.app, "bread", BREAD, ann.actor)
    await fediverse.settle()
    return made


async def test_a_group_tells_its_flairs_in_the_words_of_lemmy_and_of_piefed(world: World) -> None:
    document = await world.a.get("/c/bread")
    updates = [each for each in world.follower.received if each["type"] == "Announce"]

    assert document["tag"] == [
        {"type": "CommunityPostTag", "id": world.uris[0], "preferredUsername": "Question", "textColor": "#000000",
         "backgroundColor": "#ffcc00"},
        {"type": "CommunityPostTag", "id": world.uris[1], "preferredUsername": "For sale", "textColor": "#ffffff",
         "backgroundColor": "#003366"},
    ]  # fmt: skip
    assert document["lemmy:tagsForPosts"][0] == {
        "type": "lemmy:CommunityTag", "id": world.uris[0], "display_name": "Question", "text_color": "#000000",
        "background_color": "#ffcc00",
    }  # fmt: skip
    assert [each["object"]["object"]["tag"] for each in updates] == [document["tag"]]


async def test_a_thread_has_the_flair_that_its_author_chose_or_wrote_as_a_hashtag(world: World) -> None:
    chosen = await world.bo.post("@bread@a.test Which flour?", flair="Question")
    tagged = await world.bo.post("@bread@a.test My old oven #ForSale")
    plain = await world.bo.post("@bread@a.test A fine day #sunny")
    answer = await world.ann.reply(chosen, "Rye #ForSale")
    with pytest.raises(Invalid, match="no such flair"):
        await world.bo.post("@bread@a.test Which flour?", flair="Nonsense")
    await world.fediverse.settle()

    assert [await world.labels(each) for each in (chosen, tagged, plain, answer)] == [
        ["Question"], ["For sale"], [], []
    ]  # fmt: skip
    heard = {
        each["object"]["object"]["id"]: each["object"]["object"].get("tag", [])
        for each in world.follower.received
        if each["type"] == "Announce" and isinstance(each["object"], dict) and each["object"]["type"] == "Create"
    }
    for post, uri in ((chosen, world.uris[0]), (tagged, world.uris[1])):
        told = [each["type"] for each in heard[post.uri] if each.get("id") == uri]
        assert told == ["CommunityPostTag", "lemmy:CommunityTag"]
        served = await world.a.get(post.uri.removeprefix("https://a.test"))
        assert [each["id"] for each in served["tag"] if "id" in each] == [uri, uri]
    await world.bo.edit(chosen, "@bread@a.test Which flour, and how much?")
    assert await world.labels(chosen) == ["Question"]  # an edit that says nothing of it leaves it
    with world.a.here():
        group = await groups.by_actor(world.bread.id)
        assert group
        found = await rankings.of_flair(0, (await stored.of_group(group.id))[0], Page(limit=9))
    assert [entry.post_id for entry in found.entries] == [chosen.id]


async def test_threads_from_elsewhere_have_those_flairs_that_the_group_has(world: World) -> None:
    lem = Host(world.fediverse, "l.test").actor("lem")
    pie = Host(world.fediverse, "p.test").actor("pie")
    mas = Host(world.fediverse, "m.test").actor("mas")
    eve = Host(world.fediverse, "e.test").actor("eve")
    lemmys = {"type": "CommunityPostTag", "id": world.uris[0], "preferredUsername": "Question"}
    piefeds = {"type": "lemmy:CommunityTag", "id": world.uris[1], "display_name": "For sale", "text_color": "red"}
    strange = [{**lemmys, "id": "https://e.test/c/other/tag/x"}, {"type": "CommunityPostTag", "id": 5}, "x"]

    page = await world.said(lem, type="Page", name="Which?", tag=[lemmys])
    other = await world.said(pie, type="Page", name="Oven", tag=[piefeds, {"type": "Mention", "href": mas.uri}])
    note = await world.said(mas, tag=[{"type": "Hashtag", "name": "#question", "href": "https://m.test/t"}])
    forged = await world.said(eve, tag=strange)

    assert [await world.labels(each) for each in (page, other, note, forged)] == [
        ["Question"], ["For sale"], ["Question"], []
    ]  # fmt: skip


@pytest.mark.attack("GRP-06")
async def test_moderators_change_the_flair_of_a_thread_and_nobody_else(world: World) -> None:
    local = await world.bo.post("@bread@a.test Which flour?", flair="Question")
    mas = Host(world.fediverse, "m.test").actor("mas")
    theirs = await world.said(mas)
    await world.fediverse.settle()
    heard = len(world.follower.received)

    with world.a.here():
        app, remote = world.a.app, await world.a.knows(theirs)
        for refused in (
            flairs.give(app, world.bo.actor, local.id, "For sale"),
            flairs.change(app, "bread", [], world.bo.actor),
        ):
            with pytest.raises(NotAllowed):
                await refused
        await members.appoint(app, "bread", world.bo.actor, world.ann.actor)
        await flairs.give(app, world.bo.actor, local.id, "For sale")
        await flairs.give(app, world.bo.actor, remote.id, "Question")
    for thread in (local.uri, theirs):  # what only moderators say, wherever they live
        forged = mas.does("Add", thread, target=world.uris[1 - (thread == local.uri)], cc=[world.bread.uri])
        await forger.send(world.fediverse, world.a, mas, forged)
    await world.fediverse.settle()

    assert [await world.labels(local), await world.labels(theirs)] == [["For sale"], ["Question"]]
    updates = [each["object"] for each in world.follower.received[heard:] if isinstance(each["object"], dict)]
    told = [(each["actor"], each["object"]["id"]) for each in updates if each["type"] == "Update"]
    assert told == [(world.bo.actor.uri, local.uri)]  # nobody speaks for an author elsewhere
    await world.bo.edit(local, "@bread@a.test Which flour, please? #question")
    assert await world.labels(local) == ["For sale"]  # moderators have decided
    with world.a.here():
        await flairs.change(world.a.app, "bread", [Wanted(world.uris[0], "Ask", "#ffcc00")], world.bo.actor)
    assert [await world.labels(local), await world.labels(theirs)] == [[], ["Ask"]]


async def test_flairs_of_groups_elsewhere_are_known_and_sent_with_threads_for_them(world: World) -> None:
    home = Host(world.fediverse, "g.test")
    tag = {"type": "CommunityPostTag", "id": "https://g.test/c/wine/tag/1", "preferredUsername": "Red", "color": "x"}
    wine = home.actor("wine", "Group", tag=[tag, {"type": "Emoji", "name": ":x:"}])
    await world.bo.follow(wine.uri)
    await world.fediverse.settle()

    post = await world.bo.post("@wine@g.test A Rioja", flair="Red")
    await world.fediverse.settle()

    (create,) = [each for each in wine.host.received if each["type"] == "Create"]
    assert [each["id"] for each in create["object"]["tag"] if each["type"] == "CommunityPostTag"] == [tag["id"]]
    with world.a.here():
        there = await groups.by_face(wine.uri)
        assert there and [flair.name for flair in await stored.of_group(there.id)] == ["Red"]
    assert post.group_id == there.id


async def test_flairs_that_cannot_be_are_refused(world: World) -> None:
    many = [Wanted("", f"Number {n}", "#000000") for n in range(21)]
    for wrong in (many, [Wanted("", "x" * 51, "#000000")], [Wanted("", "!", "#000000")], [Wanted("", "A", "red")],
                  [Wanted("", "A b", "#000000"), Wanted("", "ab", "#000000")]):  # fmt: skip
        with world.a.here(), pytest.raises(Invalid):
            await flairs.change(world.a.app, "bread", wrong, world.ann.actor)
    assert len((await world.a.get("/c/bread"))["tag"]) == 2
