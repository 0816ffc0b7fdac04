"""What one server is told of what happens in a group of ours: each thing once, whatever runs there (decision 42)."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from fedcomm import curation, group_profile, members, polls, reactions, sharing
from fedcomm import peers as learning
from fedcomm.drafting import PollDraft
from storage import notifications, peers, posts
from storage.actors import Actor
from storage.connect import execute
from storage.paging import Page
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, Json

pytestmark = pytest.mark.anyio

# What runs on the servers of the guests; of the last two nothing is known here.
PROGRAMS = ("lemmy", "nodebb", "mastodon", "gotosocial", "discourse", "newprog", "")
ALONE = ("gotosocial", "")  # each person has an inbox there, and that is all


def told(host: Host, about: str = "") -> list[str]:
    """What a server was told, in the order in which it came: activities by their ids, however they are wrapped, boosts
    by what they boost; with `about` only what has this in it."""
    found: list[str] = []
    for each in host.received:
        inner = each["object"]
        wrapped = each["type"] == "Announce" and isinstance(inner, dict)
        said = inner if wrapped else each
        name = f"boost {inner}" if each["type"] == "Announce" and not wrapped else f"{said['type']} {said['id']}"
        found += [name] if about in str(said) else []
    return found


def twice(host: Host) -> list[tuple[str, str]]:
    """What it was told more than once at one inbox; that the group has taken what came from there is no news of it.

    A boost is another one when somebody else makes it, or after it was taken back.
    """
    found, undone = Counter[tuple[str, str]](), Counter[str]()
    for inbox, each, name in zip(host.inboxes, host.received, told(host), strict=True):
        by = f" by {each['actor']} {undone[each['actor']]}" if name.startswith("boost") else ""
        undone[each["actor"]] += each["type"] == "Undo" and each["object"]["type"] == "Announce"
        found[inbox, name + by] += 1
    return [what for what, times in found.items() if times > 1 and f"https://{host.name}/" not in what[1]]


class Square:
    """bo and ann in bread@a.test; on each server elsewhere lives a guest who is in the group, and follows bo too."""

    def __init__(self, fediverse: Fediverse, a: Instance, bread: Actor, ann: Person, bo: Person) -> None:
        self.fediverse, self.a, self.bread, self.ann, self.bo = fediverse, a, bread, ann, bo
        self.guests: dict[str, Face] = {}

    async def guest(self, software: str) -> Face:
        """Somebody new on a server of that program; those of ALONE have no inbox for all, and gil follows as well."""
        host = Host(self.fediverse, f"{software or 'silent'}.test")
        if software:
            host.runs(software)
        alone = {"endpoints": None} if software in ALONE else {}
        self.guests[software] = face = host.actor("gus", **alone)
        for who in (face, host.actor("gil", **alone)) if alone else (face,):
            await self.follows(who)
        return face

    async def follows(self, face: Face) -> None:
        """Somebody elsewhere joins the group and follows bo."""
        for who in (self.bread, self.bo.actor):
            await forger.send(self.fediverse, self.a, face, face.does("Follow", who.uri))

    async def says(self, by: Face, slug: str, **more: Any) -> Json:
        """A guest writes for the group."""
        note = by.note(slug, to=[self.bread.uri, PUBLIC], cc=[], **more)
        by.host.serve(note["id"], note)
        await forger.send(self.fediverse, self.a, by, by.does("Create", note, to=note["to"]))
        return note


@pytest.fixture
async def square(fediverse: Fediverse) -> Square:
    """The group with its two members here."""
    a = await fediverse.instance("a.test")
    ann, bo = await a.person("ann"), await a.person("bo")
    made = Square(fediverse, a, await a.group("bread", moderator=ann), ann, bo)
    await fediverse.join(made.bread, ann, bo)
    return made


@pytest.mark.thorough("postgres")
async def test_a_server_of_any_program_is_told_each_thing_once(square: Square) -> None:
    """Its people follow who writes and the group, are named and answered, and what they wrote is voted on."""
    a, ann, bo, settle = square.a, square.ann, square.bo, square.fediverse.settle
    for software in PROGRAMS:
        await square.guest(software)
    everybody = " ".join(f"@gus@{face.host.name}" for face in square.guests.values())

    post = await bo.post(f"@bread@a.test Rye\n\nHello {everybody}")
    answer = await bo.reply(post, f"{everybody}, what do you say?")
    asked = await ann.post("@bread@a.test When?", poll=PollDraft(("now", "later")))
    replies = {name: await square.says(face, "1", inReplyTo=post.uri) for name, face in square.guests.items()}
    for note in replies.values():
        await ann.reply(await a.knows(note["id"]), "Do you?")
        with a.here():
            known = await posts.by_uri(note["id"])
            assert known is not None
            await reactions.dislike(a.app, bo.actor, known.id)
            await reactions.unlike(a.app, bo.actor, known.id)
            await reactions.like(a.app, bo.actor, known.id)
    await bo.edit(post, f"@bread@a.test Rye\n\nHello again {everybody}")
    await bo.edit(answer, f"{everybody}, what would you say?")
    await bo.like(asked)
    await ann.boost(answer)
    with a.here():
        await polls.tell(a.app, asked.id)
    await settle()
    short = await bo.reply(post, f"{everybody}, not this.")
    await bo.delete(short)
    await bo.delete(post)
    await settle()

    for software, face in square.guests.items():
        host, news = face.host, told(face.host)
        assert twice(host) == [], software
        if software == "gotosocial":  # gives what one inbox took for everybody to all
            assert [name for name, times in Counter(news).items() if times > 1] == []
        begun = [name.partition(" ")[0] for name in told(host, asked.uri) if "reply" not in name]
        groups, boosted = software in ("lemmy", "nodebb"), f"boost {asked.uri}" in news
        assert (boosted, f"Create {asked.uri}/create" in news) == (not groups, groups), (software, begun)
        assert {f"Create {each.uri}/create" for each in (post, answer, short)} <= {*news}, "who is named reads it"
        assert {f"Delete {each.uri}#delete" for each in (post, short)} <= {*news}
        changed = [name.partition("#updates")[0] for name in dict.fromkeys(news) if "#updates" in name]
        assert changed == [f"Update {post.uri}", f"Update {answer.uri}"], software
        votes = [name.partition(" ")[0] for name in dict.fromkeys(told(host, replies[software]["id"]))]
        assert [kind for kind in votes if kind in ("Dislike", "Undo", "Like")] == ["Dislike", "Undo", "Like"], software
        others = [note["id"] for name, note in replies.items() if name != software]
        heard = [uri for uri in others if any(name.startswith(("Create", "boost")) for name in told(host, uri))]
        assert heard == (others if software not in ("mastodon", "gotosocial") else []), software


@pytest.mark.thorough("postgres")
async def test_what_moderators_and_people_elsewhere_do_in_a_thread_of_two_groups_is_told_once(square: Square) -> None:
    """The guests follow both groups; what one of them does each other server hears, and what moderators do."""
    a, ann, bo, settle = square.a, square.ann, square.bo, square.fediverse.settle
    wine = await a.group("wine", moderator=ann)
    for software in PROGRAMS:
        guest = await square.guest(software)
        await forger.send(square.fediverse, a, guest, guest.does("Follow", wine.uri))
    lem, mas, new = (square.guests[name] for name in ("lemmy", "mastodon", "newprog"))
    post = await bo.post("@bread@a.test Rye\n\nand Riesling")
    with a.here():
        await sharing.share(a.app, ann.actor, post.id, "wine")
    notes = []
    for number, face in enumerate((lem, mas, new)):
        named = [{"type": "Mention", "href": each.uri, "name": f"@gus@{each.host.name}"} for each in (lem, mas, new)]
        notes.append(await square.says(face, str(number), inReplyTo=post.uri, tag=named))
        await forger.send(square.fediverse, a, face, face.does("Like", post.uri))
    for face, note in zip((lem, mas, new), notes, strict=True):
        later = note | {"content": "<p>Or not</p>", "updated": "2026-11-22T12:00:00Z"}
        face.host.serve(note["id"], later)
        await forger.send(square.fediverse, a, face, face.does("Update", later))
    first, second, third = [await a.knows(note["id"]) for note in notes]
    with a.here():
        for act in (curation.remove, curation.restore, curation.lock, curation.unlock):
            await act(a.app, ann.actor, first.id)
        for act in (curation.pin, curation.unpin, curation.remove):
            await act(a.app, ann.actor, post.id)
        await settle()  # so that wine has taken its boost back, which else depends on how long this takes
        for act in (curation.restore, curation.lock):
            await act(a.app, ann.actor, post.id)
        await group_profile.change(a.app, "bread", group_profile.Change(title="Breads"), ann.actor)
        await members.ban(a.app, "bread", mas.uri, ann.actor)
        await members.unban(a.app, "bread", mas.uri, ann.actor)
    await settle()
    for face, known in ((new, third), (mas, second)):
        face.host.gone(known.uri)
        await forger.send(square.fediverse, a, face, face.does("Delete", known.uri))
    with a.here():
        await sharing.end(a.app, ann.actor, post.id, "wine")
        await curation.remove(a.app, ann.actor, post.id)
    await settle()

    for software, face in square.guests.items():
        assert twice(face.host) == [], software
        boosts = [each["actor"] for each in face.host.received if each["object"] == post.uri]
        shown = {"mastodon": 4, "gotosocial": 4, "discourse": 4, "newprog": 4, "": 6, "nodebb": 2, "lemmy": 0}
        assert len(boosts) == shown[software], (software, boosts)
        gone = [name for name in told(face.host, third.uri) if name.startswith("Delete") and face is not new]
        assert len(gone) == (software in ("lemmy", "nodebb") or 2 * (software == "")), software


async def test_what_runs_somewhere_is_found_out_before_anything_is_told_in_one_form_or_another(square: Square) -> None:
    late, mute = Host(square.fediverse, "late.test"), Host(square.fediverse, "mute.test")
    for host in (late, mute):
        host.serve("/.well-known/nodeinfo", {}, 503)
        await square.follows(host.actor("gus"))

    post = await square.bo.post("@bread@a.test Rye\n\nFor @gus@late.test and @gus@mute.test")
    await square.fediverse.settle()
    before = [told(host, post.uri) for host in (late, mute)]
    late.runs("lemmy")
    for _again in range(2):
        for host in (late, mute):
            square.a.deliver_now(host.name)
        await square.fediverse.settle()

    assert before == [[], []]
    assert told(late, post.uri) == [f"Create {post.uri}/create"] and late.received[-1]["actor"] == square.bread.uri
    assert told(mute, post.uri) == [f"Create {post.uri}/create", f"boost {post.uri}"], "it is not waited for ever"
    await square.bo.reply(post, "And wheat?")
    await square.fediverse.settle()
    assert "And wheat?" in str(mute.received[-1]), "nor is it asked before each"


async def test_whose_groups_pass_on_what_was_done_is_told_what_is_done_in_ours(square: Square) -> None:
    guest = await square.guest("newprog")
    group = guest.host.actor("tea", "Group")
    await forger.followed(square.fediverse, square.ann, group)
    first = await square.ann.post("@bread@a.test Rye")
    note = guest.note("1", to=[group.uri, PUBLIC], cc=[])
    guest.host.serve(note["id"], note)

    await forger.send(square.fediverse, square.a, group, group.does("Announce", guest.does("Create", note)))
    second = await square.ann.post("@bread@a.test Wheat")
    await square.fediverse.settle()

    assert told(guest.host, first.uri) == [f"boost {first.uri}"]
    assert told(guest.host, second.uri) == [f"Create {second.uri}/create"]
    with square.a.here():
        await execute("UPDATE peer SET software_checked_at = NULL WHERE host = 'newprog.test'")  # another day
        await learning.learn(square.a.app, "newprog.test")
        known = await peers.get("newprog.test")
        assert known is not None and (known.software, known.family) == ("newprog", "groups")


async def test_an_inbox_that_serves_all_on_its_server_is_replaced_once_it_is_gone(square: Square) -> None:
    guest = await square.guest("gotosocial")
    guest.host.statuses = [410]

    post = await square.ann.post("@bread@a.test Rye")
    await square.fediverse.settle()

    assert told(guest.host, post.uri) == [f"boost {post.uri}"] * 2, "the first was refused"
    assert len({*guest.host.inboxes[-2:]}) == 2


async def test_what_two_groups_of_two_servers_tell_is_read_counted_and_notified_once(fediverse: Fediverse) -> None:
    """The second group cannot know who follows the first: who follows both may hear an answer from each."""
    a, b, c, d = [await fediverse.instance(f"{name}.test") for name in "abcd"]
    ann, bob, carol, dan = [
        await where.person(name) for where, name in ((a, "ann"), (b, "bob"), (c, "carol"), (d, "dan"))
    ]
    bread, wine = await a.group("bread", moderator=ann), await b.group("wine", moderator=bob)
    await fediverse.join(bread, ann, bob, carol, dan)
    await fediverse.join(wine, bob, carol)
    post = await ann.post("@bread@a.test Rye and Riesling")
    await fediverse.settle()
    with b.here():
        await sharing.share(b.app, bob.actor, (await b.knows(post.uri)).id, "wine")
    await fediverse.settle()

    asked = await carol.reply(post, "Do they?")
    await fediverse.settle()
    answer, remark = await dan.reply(asked, "Yes!"), await dan.reply(post, "Not really.")
    await fediverse.settle()

    def told_by(said: Post) -> set[str]:
        bodies = [body for host, body in fediverse.wire.posted if host == "c.test" and said.uri.encode() in body]
        return {str(msgspec.json.decode(body)["actor"]) for body in bodies}

    assert told_by(answer) == {dan.actor.uri, bread.uri}, "who is answered hears it from its author"
    assert told_by(remark) == {bread.uri, wine.uri}
    root, above, there = await c.knows(post.uri), await c.knows(asked.uri), await c.knows(answer.uri)
    assert (root.replies_count, above.replies_count, there.parent_id) == (2, 1, above.id)
    with c.here():
        found, _older = await notifications.page(carol.actor.id, Page(limit=9), ["mention"])
    assert [each.post_id for each in found] == [there.id]
