"""What somebody else has to look at, appeals and proposals, for moderators on another server: in a browser there."""

import re

import pytest

from fedcomm import admit, appeals, curation, fetching, groups, members, rights
from fedcomm.desk import second_looks
from storage import registers
from storage.connect import execute, value
from storage.posts import Post
from tests import forger
from tests.fediverse import Person
from tests.forger import Face, Host
from tests.scenarios.bakery import Bakery, Enter
from tests.web.pages.browser import Browser, Page
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PAGE = "/moderation"


async def decides(browser: Browser, bakery: Bakery, page: Page, words: str, act: str, **more: str) -> Page:
    """Choose what has these words in it, and press a button below the list."""
    (line,) = [each for each in page.all("article") if words in each.text]
    wish = {"csrf": page.all("input", name="csrf")[0]["value"], "items[]": line.one("input", name="items[]")["value"]}
    done = await browser.post(PAGE, wish | {"act": act} | more)
    await bakery.fediverse.settle()
    return done


async def writes(bakery: Bakery, who: Person, text: str) -> Post:
    """A thread in the group, as the author's server has it."""
    post = await who.post(f"@bread@a.test {text}")
    await bakery.fediverse.settle()
    return post


async def take_out(bakery: Bakery, by: Person, post: Post, reason: str = "") -> bool:
    """On the server of the group, by somebody who looks after it; gives whether it waits for somebody else."""
    with bakery.a.here():
        there = await fetching.actor(bakery.a.app, by.actor.uri)
        waits = await curation.remove(bakery.a.app, there, (await bakery.a.knows(post.uri)).id, reason)
    await bakery.fediverse.settle()
    return waits


async def appeal(bakery: Bakery, who: Person, text: str) -> None:
    """By the link in the last letter to them."""
    secret = re.findall(r"https://a\.test/appeal/([^\"<]+)", (await who.letters())[-1])[0]
    with bakery.a.here():
        await appeals.ask(bakery.a.app, secret, text)
    await bakery.fediverse.settle()


async def out(who: Person, *posts: Post) -> list[bool]:
    """Which of these are out of the group on somebody's server."""
    return [(await who.instance.knows(post.uri)).removed_at is not None for post in posts]


async def log(bakery: Bakery) -> list[tuple[str, bool]]:
    """Who took posts out and put them back, the last first."""
    with bakery.a.here():
        found = await registers.log((await groups.named("bread"))[0].id)
    return [(each.actor_uri, each.value is not None) for each in found if each.property == "removed"]


