"""The lists that those look through who look after a group, for moderators on another server: in a browser there."""

import importlib
import pkgutil
import re

import httpx
import pytest

from activitypub.errors import NotFound
from fedcomm import curation, fetching, follows, groups, members, requests, rights
from fedcomm.desk.values import LISTS
from fedcomm.group_profile import Change
from storage import registers
from storage.connect import value
from tests import build, forger
from tests.fediverse import Person
from tests.forger import Face, Host
from tests.scenarios.bakery import Bakery, Enter
from tests.web.pages.browser import Browser, Page, filled
from tests.web.pages.test_every_page import flaws
from web import pages

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

WHERE = "/c/bread@a.test"


def entry(page: Page, words: str) -> str:
    """The text of the line of a list with these words."""
    (line,) = [each.text for lines in page.all("ul", class_="lines") for each in lines.all("li") if words in each.text]
    return line


async def decides(browser: Browser, bakery: Bakery, where: str, act: str, about: str, **more: str) -> Page:
    """Press a button about somebody on a page; gives the page after it."""
    page = await browser.get(where)
    (secret, *_others) = [each["value"] for each in page.one("main").all("input", name="csrf")]
    answer = await browser.post(where, {"csrf": secret, "act": act, "who": about} | more)
    assert answer.status == 303, answer.problem
    page = await browser.open(answer.headers["location"])
    assert "Sent." in page.main
    await bakery.fediverse.settle()
    return page


async def standing(bakery: Bakery, who: Person) -> members.Standing:
    """What somebody is in the group, as its server has it."""
    with bakery.a.here():
        group, _face = await groups.named("bread")
        return await members.standing(group, await fetching.actor(bakery.a.app, who.actor.uri))


async def given(bakery: Bakery, property_: str) -> list[str]:
    """About whom the moderators have decided that."""
    with bakery.a.here():
        return [each.subject for each in await registers.all_of((await groups.named("bread"))[0].id, property_)]


