"""Stories of people whose posts are taken out of groups: they learn why, and may appeal to somebody else."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from fedcomm import admit, appeals, clock, curation, docket, fetching, groups, members, proposals
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from storage import accounts, registers
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Host
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


class Bakery:
    """`bread@a.test`: greta and tom look after it, alice writes there, and bob, who lives at b.test."""

    def __init__(self, fediverse: Fediverse, a: Instance, b: Instance, client: httpx.AsyncClient) -> None:
        self.fediverse, self.a, self.b, self.browser = fediverse, a, b, Browser(client)

    async def open(self) -> "Bakery":
        """Everybody in their place."""
        self.greta, self.tom, self.alice = [await self.a.person(name) for name in ("greta", "tom", "alice")]
        self.bob, self.bill = await self.b.person("bob"), await self.b.person("bill")
        self.bread = await self.a.group("bread", moderator=self.greta)
        await self.fediverse.join(self.bread, self.tom, self.alice, self.bob, self.bill)
        await self.appoint(self.tom)
        return self

    async def appoint(self, who: Person) -> None:
        """By greta."""
        with self.a.here():
            there = await fetching.actor(self.a.app, who.actor.uri)
            await members.appoint(self.a.app, "bread", there, self.greta.actor)
        await self.fediverse.settle()

    async def removed(self, by: Person, author: Person, reason: str = "") -> Post:
        """Something that the author wrote, at a.test, and what one who looks after the group took out."""
        written = await author.post("@bread@a.test Buy watches")
        await self.fediverse.settle()
        there = await by.instance.knows(written.uri)
        with by.instance.here():
            await curation.remove(by.instance.app, by.actor, there.id, reason)
        await self.fediverse.settle()
        return await self.a.knows(written.uri)

    async def link(self, who: Person) -> str:
        """That of the last letter to somebody."""
        return re.findall(r"https://a\.test(/appeal/[^\"<]+)", (await who.letters())[-1])[0]

    async def decide(self, by: Person, *, accepted: bool, reason: str = "") -> None:
        """About the appeal that waits."""
        with self.a.here():
            number = await value("SELECT id FROM appeal WHERE state = 'asked'")
            there = await members.somebody(self.a.app, by.actor.uri)
            await appeals.decide(self.a.app, number or 0, there, accepted=accepted, reason=reason)
        await self.fediverse.settle()


@pytest.fixture
async def bakery(fediverse: Fediverse) -> AsyncIterator[Bakery]:
    """Everybody in their place."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    async with httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as client:
        yield await Bakery(fediverse, a, b, client).open()


async def test_whose_post_is_taken_out_appeals_from_another_server_and_another_moderator_puts_it_back(
    bakery: Bakery,
) -> None:
    bob, browser = bakery.bob, bakery.browser
    post = await bakery.removed(bakery.greta, bob, "(2) No <adverts>.")
    (told,) = await bob.letters()
    assert "have taken this out of it" in told and "(2) No &lt;adverts&gt;." in told and post.url in told
    where = await bakery.link(bob)

    page = await browser.get(where)
    assert "Buy watches" in page.main and "(2) No <adverts>." in page.main and not flaws(page)
    assert (await browser.send(page, where, text=" ")).status == 422
    done = await browser.button(page, where, text="They are <bread> watches.")
    assert "Somebody else looks at it" in done.main and not done.all("textarea") and not flaws(done)
    assert (await browser.get(where + "x")).status == 404
    with bakery.a.here(), pytest.raises(Conflict):
        await appeals.ask(bakery.a.app, where.rpartition("/")[2], "Once more")
    await bakery.fediverse.settle()
    (to_tom,) = await bakery.tom.letters()
    assert "Somebody appeals" in to_tom and await bakery.greta.letters() == []

    for wrong, accepted, fault in (
        (bakery.greta, True, NotAllowed),
        (bob, True, NotAllowed),
        (bakery.tom, False, Invalid),
    ):
        with pytest.raises(fault):
            await bakery.decide(wrong, accepted=accepted)
    await bakery.decide(bakery.tom, accepted=True, reason="They are.")
    assert [(await server.knows(post.uri)).removed_at for server in (bakery.a, bakery.b)] == [None, None]
    with bakery.a.here():
        group, _face = await groups.named("bread")
        log = [(each.actor_uri, each.value) for each in await registers.log(group.id) if each.property == "removed"]
    assert log == [(bakery.tom.actor.uri, None), (bakery.greta.actor.uri, '{"removed":true}')]
    assert "was right" in (await bob.letters())[-1] and "They are." in (await bob.letters())[-1]
    assert "in the group again" in (await browser.get(where)).main
    with pytest.raises(NotFound):
        await bakery.decide(bakery.tom, accepted=False, reason="Or not")
    assert len(await bob.letters()) == 2


