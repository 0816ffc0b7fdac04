"""What a group elsewhere may have a say over: what was written for it, and nothing else that it passes on."""

import pytest

from fedcomm import curation
from storage import groups as stored
from storage import threads, timelines, visible
from storage.connect import execute
from storage.paging import Page
from storage.posts import MEMBERS, Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Host, Json

pytestmark = pytest.mark.anyio


class Claims:
    """`wine@g.test`, a group of a greedy server that ann@a.test has joined, and bo, who writes elsewhere."""

    def __init__(self, fediverse: Fediverse, a: Instance, ann: Person) -> None:
        self.fediverse, self.a, self.ann = fediverse, a, ann
        self.home, self.third = Host(fediverse, "g.test"), Host(fediverse, "b.test")
        self.wine = self.home.actor("wine", "Group")
        self.mo = self.home.actor("mo")  # who may act for the group, which lists no moderators
        self.bo = self.third.actor("bo")

    def writes(self, slug: str, **more: object) -> Json:
        """A post of bo, which his server serves."""
        note = self.bo.note(slug, **more)
        self.third.serve(note["id"], note)
        return note

    async def announce(self, what: Json | str) -> None:
        """The group passes something on."""
        bare = {name: value for name, value in what.items() if name != "@context"} if isinstance(what, dict) else what
        await forger.send(self.fediverse, self.a, self.wine, self.wine.does("Announce", bare))

    async def strikes(self, uri: str) -> None:
        """All that a group can do to a post of its own."""
        for act in (
            self.mo.does("Delete", uri, summary="mine"),
            self.mo.does("Lock", uri),
            self.bo.does("Dislike", uri),
        ):
            await self.announce(act)

    async def inside(self, post: Post) -> bool:
        """Whether the post is in the group."""
        with self.a.here():
            group = await stored.by_face(self.wine.uri)
        assert group
        return (await self.a.knows(post.uri)).group_id == group.id

    async def state(self, post: Post) -> tuple[bool, int, int]:
        """Whether the post was taken out, whether it is locked, and its votes against."""
        now = await self.a.knows(post.uri)
        return now.removed_at is not None, now.locked, now.dislikes_count


@pytest.fixture
async def claims(fediverse: Fediverse) -> Claims:
    """The group is joined."""
    a = await fediverse.instance("a.test")
    made = Claims(fediverse, a, await a.person("ann"))
    await forger.followed(fediverse, made.ann, made.wine)
    return made


@pytest.mark.attack("GRP-03")
@pytest.mark.attack("GRP-06")
@pytest.mark.parametrize("form", ["the activity", "the post", "its id"])
@pytest.mark.parametrize("whose", ["of ours", "known", "unknown"])
async def test_a_group_has_no_say_over_what_was_not_written_for_it(claims: Claims, whose: str, form: str) -> None:
    if whose == "of ours":
        uri = (await claims.ann.post("Nothing about wine")).uri
        note: Json = {"id": uri, "type": "Note", "attributedTo": claims.ann.actor.uri}
        create: Json = {"type": "Create", "id": f"{uri}/create", "actor": claims.ann.actor.uri, "object": note}
    else:
        note = claims.writes("1")
        uri, create = note["id"], claims.bo.does("Create", note)
    if whose == "known":
        await forger.followed(claims.fediverse, claims.ann, claims.bo)
        await forger.send(claims.fediverse, claims.a, claims.bo, create)

    await claims.announce({"the activity": create, "the post": note, "its id": uri}[form])
    await claims.strikes(uri)

    post = await claims.a.knows(uri)
    assert not await claims.inside(post)
    assert await claims.state(post) == (False, 0, 0)
    with claims.a.here():
        home = await timelines.home(claims.ann.actor.id, Page(limit=20))
    assert [entry.post_id for entry in home.entries] == [post.id]  # a boost is all that it is


@pytest.mark.parametrize("how", ["audience", "to", "cc", "mention"])
async def test_a_post_that_names_the_group_is_in_it(claims: Claims, how: str) -> None:
    face = claims.wine.uri
    named: dict[str, Json] = {
        "audience": {"audience": face},
        "to": {"to": [face, PUBLIC]},
        "cc": {"cc": [face]},
        "mention": {"tag": [{"type": "Mention", "href": face, "name": "@wine@g.test"}]},
    }
    note = claims.writes("1", **named[how])

    await claims.announce(claims.bo.does("Create", note))
    await claims.strikes(note["id"])

    post = await claims.a.knows(note["id"])
    assert await claims.inside(post)
    assert await claims.state(post) == (True, 1, 1)


async def test_an_answer_in_a_thread_of_the_group_is_in_it_though_it_does_not_name_it(claims: Claims) -> None:
    note = claims.writes("1", audience=claims.wine.uri)
    await claims.announce(claims.bo.does("Create", note))
    answer = claims.writes("2", inReplyTo=note["id"])

    await claims.announce(claims.bo.does("Create", answer))

    assert await claims.inside(await claims.a.knows(answer["id"]))


