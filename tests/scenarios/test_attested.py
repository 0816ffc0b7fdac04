"""What a private group tells of its members on servers without groups; and what it cannot make anybody say."""

from typing import Any

import msgspec
import pytest

from activitypub.errors import NotFound
from fedcomm import curation, fetching, finding, members
from storage import groups, registers, visible
from storage.connect import execute, rows
from storage.posts import MEMBERS, PUBLIC, Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json
from tests.scenarios.test_completing import read
from tests.scenarios.test_private_groups import Circle, circle
from tests.scenarios.test_programs import program

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]
__all__ = ["circle"]


def as_mastodon(by: Face, slug: object, content: str, face: str, /, **more: Any) -> Json:
    """What somebody writes for their followers, naming a group; served to nobody who asks."""
    named = {"to": [by.followers], "cc": [face], "tag": [{"type": "Mention", "href": face}]}
    return by.note(slug, content, **(named | more))


async def reads(person: Person, uri: str) -> bool:
    """Whether somebody may see the post on their server."""
    found = await person.instance.post(uri)
    with person.instance.here():
        return found is not None and await visible.sees(person.actor.id, found.id)


async def test_what_a_member_on_mastodon_writes_is_read_by_members_everywhere(circle: Circle) -> None:
    """A thread, an answer to somebody by name, an edit and a deletion; nobody else is told a word."""
    there = Host(circle.fediverse, "there.test")
    mona = there.actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    circle.fediverse.wire.posted.clear()
    thread = as_mastodon(mona, "one", "<p>Canary starters</p><p>Which flour?</p>", circle.face.uri)
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", thread, to=thread["to"], cc=thread["cc"]))

    kept = await circle.b.knows(thread["id"])
    assert (kept.visibility, kept.truth) == (MEMBERS, "attested") and "Which flour?" in kept.content
    assert await circle.reads(circle.bob, kept) and thread["id"] in there.asked, "its origin is asked first"
    assert [post.uri for post in await circle.bob.home()] == [thread["id"]]
    said = await circle.bob.reply(kept, "Canary rye.")
    await circle.fediverse.settle()
    retold = _told(there, "Create")[0]["id"]
    one = mona.note("two", "<p>Canary thanks</p>", to=[mona.followers], cc=[circle.bob.actor.uri], inReplyTo=said.uri)
    two = as_mastodon(mona, "three", "<p>Canary more</p>", circle.face.uri, inReplyTo=retold)
    for note in (one, two):
        await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", note, to=note["to"], cc=note["cc"]))
    found = [await circle.b.knows(note["id"]) for note in (one, two)]
    assert [post.parent_id for post in found] == [said.id, kept.id]
    assert {post.thread_id for post in found} == {kept.thread_id}
    newer = {"content": "<p>Canary, and much obliged</p>", "updated": "2026-11-26T12:00:00Z"}
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Update", one | newer, to=one["to"], cc=one["cc"]))
    assert "much obliged" in (await circle.b.knows(one["id"])).content
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Delete", one["id"], to=one["to"]))
    assert await circle.b.lacks(one["id"])
    assert await circle.c.post(thread["id"]) is None
    assert circle.told().keys() <= {"a.test", "b.test", "there.test"}


