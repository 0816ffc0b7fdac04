"""Threads that a group elsewhere has no more, because its server moved them into another one or into none."""

from typing import Any

import msgspec
import pytest

from fedcomm import admit, curation, fetching, members, peers, transfers
from fedcomm.errors import Invalid, NotAllowed, NotFound, TooMany
from fedcomm.peerbook import SUSPEND
from storage import actors, groups, shares
from storage.actors import Actor
from storage.connect import rows
from storage.peers import Decision
from storage.posts import Post
from tests import build
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, followed, send
from tests.scenarios.test_holding import person_of

pytestmark = pytest.mark.anyio
TOPIC = "https://theirs.test/topic/1"
PLACES = """
SELECT a.username, g.threads_count, (SELECT COUNT(*) FROM talk t WHERE t.group_id = g.id),
(SELECT COUNT(*) FROM talk t WHERE t.group_id = g.id AND t.people = 1 AND t.shared = 0),
(SELECT COUNT(*) FROM post p WHERE p.group_id = g.id)
FROM groups g JOIN actor a ON a.id = g.actor_id WHERE a.username <> 'secret' ORDER BY a.username"""


class Forum(msgspec.Struct):
    """Two groups of one server, both followed here, a thread with one answer in the first; eve is of another server."""

    fediverse: Fediverse
    ours: Instance
    anna: Person
    cats: Face
    dogs: Face
    bob: Face
    eve: Face
    thread: str

    async def says(self, by: Face, kind: str, **more: Any) -> None:
        """Somebody says that the thread is somewhere else."""
        await send(self.fediverse, self.ours, by, by.does(kind, TOPIC, **more))

    async def places(self) -> dict[str, tuple[int, ...]]:
        """Of each group: how many threads it says to have, lists, lists as its own with one who answered; posts."""
        with self.ours.here():
            return {name: tuple(counts) for name, *counts in await rows(PLACES)}

    async def moves(self, by: Face, origin: Face, target: str) -> dict[str, tuple[int, ...]]:
        """Somebody says that the thread went from a group to another; gives where it is then."""
        await self.says(by, "Move", origin=origin.uri, target=target)
        return await self.places()


@pytest.fixture
async def forum(fediverse: Fediverse) -> Forum:
    """anna follows the cats and the dogs; bob has begun a thread among the cats, and carl answered."""
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob, carl = await ours.person("anna"), theirs.actor("bob"), theirs.actor("carl")
    cats, dogs = theirs.actor("cats", "Group"), theirs.actor("dogs", "Group")
    for group in (cats, dogs):
        await followed(fediverse, anna, group)
    begun = bob.note(1, audience=cats.uri, context=TOPIC)
    answer = carl.note(2, audience=cats.uri, context=TOPIC, inReplyTo=begun["id"])
    for note in (begun, answer):
        theirs.serve(note["id"], note)
        await send(fediverse, ours, cats, cats.does("Announce", note["id"]))
    eve = Host(fediverse, "evil.test").actor("eve")
    made = Forum(fediverse, ours, anna, cats, dogs, bob, eve, begun["id"])
    assert await made.places() == {"cats": (1, 1, 1, 2), "dogs": (0, 0, 0, 0)}
    return made


async def test_a_thread_goes_with_its_answers_where_its_server_says(forum: Forum) -> None:
    there, gone = {"cats": (0, 0, 0, 0), "dogs": (1, 1, 1, 2)}, {"cats": (0, 0, 0, 0), "dogs": (0, 0, 0, 0)}
    assert await forum.moves(forum.bob, forum.cats, forum.dogs.uri) == there
    assert await forum.moves(forum.bob, forum.cats, forum.dogs.uri) == there  # again, when it is not there any more
    said = forum.dogs.note(3, audience=forum.dogs.uri, inReplyTo=forum.thread, attributedTo=forum.bob.uri)
    forum.bob.host.serve(said["id"], said)
    await send(forum.fediverse, forum.ours, forum.dogs, forum.dogs.does("Announce", said["id"]))
    assert (await forum.places())["dogs"][3] == 3, "it is the other group that takes answers in now"

    unknown = forum.bob.host.actor("birds", "Group")  # which was never asked for
    assert (await forum.moves(forum.bob, forum.dogs, unknown.uri))["birds"][:2] == (1, 1)
    assert await forum.moves(forum.bob, unknown, "https://theirs.test/c/none") == gone | {"birds": (0, 0, 0, 0)}
    assert (await forum.ours.knows(forum.thread)).deleted_at is None


