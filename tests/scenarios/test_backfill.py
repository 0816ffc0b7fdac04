"""Who joins a group elsewhere first finds its newest threads there, as old as they are, and nobody is told of them."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

import storage.groups
from fedcomm import backfill, clock, fetching
from storage import posts, registers, timelines
from storage.connect import rows
from storage.paging import Page
from tests.fediverse import Person
from tests.forger import AS, PUBLIC, Face, Host, Json, followed, post
from tests.scenarios.neighbours import eventually
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

DAY = 86_400_000


def days_ago(number: int) -> str:
    """A time as documents write it."""
    then = datetime.fromtimestamp(clock.now(), UTC) - timedelta(days=number)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def community(host: Host, **more: object) -> Face:
    """A group with a list of what it announced and one of what is on top of it."""
    uri = f"https://{host.name}/c/rye"
    return host.actor("rye", "Group", featured=f"{uri}/featured", **more)


def page(host: Host, by: Face, group: Face, number: int, /, **more: object) -> Json:
    """A thread that somebody began in the group that many days ago; it is served at its id."""
    note = by.note(
        f"{by.name}-{number}", f"<p>Thread {number}</p>", type="Page", name=f"Thread {number}",
        to=[PUBLIC, group.uri], audience=group.uri, published=days_ago(number), **more,
    )  # fmt: skip
    by.host.serve(note["id"], {"@context": AS} | note)
    return note


def announced(group: Face, note: Json) -> Json:
    """The announcement of a thread, as Lemmy, PieFed and NodeBB list it."""
    create = {"id": f"{note['id']}/create", "type": "Create", "actor": note["attributedTo"], "object": note}
    return {
        "id": f"{group.uri}/announce/{note['id'].rsplit('/', 1)[-1]}", "type": "Announce", "actor": group.uri,
        "object": create, "to": [PUBLIC],
    }  # fmt: skip


def listing(face: Face, name: str, items: list[Json | str], **more: object) -> None:
    """What a list of the group holds."""
    url = f"{face.uri}/{name}"
    document = {"@context": AS, "id": url, "type": "OrderedCollection", "orderedItems": items} | more
    face.host.serve(url, {key: value for key, value in document.items() if value is not None})


async def shown(person: Person, group: Face) -> list[str]:
    """The titles in the group, the newest first, as a member sees them."""
    with person.instance.here():
        found = await storage.groups.by_face(group.uri)
        assert found is not None
        page = await timelines.of_group(person.actor.id, found.id, Page(limit=40))
        known = await posts.by_ids([entry.post_id for entry in page.entries])
    return [known[entry.post_id].title for entry in page.entries]


async def test_who_joins_finds_twenty_threads_as_old_as_they_are(town: Town) -> None:
    """By people of three servers; one of the threads is on top, one is embedded in a form that nobody wrote."""
    host = Host(town.fediverse, "lemmy.test")
    group, flora, far = community(host), host.actor("flora"), Host(town.fediverse, "far.test").actor("fern")
    notes = [page(host, (flora, far, town.bob)[number % 3], group, number) for number in range(1, 31)]
    old = page(host, flora, group, 300, tag=[{"type": "Mention", "href": town.anna.actor.uri}])
    forged = announced(group, notes[0] | {"name": "Forged", "content": "<p>Forged</p>"})
    listing(group, "outbox", [forged, *(announced(group, note) for note in notes[1:])])
    listing(group, "featured", [old])

    await followed(town.fediverse, town.anna, group)
    await town.fediverse.settle()

    titles = await shown(town.anna, group)
    assert titles[:20] == [f"Thread {number}" for number in range(1, 21)] and titles[-1] == "Thread 300"
    assert len(titles) <= 20 + backfill.AT_ONCE + 1
    home = await town.anna.home()
    assert [post.title for post in home][:20] == titles[:20]
    assert abs(home[0].published - (clock.now_ms() - DAY)) < 60_000
    with town.ours.here():
        kept = await storage.groups.by_face(group.uri)
        assert kept is not None and kept.threads_count == len(titles)
        assert [each.subject for each in await registers.all_of(kept.id, "pinned")] == [old["id"]]
        assert await rows("SELECT kind FROM notification WHERE kind = 'mention'") == []
    assert host.asked.count(flora.uri) == 1
    asked = len(host.asked)
    bob = await town.ours.person("second")
    await followed(town.fediverse, bob, group)
    assert len([url for url in host.asked[asked:] if "notes" in url or "outbox" in url]) == 0  # they are here
    assert [post.title for post in await bob.home()][:20] == titles[:20]


async def test_lists_are_read_as_each_program_writes_them(town: Town) -> None:
    """PieFed serves them as plain JSON, NodeBB without an id, Mbin lists ids, Discourse what was created."""
    host = Host(town.fediverse, "forum.test")
    group, flora = community(host), host.actor("flora")
    one, two, three, four = [page(host, flora, group, number) for number in range(1, 5)]
    answer = flora.note("answer", inReplyTo=one["id"], to=[PUBLIC, group.uri])
    host.serve(answer["id"], {"@context": AS} | answer)
    create = flora.does("Create", four)
    bare = {"id": "https://forum.test/a/9", "type": "Announce", "actor": group.uri, "object": three["id"]}
    items: list[Json | str] = [answer["id"], announced(group, one), two["id"], bare, create, {"type": "Like"}, "no"]
    listing(group, "outbox", items, id=None)
    found = host.served["/c/rye/outbox"]
    host.serve(f"{group.uri}/outbox", found.body, content_type="application/json")

    await followed(town.fediverse, town.anna, group)
    await town.fediverse.settle()

    assert await shown(town.anna, group) == ["Thread 1", "Thread 2", "Thread 3", "Thread 4"]
    with town.ours.here():
        names = await rows("SELECT uri FROM boost ORDER BY id DESC")
    assert [found[0] for found in names][2] == "https://forum.test/a/9"


async def test_a_list_says_nothing_of_what_was_not_written_for_the_group(town: Town) -> None:
    """Not of what names no such group, is for a few, or by whom it banned; nor when it was (attacks GRP-03, ORI-35)."""
    host = Host(town.fediverse, "evil-forum.test")
    group, other, flora = community(host), host.actor("wheat", "Group"), host.actor("flora")
    stolen = await town.written()
    elsewhere = page(host, flora, other, 2)
    few = page(host, flora, group, 3)
    host.serve(few["id"], {"@context": AS} | few | {"to": [group.uri]})
    embedded = town.bob.note("never-said", name="Never said", to=[PUBLIC, group.uri])
    late = page(host, flora, group, 4)
    host.serve(late["id"], {"@context": AS} | late | {"published": days_ago(-400)})
    eve = page(host, town.eve, group, 5)
    good = page(host, flora, group, 6)
    items = [stolen, elsewhere, few, embedded, late, eve, good]
    listing(group, "outbox", [announced(group, note) for note in items])
    block = group.does("Block", town.eve.uri, target=group.uri)
    before = host.close(f"{group.uri}/outbox")
    with town.ours.here():
        await fetching.actor(town.ours.app, town.eve.uri)

    await town.anna.follow(group.uri)
    await town.fediverse.settle()
    asked = next(thing for thing in reversed(host.received) if thing["type"] == "Follow")
    for said in (group.does("Accept", asked, to=[town.anna.actor.uri]), group.does("Announce", block)):
        await post(town.ours, said, group)
    with town.ours.here():
        await eventually(partial(rows, "SELECT 1 FROM register WHERE property = 'ban'"), "eve is banned")
    before.set()
    await town.fediverse.settle()

    assert await shown(town.anna, group) == ["Thread 4", "Thread 6"]
    assert await town.ours.lacks(embedded["id"])
    with town.ours.here():
        assert await rows("SELECT id FROM boost WHERE published > ?", (clock.now_ms(),)) == []


async def test_a_list_without_an_end_costs_no_more_than_its_budget(town: Town) -> None:
    """Its pages lead on for ever, back to each other, or to another server; each names posts that are not there."""
    host = Host(town.fediverse, "endless.test")
    group = community(host)

    def endless(rest: str) -> Json:
        number = int(rest or 0)
        url = f"{group.uri}/outbox?page={number}"
        items = [f"https://endless.test/nothing/{number}-{each}" for each in range(100)]
        return {"@context": AS, "id": url, "type": "OrderedCollectionPage", "orderedItems": items,
                "next": f"{group.uri}/outbox?page={number + 1}"}  # fmt: skip

    listing(group, "outbox", [], first=f"{group.uri}/outbox?page=1")
    host.made_up["/c/rye/outbox?page="] = endless
    evil = "https://evil.test/list"
    listing(group, "featured", [town.mallory.uri, f"{group.uri}/featured"], next=evil)

    await followed(town.fediverse, town.anna, group)
    await town.fediverse.settle()

    assert await shown(town.anna, group) == [] and evil not in town.evil.asked
    assert len(host.asked) <= backfill.OF_DOMAIN + 10


async def test_what_a_silent_server_left_out_comes_when_it_answers_again(town: Town) -> None:
    host = Host(town.fediverse, "sleepy.test")
    group, flora = community(host), host.actor("flora")
    notes = [page(host, flora, group, number) for number in (1, 2, 3)]
    listing(group, "outbox", [announced(group, note) for note in notes])
    kept = host.served["/notes/flora-2"]
    host.serve(notes[1]["id"], {}, status=503)

    await followed(town.fediverse, town.anna, group)
    await town.fediverse.settle()
    first = await shown(town.anna, group)
    host.served["/notes/flora-2"] = kept
    asked = len(host.asked)
    with town.ours.here():
        (job,) = await rows("SELECT name, attempts FROM job WHERE name = 'backfill'")
        found = await storage.groups.by_face(group.uri)
        assert found is not None
        await backfill.work(town.ours.app, found.id)  # as it is done a minute later

    assert first == ["Thread 1", "Thread 3"] and tuple(job) == ("backfill", 1)
    assert await shown(town.anna, group) == ["Thread 1", "Thread 2", "Thread 3"]
    assert [url.rsplit("/", 1)[-1] for url in host.asked[asked:]] == ["featured", "outbox", "flora-2"]
