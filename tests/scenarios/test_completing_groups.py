"""A thread of a group of ours is completed with answers that were sent to whom they answer alone, everywhere."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from fedcomm import curation, fetching, group_profile, holding
from fedcomm.group_profile import Change
from storage.actors import Actor
from storage.connect import execute, rows
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import AS, Face, Host, Json
from tests.scenarios.test_completing import answer, below, collection
from tests.scenarios.test_once import told
from tests.scenarios.test_programs import program
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio


class Lane:
    """ann's group bread@a.test; bob of b.test and cleo of c.test are in it, and mona and pia live on microblogs."""

    def __init__(self, fediverse: Fediverse, homes: list[Instance], people: list[Person], bread: Actor) -> None:
        self.fediverse, self.bread = fediverse, bread
        self.a, self.b, self.c = homes
        self.ann, self.bob, self.cleo = people
        self.mastodon, self.other = Host(fediverse, "mastodon.test"), Host(fediverse, "pleroma.test")
        self.mastodon.runs("mastodon")
        self.other.runs("pleroma")
        self.mona, self.pia = self.mastodon.actor("mona"), self.other.actor("pia")
        self.thread: Post
        self.remark: Post

    async def begin(self) -> None:
        """ann asks, and bob says something about it."""
        self.thread = await self.ann.post("@bread@a.test Rye?\n\nOr spelt?")
        await self.fediverse.settle()
        self.remark = await self.bob.reply(self.thread, "Rye.")
        await self.fediverse.settle()

    async def answers(self, who: Face, slug: str, /, above: str = "", *, create: bool = False, **more: object) -> Json:
        """Somebody answers on a microblog: it names bob alone, and is sent to him alone."""
        bob = self.bob.actor.uri
        named = {"cc": [who.followers, bob], "tag": [{"type": "Mention", "href": bob, "name": "@bob@b.test"}]}
        note = answer(who, slug, {"id": above or self.remark.uri}, **(named | more))
        said = who.does("Create", note, slug, to=note["to"], cc=note["cc"]) | {"id": f"{note['id']}/activity"}
        if create:
            who.host.serve(said["id"], said | {"@context": AS})
        await forger.send(self.fediverse, self.b, who, said)
        return note

    async def open(self) -> bool:
        """ann opens the thread, and all is fetched; gives whether she was told that something was asked for."""
        with self.a.here():
            await execute("UPDATE completion SET begun_at = 1", ())
        at = (await self.a.knows(self.thread.uri)).id
        shown = await (await program(self.ann)).ask("GET", f"statuses/{at}/context")
        await self.fediverse.settle()
        return "mastodon-async-refresh" in shown.headers

    async def reads(self, who: Person, uri: str) -> tuple[set[str], int]:
        """What stands under a post on somebody's server, and how many answers it is said to have."""
        member, at = await program(who), (await who.instance.knows(uri)).id
        context = await member.ask("GET", f"statuses/{at}/context")
        return below(context), (await member.get(f"statuses/{at}"))["replies_count"]


@pytest.fixture
async def lane(fediverse: Fediverse) -> Lane:
    """The thread with the remark on it."""
    homes = [await fediverse.instance(f"{name}.test") for name in "abc"]
    people = [await home.person(name) for home, name in zip(homes, ("ann", "bob", "cleo"), strict=True)]
    made = Lane(fediverse, homes, people, await homes[0].group("bread", moderator=people[0]))
    await fediverse.join(made.bread, *people)
    await made.begin()
    return made


