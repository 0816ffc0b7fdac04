"""A thread that a member reads is completed from the servers where its answers were written, within a budget."""

import itertools
from collections.abc import Sequence

import httpx
import pytest

from fedcomm import completing, errand, fetching
from storage import completions
from storage.connect import Writes, apply, rows
from tests.forger import AS, PUBLIC, Face, Host, Json, followed, send
from tests.scenarios.test_programs import program
from tests.scenarios.town import Town
from tests.web.mastodon.member import Member
from tests.web.pages.browser import Browser, client_of
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio


def collection(host: Host, url: str, items: Sequence[Json | str], **more: object) -> str:
    """A list that a server serves."""
    document = {"@context": AS, "id": url, "type": "OrderedCollection", "orderedItems": list(items)} | more
    host.serve(url, {key: value for key, value in document.items() if value is not None})
    return url


def answer(by: Face, slug: object, above: Json, /, **more: object) -> Json:
    """An answer that is served at its id, with a list of what was answered to it."""
    note = by.note(slug, f"<p>{slug}</p>", inReplyTo=above["id"], **more)
    note["replies"] = f"{note['id']}/replies"
    by.host.serve(note["id"], {"@context": AS} | note)
    collection(by.host, note["replies"], [])
    return note


async def read(member: Member, uri: str) -> httpx.Response:
    """The thread around a post, as a program asks for it."""
    found = await member.get("/api/v2/search", q=uri, resolve=True)
    return await member.ask("GET", f"statuses/{found['statuses'][0]['id']}/context")


def below(context: httpx.Response) -> set[str]:
    """The ids of what was answered."""
    return {each["uri"] for each in context.json()["descendants"]}


@pytest.mark.attack("NET-19")
async def test_who_makes_up_a_list_of_addresses_has_nobody_flooded_by_us(town: Town) -> None:
    victim = Host(town.fediverse, "victim.test")
    made_up = [f"https://victim.test/notes/{number}" for number in range(300)]
    root = await town.written(replies="https://theirs.test/notes/1/replies")
    collection(town.theirs, "https://theirs.test/notes/1/replies", [answer(town.eve, "real", root)["id"], *made_up])
    alice = await program(await town.ours.person("alice"))

    await read(alice, root["id"])
    await town.fediverse.settle()

    assert below(await read(alice, root["id"])) == {"https://theirs.test/notes/real"}
    assert 0 < len(victim.asked) < 20