async def test_one_of_ours_learns_that_a_group_elsewhere_has_moved_their_thread(forum: Forum) -> None:
    post = await forum.anna.post("Mice\n\n@cats@theirs.test")
    moved = forum.bob.does("Move", post.uri, origin=forum.cats.uri, target=forum.dogs.uri, summary="Dogs like them.")
    await send(forum.fediverse, forum.ours, forum.cats, forum.cats.does("Announce", moved))

    (told,) = await forum.anna.letters()
    assert "(!cats@theirs.test) have moved your thread into the group Dogs" in told and "Dogs like them." in told


async def test_a_thread_that_a_group_has_no_more_is_in_none(forum: Forum) -> None:
    await forum.says(forum.bob, "Remove", target=forum.cats.uri)

    assert await forum.places() == {"cats": (0, 0, 0, 0), "dogs": (0, 0, 0, 0)}
    assert (await forum.ours.knows(forum.thread)).group_id is None


async def test_nobody_else_says_where_a_thread_is(forum: Forum) -> None:
    """Only the server of the group from which it goes, and only into a group of the same server or one of ours."""
    before = await forum.places()
    elsewhere = forum.eve.host.actor("wolves", "Group")
    await followed(forum.fediverse, forum.anna, elsewhere)
    before |= {"wolves": (0, 0, 0, 0)}
    for by, origin, target in (
        (forum.eve, forum.cats, elsewhere.uri),
        (forum.eve, elsewhere, forum.dogs.uri),
        (forum.bob, forum.cats, elsewhere.uri),
        (forum.bob, forum.dogs, elsewhere.uri),
    ):
        assert await forum.moves(by, origin, target) == before
    await forum.says(forum.eve, "Remove", target=forum.cats.uri)
    assert await forum.places() == before


async def test_a_thread_comes_into_a_group_of_ours_only_by_who_may_bring_it(forum: Forum) -> None:
    ours = await forum.ours.group("rye", moderator=forum.anna)
    post = await forum.anna.post(f"Flour\n\n@rye@{forum.ours.host}")
    await forum.says(forum.bob, "Move", origin=ours.uri, target=forum.cats.uri)
    other = await forum.ours.group("spelt", moderator=forum.anna)
    for target in (forum.cats.uri, other.uri):
        moved = forum.bob.does("Move", post.uri, origin=ours.uri, target=target)
        await send(forum.fediverse, forum.ours, forum.bob, moved)
    assert (await forum.places())["rye"][3] == 1, "from ours only our own take something away"

    assert (await forum.moves(forum.bob, forum.cats, ours.uri))["rye"][:2] == (1, 1), "bob is no member"
    await send(forum.fediverse, forum.ours, forum.bob, forum.bob.does("Follow", ours.uri))
    assert (await forum.ours.knows(forum.thread)).group_id is None
    again = forum.bob.note(4, audience=forum.dogs.uri, context="https://theirs.test/topic/4")
    forum.bob.host.serve(again["id"], again)
    await send(forum.fediverse, forum.ours, forum.dogs, forum.dogs.does("Announce", again["id"]))
    moved = forum.bob.does("Move", again["context"], origin=forum.dogs.uri, target=ours.uri)
    await send(forum.fediverse, forum.ours, forum.bob, moved)
    assert await forum.places() == {
        "cats": (0, 0, 0, 0),
        "dogs": (0, 0, 0, 0),
        "rye": (1, 2, 0, 1),
        "spelt": (0, 0, 0, 0),
    }


