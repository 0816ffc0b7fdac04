"""What a group of ours takes in of what other servers send it, and what it then says to whom."""

from typing import Any

import pytest

from fedcomm import curation, follows, group_profile, groups, members
from fedcomm.drafting import PollDraft
from fedcomm.group_profile import Change
from storage import actors, collections, posts, threads
from storage import groups as stored
from storage.actors import Actor
from storage.connect import value
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, Json

pytestmark = pytest.mark.anyio


class World:
    """`bread@a.test`, ann who moderates it, and other servers: where eve writes, and two that follow the group, of
    which the first knows groups and the second does not."""

    def __init__(self, fediverse: Fediverse, a: Instance) -> None:
        self.fediverse, self.a = fediverse, a
        self.eves, self.readers, self.blogs = (Host(fediverse, f"{name}.test") for name in "efm")
        self.readers.runs("piefed")
        self.blogs.runs("mastodon")
        self.eve = self.eves.actor("eve")
        self.ann: Person
        self.bread: Actor

    async def says(self, name: str, **more: Any) -> Json:
        """What eve writes; gives her note."""
        note = self.eve.note(name, **more)
        self.eves.serve(note["id"], note)
        await self.sends(self.eve.does("Create", note, to=note["to"], cc=note["cc"]))
        return note

    async def sends(self, activity: Json, by: Face | None = None) -> list[Json]:
        """Deliver an activity to the group; gives what the following server hears then."""
        heard = len(self.readers.received)
        await forger.send(self.fediverse, self.a, by or self.eve, activity, inbox="/c/bread/inbox")
        return self.readers.received[heard:]

    def heard(self) -> list[tuple[str, str]]:
        """(what is announced, its id) of all that the following servers got from the group."""
        found = []
        for each in self.readers.received + self.blogs.received:
            if each["type"] in ("Announce", "Undo") and each["actor"] == self.bread.uri:
                inner = each["object"]
                found.append((inner["type"], inner["id"]) if isinstance(inner, dict) else ("plain", inner))
        return found

    def forget(self) -> None:
        """What was heard up to now."""
        self.readers.received.clear()
        self.blogs.received.clear()

    async def inside(self, note: Json) -> bool:
        """Whether what eve wrote is in the group."""
        post = await self.a.post(note["id"])
        return post is not None and post.group_id is not None and post.removed_at is None

    async def post(self, note: Json) -> Post:
        """What eve wrote, as the group's server has it."""
        return await self.a.knows(note["id"])


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    a = await fediverse.instance("a.test")
    made = World(fediverse, a)
    made.ann = await a.person("ann")
    made.bread = await a.group("bread", moderator=made.ann)
    for host in (made.readers, made.blogs):
        reader = host.actor("fo")
        await forger.send(fediverse, a, reader, reader.does("Follow", made.bread.uri))
        host.received.clear()
    return made


def mention(face: Actor) -> Json:
    """As Mastodon names somebody."""
    return {"tag": [{"type": "Mention", "href": face.uri, "name": f"@{face.username}@a.test"}]}


@pytest.mark.parametrize("how", ["mentioned", "in to", "in cc", "in audience", "unlisted"])
async def test_a_post_that_is_addressed_to_the_group_begins_a_thread_and_is_announced_in_both_forms(
    world: World, how: str
) -> None:
    face = world.bread.uri
    addressed: dict[str, Json] = {
        "mentioned": {"cc": [world.eve.followers, face], **mention(world.bread)},
        "in to": {"to": [face, PUBLIC]},
        "in cc": {"cc": [face]},
        "in audience": {"audience": face},
        "unlisted": {"to": [world.eve.followers], "cc": [PUBLIC, face], **mention(world.bread)},
    }

    note = await world.says("1", **addressed[how])

    assert await world.inside(note)
    assert [kind for kind, _id in world.heard()] == ["Create", "plain"]
    assert world.heard()[1] == ("plain", note["id"])
    assert [post.uri for post in await _threads(world)] == [note["id"]]


async def _threads(world: World) -> list[Post]:
    with world.a.here():
        group = await stored.by_actor(world.bread.id)
        assert group
        return await collections.threads(group.id, 2**62, 20)


