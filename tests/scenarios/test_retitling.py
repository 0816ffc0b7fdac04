"""Moderators give threads another title: here, elsewhere, and back; and nobody else does."""

from typing import Any

import msgspec
import pytest

from fedcomm import fetching, follows, group_profile, members, posts, public_log, retitling, rollback
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from fedcomm.public_log import Asked
from storage.actors import Actor
from storage.paging import Page
from storage.posts import Post
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, followed, send

pytestmark = pytest.mark.anyio


class Bench(msgspec.Struct):
    """`bread@a.test`, after which ann looks; bob of b.test has begun a thread in it. piefed.test follows it."""

    fediverse: Fediverse
    a: Instance
    b: Instance
    ann: Person
    bob: Person
    bread: Actor
    thread: Post
    piefed: Host

    async def titles(self) -> list[str]:
        """What the thread is called at a.test and b.test."""
        await self.fediverse.settle()
        return [(await server.knows(self.thread.uri)).title for server in (self.a, self.b)]

    async def retitle(self, by: Person, title: str, reason: str = "", post: Post | None = None) -> None:
        """Somebody gives the thread another title, where they live."""
        there = await by.instance.knows((post or self.thread).uri)
        with by.instance.here():
            await retitling.retitle(by.instance.app, by.actor, there.id, title, reason)

    async def edits(self, text: str) -> list[str]:
        """Bob edits what he wrote; gives what the thread is called then."""
        with self.b.here():
            await posts.edit(self.b.app, self.bob.actor, (await self.b.knows(self.thread.uri)).id, Draft(text=text))
        return await self.titles()