@pytest.mark.thorough("postgres")
async def test_a_moderator_elsewhere_looks_through_members_bans_and_refusals_and_decides(
    bakery: Bakery, enter: Enter
) -> None:
    c = await bakery.fediverse.instance("c.test")
    carol, dora, eve = [await c.person(name) for name in ("carol", "dora", "eve")]
    await bakery.fediverse.join(bakery.bread, carol, dora)
    await bakery.change(Change(ladder=True, promotion=3))
    browser = await enter(bakery.bob)

    page = await browser.get(f"{WHERE}/members")
    assert flaws(page) == [] and "lives on a.test" in page.main and "Only those" not in page.main
    assert "@carol@c.test" in entry(page, "carol") and "new here" in entry(page, "carol")
    assert "In the group since" in entry(page, "dora") and "Trust" in entry(page, "dora")
    found = await browser.get(f"{WHERE}/members?q=@CAROL@c.te")
    assert "@carol@c.test" in found.main and "dora" not in found.main
    with bakery.b.here():
        assert (
            await value("SELECT COUNT(*) FROM actor WHERE username IN ('carol', 'dora')") == 0
        )  # nothing of it is kept

    for act, back, property_ in (("trust", "distrust", "trusted"), ("mark", "unmark", "promotional")):
        await decides(browser, bakery, f"{WHERE}/members", act, carol.actor.uri)
        assert await given(bakery, property_) == [carol.actor.uri]
        assert property_ in entry(await browser.get(f"{WHERE}/members"), "carol")
        await decides(browser, bakery, f"{WHERE}/members", back, carol.actor.uri)
        assert await given(bakery, property_) == []
    page = await decides(browser, bakery, f"{WHERE}/members", "take_out", dora.actor.uri, reason="Too many adverts")
    assert "dora" not in page.main and not (await standing(bakery, dora)).member
    assert "Too many adverts" in (await dora.letters())[-1] and await bakery.told(bakery.bob) == []
    await decides(browser, bakery, f"{WHERE}/members", "take_out", bakery.ann.actor.uri)
    assert "There is no such member" in (await bakery.told(bakery.bob))[-1]  # who looks after it follows it not

    link = next(each for each in (await browser.get(f"{WHERE}/members")).links if "/moderate?who=" in each)
    assert (await browser.get(link)).one("input", id="banned")["value"] == "@carol@c.test"
    with bakery.a.here():
        await members.ban(bakery.a.app, "bread", carol.actor.uri, bakery.ann.actor, reason="Shouting")
        await members.ban(bakery.a.app, "bread", eve.actor.uri, bakery.ann.actor, until=2**41)
    await bakery.fediverse.settle()
    page = await browser.get(f"{WHERE}/bans")
    assert flaws(page) == [] and "Reason: Shouting" in entry(page, "carol") and "by @ann@a.test" in entry(page, "carol")
    assert "until" in entry(page, "eve") and "carol" not in (await browser.get(f"{WHERE}/bans?q=eve")).main
    await decides(browser, bakery, f"{WHERE}/bans", "unban", carol.actor.uri)
    assert await given(bakery, "ban") == [eve.actor.uri]

    await bakery.change(Change(join_mode="approval"))
    await bakery.fediverse.join(bakery.bread, dora)
    with bakery.a.here():
        asker = await fetching.actor(bakery.a.app, dora.actor.uri)
        await requests.deny(bakery.a.app, "bread", asker.id, "Not now", bakery.ann.actor)
    await bakery.fediverse.settle()
    page = await browser.get(f"{WHERE}/requests/denied")
    assert flaws(page) == [] and "Not now" in entry(page, "dora") and "@ann@a.test" in entry(page, "dora")
    page = await decides(browser, bakery, f"{WHERE}/requests/denied", "let_in", dora.actor.uri)
    assert "dora" not in page.main
    await bakery.fediverse.join(bakery.bread, dora)
    assert (await standing(bakery, dora)).member

    bakery.fediverse.wire.down.add("a.test")
    for path in ("members", "bans", "requests/denied"):
        assert "does not answer" in (await browser.get(f"{WHERE}/{path}")).problem, path
    bakery.fediverse.wire.down.clear()
    other = await enter(await bakery.b.person("bill"))  # of the same server, without the right
    assert "carol" not in (await other.get(f"{WHERE}/members")).main
    assert [(await other.get(f"{WHERE}/{path}")).status for path in ("bans", "requests/denied")] == [404, 404]


@pytest.mark.attack("GRP-23")
async def test_a_steward_elsewhere_reads_the_log_puts_back_and_undoes_what_a_stolen_account_did(
    bakery: Bakery, enter: Enter
) -> None:
    c = await bakery.fediverse.instance("c.test")
    carol, mo = await c.person("carol"), await bakery.b.person("mo")
    await bakery.fediverse.join(bakery.bread, carol)
    await bakery.appoint(mo.actor.uri, rights.MODERATOR)
    oven, flour = [await carol.post(f"@bread@a.test {word}") for word in ("Oven", "Flour")]
    await bakery.fediverse.settle()
    with bakery.a.here():
        thief = await fetching.actor(bakery.a.app, mo.actor.uri)
        for uri in (oven.uri, flour.uri):
            await curation.remove(bakery.a.app, thief, (await bakery.a.knows(uri)).id)
        await members.ban(bakery.a.app, "bread", carol.actor.uri, thief, reason="=1+1")
    browser, theirs = await enter(bakery.bob), await enter(mo)

    page = await browser.get(f"{WHERE}/log")
    assert flaws(page) == [] and "banned" in page.main and "=1+1" in page.main and "@carol@c.test" in page.main
    assert len(page.one("tbody").all("tr")) == 6 and page.main.count("Put back") == 2
    await decides(browser, bakery, f"{WHERE}/log", "restore", flour.uri)
    assert (await bakery.a.knows(flour.uri)).removed_at is None
    again = await browser.get(f"{WHERE}/log")
    assert again.main.count("Put back") == 1 and "@bob" in again.one("tbody").all("tr")[0].text

    where = f"{WHERE}/undo?who={mo.actor.uri}&hours=24"
    assert mo.actor.uri in [each["value"] for each in again.form(f"{WHERE}/undo").all("option")]
    assert (await theirs.get(f"{WHERE}/log")).status == 200 and (await theirs.get(where)).status == 403
    page = await browser.get(where)
    shown = page.one("tbody").text
    assert flaws(page) == [] and "banned" in shown and oven.uri in shown and flour.uri not in shown
    (form,) = [each for each in page.one("main").all("form") if each["method"] == "post"]
    answer = await browser.post(f"{WHERE}/undo", filled(form))
    assert "Sent." in (await browser.open(answer.headers["location"])).main
    await bakery.fediverse.settle()

    assert await given(bakery, "ban") == [] and (await bakery.a.knows(oven.uri)).removed_at is None
    with bakery.a.here():
        (order,) = [
            act for act in await registers.log((await groups.named("bread"))[0].id) if act.property == "rolled_back"
        ]
    assert order.actor_uri == bakery.bob.actor.uri and await bakery.told(bakery.bob) == []
    assert "nothing of theirs" in (await browser.get(where)).main