async def test_an_answer_that_was_sent_to_whom_it_answers_alone_is_in_the_thread_on_all_servers(lane: Lane) -> None:
    """mona's server has the activity beside the post, pia's has not: of that the group announces the id."""
    guests = {
        name: Host(lane.fediverse, f"{name or 'silent'}.test") for name in ("lemmy", "mastodon2", "discourse", "")
    }
    for name, host in guests.items():
        host.runs(name.rstrip("2")) if name else None
        gus = host.actor("gus")
        await forger.send(lane.fediverse, lane.a, gus, gus.does("Follow", lane.bread.uri))
    one = await lane.answers(lane.mona, "one", create=True)
    two = await lane.answers(lane.pia, "two", one["id"])
    collection(lane.mastodon, one["replies"], [two["id"]])
    old = await lane.answers(lane.pia, "old", published="2020-01-01T12:00:00Z")
    said = {lane.remark.uri, one["id"], two["id"], old["id"]}
    for each in guests.values():
        each.received.clear()
    before = [await lane.reads(who, lane.remark.uri) for who in (lane.cleo, lane.bob, lane.ann)]  # she begins it

    for _time in range(2):  # the second time nothing is new
        await lane.open()

    assert before == [(set(), 0), (said - {lane.remark.uri}, 2), (set(), 0)]
    for who in (lane.ann, lane.bob, lane.cleo):
        assert await lane.reads(who, lane.remark.uri) == (said - {lane.remark.uri}, 2), who.instance.host
        assert (await lane.reads(who, lane.thread.uri))[0] == said
        assert (await who.instance.knows(two["id"])).group_id == (await who.instance.knows(lane.thread.uri)).group_id
    at = (await lane.a.knows(lane.thread.uri)).id
    reader = await browser_of(lane.a, lane.ann)
    shown = [(await reader.get(f"/@ann/{at}{order}")).main for order in ("", "?order=time")]
    await reader.client.aclose()
    assert all(word in page and "4 answers" in page for page in shown for word in ("one", "two", "old")), shown
    feed = await (await program(lane.ann)).ask("GET", f"/@ann/{at}/feed.atom")
    assert all(uri in feed.text for uri in said)
    assert said | {lane.thread.uri} == set((await lane.a.get(f"/posts/{at}/context"))["orderedItems"])
    names = {name: Counter(told(host)) for name, host in guests.items()}
    ids = [f"boost {note['id']}" for note in (two, old)]
    assert names["lemmy"] == Counter([f"Create {one['id']}/activity", *ids])
    assert names["mastodon2"] == Counter() and names[""] == Counter([f"Create {one['id']}/activity"])
    assert names["discourse"] == Counter([f"boost {one['id']}", *ids])


async def test_who_is_answered_learns_of_a_late_answer_once_and_of_an_old_one_never(lane: Lane) -> None:
    ann = {"tag": [{"type": "Mention", "href": lane.ann.actor.uri, "name": "@ann@a.test"}]}
    now = datetime.now(UTC).isoformat()
    late = await lane.answers(lane.pia, "late", published=now, **ann)
    await lane.answers(lane.pia, "old", **ann)

    for _time in range(2):
        await lane.open()

    with lane.a.here():
        told_ = await rows("SELECT post_id FROM notification WHERE kind = 'mention'")
    assert [each[0] for each in told_ if each[0] != (await lane.a.knows(lane.remark.uri)).id] == [
        (await lane.a.knows(late["id"])).id
    ]


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-01")
async def test_what_is_found_waits_and_is_refused_as_what_is_sent(lane: Lane) -> None:
    """Who is banned, who has not agreed to the rules, and in a locked or private group nobody is asked at all."""
    lemmy = Host(lane.fediverse, "lemmy.test")
    lemmy.runs("lemmy")
    gus, mallory = lemmy.actor("gus"), Host(lane.fediverse, "evil.test").actor("mallory")
    await forger.send(lane.fediverse, lane.a, gus, gus.does("Follow", lane.bread.uri))
    banned = await lane.answers(mallory, "banned", create=True)
    with lane.a.here():
        await fetching.actor(lane.a.app, mallory.uri)
        await group_profile.change(lane.a.app, "bread", Change(rules=("Be kind.",)), lane.ann.actor)
    await lane.a.ban(lane.bread, mallory.uri, lane.ann)
    await lane.fediverse.settle()
    one, two = await lane.answers(lane.mona, "one", create=True), await lane.answers(lane.pia, "two")
    lemmy.received.clear()

    for _time in range(2):
        await lane.open()
    with lane.a.here():
        held = await rows("SELECT id, post_uri, kind FROM held WHERE state = 'waiting' ORDER BY post_uri")
    asked = len(lane.mastodon.asked)
    empty = await lane.reads(lane.ann, lane.remark.uri)
    await lane.open()

    assert [(uri, kind) for _id, uri, kind in held] == [(one["id"], "rules"), (two["id"], "rules")]
    assert empty == (set(), 0) and told(lemmy) == [] and len(lane.mastodon.asked) == asked
    assert await lane.a.lacks(banned["id"])
    with lane.a.here():
        for number, _uri, _kind in held:
            await holding.release(lane.a.app, "bread", number, lane.ann.actor)
    await lane.fediverse.settle()
    await lane.open()

    assert await lane.reads(lane.cleo, lane.remark.uri) == ({one["id"], two["id"]}, 2)
    assert Counter(told(lemmy)) == Counter([f"Create {one['id']}/activity", f"boost {two['id']}"])

    with lane.a.here():
        await group_profile.change(lane.a.app, "bread", Change(rules=()), lane.ann.actor)
        await curation.lock(lane.a.app, lane.ann.actor, lane.thread.id)
    late = await lane.answers(lane.pia, "late")
    asked, waits = len(lane.other.asked), [await lane.open()]
    with lane.a.here():
        await curation.unlock(lane.a.app, lane.ann.actor, lane.thread.id)
        await group_profile.change(
            lane.a.app, "bread", Change(join_mode="approval", visibility="members"), lane.ann.actor
        )
    waits.append(await lane.open())
    assert await lane.a.lacks(late["id"]) and len(lane.other.asked) == asked and waits == [False, False]


