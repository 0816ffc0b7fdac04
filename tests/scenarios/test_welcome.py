"""Stories of newcomers: a group welcomes each member once, wherever they live, and shows what they answer."""

import pytest

from fedcomm import group_profile, members, welcomes
from fedcomm.group_profile import Change
from storage import conversations, posts, visible
from storage import welcomes as stored
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.paging import Page
from storage.posts import DIRECT, PUBLIC, Post
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC as PUBLIC_URI
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


async def club(
    at: Instance, by: Person, *, rules: tuple[str, ...] = ("Be kind.",), text: str = "Good that you came!"
) -> Actor:
    """A group whose moderator `by` wrote a welcome."""
    face = await at.group("club", moderator=by)
    with at.here():
        await group_profile.change(at.app, "club", Change(rules=("Be kind.",)), by.actor)
        await welcomes.change(
            at.app, "club", welcomes.Change(texts={"en": text, "de": "Schön, dass du da bist!"}), by.actor
        )
    return face


async def messages(of: Person) -> list[Post]:
    """What somebody got in direct messages, as their server has it."""
    with of.instance.here():
        sql = (
            "SELECT p.id FROM post p JOIN mention m ON m.post_id = p.id"
            " WHERE p.visibility = 3 AND m.actor_id = ? ORDER BY p.id"
        )
        found = [post_id for (post_id,) in await rows(sql, (of.actor.id,))]
        return list((await posts.by_ids(found)).values())


async def told(who: Person) -> list[tuple[str, int]]:
    """What somebody was told of: the kind, and the post."""
    with who.instance.here():
        return await rows("SELECT kind, post_id FROM notification WHERE owner_id = ? ORDER BY id", (who.actor.id,))


async def in_thread(at: Instance) -> list[Post]:
    """The answers in the thread of newcomers as an instance has them."""
    with at.here():
        sql = (
            "SELECT p.id FROM post p JOIN post root ON root.id = p.thread_id WHERE root.title = 'New here: say hello'"
            " AND p.id <> root.id AND p.deleted_at IS NULL AND p.removed_at IS NULL ORDER BY p.id"
        )
        found = [post_id for (post_id,) in await rows(sql)]
        return list((await posts.by_ids(found)).values())