async def test_every_page_of_a_group_that_opens_for_a_steward_there_opens_for_one_elsewhere(
    bakery: Bakery, enter: Enter
) -> None:
    """But for what decision 37 leaves to who lives there; feeds and the way in for guests are where the group is."""
    with bakery.a.here():
        await follows.follow(bakery.a.app, bakery.ann.actor, bakery.bread.id)
    await bakery.fediverse.join(bakery.bread, bakery.bob)
    there, afar = await enter(bakery.ann), await enter(bakery.bob)
    tails = {
        route.path.removeprefix("/c/{name}").replace("{ending}", "json")
        for module in pkgutil.iter_modules(pages.__path__)
        for route in getattr(importlib.import_module(f"web.pages.{module.name}"), "routes", ())
        if route.path.startswith("/c/{name}")
        and "GET" in (route.methods or ())
        and not re.search("{slug}|/feed", route.path)
    }

    async def status(browser: Browser, path: str) -> int:
        return (await browser.client.get(path, headers={"accept": "text/html"})).status_code

    opened = {tail: (await status(there, f"/c/bread{tail}"), await status(afar, WHERE + tail)) for tail in tails}

    closed = {tail for tail, (here, away) in opened.items() if here == 200 != away}
    assert len(tails) > 15 and closed == {"/log.json", "/appeals", "/guest"}


