"""A second pair of eyes: who takes very much out of a group within an hour takes out no more by themselves."""

import asyncio

import pytest

from fedcomm import admit, curation, deputies, groups, members, proposals, rollback
from fedcomm.errors import NotAllowed, NotFound
from storage import accounts, registers
from storage.connect import rows
from storage.posts import Post
from tests import build
from tests.fediverse import Fediverse, Person
from tests.scenarios.bakery import Bakery, Enter

pytestmark = pytest.mark.anyio


async def out(who: Person, *posts: Post) -> list[bool]:
    """Which of these are out of the group, or hidden, on somebody's server."""
    return [(await who.instance.knows(post.uri)).removed_at is not None for post in posts]


async def acts(bakery: Bakery) -> list[tuple[str, str, bool]]:
    """What was done for the group, as (who, what, whether it stands), the last first."""
    with bakery.a.here():
        group = (await groups.named("bread"))[0]
        return [
            (act.actor_uri.rpartition("/")[2], act.property, act.value is not None)
            for act in await registers.log(group.id)
            if act.property in ("removed", "proposed", "ban")
        ]


@pytest.mark.thorough("postgres")
async def test_what_a_moderator_elsewhere_takes_out_beyond_the_limit_waits_for_another(
    bakery: Bakery, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert admit.REMOVALS == 20
    monkeypatch.setattr(admit, "REMOVALS", 2)
    fediverse, ann, bob = bakery.fediverse, bakery.ann, bakery.bob
    carol = await (await fediverse.instance("c.test")).person("carol")
    await fediverse.join(bakery.bread, carol, bob)
    found = [await carol.post(f"@bread@a.test Number {number}") for number in range(6)]
    await fediverse.settle()

    async def bob_does(act: object, post: Post) -> None:
        with bob.instance.here():
            theirs = await bob.instance.knows(post.uri)
            await act(bob.instance.app, bob.actor, theirs.id)  # type: ignore[operator]
        await fediverse.settle()

    # By wire; what is put back counts all the same, so nobody gets further by doing and undoing.
    await bob_does(curation.remove, found[0])
    await bob_does(curation.restore, found[0])
    await bob_does(curation.remove, found[1])
    assert await out(carol, *found) == [False, True, False, False, False, False]
    for post in found[2:4]:
        await bob_does(curation.remove, post)
    assert await out(ann, *found) == [False, True, True, True, False, False]  # hidden here at once
    assert await out(carol, *found) == [False, True, False, False, False, False]  # and told to nobody
    assert [each for each in await ann.letters() if "takes very much out" in each][1:] == []  # one letter for all
    with bakery.a.here():
        group, _face = await groups.named("bread")
        with pytest.raises(NotAllowed, match="Somebody else has to agree"):
            await proposals.agree(bakery.a.app, group.id, found[2].uri, bob.actor)
        with pytest.raises(NotAllowed):
            await proposals.agree(bakery.a.app, group.id, found[2].uri, carol.actor)

    browser = await enter(ann)
    page = await browser.get("/moderation")
    boxes = [box["value"] for box in page.all("input", name="items[]")]
    assert page.main.count("is to be taken out") == 4 and "Number 2" in page.main and "took out very much" in page.main
    csrf = page.all("input", name="csrf")[0]["value"]
    wish = {"csrf": csrf, "items[]": boxes[:1], "act": "agree"}
    sure = await browser.post("/moderation", wish)
    assert "Agree to take out 1 thing" in sure.main and await out(carol, found[2]) == [False]
    done = await browser.post("/moderation", wish | {"sure": "true"})
    shown = await browser.post("/moderation", wish | {"items[]": boxes[1:], "act": "show"})
    await fediverse.settle()
    assert "Taken out." in done.main and "Shown again." in shown.main
    assert await out(carol, *found[1:4]) == await out(ann, *found[1:4]) == [True, True, False]
    with bakery.a.here(), pytest.raises(NotFound):
        await proposals.decline(bakery.a.app, group.id, found[2].uri, ann.actor)
    log = await acts(bakery)
    assert log[:3] == [("ann", "proposed", False), ("ann", "removed", True), ("ann", "proposed", False)]
    assert log[3:5] == [("bob", "proposed", True)] * 2

    # A ban that takes all out counts as one, and beyond the limit bans only; nobody elsewhere hears the rest.
    with bob.instance.here():
        group_there, face_there = await groups.called("bread@a.test")
        theirs = await members.somebody(bob.instance.app, carol.actor.uri)
        await deputies.ban(bob.instance.app, group_there, face_there, theirs, bob.actor, remove=True)
    await fediverse.settle()
    with bakery.a.here():
        known = await members.somebody(bakery.a.app, carol.actor.uri)
        assert admit.banned((await members.standing(group, known)).ban)
    assert await out(ann, *found) == [True] * 6 and await out(carol, *found) == [False, True, True, False, False, False]
    with bakery.a.here():
        await proposals.agree(bakery.a.app, group.id, carol.actor.uri, ann.actor)
    await fediverse.settle()
    assert await out(carol, *found) == await out(ann, *found) == [True] * 6
    with bakery.a.here():
        await members.unban(bakery.a.app, "bread", carol.actor.uri, ann.actor)
    await fediverse.settle()
    assert await out(ann, *found) == await out(carol, *found) == [False, True, True, False, False, False]


async def test_the_limit_holds_for_many_at_once_and_where_there_is_somebody_else(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit, "REMOVALS", 2)
    a = await fediverse.instance("a.test")
    ann, tom, eve = [await a.person(name) for name in ("ann", "tom", "eve")]
    with a.here():
        await groups.create(a.app, "bread", "Bread", "", "ann")
        group, _face = await groups.named("bread")
        found = [await build.post(eve.actor, f"Number {number}", group=group) for number in range(9)]

        async def take_out(which: list[Post], by: Person) -> list[bool]:
            return await asyncio.gather(*(curation.remove(a.app, by.actor, post.id, "Spam") for post in which))

        assert await take_out(found[:4], ann) == [False] * 4  # who is alone must be able to do something about spam
        member = await accounts.by_name("eve")
        assert member
        await accounts.set_role(member.id, "admin")
        assert await take_out(found[4:5], ann) == [True]  # who looks after the server looks, where nobody else can
        await members.appoint(a.app, "bread", tom.actor, ann.actor)
        assert sorted(await take_out(found[5:], tom)) == [False, False, True, True]  # as by several processes
        admin = await accounts.by_name("eve")
        assert admin
        with pytest.raises(NotAllowed):
            await proposals.agree(a.app, group.id, found[4].uri, eve.actor)  # without the office
        await proposals.agree(a.app, group.id, found[4].uri, eve.actor, server=admin)
        hidden = [each.subject for each in await registers.all_of(group.id, "proposed")]
        assert len(hidden) == 2
        await curation.restore(a.app, tom.actor, next(post.id for post in found if post.uri == hidden[0]))
        assert [each.subject for each in await registers.all_of(group.id, "proposed")] == hidden[1:]
        await rollback.order(a.app, "bread", tom.actor.uri, 1, ann.actor)
    await fediverse.settle()
    with a.here():
        assert await registers.all_of(group.id, "proposed") == []
        gone = await rows("SELECT COUNT(*) FROM post WHERE removed_at IS NOT NULL")
        assert gone == [(5,)]  # what ann took out; what tom did is undone
