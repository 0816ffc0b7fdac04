"""What lies before those who look after a group, for moderators who live on another server: in a browser there."""

from pathlib import Path

import httpx
import pytest

from activitypub.errors import ProtocolError
from fedcomm import (
    admissions,
    fetching,
    follows,
    group_profile,
    groups,
    invites,
    members,
    posts,
    rights,
    tokens,
)  # fmt: skip
from fedcomm.desk import afar
from fedcomm.errors import NotFound
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import flairs, registers
from storage import groups as stored
from storage.connect import execute, rows, value
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Person
from tests.forger import Face, Host
from tests.pictures import picture
from tests.scenarios.bakery import Bakery, Enter
from tests.web.pages.browser import Page, filled

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def test_a_steward_elsewhere_changes_the_settings_and_is_told_what_was_not_taken(
    bakery: Bakery, enter: Enter
) -> None:
    where = "/c/bread@a.test/profile"
    carol = await (await bakery.fediverse.instance("c.test")).person("carol")
    await bakery.fediverse.join(bakery.bread, carol)
    await bakery.change(Change(summary="About bread", rules=("Be kind.",), languages=("de",)))
    browser = await enter(bakery.bob)

    page = await browser.get(where)
    assert page.form(where).one("input", name="title")["value"] == "Bread" and "Be kind." in page.main
    await bakery.change(Change(rules=("Be kind.", "No adverts.")))  # of which bob's page knows nothing
    changed = {"title": "Loaves", "join_mode": "approval", "question": "Which flour?", "topics": "#rye", "votes": "up"}
    done = await browser.button(page, where, **changed)
    assert "Sent." in done.main
    await bakery.fediverse.settle()

    group, face = await bakery.group()
    assert (face.name, group.join_mode, group.question, group.votes) == ("Loaves", "approval", "Which flour?", "up")
    with bakery.a.here():
        assert await group_profile.rules(group.id) == ["Be kind.", "No adverts."]
        for name in ("profile:title", "join_mode", "question", "votes", "topics"):
            act = await registers.winner(group.id, name)
            assert act is not None and act.actor_uri == bakery.bob.actor.uri
        assert await registers.winner(group.id, "visibility") is None  # what bob did not touch
    with carol.instance.here():
        known = await stored.by_face(bakery.bread.uri)
        assert known and known.join_mode == "approval"
    assert await bakery.told(bakery.bob) == []

    page = await browser.get(where)
    bakery.fediverse.wire.down.add("a.test")
    assert "does not answer" in (await browser.get(where)).problem
    await browser.button(page, where, title="Rolls", votes="none", posting="members")
    await bakery.fediverse.settle()
    bakery.fediverse.wire.down.clear()
    await bakery.change(Change(votes="both"))  # later than bob, and known earlier
    bakery.b.deliver_now("a.test")
    (told,) = await bakery.told(bakery.bob)
    assert "changed this meanwhile: votes" in told
    group, face = await bakery.group()
    assert (face.name, group.posting, group.votes) == ("Rolls", "members", "both")

    page = await browser.get(where)
    await browser.button(page, where, join_mode="open", visibility="members", title="Cakes")
    assert "no secret" in (await bakery.told(bakery.bob))[-1]
    assert (await bakery.group())[1].name == "Rolls"  # of what makes no sense together nothing is taken