async def test_a_post_that_came_before_its_group_was_known_is_in_it_once_that_passes_it_on(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    claims = Claims(fediverse, a, await a.person("ann"))
    note = claims.writes("1", audience=claims.wine.uri)
    await forger.followed(fediverse, claims.ann, claims.bo)
    await forger.send(fediverse, a, claims.bo, claims.bo.does("Create", note))
    await forger.followed(fediverse, claims.ann, claims.wine)

    await claims.announce(claims.bo.does("Create", note))

    assert await claims.inside(await a.knows(note["id"]))
    assert claims.third.asked.count(note["id"]) == 1


@pytest.mark.attack("GRP-03")
async def test_a_group_whose_claim_is_refused_does_not_have_the_post_asked_for_again(claims: Claims) -> None:
    note = claims.writes("1")
    await forger.followed(claims.fediverse, claims.ann, claims.bo)
    await forger.send(claims.fediverse, claims.a, claims.bo, claims.bo.does("Create", note))

    for _ in range(3):
        await claims.announce(claims.bo.does("Create", note))

    assert claims.third.asked.count(note["id"]) == 1


@pytest.mark.parametrize("kind", ["Like", "Dislike", "EmojiReact"])
async def test_a_vote_that_a_group_passes_on_counts_until_it_passes_on_that_it_was_taken_back(
    claims: Claims, kind: str
) -> None:
    note = claims.writes("1", to=[claims.wine.uri, PUBLIC])
    await claims.announce(claims.bo.does("Create", note))
    vote = claims.bo.does(kind, note["id"], content="🍇")

    await claims.announce(vote)
    counted = await claims.a.knows(note["id"])
    await claims.announce(claims.bo.does("Undo", vote))
    taken_back = await claims.a.knows(note["id"])
    await claims.announce(vote)

    assert (counted.likes_count, counted.dislikes_count) == ((0, 1) if kind == "Dislike" else (1, 0))
    assert (taken_back.likes_count, taken_back.dislikes_count) == (0, 0)
    again = await claims.a.knows(note["id"])
    assert (again.likes_count, again.dislikes_count) == (0, 0)


@pytest.mark.attack("ORI-14", "GRP-05")
async def test_a_group_does_not_delete_what_members_here_wrote_in_it_in_their_name(claims: Claims) -> None:
    """Not even a private one, whose word counts for what others deleted there: here everybody knows of their own."""
    await claims.ann.follow(claims.wine.uri)
    with claims.a.here():
        await execute("UPDATE groups SET visibility = 'members'")
        await execute("UPDATE member SET state = 'joined'")
    post = await claims.ann.post("@wine@g.test Casks\n\nWhich oak?")
    assert post.visibility == MEMBERS
    gone = claims.mo.does("Delete", post.uri, to=[claims.wine.followers])
    await claims.announce(gone | {"id": f"{post.uri}#delete", "actor": claims.ann.actor.uri})

    now = await claims.a.knows(post.uri)
    assert (now.deleted_at, now.content) == (None, "<p>Which oak?</p>")


@pytest.mark.attack("GRP-15")
@pytest.mark.attack("GRP-01")
@pytest.mark.parametrize("form", ["the activity", "the post", "its id", "by the group itself", "too early"])
async def test_a_group_elsewhere_puts_nothing_into_threads_of_ours_by_claiming_answers_in_them(
    claims: Claims, form: str
) -> None:
    """Nor what somebody says there who is banned, or in a thread that is locked."""
    bread = await claims.a.group("bread", moderator=claims.ann)
    await claims.ann.follow("!bread@a.test")
    thread = await claims.ann.post("Rye\nDay nine @bread@a.test")
    await claims.a.ban(bread, claims.bo.uri)
    with claims.a.here():
        await curation.lock(claims.a.app, claims.ann.actor, thread.id)
    note = claims.writes("1", inReplyTo=thread.uri, cc=[claims.wine.uri, f"{claims.wine.uri}/followers"])
    if form == "by the group itself":
        note = claims.wine.note("1", inReplyTo=thread.uri, cc=[f"{claims.wine.uri}/followers"])
        claims.home.serve(note["id"], note)
        await forger.send(claims.fediverse, claims.a, claims.wine, claims.wine.does("Create", note["id"]))
    elif form == "too early":  # in an answer that nobody has yet
        between = claims.bo.note("0", inReplyTo=thread.uri, cc=[claims.ann.actor.uri])
        note = claims.writes("1", inReplyTo=between["id"], cc=[claims.wine.uri])
        await claims.announce(note["id"])
        assert await claims.inside(await claims.a.knows(note["id"]))
        await forger.send(claims.fediverse, claims.a, claims.bo, claims.bo.does("Create", between))
        assert (await claims.a.knows(note["id"])).thread_id == thread.id
    else:
        create = claims.bo.does("Create", note)
        await claims.announce({"the activity": create, "the post": note, "its id": note["id"]}[form])

    said = await claims.a.post(note["id"])
    assert said is None or said.group_id is None
    with claims.a.here():
        below = (await threads.context(visible.ANYBODY, thread.id, above=9, below=9, depth=9)).descendants
    assert below == []