async def test_an_answer_that_does_not_name_the_group_is_in_the_thread_and_not_boosted(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    world.forget()

    answer = await world.says("2", inReplyTo=note["id"], to=[PUBLIC], cc=[world.eve.followers])

    assert await world.inside(answer)
    assert (await world.post(note)).replies_count == 1
    assert [kind for kind, _id in world.heard()] == ["Create"]


async def test_what_is_not_for_everybody_is_not_taken_into_a_group(world: World) -> None:
    face = world.bread.uri

    followers = await world.says("1", to=[world.eve.followers], cc=[face], **mention(world.bread))
    direct = await world.says("2", to=[face], cc=[], **mention(world.bread))

    assert not await world.inside(followers) and not await world.inside(direct)
    assert world.heard() == []


async def test_an_answer_outside_of_any_group_does_not_bring_a_thread_into_one(world: World) -> None:
    start = await world.says("1", to=[PUBLIC], **mention(world.ann.actor))

    answer = await world.says("2", inReplyTo=start["id"], to=[PUBLIC, world.bread.uri], **mention(world.bread))

    assert not await world.inside(start) and not await world.inside(answer)
    assert world.heard() == []


@pytest.mark.attack("GRP-15")
async def test_an_answer_stays_in_its_thread_whatever_group_it_names(world: World) -> None:
    wine = await world.a.group("wine")
    note = await world.says("1", to=[world.bread.uri, PUBLIC])

    answer = await world.says("2", inReplyTo=note["id"], to=[wine.uri, PUBLIC], audience=wine.uri)

    assert (await world.post(answer)).group_id == (await world.post(note)).group_id


@pytest.mark.attack("GRP-12")
async def test_a_post_to_two_groups_is_in_the_first_and_announced_once(world: World) -> None:
    wine = await world.a.group("wine")
    with world.a.here():
        group = await stored.by_actor(world.bread.id)
    note = await world.says("1", to=[world.bread.uri, wine.uri, PUBLIC], cc=[])

    await world.sends(world.eve.does("Create", note, to=note["to"]))
    await forger.send(
        world.fediverse, world.a, world.eve, world.eve.does("Create", note, to=note["to"]), inbox="/c/wine/inbox"
    )

    assert group and (await world.post(note)).group_id == group.id
    assert [kind for kind, _id in world.heard()] == ["Create", "plain"]


@pytest.mark.attack("GRP-01")
async def test_who_is_banned_is_not_taken_in_by_any_way(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    other = await world.says("2", to=[world.bread.uri, PUBLIC])
    with world.a.here():
        await members.ban(world.a.app, "bread", world.eve.uri, world.ann.actor)
    await world.fediverse.settle()
    world.forget()

    thread = await world.says("3", to=[world.bread.uri, PUBLIC])
    answer = await world.says("4", inReplyTo=note["id"], to=[PUBLIC])
    await world.sends(world.eve.does("Like", other["id"]))
    await world.sends(world.eve.does("Dislike", other["id"]))

    await world.sends(world.eve.does("Update", note | {"content": "<p>Edited</p>", "updated": "2026-11-22T00:00:00Z"}))
    await world.sends(world.eve.does("Follow", world.bread.uri))

    assert not await world.inside(thread) and not await world.inside(answer)
    there = await world.post(other)
    assert world.heard() == [] and (there.likes_count, there.dislikes_count) == (0, 0)
    assert "Edited" not in (await world.post(note)).content
    with world.a.here():
        sql = " WHERE (SELECT uri FROM actor WHERE id = {who}) = ?"
        joined = await value(
            f"SELECT COUNT(*) FROM member{sql.format(who='actor_id')} AND state = 'joined'", (world.eve.uri,)
        )
        follows_it = await value(f"SELECT COUNT(*) FROM follow{sql.format(who='follower_id')}", (world.eve.uri,))
    assert (joined, follows_it) == (0, 0)


@pytest.mark.attack("GRP-02")
@pytest.mark.attack("GRP-17")
async def test_only_members_post_where_only_members_may(world: World) -> None:
    with world.a.here():
        await group_profile.change(
            world.a.app, "bread", Change(join_mode="approval", posting="members"), world.ann.actor
        )
    await world.fediverse.settle()
    before = await world.says("1", to=[world.bread.uri, PUBLIC])
    await world.sends(world.eve.does("Follow", world.bread.uri))
    pending = await world.says("2", to=[world.bread.uri, PUBLIC])
    await world.sends(world.eve.does("Accept", f"{world.bread.uri}#follow"))  # nobody lets themselves in
    spoof = await world.says("3", to=[world.bread.uri, PUBLIC])
    with world.a.here():
        eve = await actors.by_uri(world.eve.uri)
        assert eve
        await follows.accept(world.a.app, world.bread, eve.id)
    await world.fediverse.settle()
    joined = await world.says("4", to=[world.bread.uri, PUBLIC])
    await world.sends(world.eve.does("Undo", world.eve.does("Follow", world.bread.uri)))
    left = await world.says("5", to=[world.bread.uri, PUBLIC])
    with world.a.here():
        await group_profile.change(
            world.a.app, "bread", Change(join_mode="open", posting="moderators"), world.ann.actor
        )
    begun = await world.says("6", to=[world.bread.uri, PUBLIC])

    assert [await world.inside(note) for note in (before, pending, spoof, joined, left, begun)] == [
        False, False, False, True, False, False,
    ]  # fmt: skip


async def test_a_locked_thread_takes_no_answers_from_elsewhere(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    with world.a.here():
        await curation.lock(world.a.app, world.ann.actor, (await world.post(note)).id)
    await world.fediverse.settle()

    answer = await world.says("2", inReplyTo=note["id"], to=[PUBLIC])

    assert not await world.inside(answer)


@pytest.mark.attack("GRP-21")
async def test_a_removed_post_stays_removed_when_it_is_edited_or_sent_again(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    with world.a.here():
        await curation.remove(world.a.app, world.ann.actor, (await world.post(note)).id, "spam")
    await world.fediverse.settle()
    edited = {**note, "content": "<p>Buy more</p>", "updated": "2026-11-22T12:00:00Z"}

    await world.sends(world.eve.does("Update", edited, to=note["to"]))
    await world.sends(world.eve.does("Create", note, to=note["to"]))
    await world.sends(world.eve.does("Undo", world.eve.does("Delete", note["id"])))

    assert not await world.inside(note)
    assert (await world.post(note)).removed_at is not None and await _threads(world) == []


async def test_edits_votes_and_deletions_in_a_group_are_passed_on_as_they_came(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    world.forget()
    edited = {**note, "content": "<p>Better</p>", "updated": "2026-11-22T12:00:00Z"}
    like = world.eve.does("Like", note["id"])
    said = [
        world.eve.does("Update", edited, to=note["to"]), like, world.eve.does("Undo", like),
        world.eve.does("Dislike", note["id"]), world.eve.does("Delete", note["id"]),
    ]  # fmt: skip

    states = []
    for activity in said:
        await world.sends(activity)
        found = await world.a.post(note["id"])
        assert found
        states.append((found.content, found.likes_count, found.dislikes_count, found.deleted_at is not None))

    assert states == [
        ("<p>Better</p>", 0, 0, False), ("<p>Better</p>", 1, 0, False), ("<p>Better</p>", 0, 0, False),
        ("<p>Better</p>", 0, 1, False), ("", 0, 0, True),
    ]  # fmt: skip
    passed = [each for each in world.heard() if each[0] != "Announce"]
    assert passed == [(each["type"], each["id"]) for each in said]
    assert world.heard()[-1][0] == "Announce"  # the boost is taken back, for microblogs


async def test_a_poll_in_a_group_is_a_thread_with_its_answers(world: World) -> None:
    answers = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": n}}
        for n, name in enumerate(("Rye", "Wheat"))
    ]

    note = await world.says(
        "1", type="Question", oneOf=answers, endTime="2036-01-01T00:00:00Z", to=[world.bread.uri, PUBLIC]
    )

    with world.a.here():
        poll = await posts.poll_of((await world.post(note)).id)
    assert poll and (poll.options, poll.votes, poll.multiple) == ('["Rye","Wheat"]', "[0,1]", 0)
    assert [kind for kind, _id in world.heard()] == ["Create", "plain"]


async def test_a_post_known_before_enters_the_group_when_it_is_sent_to_it(world: World) -> None:
    note = world.eve.note("1", cc=[world.eve.followers, world.ann.actor.uri], **mention(world.ann.actor))
    world.eves.serve(note["id"], note)
    await forger.send(world.fediverse, world.a, world.eve, world.eve.does("Create", note))
    assert not await world.inside(note)

    await world.sends(world.eve.does("Create", {**note, "audience": world.bread.uri}))

    assert await world.inside(note)
    assert [kind for kind, _id in world.heard()] == ["Create", "plain"]


@pytest.mark.attack("GRP-03")
async def test_a_group_that_is_closed_takes_in_nothing_from_elsewhere(world: World) -> None:
    with world.a.here():
        await group_profile.change(world.a.app, "bread", Change(closed=True))
    await world.fediverse.settle()
    world.forget()

    note = await world.says("1", to=[world.bread.uri, PUBLIC])

    assert not await world.inside(note) and world.heard() == []
    with world.a.here():
        assert (await groups.named("bread"))[0].closed_at is not None


@pytest.mark.attack("GRP-01")
async def test_what_a_group_did_not_take_in_does_not_stand_in_its_threads(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    mine = await world.ann.reply(await world.post(note), "Lovely")
    other = await world.a.person("other")
    with world.a.here():
        await members.ban(world.a.app, "bread", world.eve.uri, world.ann.actor)
    await world.fediverse.settle()

    told = await world.says("2", inReplyTo=mine.uri, to=[PUBLIC], **mention(world.ann.actor))

    hidden = await world.post(told)
    assert hidden.group_id is None and hidden.parent_id == mine.id
    context = await world.a.get(f"/posts/{mine.thread_id}/context")
    assert context["orderedItems"] == [note["id"], mine.uri]
    with world.a.here():
        seen = {
            name: (await threads.context(viewer, mine.id, above=10, below=10, depth=10)).descendants
            for name, viewer in (("nobody", 0), ("other", other.actor.id), ("ann", world.ann.actor.id))
        }
    assert seen == {"nobody": [], "other": [], "ann": [hidden.id]}


@pytest.mark.attack("GRP-01")
@pytest.mark.attack("GRP-21")
async def test_nothing_is_said_in_a_group_about_what_is_out_of_it(world: World) -> None:
    note = await world.says("1", to=[world.bread.uri, PUBLIC])
    mine = await world.ann.post("Wheat\nDay one @bread@a.test")
    with world.a.here():
        for post in (await world.post(note), mine):
            await curation.remove(world.a.app, world.ann.actor, post.id)
    await world.fediverse.settle()
    world.forget()

    answer = await world.says("2", inReplyTo=note["id"], to=[PUBLIC])
    await world.sends(world.eve.does("Like", note["id"]))
    await world.sends(world.eve.does("Update", {**note, "content": "<p>x</p>", "updated": "2026-11-22T12:00:00Z"}))
    await world.ann.edit(mine, "Wheat\nDay two @bread@a.test")
    await world.fediverse.settle()

    assert world.heard() == [] and not await world.inside(answer)


@pytest.mark.attack("ORI-12")
async def test_an_edit_leaves_a_post_in_its_group_whatever_it_names(world: World) -> None:
    wine = await world.a.group("wine")
    post = await world.ann.post("Wheat\nDay one @bread@a.test")
    outside = await world.ann.post("Just me")
    await world.fediverse.settle()
    world.forget()

    await world.ann.edit(post, f"Wheat\nDay two, no mention of it, but @{wine.username}@a.test")
    await world.ann.edit(outside, "Just me and @bread@a.test")
    await world.fediverse.settle()

    document = await world.a.get(f"/posts/{post.id}")
    assert document["audience"] == world.bread.uri and "Day two" in document["content"]
    assert (await world.a.knows(outside.uri)).group_id is None
    assert [kind for kind, _id in world.heard()] == ["Update"]


async def test_an_edited_poll_is_still_a_poll_with_its_votes(world: World) -> None:
    post = await world.ann.post("Which? @bread@a.test", poll=PollDraft(("Rye", "Wheat")))
    ballot = world.eve.note("v", content=None, name="Rye", inReplyTo=post.uri, to=[world.ann.actor.uri], cc=[])
    await world.sends(world.eve.does("Create", ballot, to=ballot["to"]))

    await world.ann.edit(post, "Which one? @bread@a.test")
    await world.fediverse.settle()

    document = await world.a.get(f"/posts/{post.id}")
    assert document["type"] == "Question" and "Which one" in document["content"]
    assert [each["replies"]["totalItems"] for each in document["oneOf"]] == [1, 0]