@pytest.mark.thorough("postgres")
async def test_a_moderator_elsewhere_sees_what_waits_and_lets_it_in_or_turns_it_away(
    bakery: Bakery, enter: Enter
) -> None:
    where, links = "/c/bread@a.test/held", " ".join(f"https://x.example/{each}" for each in range(5))
    carol = await (await bakery.fediverse.instance("c.test")).person("carol")
    await bakery.fediverse.join(bakery.bread, carol)
    await bakery.change(Change(ladder=True, promotion=3))
    browser = await enter(bakery.bob)

    async def writes(text: str) -> Post:
        post = await carol.post(f"@bread@a.test {text} {links}")
        await bakery.fediverse.settle()
        return post

    async def decides(act: str, page: Page, words: str, **more: str) -> Page:
        """Press a button at the post with these words in it."""
        (entry,) = [each for each in page.all("li") if words in each.text and each["id"]]
        fields = filled(entry.all("form")[0]) | {"act": act} | more
        answer = await browser.post(where, fields)
        assert answer.status == 303
        page = await browser.open(answer.headers["location"])
        await bakery.fediverse.settle()
        return page

    async def marks(property_: str) -> list[str]:
        with bakery.a.here():
            return [each.subject for each in await registers.all_of((await groups.named("bread"))[0].id, property_)]

    oven, flour, yeast = [await writes(word) for word in ("Oven", "Flour", "Yeast")]
    page = await browser.get(where)
    assert all(word in page.main for word in ("Oven", "Flour", "Yeast", "@carol@c.test", "with many links"))
    queue = await browser.get("/moderation")  # where all is that bob decides about, wherever
    (oven_box,) = [each for each in queue.all("article") if "Oven" in each.text]
    chosen = {"act": "let_in", "items[]": [oven_box.one("input")["value"], "desk-1-2"]}
    done = await browser.post("/moderation", filled(queue.all("form", method="post")[-1]) | chosen)
    assert len(queue.all("article")) == 3 and "Sent." in done.main and "Nothing waits here under" in done.main
    assert [each for each in done.all("article") if "Oven" in each.text] == []
    bakery.fediverse.wire.down.add("a.test")
    assert "a.test does not say now what waits for Bread" in (await browser.get("/moderation")).main
    bakery.fediverse.wire.down.clear()
    bakery.b.deliver_now("a.test")
    await bakery.fediverse.settle()
    page = await browser.get(where)
    assert "Oven" not in page.main and "Flour" in page.main
    page = await decides("refuse", page, "Flour", reason="We have enough")
    assert (await bakery.a.knows(oven.uri)).group_id is not None and await bakery.a.lacks(flour.uri)
    assert "We have enough" in (await carol.letters())[-1]
    with bakery.a.here():
        held = await registers.log((await groups.named("bread"))[0].id)
        assert [each.actor_uri for each in held if each.property == "held"] == [bakery.bob.actor.uri] * 2

    page = await browser.get(where)
    with carol.instance.here():
        text = f"@bread@a.test Something else {links}"
        await posts.edit(carol.instance.app, carol.actor, yeast.id, Draft(text=text))
    await bakery.fediverse.settle()
    await decides("release", page, "Yeast")  # who lets it in has seen something else
    assert "Nothing waits here under that number" in (await bakery.told(bakery.bob))[-1]
    assert await bakery.a.lacks(yeast.uri)

    await decides("trust", await browser.get(where), "Something else")
    assert (await bakery.a.knows(yeast.uri)).group_id is not None and await marks("trusted") == [carol.actor.uri]
    page = await browser.get(where)
    secret = page.all("input", name="csrf")[0]["value"]
    for fields in (
        {"act": "distrust", "who": carol.actor.uri},
        {"act": "mark", "who": "@carol@c.test"},
    ):
        assert (await browser.post(where, fields | {"csrf": secret})).status == 303
        await bakery.fediverse.settle()
    assert (await marks("trusted"), await marks("promotional")) == ([], [carol.actor.uri])
    assert "@carol@c.test" in (await browser.get(where)).main
    assert (await browser.post(where, {"act": "unmark", "who": carol.actor.uri, "csrf": secret})).status == 303
    await bakery.fediverse.settle()
    assert await marks("promotional") == []
    long = await browser.post(where, {"act": "refuse", "id": "1", "reason": "x" * 501, "csrf": secret})
    assert long.status == 422 and "500 characters" in long.problem
    assert (await (await enter(await bakery.b.person("bill"))).get(where)).status == 404