@pytest.fixture
async def bench(fediverse: Fediverse) -> Bench:
    """Everybody in their place."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    ann, bob = await a.person("ann"), await b.person("bob")
    bread = await a.group("bread", moderator=ann)
    await fediverse.join(bread, bob)
    piefed = Host(fediverse, "piefed.test")
    piefed.runs("piefed")
    fan = piefed.actor("fan")
    await send(fediverse, a, fan, fan.does("Follow", bread.uri))
    thread = await bob.post("@bread@a.test HELP!!!\n\nIt does not rise.")
    await fediverse.settle()
    return Bench(fediverse, a, b, ann, bob, bread, thread, piefed)


async def test_a_moderator_corrects_a_title_everywhere_and_the_author_has_the_later_word(bench: Bench) -> None:
    a, ann, bob, since = bench.a, bench.ann, bench.bob, len(bench.piefed.received)
    with pytest.raises(NotAllowed):
        await bench.retitle(bob, "Mine")
    with pytest.raises(Invalid):
        await bench.retitle(ann, "x" * 301)
    await bench.retitle(ann, " Dough that  does not rise ", "Say what it is about.")
    assert await bench.titles() == ["Dough that does not rise"] * 2

    told, home = [each["object"] for each in bench.piefed.received[since:]]
    assert (home["actor"], home["object"]["name"]) == (bob.actor.uri, told["object"]["name"]), "his server says it too"
    page = told["object"]
    assert (told["type"], told["actor"], page["id"]) == ("Update", ann.actor.uri, bench.thread.uri)
    assert page["name"] == "Dough that does not rise" and "content" not in page, "the text is nobody else's to tell"
    (letter,) = await bob.letters()
    assert all(words in letter for words in ("HELP!!!", "Dough that does not rise", "Say what it is about."))
    with a.here():
        ((entry,), _older) = await public_log.read(
            await public_log.wanted_by(a.app, 0, Asked(act="threads")), Page(limit=9)
        )
    assert (entry.act, entry.titles) == ("retitle", ("HELP!!!", "Dough that does not rise"))
    assert (await bench.b.get(f"/posts/{bench.thread.id}"))["name"] == "Dough that does not rise"

    same = await bench.edits("@bread@a.test HELP!!!\n\nIt does not rise at all.")
    assert same == ["Dough that does not rise"] * 2, "whose program knows nothing of it says the old one again"
    assert "at all" in (await a.knows(bench.thread.uri)).content
    assert await bench.edits("@bread@a.test Flat bread\n\nIt does not rise.") == ["Flat bread"] * 2
    await bench.retitle(ann, "Flat dough")
    assert await bench.titles() == ["Flat dough"] * 2
    await bench.retitle(ann, "")
    assert await bench.titles() == ["Flat bread"] * 2


@pytest.mark.thorough("postgres")
async def test_a_title_of_a_post_of_this_server_is_told_as_its_author_would(bench: Bench) -> None:
    """By a moderator who lives elsewhere: other programs hear of it as of an edit, since the post says so itself."""
    own, since = await bench.ann.post("@bread@a.test Hm\n\nWhat?"), len(bench.piefed.received)
    await bench.fediverse.settle()
    with bench.a.here():
        there = await fetching.actor(bench.a.app, bench.bob.actor.uri)
        await members.appoint(bench.a.app, "bread", there, bench.ann.actor)
    await bench.fediverse.settle()
    await bench.retitle(bench.bob, "What sort of flour?", "More words", own)
    await bench.fediverse.settle()

    assert [(await server.knows(own.uri)).title for server in (bench.a, bench.b)] == ["What sort of flour?"] * 2
    updates = [each["object"] for each in bench.piefed.received[since:] if each["object"]["type"] == "Update"]
    assert [(each["actor"], each["object"]["name"]) for each in updates] == [
        (bench.ann.actor.uri, "What sort of flour?")
    ]
    assert "More words" in (await bench.ann.letters())[-1]


async def test_who_undoes_what_a_moderator_did_leaves_the_later_word_of_an_author(bench: Bench) -> None:
    mo, other = await bench.a.person("mo"), await bench.ann.post("@bread@a.test Hm\n\nWhat?")
    with bench.a.here():
        await members.appoint(bench.a.app, "bread", mo.actor, bench.ann.actor)
    for post in (bench.thread, other):
        await bench.retitle(bench.ann, "Of ann", post=post)
        await bench.retitle(mo, "Of mo", post=post)
    await bench.fediverse.settle()
    await bench.edits("@bread@a.test Of bob\n\nIt does not rise.")
    with bench.a.here():
        await rollback.order(bench.a.app, "bread", mo.actor.uri, 24)
    assert await bench.titles() == ["Of bob"] * 2 and (await bench.a.knows(other.uri)).title == "Of ann"


@pytest.mark.attack("GRP-06")
async def test_nobody_else_says_what_a_thread_is_called(bench: Bench) -> None:
    """Neither who looks after nothing, nor a moderator who says more than the title, nor that of another group."""
    other = await bench.a.group("cakes")
    cake = await bench.ann.post("@cakes@a.test Icing\n\nPink.")
    mo, eve = Host(bench.fediverse, "m.test").actor("mo"), Host(bench.fediverse, "e.test").actor("eve")
    with bench.a.here():
        await members.appoint(bench.a.app, "bread", await fetching.actor(bench.a.app, mo.uri), bench.ann.actor)
    assert other.id

    async def says(by: Face, post: Post, **more: Any) -> str:
        page = {"id": post.uri, "type": "Page", "attributedTo": bench.bob.actor.uri, "name": "Bought by Eve"} | more
        said = by.does("Update", page, to=[PUBLIC, bench.bread.uri], audience=bench.bread.uri)
        await send(bench.fediverse, bench.a, by, said)
        return (await bench.a.knows(post.uri)).title

    assert await says(eve, bench.thread) == "HELP!!!"
    assert await says(mo, bench.thread, content="<p>Buy watches</p>") == "HELP!!!"
    assert await says(mo, bench.thread, name="") == "HELP!!!"
    assert await says(mo, cake) == "Icing"
    before = (await bench.a.knows(bench.thread.uri)).content
    assert await says(mo, bench.thread, name="Help with dough", summary="x", tag=[]) == "Help with dough"
    known = await bench.a.knows(bench.thread.uri)
    assert (known.content, known.summary) == (before, "")
    assert await bench.titles() == ["Help with dough"] * 2


async def test_a_group_elsewhere_says_what_a_thread_of_one_of_ours_is_called(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    theirs.runs("piefed")
    anna, cats, tom = await ours.person("anna"), theirs.actor("cats", "Group"), theirs.actor("tom")
    dogs, eve = theirs.actor("dogs", "Group"), Host(fediverse, "evil.test").actor("eve")
    for group in (cats, dogs):
        await followed(fediverse, anna, group)
    post = await anna.post("mice\n\n@cats@theirs.test They come at night.")
    await fediverse.settle()

    async def announced(group: Face, by: Face, **more: Any) -> str:
        page = {"id": post.uri, "type": "Page", "attributedTo": anna.actor.uri, "name": "Mice at night"} | more
        await send(fediverse, ours, group, group.does("Announce", by.does("Update", page, summary="Say more.")))
        return (await ours.knows(post.uri)).title

    assert await announced(dogs, tom) == "mice", "it is not in that group"
    assert await announced(cats, eve) == "mice", "who does not look after the group"
    assert await announced(cats, tom, content="<p>Buy watches</p>") == "mice"
    since = len(theirs.received)
    assert await announced(cats, tom) == "Mice at night"
    await fediverse.settle()
    told = [each for each in theirs.received[since:] if each["type"] == "Update"]
    assert [(each["actor"], each["object"]["name"]) for each in told] == [(anna.actor.uri, "Mice at night")]
    (letter,) = await anna.letters()
    assert "(!cats@theirs.test)" in letter and "Mice at night" in letter


@pytest.mark.attack("PRI-06")
@pytest.mark.thorough("postgres")
async def test_what_a_thread_of_a_private_group_is_called_is_told_to_its_members_alone(bench: Bench) -> None:
    """Nothing of it says that it is for everybody: whoever believed that would show it."""
    face = await bench.a.group("club", moderator=bench.ann, join_mode="approval")
    with bench.a.here():
        await group_profile.change(bench.a.app, "club", Change(visibility="members"), bench.ann.actor)
    await bench.bob.follow("@club@a.test")
    await bench.fediverse.settle()
    with bench.a.here():
        there = await fetching.actor(bench.a.app, bench.bob.actor.uri)
        await follows.accept(bench.a.app, face, there.id)
        await members.appoint(bench.a.app, "club", there, bench.ann.actor)
    await bench.fediverse.settle()
    posts_of = [await who.post(f"@club@a.test Of {who.actor.username}\n\nText") for who in (bench.ann, bench.bob)]
    await bench.fediverse.settle()
    bench.fediverse.wire.posted.clear()

    for by, post in zip((bench.bob, bench.ann), posts_of, strict=True):
        await bench.retitle(by, "Called otherwise", post=post)
        await bench.fediverse.settle()

    told = [body for _host, body in bench.fediverse.wire.posted if b"Called otherwise" in body]
    assert len(told) >= 3 and not any(PUBLIC.encode() in body for body in told)
    for post in posts_of:
        titles = [(await server.knows(post.uri)).title for server in (bench.a, bench.b)]
        assert titles == ["Called otherwise"] * 2