@pytest.mark.thorough("postgres")
async def test_an_appeal_goes_to_admins_where_nobody_else_is_and_is_turned_down_with_a_reason(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, alice = await bakery.a.person("ada"), bakery.alice
    with bakery.a.here():
        await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (ada.actor.id,))
        await members.dismiss(bakery.a.app, "bread", bakery.tom.actor, bakery.greta.actor)
    post, late = await bakery.removed(bakery.greta, alice), await bakery.removed(bakery.greta, alice)
    first, second = [re.findall(r"/appeal/([^\"<]+)", told)[0] for told in await alice.letters()]
    with bakery.a.here():
        await appeals.ask(bakery.a.app, first, "It was fine")
    await bakery.fediverse.settle()
    assert len(await ada.letters()) == 1 and await bakery.greta.letters() == await bakery.tom.letters() == []
    await bakery.decide(ada, accepted=False, reason="It was not.")
    assert "stays out of it" in (await alice.letters())[-1] and "It was not." in (await alice.letters())[-1]
    assert (await bakery.a.knows(post.uri)).removed_at is not None and late

    zoe, again = await bakery.a.person("zoe"), await bakery.removed(bakery.greta, alice)
    with bakery.a.here():
        await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (zoe.actor.id,))
        await appeals.ask(bakery.a.app, (await bakery.link(alice)).rpartition("/")[2], "It was fine")
    await bakery.decide(zoe, accepted=True)
    with bakery.a.here():
        group, _face = await groups.named("bread")
        put_back = await registers.winner(group.id, "removed", again.uri)
        assert put_back and (put_back.value, put_back.actor_uri) == (None, zoe.actor.uri)  # not the first of the admins

    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 15 * 86_400)
    with bakery.a.here(), pytest.raises(Conflict):
        await appeals.ask(bakery.a.app, second, "It was fine")


async def test_who_proposed_a_removal_decides_no_appeal_against_it_while_there_is_somebody_else(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    greta, tom, app = bakery.greta, bakery.tom, bakery.a.app
    ada = await bakery.a.person("ada")
    monkeypatch.setattr(admit, "REMOVALS", 0)
    post = await bakery.removed(greta, bakery.alice, "Adverts")
    with bakery.a.here():
        group, _face = await groups.named("bread")
        await proposals.agree(app, group.id, post.uri, tom.actor)
    await bakery.fediverse.settle()
    await bakery.browser.button(
        await bakery.browser.get(where := await bakery.link(bakery.alice)), where, text="No adverts"
    )

    async def queued(who: Person) -> bool:
        seen = await docket.page(app, docket.Keeper(who.actor, await accounts.of_actor(who.actor.id)), "", 0, 0, 9)
        return [case.kind for case in seen.cases] == ["appeal"]

    with bakery.a.here():
        assert await queued(greta) and await queued(tom)  # where nobody else is left
        await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (ada.actor.id,))
        assert [await queued(who) for who in (greta, tom, ada)] == [False, False, True]
    for who in (greta, tom):
        with pytest.raises(NotAllowed):
            await bakery.decide(who, accepted=True)
    await bakery.decide(ada, accepted=True)
    assert (await bakery.a.knows(post.uri)).removed_at is None


async def test_who_moderates_elsewhere_takes_out_and_the_author_is_told_by_the_group(bakery: Bakery) -> None:
    await bakery.appoint(bakery.bill)
    await bakery.removed(bakery.bill, bakery.alice, "Spam")
    (told,) = await bakery.alice.letters()
    assert "Spam" in told and "/appeal/" in told
    await bakery.removed(bakery.greta, bakery.bob)
    (told,) = await bakery.bob.letters()  # by the group alone, not by their own server as well
    assert "https://a.test/appeal/" in told
    with bakery.a.here():  # who else looks after the group decides, wherever they live
        await members.dismiss(bakery.a.app, "bread", bakery.tom.actor, bakery.greta.actor)
        await appeals.ask(bakery.a.app, re.findall(r"/appeal/([^\"<]+)", told)[0], "It was fine")
    await bakery.fediverse.settle()
    told = (await bakery.bill.letters())[-1]
    assert "You decide: " in told and "https://b.test/moderation" in told  # as their server asks for it
    await bakery.decide(bakery.bill, accepted=True)
    assert "is in it again" in (await bakery.bob.letters())[-1]
    own = await bakery.removed(bakery.greta, bakery.greta)  # one's own
    assert own.removed_at is not None and await bakery.greta.letters() == []


async def test_what_a_group_of_another_program_takes_out_its_author_hears_of_from_their_own_server(
    fediverse: Fediverse,
) -> None:
    c, lemmy = await fediverse.instance("c.test"), Host(fediverse, "lemmy.test")
    carl, rye, lena = await c.person("carl"), lemmy.actor("rye", "Group"), lemmy.actor("lena")
    await carl.follow(rye.uri)
    await fediverse.settle()
    (asked,) = [each for each in lemmy.received if each["type"] == "Follow"]
    await forger.send(fediverse, c, rye, rye.does("Accept", asked))
    with c.here():
        face: Actor = await fetching.actor(c.app, rye.uri)
    post = await carl.post(f"@{face.username}@lemmy.test Buy watches")
    await fediverse.settle()
    delete = lena.does("Delete", post.uri, cc=[rye.uri], audience=rye.uri, summary="Adverts")
    await forger.send(fediverse, c, rye, rye.does("Announce", delete))
    (told,) = await carl.letters()
    assert "have taken this out of it" in told and "Adverts" in told and "/appeal/" not in told
    with c.here():
        assert await rows("SELECT id FROM appeal") == []
