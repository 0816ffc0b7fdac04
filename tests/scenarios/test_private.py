"""What is not for everybody goes to those it is for, and to no other inbox."""

import pytest

from fedcomm import fetching, members, speech
from fedcomm.speech import Saying
from storage import visible
from storage.connect import Writes, apply, rows
from storage.ids import next_id
from tests.fediverse import Fediverse
from tests.forger import Host
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ORI-25")
@pytest.mark.parametrize(("visibility", "shared"), [("direct", False), ("public", True)])
async def test_a_shared_inbox_gets_only_what_everybody_may_read(
    fediverse: Fediverse, visibility: str, shared: bool
) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    mona = Host(fediverse, "there.test").actor("mona", endpoints={"sharedInbox": "https://there.test/everybody"})
    with a.here():
        await fetching.actor(a.app, mona.uri)
    fediverse.wire.log.clear()

    await alice.post("@mona@there.test the key is under the mat", visibility=visibility)
    await fediverse.settle()

    posted = [url for method, url, _ in fediverse.wire.log if method == "POST"]
    assert posted == ["https://there.test/everybody" if shared else f"{mona.uri}/inbox"]


@pytest.mark.attack("PRI-17")
@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_only_who_may_read_a_post_votes_on_it(town: Town, visibility: str) -> None:
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))
    post = await town.anna.post("Only for you, @bob@theirs.test", visibility=visibility)

    await town.send(town.eve, town.eve.does("Like", post.uri))
    await town.send(town.mallory, town.mallory.does("Dislike", post.uri))
    refused = await town.here(post.uri)
    await town.send(town.bob, town.bob.does("Like", post.uri))

    assert (refused.likes_count, refused.dislikes_count) == (0, 0)
    assert (await town.here(post.uri)).likes_count == 1
    with town.ours.here():
        told = await rows("SELECT a.uri FROM notification n JOIN actor a ON a.id = n.actor_id WHERE n.post_id = ?",
                          (post.id,))  # fmt: skip
    assert told == [(town.bob.uri,)]


async def test_a_direct_message_to_a_group_is_one_to_those_who_look_after_it(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    maud, anna, otto = [await a.person(name) for name in ("maud", "anna", "otto")]
    bob, mona = await b.person("bob"), await b.person("mona")
    await a.group("rye", moderator=maud)
    with a.here():
        await members.appoint(a.app, "rye", await fetching.actor(a.app, mona.actor.uri), maud.actor)

    near = await anna.post("@rye Somebody writes nonsense", visibility="direct")
    far = await bob.post("@rye@a.test So it is", visibility="direct")
    await fediverse.settle()
    await bob.edit(far, "@rye@a.test So it was")
    answer = await maud.reply(far, "@bob@b.test Thank you", visibility="direct")
    await fediverse.settle()

    said = [near, await a.knows(far.uri)]
    with a.here():
        seeing = [await visible.seen(who.actor.id, [post.id for post in said]) for who in (maud, anna, otto)]
        told = await rows("SELECT post_id FROM notification WHERE owner_id = ? ORDER BY id", (maud.actor.id,))
        talks = await rows("SELECT thread_id FROM conversation WHERE owner_id = ?", (maud.actor.id,))
    assert seeing == [{post.id for post in said}, {near.id}, set()]
    assert sorted(told) == sorted(talks) == sorted((post.id,) for post in said)
    assert [post.group_id for post in said] == [None, None] and said[1].edited_at
    with b.here():
        here = [(await b.knows(post.uri)).id for post in (near, far, answer)]
        assert [await visible.seen(who.actor.id, here) for who in (mona, bob)] == [{here[0]}, set(here[1:])]


async def test_who_answers_a_group_speaks_to_it_alone(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    maud, bob = await a.person("maud"), await b.person("bob")
    rye = await a.group("rye", moderator=maud)
    with a.here():
        there = await fetching.actor(a.app, bob.actor.uri)
        writes = Writes()
        said = await speech.privately(a.app, writes, rye, next_id(), Saying(text="Be welcome", to=(there,)))
        await apply(writes)
    await fediverse.settle()

    answer = await bob.reply(said, "@rye@a.test Thank you", visibility="direct")
    await fediverse.settle()

    with a.here():
        assert not await visible.sees(maud.actor.id, (await a.knows(answer.uri)).id)