async def test_what_is_said_in_a_group_that_has_just_become_private_is_read_by_servers_that_did_not_know(
    circle: Circle,
) -> None:
    """Its word counts for more from then on; a server that cannot ask it now asks later, and asks not each time."""
    there, b = Host(circle.fediverse, "there.test"), circle.b
    mona = there.actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    with b.here():
        await execute("UPDATE groups SET visibility = 'public'")  # as before the Update of the group has come

    async def says(slug: str) -> str:
        thread = as_mastodon(mona, slug, f"<p>Canary {slug}</p><p>Which flour?</p>", circle.face.uri)
        activity = mona.does("Create", thread, to=thread["to"], cc=thread["cc"])
        await forger.send(circle.fediverse, circle.a, mona, activity)
        return str(thread["id"])

    circle.fediverse.wire.down.add("a.test")
    waits = await says("one")
    assert await b.post(waits) is None
    circle.fediverse.wire.down.clear()
    with b.here():
        await execute("UPDATE inbox_item SET next_at = 0 WHERE state = 2")
    b.overflow()
    await circle.fediverse.settle()
    for uri in (waits, await says("two")):
        kept = await b.knows(uri)
        assert (kept.visibility, kept.truth) == (MEMBERS, "attested") and await circle.reads(circle.bob, kept)

    home = Host(circle.fediverse, "open.test")
    club = home.actor("club", "Group")
    await forger.followed(circle.fediverse, circle.bob, club)
    home.asked.clear()
    for slug in ("three", "four"):  # a group that is for everybody, and says something to its followers alone
        note = as_mastodon(mona, slug, "<p>Canary</p>", club.uri)
        create = mona.does("Create", note, to=note["to"], cc=note["cc"])
        await forger.send(circle.fediverse, b, club, club.does("Announce", create, to=[club.followers]))
        assert await b.post(note["id"]) is None
    assert home.asked.count(club.uri) == 1


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-20", "PRI-01")
async def test_a_group_tells_an_answer_to_whom_it_is_for_on_mastodon_and_to_nobody_who_is_no_member(
    circle: Circle,
) -> None:
    """Whoever writes on another server of ours tells the group alone; a program that tells them itself is enough."""
    there, far = Host(circle.fediverse, "there.test"), Host(circle.fediverse, "far.test")
    mona, eve, fritz = there.actor("mona"), far.actor("eve"), far.actor("fritz")
    for who in (mona, fritz):
        await forger.send(circle.fediverse, circle.a, who, who.does("Follow", circle.face.uri))
    await circle.let_in(circle.carol)
    for host in (there, far):
        circle.a.learn(host.name, "microblog", "mastodon")
    for instance in (circle.a, circle.c):
        with instance.here():
            assert [await fetching.actor(instance.app, who.uri) for who in (eve, fritz)]
    thread = as_mastodon(mona, "one", "<p>Canary starters</p><p>Which flour?</p>", circle.face.uri)
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", thread, to=thread["to"], cc=thread["cc"]))
    kept = await circle.c.knows(thread["id"])
    there.received.clear()
    far.received.clear()

    said = await circle.said(circle.carol, "@eve@far.test @fritz@far.test Canary rye.", in_reply_to_id=kept.id)

    (told,) = _told(there, "Create")
    assert _told(far, "Create") == [told], "one note, to each server of those it is for"
    assert (told["attributedTo"], told["to"]) == (circle.face.uri, [circle.face.followers])
    assert sorted(told["cc"]) == sorted((mona.uri, fritz.uri)) and told["inReplyTo"] == thread["id"]
    assert "Canary rye" in told["content"] and "carol" in told["content"]
    thanks = mona.note("two", "<p>Canary thanks</p>", to=[mona.followers], inReplyTo=told["id"])
    thanks["cc"] = [fritz.uri]
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", thanks, to=thanks["to"], cc=thanks["cc"]))
    assert (await circle.c.knows(thanks["id"])).parent_id == said.id
    assert len(_told(far, "Create")) == 1, "Mastodon has told fritz itself"
    await circle.carol.edit(said, "Canary spelt. @fritz@far.test")
    await circle.fediverse.settle()
    (edited,) = _told(there, "Update")
    assert edited["id"] == told["id"] and "Canary spelt" in edited["content"]
    again = await _taken_out_and_put_back(circle, there, said, told["id"])
    told = told | {"id": again}
    await circle.carol.delete(said)
    await circle.fediverse.settle()
    for host in (there, far):
        assert _gone(host)[-1:] == [told["id"]]
    boat = await circle.said(circle.anna, "@rye @bob@b.test @eve@far.test Canary boat")
    assert not [each for each in _told(far, "Create") if each["attributedTo"] == boat.uri]
    circle.fediverse.wire.posted.clear()
    await circle.said(circle.anna, "@bob@b.test Canary oar", in_reply_to_id=boat.id)
    told_b = [body for host, body in circle.fediverse.wire.posted if host == "b.test" and b"Canary oar" in body]
    assert len(told_b) == 1, "who is named gets it from the group, once"


async def _taken_out_and_put_back(circle: Circle, there: Host, said: Post, uri: str) -> str:
    """What moderators take out of the group and put back is told again, each time under an id that is not dead."""
    there_ = await circle.a.knows(said.uri)
    for how in ("removal", "ban"):
        there.received.clear()
        with circle.a.here():
            if how == "removal":
                await curation.remove(circle.a.app, circle.alice.actor, there_.id)
            else:
                await members.ban(circle.a.app, "rye", circle.carol.actor.uri, circle.alice.actor, remove=True)
        await circle.fediverse.settle()
        assert _gone(there) == [uri], how
        with circle.a.here():
            if how == "removal":
                await curation.restore(circle.a.app, circle.alice.actor, there_.id)
            else:
                await members.unban(circle.a.app, "rye", circle.carol.actor.uri, circle.alice.actor)
        await circle.fediverse.settle()
        (again,) = [each for each in _told(there, "Create") if "Canary" in each["content"]]
        assert again["id"] != uri and "Canary spelt" in again["content"], how
        uri = str(again["id"])
        await circle.let_in(circle.carol)
    return uri