async def test_forty_answers_by_three_unknown_people_come_at_once(town: Town) -> None:
    """A tree of five levels on two servers, its lists in pages and embedded, as Mastodon has them."""
    far = Host(town.fediverse, "far.test").actor("fern")
    people = [town.theirs.actor("rose"), town.eve, far]
    root = await town.written(replies="https://theirs.test/notes/1/replies")
    tree, children = [root], dict[str, list[str]]()
    for number in range(40):
        above = tree[number // 3]
        tree.append(answer(people[number % 3], f"answer-{number}", above))
        children.setdefault(above["id"], []).append(tree[-1]["id"])
    for uri, listed in children.items():
        host = far.host if "far.test" in uri else town.theirs
        first = {"id": f"{uri}/replies?page=1", "type": "CollectionPage", "items": listed[:1],
                 "next": f"{uri}/replies?page=2"}  # fmt: skip
        host.serve(f"{uri}/replies", {"id": f"{uri}/replies", "type": "Collection", "first": first})
        host.serve(f"{uri}/replies?page=2", {"id": f"{uri}/replies?page=2", "type": "CollectionPage",
                                             "items": listed[1:]})  # fmt: skip
    alice = await program(await town.ours.person("alice"))

    stranger = await town.ours.get(f"/api/v1/statuses/{(await town.here()).id}/context", "application/json")
    first = await read(alice, root["id"])
    waiting = first.headers["mastodon-async-refresh"]
    await town.fediverse.settle()
    asked = len(town.theirs.asked) + len(far.host.asked)
    second = await read(alice, root["id"])
    await town.fediverse.settle()

    thread = (await town.here()).id
    assert stranger == {"ancestors": [], "descendants": []} and below(first) == set()
    assert waiting == f'id="{thread}", retry=3, result_count=0'
    assert below(second) == {note["id"] for note in tree[1:]} and "mastodon-async-refresh" not in second.headers
    told = await alice.get(f"/api/v1_alpha/async_refreshes/{thread}")
    assert told == {"async_refresh": {"id": str(thread), "status": "finished", "result_count": 40}}
    assert len(town.theirs.asked) + len(far.host.asked) == asked <= 40 + 3 + 2 * 41 + 10
    with town.ours.here():
        assert len(await rows("SELECT kind FROM notification")) == 1  # what bob wrote names anna


async def test_what_lies_above_an_answer_comes_too(town: Town) -> None:
    """Twenty posts above each other, where eight come with an answer that names somebody here."""
    chain = [town.bob.note("top", "<p>top</p>")]
    town.theirs.serve(chain[0]["id"], {"@context": AS} | chain[0])
    for number in range(20):
        chain.append(answer(town.eve if number % 2 else town.bob, f"level-{number}", chain[-1]))
    last = answer(town.bob, "last", chain[-1], cc=[town.anna.actor.uri])
    await town.send(town.bob, town.bob.does("Create", last))
    alice = await program(await town.ours.person("alice"))

    first = await read(alice, last["id"])
    await town.fediverse.settle()
    second = await read(alice, last["id"])

    assert first.headers["mastodon-async-refresh"] and len(first.json()["ancestors"]) < 20
    assert [each["uri"] for each in second.json()["ancestors"]] == [note["id"] for note in chain]


async def test_a_group_elsewhere_says_what_is_in_its_thread(town: Town) -> None:
    """Its list has posts, ids and activities; what is embedded of other servers is asked for there (attack GRP-04)."""
    host = Host(town.fediverse, "forum.test")
    group, flora = host.actor("rye", "Group"), host.actor("flora")
    root = flora.note("root", "<p>root</p>", name="Root", to=[PUBLIC, group.uri], context="https://forum.test/t/1")
    host.serve(root["id"], {"@context": AS} | root)
    await followed(town.fediverse, town.anna, group)
    await send(town.fediverse, town.ours, group, group.does("Announce", flora.does("Create", root)))
    one = answer(flora, "one", root)
    two = answer(town.bob, "two", one, content="<p>Two</p>", cc=[town.anna.actor.uri])
    early = answer(town.bob, "early", root, cc=[town.anna.actor.uri])
    await town.send(town.bob, town.bob.does("Create", early))  # known, and not yet in the group
    three, banned = answer(town.eve, "three", two), answer(town.mallory, "banned", root)
    stray = answer(flora, "stray", {"id": "https://forum.test/notes/elsewhere"})
    few = answer(flora, "few", root, to=[flora.followers], cc=[])
    items = [
        root["id"], one, flora.does("Create", two | {"content": "<p>Forged</p>"}), early["id"],
        group.does("Announce", {"type": "Create", "id": "x", "object": three}), banned["id"], stray, few,
        town.anna.actor.uri, "https://forum.test/notes/none", {"type": "Like", "object": one["id"]},
    ]  # fmt: skip
    collection(host, "https://forum.test/t/1", items, attributedTo=group.uri)
    with town.ours.here():
        await fetching.actor(town.ours.app, town.mallory.uri)
    await send(town.fediverse, town.ours, group, group.does("Announce", group.does("Block", town.mallory.uri)))
    asked, alice = len(host.asked), await program(await town.ours.person("alice"))

    first = await read(alice, root["id"])
    await town.fediverse.settle()
    second = await read(alice, root["id"])

    assert below(first) == set() and below(second) == {note["id"] for note in (one, two, early, three)}
    assert "Two" in str(second.json()) and "Forged" not in str(second.json())
    assert [url.rsplit("/", 1)[-1] for url in host.asked[asked:]] == ["root", "1", "none"]  # no answer once more
    assert await town.ours.lacks(stray["id"]) and await town.ours.lacks(few["id"])


async def test_a_page_says_that_more_is_on_its_way(town: Town) -> None:
    """To members, once, also in groups of ours; nothing is asked in threads of our own people."""
    root = await town.written(replies="https://theirs.test/notes/1/replies")
    late = answer(town.eve, "late", root)
    opened = town.theirs.close(collection(town.theirs, "https://theirs.test/notes/1/replies", [late["id"]]))
    group = await town.ours.group("rye")
    await town.send(town.bob, town.bob.does("Create", ours := town.bob.note("ours", to=[PUBLIC, group.uri])))
    alone = await town.anna.post("Nobody else is here")
    asked, shown = len(town.theirs.asked), []
    paths = [f"/@bob@theirs.test/{(await town.here()).id}", f"/@bob@theirs.test/{(await town.here(ours['id'])).id}"]
    reader, stranger = await browser_of(town.ours, town.anna), Browser(client_of(town.ours.asgi))
    stranger.client.base_url = "https://ours.test"
    for browser, path in [
        (stranger, paths[0]), (reader, paths[1]), (reader, f"/@anna/{alone.id}"), (reader, paths[0]), (reader, paths[0])
    ]:  # fmt: skip
        shown.append("More answers are being fetched" in (await browser.get(path)).main)
    opened.set()
    await town.fediverse.settle()
    page = await reader.get(paths[0])
    for browser in (reader, stranger):
        await browser.client.aclose()

    assert shown == [False, True, False, True, True]
    assert "late" in page.main and "More answers" not in page.main
    assert [url.rsplit("/", 1)[-1] for url in town.theirs.asked[asked:]].count("replies") == 2  # of root and of late


async def test_lists_that_never_end_stay_within_the_budget(town: Town) -> None:
    """Each answer has another below it; lists name each other, other threads, and what is on other servers."""
    root = await town.written(replies="https://theirs.test/notes/1/replies", context="https://evil.test/all")
    endless = itertools.count(3)

    def replies(rest: str) -> Json:
        number = int(rest.partition("/")[0] or 0)
        uri = f"https://theirs.test/endless/{number}"
        if rest.endswith("/replies"):
            items = [f"https://theirs.test/endless/{next(endless)}", root["id"], uri, town.anna.actor.uri]
            return {"@context": AS, "id": f"{uri}/replies", "type": "Collection", "items": items,
                    "next": f"{uri}/replies", "totalItems": -1}  # fmt: skip
        above = f"https://theirs.test/endless/{number - 1}" if number > 2 else root["id"]
        note = town.bob.note(content="<p>more</p>", inReplyTo=above)
        return {"@context": AS} | note | {"id": uri, "replies": f"{uri}/replies"}

    town.theirs.made_up["/endless/"] = replies
    collection(town.theirs, "https://theirs.test/notes/1/replies", ["https://theirs.test/endless/2"],
               next="https://evil.test/page")  # fmt: skip
    alice = await program(await town.ours.person("alice"))
    asked = len(town.theirs.asked)

    await read(alice, root["id"])
    await town.fediverse.settle()

    assert 20 < len(below(await read(alice, root["id"]))) <= completing.DEEPEST
    assert len(town.theirs.asked) - asked <= completing.OF_DOMAIN
    assert [url for url in town.evil.asked if "users" not in url] == []


async def test_a_server_that_is_silent_is_left_alone_and_the_others_answer(town: Town) -> None:
    far = Host(town.fediverse, "far.test")
    fern = far.actor("fern")
    root = await town.written(replies="https://theirs.test/notes/1/replies")
    silent, there = [answer(fern, f"fern-{number}", root) for number in range(30)], answer(town.eve, "there", root)
    for note in silent:
        far.serve(note["id"], {}, status=429)
    collection(town.theirs, "https://theirs.test/notes/1/replies", [note["id"] for note in (*silent, there)])
    alice = await program(await town.ours.person("alice"))

    await read(alice, root["id"])
    await town.fediverse.settle()

    assert below(await read(alice, root["id"])) == {there["id"]} and len(far.asked) <= errand.OF_HOST
    with town.ours.here():
        assert await completing.forget() == 0
        writes = Writes()
        completions.begin(writes, 1, 0)
        await apply(writes)
        assert await completing.forget() == 1


async def test_answers_at_lemmy_are_found_by_its_own_list(town: Town) -> None:
    """Version 0.19 has neither `context` nor `replies`; what was taken out is not asked for."""
    host = Host(town.fediverse, "lemmy.test")
    group, flora = host.actor("rye", "Group"), host.actor("flora")
    uri = "https://lemmy.test/post/7"
    root = flora.note("root", "<p>root</p>", name="Root", to=[PUBLIC, group.uri]) | {"id": uri}
    host.serve(uri, {"@context": AS} | root)
    await followed(town.fediverse, town.anna, group)
    await send(town.fediverse, town.ours, group, group.does("Announce", flora.does("Create", root)))
    notes = [flora.note(f"c{number}", inReplyTo=uri) for number in range(51)]
    notes.append(town.bob.note("nested", inReplyTo=notes[0]["id"]))
    for note in notes:
        (town.theirs if "theirs" in note["id"] else host).serve(note["id"], {"@context": AS} | note)
    views = [{"comment": {"ap_id": note["id"], "removed": note is notes[3]}} for note in notes]
    address = "/api/v3/comment/list?post_id=7&type_=All&sort=Old&limit=50&page="
    for page, part in ((1, views[:50]), (2, [*views[50:], {"comment": None}])):
        host.serve(f"https://lemmy.test{address}{page}", {"comments": part}, content_type="application/json")
    alice = await program(await town.ours.person("alice"))

    await read(alice, uri)
    await town.fediverse.settle()
    second = await read(alice, uri)

    assert below(second) == {note["id"] for note in notes if note is not notes[3]} and "page=3" not in str(host.asked)