async def test_a_moderator_elsewhere_invites_welcomes_and_names_flairs(bakery: Bakery, enter: Enter) -> None:
    c = await bakery.fediverse.instance("c.test")
    carol, dora, eve = [await c.person(name) for name in ("carol", "dora", "eve")]
    await bakery.appoint(bakery.bob.actor.uri, rights.MODERATOR)
    await bakery.change(Change(join_mode="invite"))
    browser, app, where = await enter(bakery.bob), bakery.a.app, "/c/bread@a.test/invites"

    async def makes(uses: str) -> str:
        """The secret of a link, that bob's server was told once."""
        page = await browser.send(await browser.get(where), where, uses=uses, days="3")
        await bakery.fediverse.settle()
        return page.source.split("https://a.test/invite/")[1][:43]

    link = await makes("2")
    page = await browser.get(where)
    assert "Used 0 of 2 times" in page.main and "@bob@b.test" in page.main
    assert not any(link.encode() in body for _host, body in bakery.fediverse.wire.posted)  # the secret stays there
    with bakery.a.here():
        assert not await invites.opens_account(app, await invites.find(app, link))
        await admissions.reserve(app, link, "@carol@c.test")
    await bakery.fediverse.join(bakery.bread, carol, eve)
    assert await _belongs(bakery, carol) and not await _belongs(bakery, eve)

    welcome = "/c/bread@a.test/welcome"
    fields = {"texts[0][text]": "Good morning", "texts[1][text]": "Guten Morgen", "greeter": "ann"}
    page = await browser.get(welcome)
    assert "a name on a.test" in page.main
    await browser.button(page, welcome, **fields)
    assert (
        "Only a member of the group can greet" in (await bakery.told(bakery.bob))[-1]
    )  # ann is no member: nothing is taken
    with bakery.a.here():
        await follows.follow(app, bakery.ann.actor, bakery.bread.id)
    await browser.button(page, welcome, **fields)
    await bakery.fediverse.settle()
    with bakery.a.here():
        await admissions.reserve(app, link, "@dora@c.test")
    await bakery.fediverse.join(bakery.bread, dora)
    assert [each for each in await dora.letters() if "Good morning" in each or "Guten Morgen" in each]
    page = await browser.get(welcome)
    assert page.form(welcome).one("input", name="greeter")["value"] == "ann" and "Guten Morgen" in page.main

    await browser.button(page, welcome, greeter="@bob@b.test")  # nobody there follows the group
    await bakery.fediverse.settle()
    asked = await dora.post("@bread@a.test Is my oven too hot?")
    await bakery.fediverse.settle()
    told = [each for each in await bakery.bob.letters() if "is new in the group" in each]
    assert len(told) == 1 and (asked.url or asked.uri) in told[0]
    assert (await browser.get(welcome)).form(welcome).one("input", name="greeter")["value"] == "bob@b.test"

    flairs_page = "/c/bread@a.test/flairs"
    secret = page.all("input", name="csrf")[0]["value"]
    lines: dict[str, str | list[str]] = {"uri": ["", ""], "called": ["Offer", "Question"], "color": ["#ffcc00"] * 2}
    assert (await browser.post(flairs_page, lines | {"csrf": secret})).status == 303
    await bakery.fediverse.settle()
    with bakery.a.here():
        group = (await groups.named("bread"))[0]
        assert [each.name for each in await flairs.of_group(group.id)] == ["Offer", "Question"]
        for name in ("welcome", "greeter", "flairs"):
            act = await registers.winner(group.id, name)
            assert act is not None and act.actor_uri == bakery.bob.actor.uri
    with carol.instance.here():
        known = await stored.by_face(bakery.bread.uri)
        assert known and len(await flairs.of_group(known.id)) == 2
    assert (await browser.post(flairs_page, lines | {"called": ["Offer", "offer"], "csrf": secret})).status == 422

    second = await makes("1")
    with bakery.a.here():
        await invites.find(app, second)
    page = await browser.get(where)
    (revoke,) = [each["action"] for each in page.all("form") if each["action"].endswith("/revoke")]
    await browser.button(page, revoke)
    third = await makes("1")
    with bakery.a.here():
        with pytest.raises(NotFound):
            await invites.find(app, second)
        await invites.find(app, third)
        await members.dismiss(app, "bread", await fetching.actor(app, bakery.bob.actor.uri), bakery.ann.actor)
        with pytest.raises(NotFound):  # who invites no more has invited nobody
            await invites.find(app, third)
    await bakery.fediverse.settle()
    for gone in (where, welcome, flairs_page):
        assert (await browser.get(gone)).status == 404


async def _belongs(bakery: Bakery, who: Person) -> bool:
    """Whether somebody is a member, as the group has it."""
    with bakery.a.here():
        group = (await groups.named("bread"))[0]
        there = await fetching.actor(bakery.a.app, who.actor.uri)
        return (await members.standing(group, there)).member


