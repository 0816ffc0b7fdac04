"""Who limits what others may do with a post, as GoToSocial does: nothing of ours is lost there without a word."""

from typing import Any

import pytest

from fedcomm import controls
from fedcomm.controls import ASK, FREE, NEVER
from fedcomm.errors import NotAllowed
from storage.posts import Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, Json

pytestmark = pytest.mark.anyio
OPEN = {"automaticApproval": [PUBLIC], "manualApproval": []}


class World:
    """`ann` on a server of ours, who follows `gus` of another."""

    def __init__(self, fediverse: Fediverse, here: Instance, ann: Person, gus: Face) -> None:
        self.fediverse, self.here, self.ann, self.gus = fediverse, here, ann, gus

    @property
    def host(self) -> Host:
        return self.gus.host

    async def says(self, slug: str, policy: Json | None, **more: Any) -> Post:
        """A post of gus with that policy, as it is here."""
        note = self.gus.note(
            slug, "<p>Hello</p>", **({"interactionPolicy": policy} if policy is not None else {}), **more
        )
        self.host.serve(note["id"], note)
        await forger.send(self.fediverse, self.here, self.gus, self.gus.does("Create", note))
        return await self.here.knows(note["id"])

    async def allowed(self, post: Post, who: Person | None = None) -> controls.Allowed:
        with self.here.here():
            return (await controls.of_posts((who or self.ann).actor.id, [post])).get(post.id, controls.OPEN)


@pytest.fixture
async def world(fediverse: Fediverse) -> World:
    """Everybody in their place."""
    here = await fediverse.instance("a.test")
    ann = await here.person("ann")
    gus = Host(fediverse, "gts.test").actor("gus", following="https://gts.test/users/gus/following")
    await forger.followed(fediverse, ann, gus)
    return World(fediverse, here, ann, gus)


async def test_who_may_do_what_is_read_as_gotosocial_writes_it(world: World) -> None:
    ann, gus, bob = world.ann.actor.uri, world.gus, await world.here.person("bob")
    following = f"{gus.uri}/following"
    cases: list[tuple[Json, int]] = [
        ({"automaticApproval": PUBLIC}, FREE),
        ({"automaticApproval": ["as:Public"]}, FREE),
        ({}, FREE),
        ({"automaticApproval": [gus.uri]}, NEVER),
        ({"automaticApproval": []}, NEVER),
        ({"automaticApproval": [gus.uri], "manualApproval": [PUBLIC]}, ASK),
        ({"automaticApproval": [gus.followers]}, FREE),
        ({"automaticApproval": [following]}, NEVER),
        ({"automaticApproval": [PUBLIC], "manualApproval": [ann]}, ASK),
        ({"automaticApproval": [ann], "manualApproval": [PUBLIC, ann]}, FREE),
        ({"automaticApproval": [PUBLIC], "manualApproval": [gus.followers]}, ASK),
        ({"always": [gus.uri], "approvalRequired": [PUBLIC]}, ASK),
        ({"always": [PUBLIC], "automaticApproval": [gus.uri]}, NEVER),
    ]
    for number, (rule, level) in enumerate(cases):
        post = await world.says(f"case{number}", {"canReply": rule, "canLike": OPEN, "canAnnounce": rule})
        found = await world.allowed(post)
        assert (found.like, found.reply, found.boost) == (FREE, level, level), rule
        assert "reply" not in found.polite or "automaticApproval" in rule

    stranger = await world.says("far", {"canReply": {"automaticApproval": [gus.followers]}})
    assert (await world.allowed(stranger, bob)).reply == NEVER
    for number, odd in enumerate((None, [], "x", 7, {"canReply": [PUBLIC]}, {"canReply": {"automaticApproval": 7}})):
        found = await world.allowed(await world.says(f"odd{number}", {"canReply": odd} if number < 4 else odd))
        assert found.reply == (NEVER if number == 5 else FREE)


async def test_what_an_author_lets_nobody_do_is_refused_with_a_sentence_and_nothing_is_sent(world: World) -> None:
    nobody = {"automaticApproval": [world.gus.uri]}
    policy = {"canLike": nobody, "canReply": nobody, "canAnnounce": nobody}
    post = await world.says("closed", policy)
    world.host.received.clear()

    for act, word in (
        (world.ann.reply(post, "May I?"), "answer"), (world.ann.like(post), "like"), (world.ann.boost(post), "pass"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=f"lets only some people {word}"):
            await act
    await world.fediverse.settle()
    assert world.host.received == []

    named = [{"type": "Mention", "href": world.ann.actor.uri, "name": "@ann@a.test"}]
    to_ann = await world.says("to-ann", policy, tag=named, cc=[world.ann.actor.uri])
    assert (await world.allowed(to_ann)).reply == FREE  # who is spoken to can always answer
    assert (await world.ann.reply(to_ann, "Yes?")).parent_id == to_ann.id

    opened = world.gus.note("closed", "<p>Hello all</p>", updated="2026-11-21T13:00:00Z")
    await forger.send(world.fediverse, world.here, world.gus, world.gus.does("Update", opened))
    mine = await world.ann.reply(post, "Thank you")
    closed = opened | {"interactionPolicy": policy, "updated": "2026-11-21T14:00:00Z", "content": "<p>Enough</p>"}
    await forger.send(world.fediverse, world.here, world.gus, world.gus.does("Update", closed))
    await world.ann.edit(mine, "Thank you!")  # what is said already may be mended
    assert (await world.allowed(post)).reply == NEVER