@pytest.mark.attack("GRP-20")
async def test_who_is_named_by_an_edit_gets_the_post_and_who_is_named_no_more_how_it_reads(circle: Circle) -> None:
    """By its author in a group of their server, and by the group that tells an answer again; never who is no member."""
    hosts = {name: Host(circle.fediverse, f"{name}.test") for name in ("mo", "mi", "ex")}
    people = {name: host.actor(name) for name, host in hosts.items()}
    for who in people.values():
        await forger.send(circle.fediverse, circle.a, who, who.does("Follow", circle.face.uri))
    await circle.let_in(circle.carol)
    for name, host in hosts.items():
        circle.a.learn(host.name, "microblog", "mastodon")
        with circle.c.here():
            assert await fetching.actor(circle.c.app, people[name].uri)
    thread = await circle.said(circle.anna, "@rye Canary boats\n\nWhich wood?")
    below = await circle.said(circle.anna, "@mo@mo.test @ex@ex.test Canary oak", in_reply_to_id=thread.id)
    told = await circle.carol.reply(thread, "@mo@mo.test @ex@ex.test Canary ash")
    await circle.fediverse.settle()
    ex = people["ex"]
    await forger.send(circle.fediverse, circle.a, ex, ex.does("Undo", ex.does("Follow", circle.face.uri)))
    for host in hosts.values():
        host.received.clear()

    await circle.anna.edit(below, "@mi@mi.test Canary elm")
    await circle.carol.edit(told, "@mi@mi.test Canary yew")
    await circle.fediverse.settle()

    def heard(name: str) -> list[tuple[str, str]]:
        wood = {"elm": "anna", "yew": "group"}
        found = [each for each in hosts[name].received if each["type"] in ("Create", "Update", "Delete")]
        return sorted((each["type"], next(w for key, w in wood.items() if key in str(each))) for each in found)

    assert heard("mo") == [("Update", "anna"), ("Update", "group")]
    assert heard("mi") == [("Create", "anna"), ("Create", "group"), ("Update", "anna"), ("Update", "group")]
    assert heard("ex") == [], "who has left reads nothing more"
    order = [each["type"] for each in hosts["mi"].received if "elm" in str(each)]
    assert order == ["Create", "Update"], "the post comes before how it reads"
    await circle.anna.delete(below)
    await circle.carol.delete(told)
    await circle.fediverse.settle()
    for name, host in hosts.items():
        gone = _gone(host)
        assert len(gone) == 2 and below.uri in gone, f"{name} got it, and so hears that it is gone"


@pytest.mark.thorough("postgres")
async def test_who_joins_late_finds_what_was_said_and_whole_threads(circle: Circle) -> None:
    """By a member here, one of another server with groups and one on Mastodon; a pinned thread, and pages of them."""
    mona = Host(circle.fediverse, "there.test").actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    ours = await circle.said(circle.anna, "@rye Canary starters\n\nWhich flour?")
    far = await circle.said(circle.bob, "@rye@a.test Canary loaves\n\nWhich tin?")
    note = as_mastodon(mona, "one", "<p>Canary salt</p>", circle.face.uri, published=None)
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", note, to=note["to"], cc=note["cc"]))
    for thread in (ours, far):
        answer = as_mastodon(mona, f"to-{thread.id}", "<p>Canary answer</p>", circle.face.uri, inReplyTo=thread.uri)
        await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", answer, to=answer["to"]))
    theirs = await circle.a.knows(note["id"])
    below = await circle.anna.reply(theirs, "Canary of anna")
    with circle.a.here():
        await curation.pin(circle.a.app, circle.alice.actor, ours.id)
    for number in range(18):
        await circle.anna.post(f"@rye Canary {number}\n\nMore")
    await circle.fediverse.settle()
    for place in ("/c/rye/outbox", "/c/rye/outbox?page=1", "/c/rye/featured"):
        assert (await forger.get(circle.a, place, None)).status_code == 404, place
        assert (await forger.get(circle.a, place, mona)).status_code == 200, place
        with pytest.raises(NotFound):
            await circle.c.app.client.get_document(f"https://a.test{place}")
    listed = (await circle.b.app.client.get_document("https://a.test/c/rye/outbox")).raw
    second = (await circle.b.app.client.get_document(listed["first"])).raw["next"]
    older = (await circle.b.app.client.get_document(second)).raw
    assert (listed["totalItems"], len(listed["orderedItems"]), len(older["orderedItems"])) == (21, 20, 1)
    assert not any(forger.PUBLIC in str(item) for item in listed["orderedItems"])

    await circle.let_in(circle.carol)

    for post in (ours, far, theirs):
        assert await circle.reads(circle.carol, post), post.uri
        assert (await circle.c.knows(post.uri)).visibility == MEMBERS
    with circle.c.here():
        group = await groups.by_face(circle.face.uri)
        assert group is not None and [each.subject for each in await registers.all_of(group.id, "pinned")] == [ours.uri]
    reader = await program(circle.carol)
    for post in (ours, theirs, far):
        await read(reader, post.uri)
        await circle.fediverse.settle()
    assert await circle.reads(circle.carol, below)
    for thread in (ours, far):
        answer_ = await circle.c.knows(f"https://there.test/notes/to-{thread.id}")
        assert answer_.truth == "attested" and await circle.reads(circle.carol, answer_)
    dora = await circle.c.person("dora")
    assert not await circle.reads(dora, ours) and not await circle.reads(dora, theirs)