async def test_each_member_is_welcomed_once_for_ever_wherever_they_live(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob = await a.person("greta"), await a.person("alice"), await b.person("bob")
    other = await b.person("other")
    face = await club(a, greta)
    with a.here():
        await execute("UPDATE account SET language = 'de' WHERE actor_id = ?", (alice.actor.id,))

    for _round in range(3):
        await fediverse.join(face, alice, bob)
        await alice.unfollow(face.uri)
        await bob.unfollow(face.uri)
        await fediverse.settle()

    (to_alice,), (to_bob,) = await messages(alice), await messages(bob)
    assert "Schön, dass du da bist!" in to_alice.content and to_alice.language == "de"
    assert "Good that you came!" in to_bob.content and "<li>Be kind.</li>" in to_bob.content
    assert "Your answer will be public" in to_bob.content and "Deine Antwort" in to_alice.content
    assert [post.visibility for post in (to_alice, to_bob)] == [DIRECT, DIRECT]
    assert await told(alice) == [("mention", to_alice.id)] and await told(bob) == [("mention", to_bob.id)]
    for who, message in ((alice, to_alice), (bob, to_bob)):
        with who.instance.here():
            (conversation,), _older = await conversations.page(who.actor.id, Page())
            assert conversation.last_post_id == message.id and conversation.unread
    with b.here():
        assert not await visible.sees(other.actor.id, to_bob.id) and not await visible.sees(0, to_bob.id)
    posted = [url for method, url, _ in fediverse.wire.log if method == "POST" and url.endswith("/users/bob/inbox")]
    assert posted  # to bob's own inbox and no shared one


async def test_an_answer_to_the_welcome_is_a_post_of_the_member_in_the_thread_of_newcomers(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob = await a.person("greta"), await a.person("alice"), await b.person("bob")
    face = await club(a, greta)
    await fediverse.join(face, alice, bob)
    (message,) = await messages(alice)

    aside = await alice.post("@club @greta a word between us", in_reply_to_id=message.id, visibility="direct")
    hi = await alice.post("@club hi", in_reply_to_id=message.id, visibility="direct")
    again = await alice.post("@club and by the way", in_reply_to_id=message.id, visibility="direct")
    await fediverse.settle()

    assert [(post.visibility, post.group_id is None) for post in (aside, again)] == [(DIRECT, True)] * 2
    assert hi.visibility == PUBLIC and hi.group_id is not None and hi.author_id == alice.actor.id
    assert [post.uri for post in await in_thread(a)] == [post.uri for post in await in_thread(b)] == [hi.uri]
    assert ("mention", hi.id) in await told(greta)
    begun = [post for post in await bob.home() if post.title == "New here: say hello"]
    assert len(begun) == 1 and begun[0].parent_id is None

    await alice.delete(hi)
    await fediverse.settle()
    assert await in_thread(b) == []
    back = await alice.post("@club hi again", in_reply_to_id=message.id, visibility="direct")
    assert back.visibility == DIRECT  # it was the first answer that went there


async def test_an_answer_from_elsewhere_is_shown_by_the_group_until_its_author_deletes_it(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    greta, bob, carol = await a.person("greta"), await b.person("bob"), await c.person("carol")
    face = await club(a, greta)
    await fediverse.join(face, bob, carol)
    (message,), (to_carol,) = await messages(bob), await messages(carol)

    aside = await bob.post("@club@a.test @carol@c.test only you", in_reply_to_id=message.id, visibility="direct")
    await fediverse.settle()
    assert await in_thread(a) == []
    hi = await bob.post("@club@a.test hi <b>all</b>", in_reply_to_id=message.id, visibility="direct")
    await bob.post("@club@a.test me again", in_reply_to_id=message.id, visibility="direct")
    stolen = await carol.post("@club@a.test hello", in_reply_to_id=to_carol.id, visibility="direct")
    await fediverse.settle()

    shown = await in_thread(a)
    assert {post.uri for post in await in_thread(c)} == {post.uri for post in shown} and len(shown) == 2
    by_bob, by_carol = sorted(shown, key=lambda post: "carol" in post.content)
    assert by_bob.author_id == face.id and "hi &lt;b&gt;all&lt;/b&gt;" in by_bob.content
    assert "bob" in by_bob.content and "is new here" in by_bob.content and "me again" not in str(shown)
    assert [kind for kind, post in await told(greta) if post == by_bob.id] == ["mention"]
    assert ("mention", (await b.knows(by_bob.uri)).id) in await told(bob)  # who is quoted learns of it
    with a.here():
        assert not await visible.sees(0, (await a.knows(hi.uri)).id)  # the message itself stays what it was
        assert not await visible.sees(greta.actor.id, (await a.knows(aside.uri)).id)

    await bob.delete(hi)
    await a.ban(face, carol.handle)
    await fediverse.settle()

    assert [post.uri for post in await in_thread(c)] == [post.uri for post in await in_thread(a)] == [by_carol.uri]
    assert stolen.visibility == DIRECT
    with a.here():
        await members.unban(a.app, "club", carol.handle)
        await members.ban(a.app, "club", carol.handle, remove=True)
    await fediverse.settle()
    assert await in_thread(a) == []


@pytest.mark.attack("GRP-17", "NET-16")
async def test_nobody_is_welcomed_who_is_a_program_or_has_left_and_nothing_answers_by_itself(town: Town) -> None:
    face = await club(town.ours, town.anna)
    robot = town.theirs.actor("robot", kind="Service")
    circle = town.evil.actor("circle", kind="Group")
    for who in (robot, circle, town.bob):
        await town.send(who, who.does("Follow", face.uri))
    with town.ours.here():  # a Lemmy takes direct messages from people only
        await execute("UPDATE peer SET software = 'lemmy' WHERE host = 'evil.test'")
    await town.send(town.mallory, town.mallory.does("Follow", face.uri))
    with town.ours.here():
        messages_ = await rows("SELECT p.id, p.uri, a.uri FROM post p JOIN mention m ON m.post_id = p.id"
                               " JOIN actor a ON a.id = m.actor_id WHERE p.visibility = 3")  # fmt: skip
    ((_number, uri, to),) = messages_
    assert to == town.bob.uri
    (sent,) = [activity for activity in town.theirs.received if activity["type"] == "Create"]
    assert sent["to"] == sent["object"]["to"] == [town.bob.uri] and not sent["object"].get("cc")
    assert [tag["href"] for tag in sent["object"]["tag"]] == [town.bob.uri] and "Be kind." in sent["object"]["content"]
    assert not [activity for activity in town.evil.received if activity["type"] == "Create"]

    # Whoever else answers, to the message of somebody, or for a group, changes nothing.
    for who in (town.eve, town.mallory, circle):
        note = who.note(7, to=[face.uri], cc=[], inReplyTo=uri)
        await town.send(who, who.does("Create", note))

    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM welcome WHERE answer_id IS NOT NULL") == 0
    assert await in_thread(town.ours) == []
    name = (
        f'<span class="h-card" translate="no"><a href="{face.url}" class="u-url mention">@<span>club</span></a></span>'
    )
    tag = [{"type": "Mention", "href": face.uri, "name": "@club@ours.test"}]
    for number, cc in ((9, [town.bob.followers]), (10, [PUBLIC_URI])):  # which is consent, and introduces nobody
        more = {"to": [face.uri], "cc": cc, "inReplyTo": uri, "tag": tag}
        await town.send(town.bob, town.bob.does("Create", town.bob.note(number, f"<p>{name} agree</p>", **more), to=[]))
        with town.ours.here():
            assert await value("SELECT COUNT(*) FROM consent") == 1
            assert await value("SELECT COUNT(*) FROM held") == 0
            await execute("DELETE FROM consent")
    assert await in_thread(town.ours) == []
    hi = town.bob.note(8, f"<p>{name} hi</p>", to=[face.uri], cc=[], inReplyTo=uri, tag=tag)  # as Mastodon 4.5 does
    await town.send(town.bob, town.bob.does("Create", hi, to=[face.uri]))
    (shown,) = await in_thread(town.ours)
    assert shown.author_id == face.id and " hi</p></blockquote>" in shown.content


async def test_a_group_without_rules_and_welcome_says_nothing_until_it_has_something(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    greta, alice = await a.person("greta"), await a.person("alice")
    face = await a.group("club", moderator=greta)
    await fediverse.join(face, alice)
    assert await messages(alice) == []
    await alice.unfollow(face.uri)
    with a.here():
        await group_profile.change(a.app, "club", Change(rules=("Be kind.",)), greta.actor)

    await fediverse.join(face, alice)

    (message,) = await messages(alice)
    assert "Welcome to the group Club!" in message.content and "Be kind." in message.content
    with a.here():
        found = await stored.by_post(message.id)
        assert found is not None and found.answer_id is None