async def test_a_group_with_very_many_members_is_looked_through_in_pages(bakery: Bakery, enter: Enter) -> None:
    with bakery.a.here():
        group, _face = await groups.named("bread")
        for number in range(90):
            await build.join(await build.person(f"m{number}", "far.example"), group)
    browser = await enter(bakery.bob)

    seen, path = list[str](), f"{WHERE}/members"
    while path:
        page = await browser.get(path)
        seen += [each.text.split()[0] for lines in page.all("ul", class_="lines") for each in lines.all("li")]
        path = next((each["href"] for each in page.all("a", rel="next")), "")

    assert seen == [f"@m{number}@far.example" for number in reversed(range(90))]
    assert "@m7@far.example" in (await browser.get(f"{WHERE}/members?q=m7")).main


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-07")
async def test_the_lists_of_a_group_are_for_servers_of_those_with_the_right_and_decisions_for_these(
    bakery: Bakery,
) -> None:
    host, c = Host(bakery.fediverse, "m.test"), await bakery.fediverse.instance("c.test")
    mo, eve = host.actor("mo"), host.actor("eve")
    carol = await c.person("carol")
    await bakery.fediverse.join(bakery.bread, carol)
    with bakery.a.here():
        await groups.create(bakery.a.app, "wine", "Wine", "", "ann")
        await members.appoint(bakery.a.app, "wine", await fetching.actor(bakery.a.app, eve.uri), bakery.ann.actor)
        await members.appoint(bakery.a.app, "wine", await fetching.actor(bakery.a.app, mo.uri), bakery.ann.actor)
        wine = (await groups.named("wine"))[1]
    await bakery.appoint(mo.uri, rights.MODERATOR)
    await bakery.fediverse.join(wine, carol)
    other = await carol.post("@wine@a.test Red")
    await bakery.fediverse.settle()
    with bakery.a.here():
        await curation.remove(bakery.a.app, bakery.ann.actor, (await bakery.a.knows(other.uri)).id)
    desk = f"{bakery.bread.uri}/desk"

    async def sends(by: Face, act: str, about: str, **more: object) -> int:
        """How many letters of the group came of it."""
        heard = len(host.received)
        said = by.does("Update", {"id": desk, "type": "Object", "decision": {"act": act, "id": about}},
                       **{"target": bakery.bread.uri} | more)  # fmt: skip
        await forger.send(bakery.fediverse, bakery.a, by, said, inbox="/c/bread/inbox")
        return len([each for each in host.received[heard:] if each["type"] == "Create"])

    for name in LISTS:
        async with httpx.AsyncClient(transport=bakery.a.asgi, base_url="https://a.test") as unsigned:
            assert (await unsigned.get(f"/c/bread/desk/{name}", headers={"accept": forger.ACTIVITY})).status_code == 404
        with c.here(), pytest.raises(NotFound):  # of a member's server
            await c.app.client.get_document(f"{desk}/{name}")
    with bakery.b.here():
        for name in ("members", "denied", "bans", "log", "undoing"):
            assert name in (await bakery.b.app.client.get_document(f"{desk}/{name}")).raw
        with pytest.raises(NotFound):
            await bakery.b.app.client.get_document(f"{desk}/keys")
        with pytest.raises(NotFound):  # of a group that they do not look after
            await bakery.b.app.client.get_document("https://a.test/c/wine/desk/members")

    acts = ("take_out", "trust", "mark", "unban", "let_in")
    assert [await sends(eve, act, carol.actor.uri) for act in acts] == [0] * 5  # who looks after another group
    await sends(mo, "take_out", carol.actor.uri, target="https://a.test/c/wine")
    assert (await standing(bakery, carol)).member and await given(bakery, "trusted") == []
    # Orders to undo are for stewards, and nobody puts back what lies in another group.
    assert await sends(mo, "undo", bakery.ann.actor.uri) == 1 and await sends(mo, "restore", other.uri) == 1
    assert (await bakery.a.knows(other.uri)).removed_at is not None
    for act, about in (("take_out", "https://c.test/users/nobody"), ("take_out", ""), ("evict", carol.actor.uri),
                       ("unban", carol.actor.uri), ("let_in", carol.actor.uri)):  # fmt: skip
        assert await sends(mo, act, about) == 1, act
    said = mo.does("Update", {"id": desk, "type": "Object", "decision": {"act": "take_out", "id": carol.actor.uri}},
                   target=bakery.bread.uri)  # fmt: skip
    forged = said | {"id": f"{said['id']}-forged"}
    with pytest.raises(AssertionError, match="not by the actor who signed"):  # in mo's name
        await forger.send(bakery.fediverse, bakery.a, eve, forged, inbox="/c/bread/inbox")
    assert (await standing(bakery, carol)).member
    await forger.send(bakery.fediverse, bakery.a, mo, said, inbox="/c/bread/inbox")
    assert not (await standing(bakery, carol)).member
    await bakery.fediverse.join(bakery.bread, carol)
    await forger.send(bakery.fediverse, bakery.a, mo, said, inbox="/c/bread/inbox")  # once more
    assert (await standing(bakery, carol)).member

    await bakery.appoint(bakery.bob.actor.uri, rights.MODERATOR)
    with bakery.b.here():  # where only a moderator lives, nothing is told of what is for stewards
        told = (await bakery.b.app.client.get_document(desk)).raw
        assert "settings" not in told and "waiting" in told
        with pytest.raises(NotFound):
            await bakery.b.app.client.get_document(f"{desk}/undoing")
    with bakery.a.here():
        await members.dismiss(bakery.a.app, "bread", await fetching.actor(bakery.a.app, mo.uri), bakery.ann.actor)
        await members.dismiss(
            bakery.a.app, "bread", await fetching.actor(bakery.a.app, bakery.bob.actor.uri), bakery.ann.actor
        )
    assert await sends(mo, "take_out", carol.actor.uri) == 0 and (await standing(bakery, carol)).member
    with bakery.b.here(), pytest.raises(NotFound):
        await bakery.b.app.client.get_document(f"{desk}/members")