def _gone(host: Host) -> list[str]:
    objects = [each["object"] for each in host.received if each["type"] == "Delete"]
    return [str(uri["id"] if isinstance(uri, dict) else uri) for uri in objects]


def _told(host: Host, kind: str) -> list[Json]:
    return [each["object"] for each in host.received if each["type"] == kind and isinstance(each["object"], dict)]


class Ring(msgspec.Struct, frozen=True):
    """A group for its members on ring.test, which says whatever a test wants; anna is a member, otto is none."""

    fediverse: Fediverse
    ours: Instance
    group: Face
    anna: Person
    otto: Person
    victim: Face

    async def announce(self, inner: Json, **more: Any) -> None:
        said = self.group.does("Announce", inner, **({"to": [self.group.followers]} | more))
        await forger.send(self.fediverse, self.ours, self.group, said)

    def made_up(self, slug: object, content: str = "<p>forged</p>", /, **more: Any) -> Json:
        return as_mastodon(self.victim, slug, content, self.group.uri, **more)

    def create(self, note: Json) -> Json:
        return self.victim.does("Create", note, to=note["to"])


@pytest.fixture
async def ring(fediverse: Fediverse) -> Ring:
    """The group, followed by anna."""
    ours = await fediverse.instance("a.test")
    anna, otto = await ours.person("anna"), await ours.person("otto")
    more = {"manuallyApprovesFollowers": True, "discoverable": False}
    group = Host(fediverse, "ring.test").actor("ring", "Group", **more)
    victim = Host(fediverse, "victim.test").actor("vera")
    await forger.followed(fediverse, anna, group)
    return Ring(fediverse, ours, group, anna, otto, victim)


@pytest.mark.attack("GRP-04", "ORI-02", "ORI-19")
async def test_a_private_group_makes_nobody_say_anything_outside_of_itself(ring: Ring) -> None:
    """What it may say at all stays among its members, and is nobody's word here whom it did not ask."""
    icon = {"type": "Image", "url": "https://ring.test/e.png"}
    emoji = {"type": "Emoji", "id": "https://victim.test/emojis/1", "name": ":vera:", "icon": icon}
    named = {"type": "Mention", "href": ring.otto.actor.uri}
    inside = ring.made_up("inside", cc=[ring.group.uri, ring.otto.actor.uri], tag=[named, emoji])
    await ring.announce(ring.create(inside))

    assert await reads(ring.anna, inside["id"]) and not await reads(ring.otto, inside["id"])
    with ring.ours.here():
        assert not await visible.sees(visible.ANYBODY, (await ring.ours.knows(inside["id"])).id)
        assert await rows("SELECT shortcode FROM emoji WHERE host = 'victim.test'") == []
    assert await (await program(ring.otto)).get("/api/v1/notifications") == []
    ours = {"id": "https://a.test/posts/1", "attributedTo": ring.otto.actor.uri}
    refused = {
        "public": ring.made_up("public") | {"to": [forger.PUBLIC]},
        "elsewhere": ring.made_up("elsewhere") | {"cc": [], "tag": []},
        "ours": ring.made_up("ours") | ours,
        "our author": ring.made_up("our-author") | {"attributedTo": ring.otto.actor.uri},
        "another origin": ring.made_up("another") | {"id": "https://ring.test/notes/1"},
    }
    for why, note in refused.items():
        await ring.announce(ring.create(note) | {"actor": note["attributedTo"]})
        assert await ring.ours.post(note["id"]) is None, why
    told_all = ring.made_up("told-all")
    await ring.announce(ring.create(told_all), to=[forger.PUBLIC])
    by_eve = ring.made_up("by-eve")
    await ring.announce(ring.victim.host.actor("eve").does("Create", by_eve, to=by_eve["to"]))
    assert await ring.ours.post(told_all["id"]) is None and await ring.ours.post(by_eve["id"]) is None
    ring.group.host.serve(ring.group.uri, ring.group.document())
    await forger.send(ring.fediverse, ring.ours, ring.group, ring.group.does("Update", ring.group.document()))
    late = ring.made_up("late")
    await ring.announce(ring.create(late))
    assert await ring.ours.post(late["id"]) is None, "a group for everybody is believed nothing of the kind"