@pytest.mark.attack("GRP-04")
@pytest.mark.attack("NET-19")
async def test_a_list_of_a_stranger_brings_nothing_that_its_authors_do_not_say(lane: Lane) -> None:
    """It forges what others wrote, names what is nobody's to ask for, and activities that say something else."""
    evil, lemmy = Host(lane.fediverse, "evil.test"), Host(lane.fediverse, "lemmy.test")
    lemmy.runs("lemmy")
    eve, gus = evil.actor("eve"), lemmy.actor("gus")
    await forger.send(lane.fediverse, lane.a, gus, gus.does("Follow", lane.bread.uri))
    bait = answer(eve, "bait", {"id": lane.thread.uri})
    await forger.send(lane.fediverse, lane.a, eve, eve.does("Create", bait))
    above = {"id": bait["id"]}
    real, stray = answer(lane.mona, "real", above), answer(lane.mona, "stray", {"id": "https://evil.test/notes/none"})
    few = answer(lane.mona, "few", above, to=[lane.mona.followers], cc=[])
    sly, false = answer(eve, "sly", above), answer(eve, "false", above)
    for note, by, inside in ((sly, eve, sly | {"content": "<p>Other</p>"}), (false, evil.actor("fay"), false)):
        said = {"@context": AS} | by.does("Create", inside) | {"id": f"{note['id']}/activity"}
        evil.serve(said["id"], said)
    victim = Host(lane.fediverse, "victim.test")
    items: list[Json | str] = [
        real | {"content": "<p>Forged</p>"}, stray["id"], few["id"], sly["id"], false["id"],
        "https://127.0.0.1/x", "https://[::1]/x", "https://a.test/users/ann", lane.thread.uri,
        *(f"https://victim.test/notes/{number}" for number in range(300)),
    ]  # fmt: skip
    collection(evil, bait["replies"], items)
    lemmy.received.clear()

    await lane.open()

    assert (await lane.reads(lane.cleo, bait["id"])) == ({real["id"], sly["id"], false["id"]}, 3)
    assert "Forged" not in (await lane.a.knows(real["id"])).content
    assert await lane.a.lacks(stray["id"]) and await lane.a.lacks(few["id"])
    assert Counter(told(lemmy)) == Counter(f"boost {note['id']}" for note in (real, sly, false))
    assert len(victim.asked) < 20
