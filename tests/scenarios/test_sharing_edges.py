"""Threads of several groups when something becomes of a group, its author or its rules."""

import pytest

import fedcomm.groups
from fedcomm import curation, group_profile, members, reactions, sharing
from fedcomm.errors import AppError, Invalid, NotAllowed
from fedcomm.group_profile import Change
from storage import groups, shares
from storage.connect import Writes, apply
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse
from tests.forger import Host
from tests.scenarios.test_sharing import World, begun, told
from web.pages import beside

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """`bread@a.test` and `wine@a.test`, as in test_sharing.py."""
    return await begun(fediverse)


async def shared(world: World, post: Post) -> None:
    """ann shows a thread in wine."""
    with world.a.here():
        await sharing.share(world.a.app, world.ann.actor, post.id, "wine")
    await world.fediverse.settle()


def boosts(host: Host, uri: str) -> list[str]:
    """What a server was told of boosts of a post by wine."""
    found = []
    for each in (each for each in host.received if each["actor"].endswith("/wine")):
        inner = each["object"]
        about = inner["object"] if each["type"] == "Undo" and isinstance(inner, dict) else inner
        found += [each["type"]] if about == uri else []
    return found


async def test_who_share_at_once_make_one_boost_and_none_of_what_was_taken_out_meanwhile(world: World) -> None:
    a, ann = world.a, world.ann
    one, two = [await world.bo.post(f"@bread {title}") for title in ("Rye", "Spelt")]
    with a.here():
        wine = await fedcomm.groups.named("wine")
        first, second, late = [Writes() for _ in range(3)]
        for post, writes in ((one, first), (one, second), (two, late)):
            await sharing.brought(a.app, writes, ann.actor, post, *wine)
        await apply(first)
        await apply(second)
        await curation.remove(a.app, ann.actor, two.id)
        await world.fediverse.settle()
        await apply(late)
    await world.fediverse.settle()

    assert boosts(world.of_wine, one.uri) == ["Announce"] and boosts(world.of_wine, two.uri) == []
    with a.here():
        await curation.restore(a.app, ann.actor, two.id)
    await world.fediverse.settle()
    assert boosts(world.of_wine, two.uri) == ["Announce"], "it is shown from then on"
    with a.here():
        assert [post and post.boosts_count for post in (await a.post(one.uri), await a.post(two.uri))] == [2, 2]
        for post in (one, two):
            await sharing.end(a.app, ann.actor, post.id, "wine")
    await world.fediverse.settle()
    assert {*boosts(world.of_wine, one.uri)[1:], *boosts(world.of_wine, two.uri)[1:]} == {"Undo"}


@pytest.mark.attack("GRP-01")
async def test_what_the_first_group_takes_out_others_show_no_more_until_it_puts_it_back(world: World) -> None:
    a, ann = world.a, world.ann
    one, two = [await world.bo.post(f"@bread {title}") for title in ("Rye", "Spelt")]
    for post in (one, two):
        await shared(world, post)
    own = await ann.post("@wine Riesling")
    with a.here():
        await curation.remove(a.app, ann.actor, one.id, "an advertisement")
    await world.fediverse.settle()
    assert boosts(world.of_wine, one.uri) == ["Announce", "Undo"] and boosts(world.of_wine, two.uri) == ["Announce"]
    assert await told(a, world.bo) == ["wine"], "of the other one alone"
    with a.here():
        await curation.restore(a.app, ann.actor, one.id)
        await members.ban(a.app, "bread", world.bo.actor.uri, ann.actor, remove=True)
    await world.fediverse.settle()
    with a.here():
        await members.unban(a.app, "bread", world.bo.actor.uri, ann.actor)
        await curation.remove(a.app, ann.actor, own.id)  # what wine takes out of its own threads nobody else shows
    await world.fediverse.settle()
    assert boosts(world.of_wine, one.uri)[-1] == boosts(world.of_wine, two.uri)[-1] == "Announce"
    assert boosts(world.of_wine, two.uri) == ["Announce", "Undo", "Announce"]
    with a.here():
        await sharing.end(a.app, ann.actor, one.id, "wine")  # out of one, and still in the other
    await world.fediverse.settle()
    assert (await a.knows(one.uri)).removed_at is None and boosts(world.of_wine, one.uri)[-1] == "Undo"