@pytest.mark.attack("GRP-04", "ORI-20")
async def test_what_its_author_says_counts_from_the_moment_they_say_it(ring: Ring) -> None:
    """Whoever told a lie about an id has not taken it from whom it belongs to: not by Create, boost, search, burial."""
    vera, host = ring.victim, ring.victim.host
    await forger.followed(ring.fediverse, ring.otto, vera)
    for how in ("create", "update", "boost", "search", "buried"):
        forged, real = ring.made_up(how), vera.note(how, "<p>real</p>")
        await ring.announce(ring.create(forged))
        assert (await ring.ours.knows(real["id"])).content == "<p>forged</p>", how
        host.serve(real["id"], {"@context": forger.AS} | real)
        if how == "boost":
            await forger.send(ring.fediverse, ring.ours, vera, vera.does("Announce", real["id"]))
        elif how == "search":
            with ring.ours.here():
                await finding.resolve(ring.ours.app, real["id"])
        else:
            if how == "buried":
                await ring.announce(vera.does("Delete", real["id"], to=forged["to"]))
                assert await ring.ours.lacks(real["id"])
            kind = "Update" if how == "update" else "Create"
            await forger.send(ring.fediverse, ring.ours, vera, vera.does(kind, real))
        there = await ring.ours.knows(real["id"])
        assert (there.content, there.visibility, there.group_id) == ("<p>real</p>", PUBLIC, None), how
        assert await reads(ring.otto, real["id"]), how

    same = ring.made_up("same", "<p>as the group says</p>", contentMap={"de": "<p>as the group says</p>"})
    later = {"type": "Question", "oneOf": [{"type": "Note", "name": "forged"}], "url": "https://victim.test/forged"}
    await ring.announce(ring.create(same | later | {"updated": "2026-11-26T12:00:00Z"}))
    there, reader = await ring.ours.knows(same["id"]), await program(ring.anna)
    shown = [
        await reader.get(f"/api/v1/statuses/{there.id}"),
        *(await reader.get(f"/api/v1/statuses/{there.id}/history")),
    ]
    for each in shown:  # in the words of the post's language, before anything that the group says
        assert each["content"].startswith("<p><em>Weitergegeben von der Gruppe @ring@ring.test;"), each
    first = same | {"content": "<p>as she says</p>", "updated": "2026-11-26T09:00:00Z"}
    await forger.send(ring.fediverse, ring.ours, vera, vera.does("Create", first))
    there = await ring.ours.knows(same["id"])
    assert (there.content, there.truth, there.visibility) == ("<p>as she says</p>", "signed", MEMBERS)
    said = await reader.get(f"/api/v1/statuses/{there.id}")
    assert (said["content"], said["poll"], said["url"]) == ("<p>as she says</p>", None, there.uri)
    history = await reader.get(f"/api/v1/statuses/{there.id}/history")
    assert [each["content"] for each in history] == ["<p>as she says</p>"], "what the group told is no version of hers"
    below, other = ring.made_up("below", inReplyTo=same["id"]), ring.made_up("other")
    for note in (other, below):
        await ring.announce(ring.create(note))
    elsewhere = vera.does("Create", below | {"inReplyTo": other["id"], "content": "<p>as she answers</p>"})
    await forger.send(ring.fediverse, ring.ours, vera, elsewhere)
    answer = await ring.ours.knows(below["id"])
    assert answer.parent_id == (await ring.ours.knows(other["id"])).id, "nor does the group say what she answers"
    await ring.announce(vera.does("Update", same | {"updated": "2026-11-27T09:00:00Z"}, to=same["to"]))
    assert (await ring.ours.knows(same["id"])).content == "<p>as she says</p>", "then the group says nothing more of it"