async def test_a_steward_elsewhere_gives_the_group_pictures_and_takes_them_away(
    fediverse: Fediverse, enter: Enter, tmp_path: Path
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    a, b = [await fediverse.instance(f"{name}.test", data_dir=tmp_path / name) for name in "ab"]
    ann, bob = await a.person("ann"), await b.person("bob")
    bakery = Bakery(fediverse, a, b, ann, bob, await a.group("bread", moderator=ann))
    await bakery.appoint(bob.actor.uri, rights.STEWARD)
    browser, where = await enter(bob), "/c/bread@a.test/pictures"

    page = await browser.get(where)
    files = {"avatar": ("loaf.png", picture())}
    assert (await browser.send_with(page, where, files, avatar_description="A loaf")).status == 303
    await fediverse.settle()

    face = (await bakery.group())[1]
    assert face.icon.startswith("https://a.test/media/") and face.icon_description == "A loaf" and not face.image
    with a.here():
        act = await registers.winner((await groups.named("bread"))[0].id, "profile:icon")
        assert act is not None and act.actor_uri == bob.actor.uri
    with b.here():
        (lent,) = await rows("SELECT id FROM media WHERE state = 'ready'")
        await afar.let_go(b.app, lent[0])
        assert await value("SELECT state FROM media WHERE id = ?", lent) == "dropped"
        await fetching.actor(b.app, face.uri, fresh=True)
    page = await browser.get(where)
    assert (await browser.send_with(page, where, {}, **{"drop[]": "avatar"})).status == 303
    await fediverse.settle()
    assert (await bakery.group())[1].icon == ""
    assert await bakery.told(bob) == []


@pytest.mark.attack("GRP-06")
async def test_what_the_desk_of_a_hostile_group_says_is_shown_as_the_words_of_a_stranger(
    bakery: Bakery, enter: Enter
) -> None:
    host = Host(bakery.fediverse, "m.test")
    wine = host.actor("wine", "Group")
    listed = f"{wine.uri}/moderators"
    wine = host.actor("wine", "Group", moderators=listed)
    added = wine.does("Add", bakery.bob.actor.uri, target=listed)
    added.pop("@context")
    await forger.send(bakery.fediverse, bakery.b, wine, wine.does("Announce", added))
    with bakery.b.here():
        await execute("UPDATE peer SET software = 'fedcomm', software_checked_at = ? WHERE host = 'm.test'", (2**45,))
    browser, where = await enter(bakery.bob), "/c/wine@m.test/held"
    post = {"id": "1", "author": "https://m.test/users/x", "html": "<p onclick=x>Hi<script>alert(1)</script></p>",
            "url": "javascript:alert(1)", "title": "<b>bold</b>", "held_at": 2**62, "ends": 2**62}  # fmt: skip
    desk = f"{wine.uri}/desk"
    whole = {"@context": forger.AS, "id": desk, "type": "Object"}
    for waiting in (
        {"posts": [post, post | {"id": "../x"}], "count": 10**9, "trusted": [{"id": "javascript:x"}]},
        {"posts": [post] * 5_000},
    ):
        host.serve(desk, whole | {"waiting": waiting})
        page = await browser.get(where)
        assert page.status == 200 and page.scripts == [] and "javascript:alert" not in page.source
        assert "onclick" not in page.source and "<b>bold</b>" in page.main and len(page.source) < 400_000
    bad, deed = '<b onclick="x">', {"by": "javascript:x", "property": "role", "value": "[7", "at": 2**62, "out": True}
    for name, entry in (
        ("members", {"id": "javascript:alert(1)", "handle": bad, "since": 2**62, "role": bad}),
        ("bans", {"id": "javascript:alert(1)", "handle": bad, "until": -5, "reason": bad}),
        ("denied", {"id": "javascript:alert(1)", "handle": bad, "answer": bad, "at": 2**62}),
        ("log", deed | {"subject": "javascript:alert(1)", "property": bad}),
        ("log", deed | {"subject_handle": bad, "why": bad}),
    ):
        path = {"denied": "requests/denied"}.get(name, name)
        host.serve(f"{desk}/{name}", whole | {"id": f"{desk}/{name}", name: {"entries": [entry] * 2_000, "older": -1}})
        page = await browser.get(f"/c/wine@m.test/{path}")
        assert page.status == 200 and page.scripts == [] and "<b onclick" not in page.source, name
        assert 'href="javascript' not in page.source and len(page.source) < 400_000 and bad in page.main
        host.serve(f"{desk}/{name}", whole | {"id": f"{desk}/{name}", name: {"entries": [7]}})
        assert "does not let this be done" in (await browser.get(f"/c/wine@m.test/{path}")).problem
    for broken in ({"waiting": 7}, {"waiting": {"posts": [{"id": 1}]}}, {"settings": {"title": {}}}):
        host.serve(desk, whole | broken)
        page = await browser.get(where)
        assert page.status == 403 and "does not let this be done" in page.problem


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-07")
async def test_the_desk_of_a_group_is_for_those_alone_who_look_after_it_and_each_right_is_asked_for(
    bakery: Bakery, enter: Enter
) -> None:
    bill, host = await bakery.b.person("bill"), Host(bakery.fediverse, "m.test")
    mo, eve = host.actor("mo"), host.actor("eve")
    await bakery.appoint(mo.uri, rights.MODERATOR)
    desk = f"{bakery.bread.uri}/desk"
    before, face = await bakery.group()

    async def sends(by: Face, settings: object, part: dict[str, object] | None = None, **more: object) -> int:
        """How many letters of the group came of it."""
        heard = len(host.received)
        said = by.does(
            "Update", {"id": desk, "type": "Object"} | (part or {"settings": settings}), **{"target": face.uri} | more
        )
        await forger.send(bakery.fediverse, bakery.a, by, said, inbox="/c/bread/inbox")
        return len([each for each in host.received[heard:] if each["type"] == "Create"])

    assert await sends(eve, {"title": "Eve's"}) == 0
    assert await sends(mo, {"title": "Mo's"}) == 1  # a moderator, whom it is told
    assert (await bakery.group()) == (before, face)
    await bakery.appoint(mo.uri, rights.STEWARD)
    for wrong in ({"title": 7}, {"votes": "many"}, {"visibility": "local"}, {"rules": ["x" * 501]}, "all", [], None):
        assert await sends(mo, wrong) == 1, wrong
    foreign = {"inbox": "https://m.test/", "publicKey": "stolen", "local": 0, "id": 1, "members_count": 9}
    assert await sends(mo, foreign) == 0
    assert await sends(mo, None, {"pictures": {"icon": "https://m.test/none.png"}}) == 1
    assert await sends(mo, {"title": "Eve's"}, published="2020-01-01T00:00:00Z") == 0  # nobody else has since
    assert (await bakery.group())[1].name == "Eve's"
    with bakery.a.here():
        await groups.create(bakery.a.app, "wine", "Wine", "", "ann")
    assert await sends(mo, {"title": "Wine"}, target="https://a.test/c/wine") == 0
    with bakery.a.here():
        assert (await groups.named("wine"))[1].name == "Wine" and (await groups.named("bread"))[1].name == "Eve's"

    with bakery.a.here():
        known = (await invites.create(bakery.a.app, None, group_id=before.id)).rpartition("/")[2]
        other = await groups.create(bakery.a.app, "rye", "Rye", "", "ann")
        await invites.create(bakery.a.app, None, group_id=other.id)
        foreign_id = str(await value("SELECT id FROM invite WHERE group_id = ?", (other.id,)))
    fresh = {"hash": "0" * 64}
    for refused in (
        {"hash": tokens.hash_of(known).hex()},
        {"hash": "x"},
        fresh | {"uses": 11},
        fresh | {"days": 0},
        "x",
    ):
        assert await sends(mo, None, {"invitation": refused}) == 1, refused
    assert (await sends(mo, None, {"revoked": foreign_id}), await sends(eve, None, {"revoked": foreign_id})) == (1, 0)
    for number in range(11):  # no more than a member here has open at once
        assert await sends(mo, None, {"invitation": {"hash": f"{number:064x}"}}) == number // 10
    with bakery.a.here():
        assert await value("SELECT COUNT(*) FROM invite WHERE group_id = ?", (before.id,)) == 1 + 10
        assert await value("SELECT COUNT(*) FROM invite WHERE revoked_at IS NOT NULL") == 0

    assert (await (await enter(bill)).get("/c/bread@a.test/profile")).status == 404
    async with httpx.AsyncClient(transport=bakery.a.asgi, base_url="https://a.test") as unsigned:
        assert (await unsigned.get("/c/bread/desk", headers={"accept": forger.ACTIVITY})).status_code == 404
    c = await bakery.fediverse.instance("c.test")
    with c.here(), pytest.raises(ProtocolError):
        await c.app.client.get_document(desk)  # signed, by a server on which nobody looks after it
    with bakery.b.here():
        assert (await bakery.b.app.client.get_document(desk)).raw["settings"]["title"] == "Eve's"
    bakery.a.rest(f"+{bakery.bob.actor.uri}")  # who runs b.test has banned bob
    with bakery.b.here(), pytest.raises(ProtocolError):
        await bakery.b.app.client.get_document(desk)