class Village(msgspec.Struct):
    """`rye` and `oats` of a server, a thread by bob of another one in the first; who hears of it on three more."""

    fediverse: Fediverse
    a: Instance
    b: Instance
    greta: Person
    bob: Person
    rye: Actor
    oats: Actor
    thread: Post
    lemmy: Host
    microblog: Host
    piefed: Host

    async def where(self, at: Instance, post: Post | None = None) -> str:
        """In which group the thread is, as a server has it."""
        with at.here():
            _group, face = await groups.with_face((await at.knows((post or self.thread).uri)).group_id)
            return face.username if face is not None else ""

    async def lemmy_group(self, at: Instance) -> str:
        """The handle of a group whose server knows no moves."""
        await fetching.actor(at.app, self.lemmy.actor("corn", "Group").uri)
        return "corn@lemmy.test"

    def heard(self, host: Host, since: int) -> list[tuple[str, str]]:
        """What was announced there since then, by which group."""
        found = [each for each in host.received[since:] if each["actor"] in (self.rye.uri, self.oats.uri)]
        inner = [(each["actor"], each["object"]) for each in found]
        kinds = [(who, what if isinstance(what, str) else what["type"]) for who, what in inner]
        return [(who.rpartition("/")[2], "id" if kind.startswith("http") else kind) for who, kind in kinds]