@pytest.mark.attack("GRP-20", "PRI-04")
async def test_a_group_that_is_not_for_everybody_shows_nothing_of_others_and_lets_nothing_out(world: World) -> None:
    a, app, dot = world.a, world.a.app, await world.a.person("dot")
    await world.fediverse.join(world.wine, dot)
    post, later = await world.bo.post("@bread Rye"), await world.bo.post("@bread Spelt")
    await shared(world, post)
    eve = Host(world.fediverse, "e.test").actor("eve")
    await forger.send(world.fediverse, a, eve, eve.does("Follow", world.wine.uri))
    with a.here():
        await group_profile.change(app, "bread", Change(visibility="members", join_mode="approval"), world.ann.actor)
    inside = await world.bo.reply(post, "Among us")
    with a.here(), pytest.raises(NotAllowed, match="Only members post"):
        await dot.reply(post, "Through wine")
    outside = await world.says(eve, [world.wine.uri], inReplyTo=post.uri)
    await world.fediverse.settle()
    said = [each for each in world.of_wine.received if inside.uri in str(each) or outside in str(each)]
    assert said == [] and inside.visibility == 4
    with a.here():
        await group_profile.change(app, "bread", Change(visibility="public"), world.ann.actor)

    for level in ("members", "local"):
        with a.here():
            change = Change(visibility=level, join_mode="approval")
            await group_profile.change(app, "wine", change, world.ann.actor)
        await world.fediverse.settle()
        with a.here():
            wine = await groups.by_actor(world.wine.id)
            assert wine is not None and await shares.of_thread(post.id) == [] == await shares.of_group(wine.id)
            for thread in (post, later):
                with pytest.raises(Invalid, match="for everybody"):
                    await sharing.share(app, world.ann.actor, thread.id, "wine")
        with pytest.raises(AppError):
            await world.bo.reply(post, "@wine@a.test come all")
        assert await world.also_in(post) == []
    assert boosts(world.of_wine, post.uri) == ["Announce", "Undo"]
    secret = await world.ann.post("@wine A cellar")
    with a.here(), pytest.raises(Invalid, match="for everybody"):
        await sharing.share(app, world.ann.actor, secret.id, "bread")
    assert await world.also_in(secret) == []


@pytest.mark.attack("GRP-20", "PRI-26")
async def test_what_a_private_group_elsewhere_shows_of_others_nobody_learns_here(world: World) -> None:
    a, away = world.a, Host(world.fediverse, "t.test")
    tea, post = away.actor("tea", "Group"), await world.bo.post("@bread Rye")
    await world.ann.follow(tea.uri)
    await world.fediverse.settle()
    await forger.send(world.fediverse, a, tea, tea.does("Accept", away.received[-1]))

    async def shows(level: str) -> list[str]:
        with a.here():
            group = await groups.by_face(tea.uri)
            assert group is not None
            groups.change(writes := Writes(), group.id, visibility=level)
            await apply(writes)
        await forger.send(world.fediverse, a, tea, tea.does("Announce", post.uri))
        known = await a.knows(post.uri)
        with a.here():
            seen = await beside.also_in(a.app.peers, world.ann.actor.id, world.ann.actor, known)
        return [each.face.acct for each in seen]

    assert await shows("members") == await told(a, world.bo) == await world.also_in(post) == []
    assert (await a.knows(post.uri)).boosts_count == 1, "that of bread"
    assert await shows("public") == await told(a, world.bo) == ["tea@t.test"]
    assert await shows("members") == [], "once it is private, also of what it showed before"


async def test_a_closed_group_keeps_what_it_shows_and_votes_are_those_of_the_first_group(world: World) -> None:
    a, app, dot = world.a, world.a.app, await world.a.person("dot")
    await world.fediverse.join(world.wine, dot)
    post, other = await world.bo.post("@bread Rye"), await world.bo.post("@bread Spelt")
    await shared(world, post)
    with a.here():
        await group_profile.change(app, "wine", Change(votes="none"), world.ann.actor)
        await reactions.like(app, dot.actor, post.id)
        assert (await a.knows(post.uri)).likes_count == 1, "its own group counts votes"
        await group_profile.change(app, "wine", Change(votes="both", closed=True), world.ann.actor)
        await group_profile.change(app, "bread", Change(votes="none"), world.ann.actor)
        with pytest.raises(Invalid, match="no votes"):
            await reactions.dislike(app, dot.actor, post.id)
        with pytest.raises(NotAllowed, match="closed"):
            await sharing.share(app, world.ann.actor, other.id, "wine")
    answer = await world.bo.reply(post, "And?")
    through = await dot.reply(post, "Where it began it is open")
    await world.fediverse.settle()
    assert [world.heard(world.of_wine, each.uri) for each in (answer, through)] == [[], []]
    assert world.heard(world.of_bread, through.uri) == ["Create"] and await world.also_in(post) == [world.wine.id]
    with a.here():
        await sharing.end(app, world.ann.actor, post.id, "wine")
    await world.fediverse.settle()
    assert await world.also_in(post) == [] and boosts(world.of_wine, post.uri) == ["Announce", "Undo"]