@pytest.mark.thorough("postgres")
async def test_a_moderator_elsewhere_decides_about_proposals_and_appeals_of_others(
    bakery: Bakery, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, tom = bakery.ann, bakery.bob, await bakery.a.person("tom")
    carol = await (await bakery.fediverse.instance("c.test")).person("carol")
    await bakery.fediverse.join(bakery.bread, carol)
    watches, bags, buns = [await writes(bakery, carol, word) for word in ("Watches", "Bags", "Buns")]
    browser = await enter(bob)

    # What ann would take out beyond her limit, bob looks at on his own server.
    monkeypatch.setattr(admit, "REMOVALS", 0)
    assert [await take_out(bakery, ann, post, "Adverts") for post in (watches, bags)] == [True, True]
    assert "https://b.test/moderation" in (await bob.letters())[-1]
    page = await browser.get(f"{PAGE}?kind=proposal")
    assert flaws(page) == [] and page.main.count("is to be taken out") == 4 and page.main.count("very much") == 2
    assert "Watches" in page.main and "Adverts" in page.main
    assert "carol" not in (await browser.get(f"{PAGE}?kind=appeal")).main
    sure = await decides(browser, bakery, page, "Watches", "agree")
    assert "Agree to take out 1 thing" in sure.main and await out(carol, watches) == [False]
    done = await decides(browser, bakery, page, "Watches", "agree", sure="true")
    assert "Sent. If it cannot be done" in done.main and "Watches" not in done.main
    await decides(browser, bakery, page, "Bags", "show")
    assert await out(carol, watches, bags) == await out(ann, watches, bags) == [True, False]
    assert await log(bakery) == [(bob.actor.uri, True)] and await bakery.told(bob) == []
    await decides(browser, bakery, page, "Watches", "show")  # of a page that is old by now
    assert "decided meanwhile" in (await bakery.told(bob))[-1] and await out(ann, watches) == [True]

    # Against what ann took out by herself there are two who decide: one here, one elsewhere.
    monkeypatch.undo()
    await bakery.appoint(tom.actor.uri, rights.MODERATOR)
    for post in (bags, buns):
        await take_out(bakery, ann, post, "No <adverts>")
        await appeal(bakery, carol, f"They are fine: {post.id}")
    with bakery.a.here():
        await execute("UPDATE post SET url = 'http://c.test/buns' WHERE uri = ?", (buns.uri,))
    assert "https://b.test/moderation" in (await bob.letters())[-1]
    page = await browser.get(PAGE)
    assert flaws(page) == [] and page.main.count("appeals") >= 2 and f"They are fine: {bags.id}" in page.main
    assert "Reason of the removal:" in page.main and "No <adverts>" in page.main
    assert "They are fine" not in (await (await enter(ann)).get(PAGE)).main
    unfounded = await decides(browser, bakery, page, "Buns", "turn_down", sure="true")
    assert "Please give a reason" in unfounded.main and await log(bakery) != []
    (link,) = [link for link in page.links if link.startswith(PAGE)]  # of the post that has no address to lead to
    assert "They are fine" in (await browser.get(link)).main
    await decides(browser, bakery, page, "Buns", "show")
    assert await out(carol, buns) == [False] and "is in it again" in (await carol.letters())[-1]
    assert (await log(bakery))[0] == (bob.actor.uri, False) and (ann.actor.uri, True) in await log(bakery)
    with bakery.a.here():
        number = await value("SELECT id FROM appeal WHERE state = 'asked'")
        await appeals.decide(bakery.a.app, number or 0, tom.actor, accepted=False, reason="Adverts")
    await decides(browser, bakery, page, "Bags", "let_in")
    assert "decided meanwhile" in (await bakery.told(bob))[-1] and await out(ann, bags) == [True]


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-06")
async def test_who_acted_or_looks_after_another_group_decides_no_appeal_and_no_proposal_from_elsewhere(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, carol = Host(bakery.fediverse, "m.test"), await bakery.a.person("carol")
    mo, eve = host.actor("mo"), host.actor("eve")
    app, bread = bakery.a.app, bakery.bread.uri
    with bakery.a.here():
        await groups.create(app, "wine", "Wine", "", "ann")
        await members.appoint(app, "wine", await fetching.actor(app, eve.uri), bakery.ann.actor)
    await bakery.appoint(mo.uri, rights.MODERATOR)
    await bakery.fediverse.join(bakery.bread, carol)

    async def sends(by: Face, act: str, about: object, reason: str = "", group: str = bread) -> int:
        """How many letters of the group came of it."""
        heard, decision = len(host.received), {"act": act, "id": f"{about}", "reason": reason}
        said = by.does("Update", {"id": f"{group}/desk", "type": "Object", "decision": decision}, target=group)
        await forger.send(bakery.fediverse, bakery.a, by, said, inbox=f"{group.removeprefix('https://a.test')}/inbox")
        return len([each for each in host.received[heard:] if each["type"] == "Create"])

    async def removes(post: Post) -> None:
        said = mo.does("Delete", post.uri, cc=[bakery.bread.uri], audience=bakery.bread.uri, summary="Adverts")
        await forger.send(bakery.fediverse, bakery.a, mo, said, inbox="/c/bread/inbox")

    gone, hidden = await writes(bakery, carol, "Gone"), await writes(bakery, carol, "Hidden")
    await removes(gone)
    await appeal(bakery, carol, "It was fine")
    monkeypatch.setattr(admit, "REMOVALS", 0)
    await removes(hidden)
    with bakery.a.here():
        group, face = await groups.named("bread")
        number = await value("SELECT id FROM appeal WHERE state = 'asked'")
        (proposed,) = [act.id for act in await registers.all_proposed(group.id, 9)]
        there, elsewhere = [await second_looks.of_appeals(app, group, face, name) for name in ("m.test", "b.test")]
        assert there == [] and [each.deciders for each in elsewhere] == [(bakery.bob.actor.uri,)]

    assert [await sends(eve, act, number, reason="Yes") for act in ("accept", "reject")] == [0, 0]
    assert [await sends(eve, act, proposed) for act in ("agree", "decline")] == [0, 0]
    assert [await sends(mo, act, number, reason="Yes") for act in ("accept", "reject")] == [1, 1]  # their own removal
    assert await sends(mo, "agree", proposed) == 1  # their own proposal
    for act, about in (("agree", number), ("decline", 0), ("accept", proposed), ("accept", "x"), ("accept", gone.uri)):
        assert await sends(mo, act, about) == 1, act
    with bakery.a.here():
        assert await value("SELECT COUNT(*) FROM appeal WHERE state = 'asked'") == 1
        assert [act.id for act in await registers.all_proposed(group.id, 9)] == [proposed]

    # What lies in one group is none of another's, though who decides looks after both.
    await bakery.appoint(eve.uri, rights.MODERATOR)
    wine = "https://a.test/c/wine"
    assert await sends(eve, "accept", number, group=wine) == await sends(eve, "agree", proposed, group=wine) == 1
    assert await out(carol, gone, hidden) == [True, True]
    assert await sends(eve, "accept", number) == await sends(eve, "decline", proposed) == 0
    assert await out(carol, gone, hidden) == [False, False]