@pytest.fixture
async def village(fediverse: Fediverse) -> Village:
    """Everybody follows both groups; anna has answered."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, anna = await a.person("greta"), await a.person("anna")
    bob = await b.person("bob")
    rye, oats = await a.group("rye", moderator=greta), await a.group("oats")
    hosts = [Host(fediverse, f"{program}.test") for program in ("lemmy", "mastodon", "piefed")]
    for face in (rye, oats):
        await fediverse.join(face, greta, anna, bob)
    for host in hosts:
        host.runs(host.name.removesuffix(".test"))
        fan = host.actor("fan")
        for face in (rye, oats):
            await send(fediverse, a, fan, fan.does("Follow", face.uri))
    thread = await bob.post("@rye@a.test Oats\n\nHow long?")
    await fediverse.settle()
    await anna.reply(await a.knows(thread.uri), "An hour.")
    await fediverse.settle()
    return Village(fediverse, a, b, greta, bob, rye, oats, thread, *hosts)


async def test_a_moderator_moves_a_thread_into_another_group_and_back(village: Village) -> None:
    a, b, greta, lemmy = village.a, village.b, village.greta, village.lemmy
    post = await a.knows(village.thread.uri)
    since = [len(host.received) for host in (lemmy, village.microblog, village.piefed)]
    with a.here():
        for by, target, refusal in (
            ((await a.known("anna")).actor, "oats", NotAllowed), (greta.actor, "rye", Invalid),
            (greta.actor, "nowhere", NotFound),
        ):  # fmt: skip
            with pytest.raises(refusal):
                await transfers.move(a.app, by, post.id, target)
        await transfers.move(a.app, greta.actor, post.id, "@oats@a.test", "It is about oats.")
    await village.fediverse.settle()

    assert [await village.where(at) for at in (a, b)] == ["oats", "oats"]
    assert (await a.knows(post.uri)).removed_at is None
    with a.here():
        log = await rows("SELECT property, value, summary FROM act WHERE property = 'moved' ORDER BY id")
        inside = await rows("SELECT COUNT(*), COUNT(DISTINCT group_id) FROM post WHERE thread_id = ?", (post.id,))
    assert log == [
        ("moved", f'{{"to":"{village.oats.uri}"}}', "It is about oats."),
        ("moved", f'{{"from":"{village.rye.uri}"}}', "It is about oats."),
    ] and inside == [(2, 1)]  # fmt: skip
    hosts = (lemmy, village.microblog, village.piefed)
    there = [village.heard(host, at) for host, at in zip(hosts, since, strict=True)]
    assert there[0] == [("rye", "Move"), ("rye", "Delete"), ("oats", "Create")]
    (removal,) = [each["object"]["summary"] for each in lemmy.received[since[0] :] if "removal" in str(each)]
    assert removal == "It is about oats. → !oats@a.test", "Lemmy knows no moves, and shows this as the reason"
    assert there[1] == [("rye", "Announce"), ("oats", "id")], "one boost is taken back, the other made"
    assert there[2] == [("rye", "Move"), ("oats", "Create")]
    (told,) = await village.bob.letters()
    assert f"have moved your thread into the group {village.oats.name}" in told and f"@bob/{post.uri[-18:]}" in told
    answer = await village.bob.reply(await b.knows(post.uri), "And cold?")
    await village.fediverse.settle()
    assert await village.where(a, answer) == "oats"

    since[0] = len(lemmy.received)
    with a.here():  # who may undo what greta did in the first group brings the thread back
        await members.appoint(a.app, "oats", (await a.known("anna")).actor)
        await transfers.move(a.app, (await a.known("anna")).actor, post.id, "rye")
    await village.fediverse.settle()
    assert [await village.where(at) for at in (a, b)] == ["rye", "rye"]
    heard = village.heard(lemmy, since[0])[1:]  # the first is that she looks after it
    assert heard == [("oats", "Move"), ("oats", "Delete"), ("rye", "Undo"), ("rye", "Create")]
    with a.here():
        await curation.remove(a.app, greta.actor, post.id)
        with pytest.raises(Invalid):
            await transfers.move(a.app, greta.actor, post.id, "oats")


@pytest.mark.thorough("postgres")
async def test_what_is_moved_out_of_a_group_counts_as_what_is_taken_out(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit, "REMOVALS", 1)
    a, greta, anna = village.a, village.greta, await village.a.known("anna")
    first, second = await a.knows(village.thread.uri), await greta.post("@rye More\n\nof it")
    with a.here():
        for group in ("rye", "oats"):
            await members.appoint(a.app, group, anna.actor)
        await transfers.move(a.app, greta.actor, first.id, "oats")
        with pytest.raises(TooMany, match="somebody else"):
            await transfers.move(a.app, greta.actor, second.id, "oats")
        assert await curation.remove(a.app, greta.actor, second.id), "it waits for somebody else"
        await curation.restore(a.app, anna.actor, second.id)
        await transfers.move(a.app, anna.actor, second.id, "oats")
    await village.fediverse.settle()
    since = len(village.lemmy.received)
    with a.here():
        for post in (first, second):  # to undo it needs nobody else
            await transfers.move(a.app, anna.actor, post.id, "rye")
    await village.fediverse.settle()
    assert [await village.where(a), await village.where(a, second)] == ["rye", "rye"]
    (again, *rest) = village.heard(village.lemmy, since)[4:]
    assert again == ("rye", "Update") and ("oats", "Delete") in rest, (
        "it is there before it is away: Lemmy goes by that"
    )
    (update,) = [each["object"] for each in village.lemmy.received[since:] if each["object"]["type"] == "Update"]
    assert update["actor"] == greta.actor.uri and update["object"]["audience"] == village.rye.uri
    assert f"the group {village.rye.name}" in (await greta.letters())[-1]


@pytest.mark.thorough("postgres")
async def test_moderators_elsewhere_move_threads_of_ours_and_nobody_else(village: Village) -> None:
    a = village.a
    person = village.piefed.actor("pia")
    move = person.does("Move", village.thread.uri, origin=village.rye.uri, target=village.oats.uri, summary="Oats")
    await send(village.fediverse, a, person, move)
    assert await village.where(a) == "rye"
    for face in (village.rye, village.oats):
        await send(village.fediverse, a, person, person.does("Follow", face.uri))
    with a.here():
        known = await actors.by_uri(person.uri)
        assert known
        await members.appoint(a.app, "rye", known)
    since = len(village.lemmy.received)
    again = move | {"id": f"{move['id']}/again"}
    await send(village.fediverse, a, person, again)

    assert [await village.where(at) for at in (a, village.b)] == ["oats", "oats"]
    assert village.heard(village.lemmy, since)[1:3] == [("rye", "Move"), ("rye", "Delete")]

    bob, b = village.bob, village.b  # who looks after the other group from his own server
    with a.here():
        await members.appoint(a.app, "oats", await person_of(a, bob.actor.uri))
    await village.fediverse.settle()
    with b.here():
        post = await b.knows(village.thread.uri)
        for target, refusal in (("@rye@lemmy.test", NotFound), ("oats", Invalid)):
            with pytest.raises(refusal):
                await transfers.move(b.app, bob.actor, post.id, target)
        await transfers.move(b.app, bob.actor, post.id, "rye@a.test", "Back")
    assert await village.where(b) == "rye"
    await village.fediverse.settle()
    assert [await village.where(at) for at in (a, b)] == ["rye", "rye"]


@pytest.mark.thorough("postgres")
async def test_a_thread_goes_into_a_group_of_another_server_that_lets_its_mover_begin_threads(village: Village) -> None:
    """Its own server, and those that follow the first group, hear that by the same `Move`."""
    a, b, greta = village.a, village.b, village.greta
    c = await village.fediverse.instance("c.test")
    carl = await c.person("carl")
    barley = await c.group("barley", moderator=carl)
    with a.here():
        await fetching.actor(a.app, barley.uri)
        await peers.learn(a.app, "c.test")
        post, lost = await a.knows(village.thread.uri), await village.lemmy_group(a)
        for target, refusal in (("barley@c.test", NotAllowed), (lost, Invalid)):  # greta is no member there yet
            with pytest.raises(refusal):
                await transfers.move(a.app, greta.actor, post.id, target)
        await fetching.actor(a.app, village.piefed.actor("corn", "Group").uri)
        await peers.decide(a.app, "piefed.test", Decision(SUSPEND))
        with pytest.raises(NotAllowed):  # whoever says so: nobody there would hear of it
            await transfers.move(a.app, None, post.id, "corn@piefed.test")
    await village.fediverse.join(barley, greta)
    with a.here():
        await transfers.move(a.app, greta.actor, post.id, "!barley@c.test", "It is about barley.")
    await village.fediverse.settle()

    assert [await village.where(at) for at in (a, b, c)] == ["barley", "", ""]
    with c.here():
        (shown,) = await shares.showing((await c.knows(post.uri)).id)
        group = await groups.by_actor(barley.id)
    assert group and shown.group.id == group.id, "it asked for the thread, which nobody there knew"
    assert "barley" in (await village.bob.letters())[-1]
    answer = await greta.reply(await a.knows(post.uri), "Pearled?")
    await village.fediverse.settle()
    assert "Pearled?" in (await c.knows(answer.uri)).content


async def test_a_group_elsewhere_moves_a_thread_into_one_of_ours_for_who_may_begin_threads_there(forum: Forum) -> None:
    """Who moved it is believed when they live where the group does; nobody says it of somebody else (attack GRP-03)."""
    ours = await forum.ours.group("rye", moderator=forum.anna)
    for by in (forum.bob, forum.eve):
        await send(forum.fediverse, forum.ours, by, by.does("Follow", ours.uri))
    others = [forum.bob.note(n, audience=forum.cats.uri, context=f"https://theirs.test/topic/{n}") for n in (7, 8)]
    for note in others:
        forum.bob.host.serve(note["id"], note)
        await send(forum.fediverse, forum.ours, forum.cats, forum.cats.does("Announce", note["id"]))
    for by, note in zip((forum.bob, forum.eve), others, strict=True):
        moved = by.does("Move", note["id"], origin=forum.cats.uri, target=ours.uri)
        await send(forum.fediverse, forum.ours, forum.cats, forum.cats.does("Announce", moved))

    shown = [await shown_in(forum.ours, note["id"]) for note in others]
    assert shown == [["rye"], []] and (await forum.ours.knows(others[0]["id"])).group_id is None


async def test_nobody_brings_a_thread_into_a_group_of_ours_whose_author_blocks_them(forum: Forum) -> None:
    """By saying that it was in a group of theirs: nobody else could know (attack GRP-03)."""
    rye = await forum.ours.group("rye", moderator=forum.anna)
    await send(forum.fediverse, forum.ours, forum.bob, forum.bob.does("Follow", rye.uri))
    posts = [await forum.anna.post(f"Weather {n}") for n in range(2)]
    with forum.ours.here():
        mover = await actors.by_uri(forum.bob.uri)
    assert mover
    for before, post in enumerate(posts):
        if before:
            with forum.ours.here():
                await build.block(forum.anna.actor, mover)
        moved = forum.bob.does("Move", post.uri, origin=forum.cats.uri, target=rye.uri)
        await send(forum.fediverse, forum.ours, forum.cats, forum.cats.does("Announce", moved))

    assert [await shown_in(forum.ours, post.uri) for post in posts] == [["rye"], []]


async def shown_in(at: Instance, uri: str) -> list[str]:
    """The groups that show a thread beside its own."""
    known = await at.knows(uri)
    with at.here():
        found = await shares.showing(known.id)
        faces = await actors.by_ids([each.group.actor_id for each in found])
    return [face.username for face in faces.values()]
