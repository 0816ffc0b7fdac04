"""Stories of groups over several servers."""

import pytest

from fedcomm import clock
from fedcomm.errors import NotAllowed
from storage.connect import execute
from tests import forger
from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


async def test_a_group_passes_posts_and_answers_to_members_on_other_servers(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    alice, bob, carol = await a.person("alice"), await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, alice, bob, carol)

    post = await bob.post("Which apple trees bear early? @gardening@a.test")
    await fediverse.settle()
    answer = await carol.reply(post, "The White Transparent.")
    await fediverse.settle()

    for instance in (a, b, c):
        there, reply = await instance.knows(post.uri), await instance.knows(answer.uri)
        assert there.group_id is not None and reply.group_id == there.group_id
        assert reply.parent_id == there.id and there.replies_count == 1
    assert [p.uri for p in await alice.home()] == [post.uri]
    assert [p.uri for p in await carol.home()] == [post.uri]


async def test_likes_edits_and_deletions_reach_everybody(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    bob, carol = await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, bob, carol)
    post = await bob.post("Pears @gardening@a.test\nWhich ones?")
    await fediverse.settle()

    await carol.like(post)
    await fediverse.settle()
    assert [(await i.knows(post.uri)).likes_count for i in (a, b, c)] == [1, 1, 1]

    await bob.edit(post, "Pears\nWhich ones, and when? @gardening@a.test")
    await fediverse.settle()
    for instance in (a, b, c):
        assert "and when" in (await instance.knows(post.uri)).content

    await carol.unlike(post)
    await fediverse.settle()
    assert [(await i.knows(post.uri)).likes_count for i in (a, b, c)] == [0, 0, 0]

    await bob.delete(post)
    await fediverse.settle()
    assert [await i.lacks(post.uri) for i in (a, b, c)] == [True, True, True]


async def test_a_server_that_was_away_gets_everything_in_order(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was published just at the start of a second, one millisecond before the next."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, bob = await a.person("alice"), await b.person("bob")
    await bob.follow(alice.handle)
    await fediverse.settle()

    fediverse.wire.down.add("b.test")
    second, written = int(clock.now()) - 5, []
    for day in range(5):
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda then=second + (day + 0.5) / 1000: then)
            written.append(await alice.post(f"Day {day}"))
    await fediverse.settle()
    assert await bob.home() == []

    fediverse.wire.down.clear()
    a.deliver_now("b.test")
    await fediverse.settle()

    assert [post.uri for post in await bob.home()] == [post.uri for post in reversed(written)]


async def test_who_is_banned_is_told_so_by_their_own_server(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)
    await a.ban(gardening, bob.handle)
    await fediverse.settle()

    with pytest.raises(NotAllowed, match="banned"):
        await bob.post("Buy watches @gardening@a.test")


async def test_who_is_banned_is_not_passed_on(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)
    fediverse.wire.down.add("b.test")  # where nobody hears of the ban
    await a.ban(gardening, bob.handle)
    await fediverse.settle()
    before = len(fediverse.wire.log)

    post = await bob.post("Buy watches @gardening@a.test")
    await fediverse.settle()

    found = await a.post(post.uri)
    assert found is None or found.group_id is None
    assert await alice.home() == []
    assert ("POST", gardening.shared_inbox, 202) in fediverse.wire.log[before:]


async def test_who_meets_a_group_later_finds_in_its_outbox_what_others_published_with_link_and_picture(
    fediverse: Fediverse,
) -> None:
    """Lemmy and PieFed take a thread from there as it stands, and never ask its author."""
    a, far = await fediverse.instance("a.test"), forger.Host(fediverse, "l.test")
    bread, lea = await a.group("bread"), far.actor("lea")
    files = [
        {"type": "Link", "href": "https://news.test/rye"},
        {"type": "Document", "mediaType": "image/png", "url": "https://l.test/rye.png", "name": "A loaf"},
    ]
    here = {"to": [bread.uri, forger.PUBLIC], "cc": [], "audience": bread.uri}
    page = lea.note(1, type="Page", name="Rye", attachment=files, language={"identifier": "en", "name": "x"}, **here)
    create = lea.does("Create", page, **here)
    await forger.send(fediverse, a, lea, create)

    (announced,) = (await a.get("/c/bread/outbox"))["orderedItems"]
    with a.here():
        await execute("DELETE FROM outbox")  # as the log is trimmed
    (later,) = (await a.get("/c/bread/outbox"))["orderedItems"]

    assert announced["object"] == create
    assert later["object"]["id"] == create["id"] and later["object"]["object"]["name"] == "Rye"
    assert [(file["url"], file["name"]) for file in later["object"]["object"]["attachment"]] == [
        ("https://l.test/rye.png", "A loaf")
    ]
