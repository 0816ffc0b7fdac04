"""Who limits what others may do with a post, as GoToSocial does: nothing of ours is lost there without a word."""

from typing import Any

import pytest

from fedcomm import controls
from fedcomm.controls import ASK, FREE, NEVER
from fedcomm.errors import NotAllowed
from storage import visible
from storage.connect import execute, rows
from storage.posts import DIRECT, Post
from storage.posts import PUBLIC as PUBLIC_LEVEL
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, Json

pytestmark = pytest.mark.anyio
MESSAGES = """SELECT post.content FROM post JOIN mention ON mention.post_id = post.id
WHERE post.visibility = 3 AND post.local = 1 AND mention.actor_id = ? AND post.author_id <> mention.actor_id"""
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


def asked(world: World) -> list[Json]:
    """The requests that have come to gus, the oldest first."""
    return [each for each in world.host.received if each["type"].endswith("Request")]


async def answered(world: World, request: Json, kind: str = "Accept", **more: Any) -> None:
    """Gus answers a request as GoToSocial does."""
    said = {**request, "instrument": request["instrument"]["id"]}
    said.pop("@context")
    answer = world.gus.does(kind, said, to=[request["actor"]], **more)
    await forger.send(world.fediverse, world.here, world.gus, answer)


async def test_who_decides_by_hand_is_asked_first_and_nobody_else_hears_of_it_before(world: World) -> None:
    ann, gus, bob = world.ann, world.gus, await world.here.person("bob")
    reader = Host(world.fediverse, "reader.test").actor("reader")
    await forger.send(world.fediverse, world.here, reader, reader.does("Follow", ann.actor.uri))
    await bob.follow("ann@a.test")
    by_hand = {"automaticApproval": [gus.uri], "manualApproval": [PUBLIC]}
    post = await world.says("asks", {"canLike": by_hand, "canReply": by_hand, "canAnnounce": by_hand})
    world.host.received.clear()

    reply = await ann.reply(post, "May I, @bob@a.test?")
    await ann.like(post)
    for _twice in range(2):
        with pytest.raises(NotAllowed, match="asked"):
            await ann.boost(post)
    await world.fediverse.settle()

    requests = {each["type"]: each for each in asked(world)}
    assert [each["type"] for each in world.host.received] == ["ReplyRequest", "LikeRequest", "AnnounceRequest"]
    for each in requests.values():
        assert (each["actor"], each["object"], each["to"]) == (ann.actor.uri, post.uri, [gus.uri])
        assert "https://gotosocial.org/ns" in each["@context"] and "@context" not in each["instrument"]
    note = requests["ReplyRequest"]["instrument"]
    assert (note["id"], note["type"], note["inReplyTo"], PUBLIC in note["to"]) == (reply.uri, "Note", post.uri, True)
    assert requests["LikeRequest"]["instrument"]["object"] == post.uri
    assert PUBLIC in requests["AnnounceRequest"]["instrument"]["to"]
    heard = [each["type"] for each in reader.host.received]
    assert "Create" not in heard and "Announce" not in heard
    assert reply.visibility == DIRECT and reply.uri not in [each.uri for each in await bob.home()]
    assert (await world.here.knows(post.uri)).replies_count == 0
    with world.here.here():
        assert await rows("SELECT 1 FROM notification WHERE owner_id = ?", (bob.actor.id,)) == []
        assert not await visible.sees(bob.actor.id, reply.id) and not await visible.sees(visible.ANYBODY, reply.id)
    with pytest.raises(NotAllowed, match="was asked for this as it is"):
        await ann.edit(reply, "Something else")
    mallory = Host(world.fediverse, "mallory.test").actor("mallory")
    forged = {**requests["ReplyRequest"], "instrument": reply.uri}
    await forger.send(
        world.fediverse, world.here, mallory, mallory.does("Accept", forged, result="https://mallory.test/1")
    )
    assert (await world.here.knows(reply.uri)).visibility == DIRECT  # nobody but gus agrees for gus

    for kind, request in requests.items():
        for _twice in range(2):
            await answered(world, request, result=f"{gus.uri}/authorizations/{kind}")

    opened = await world.here.knows(reply.uri)
    assert opened.visibility == PUBLIC_LEVEL and opened.uri in [each.uri for each in await world.ann.home()]
    told = {each["type"]: each for each in reader.host.received if each["type"] in ("Create", "Announce")}
    assert told["Create"]["object"]["replyAuthorization"] == f"{gus.uri}/authorizations/ReplyRequest"
    assert told["Announce"]["announceAuthorization"] == f"{gus.uri}/authorizations/AnnounceRequest"
    assert [each["type"] for each in reader.host.received].count("Create") == 1
    served = await world.here.get(f"/posts/{reply.id}")
    assert served["replyAuthorization"] == f"{gus.uri}/authorizations/ReplyRequest" and PUBLIC in served["to"]
    with world.here.here():
        assert await rows("SELECT kind FROM notification WHERE owner_id = ?", (bob.actor.id,)) == [("mention",)]
        assert await visible.sees(visible.ANYBODY, reply.id)
        assert await rows("SELECT 1 FROM conversation WHERE last_post_id = ?", (reply.id,)) == []
    agreed = await world.here.knows(post.uri)
    assert (agreed.boosts_count, agreed.replies_count) == (1, 1)
    await ann.edit(opened, "May I, indeed?")
    await world.fediverse.settle()
    (update,) = [each for each in reader.host.received if each["type"] == "Update"]
    assert update["object"]["replyAuthorization"].endswith("/ReplyRequest")


async def test_who_says_no_is_believed_and_older_servers_let_the_thing_itself_wait(world: World) -> None:
    gus, bob = world.gus, await world.here.person("bob")
    by_hand = {"automaticApproval": [gus.uri], "manualApproval": [PUBLIC]}
    post = await world.says("asks", {"canLike": by_hand, "canReply": by_hand, "canAnnounce": by_hand})
    reply = await world.ann.reply(post, "May I?")
    await world.ann.like(post)
    await world.fediverse.settle()
    assert (await world.here.knows(post.uri)).likes_count == 1

    for request in asked(world):
        await answered(world, request, "Reject")
        await answered(world, request, result=f"{gus.uri}/authorizations/late")

    assert (await world.here.knows(post.uri)).likes_count == 0
    assert (await world.here.knows(reply.uri)).visibility == DIRECT  # it stays with who wrote it
    with world.here.here():
        assert not await visible.sees(bob.actor.id, reply.id)
        told = await rows(MESSAGES, (world.ann.actor.id,))
    assert len(told) == 1 and "@gus@gts.test does not want this answer" in told[0][0] and reply.url in told[0][0]
    older = await world.says("older", {"canReply": {"always": [gus.uri], "approvalRequired": [PUBLIC]}})
    world.host.received.clear()
    sent = await world.ann.reply(older, "May I?")
    await world.fediverse.settle()
    assert [(each["type"], each["object"]["id"]) for each in world.host.received] == [("Create", sent.uri)]
    assert sent.visibility == DIRECT and (await world.here.knows(older.uri)).replies_count == 0
    stamp = f"{gus.uri}/approvals/1"
    await forger.send(world.fediverse, world.here, gus, gus.does("Accept", sent.uri, result=stamp))
    assert (await world.here.knows(sent.uri)).visibility == PUBLIC_LEVEL
    assert (await world.here.knows(older.uri)).replies_count == 1
    assert (await world.here.get(f"/posts/{sent.id}"))["approvedBy"] == stamp


@pytest.mark.thorough("postgres")
async def test_in_a_group_who_decides_by_hand_is_asked_as_elsewhere(world: World) -> None:
    ann, gus = world.ann, world.gus
    face, ben = await world.here.group("rye", moderator=ann), await world.here.person("ben")
    await ben.follow("rye@a.test")
    reader = Host(world.fediverse, "reader.test").actor("reader")
    await forger.send(world.fediverse, world.here, reader, reader.does("Follow", face.uri))
    by_hand = {"automaticApproval": [gus.uri], "manualApproval": [PUBLIC]}
    policy = {"canLike": by_hand, "canReply": by_hand, "canAnnounce": by_hand}
    named = [{"type": "Mention", "href": face.uri, "name": "@rye@a.test"}]
    post = await world.says("asks", policy, tag=named, cc=[face.uri])
    closed = {**policy, "canAnnounce": {"automaticApproval": [gus.uri]}}
    other = await world.says("keeps", closed, tag=named, cc=[face.uri])
    assert post.group_id == other.group_id is not None

    def heard(kind: str) -> list[Json]:
        """What the reader got of the group of that kind, without what it wraps whole of gus."""
        said = [each for each in reader.host.received if each["type"] == "Announce"]
        inner = [each["object"] for each in said if isinstance(each["object"], dict)]
        return [each for each in inner if each["type"] == kind and each["actor"] == ann.actor.uri]

    def boosts() -> list[Json]:
        return [each for each in reader.host.received if each["type"] == "Announce" and each["object"] == post.uri]

    reply = await ann.reply(post, "May I?")
    await ann.like(post)
    with pytest.raises(NotAllowed, match="asked"):
        await ann.boost(post)
    await world.fediverse.settle()
    requests = asked(world)
    kinds = [(each["type"], each["actor"]) for each in requests]
    wanted = [("AnnounceRequest", face.uri)]
    wanted += [(kind, ann.actor.uri) for kind in ("ReplyRequest", "LikeRequest", "AnnounceRequest")]
    assert kinds == wanted, "and nobody is asked who lets nobody boost"
    assert (heard("Create"), heard("Like"), boosts()) == ([], [], [])
    waits = await world.here.knows(post.uri)
    assert (waits.replies_count, waits.boosts_count, reply.group_id) == (0, 0, None)
    assert await ben.home() == []

    for number, request in enumerate(requests):
        await answered(world, request, result=f"{gus.uri}/authorizations/{number}")
    (create,), (like,) = heard("Create"), heard("Like")
    assert create["object"]["replyAuthorization"] == create["object"]["approvedBy"] == f"{gus.uri}/authorizations/1"
    assert like["likeAuthorization"] == f"{gus.uri}/authorizations/2" and like["object"] == post.uri
    (boost,) = boosts()
    assert (boost["announceAuthorization"], boost["actor"]) == (f"{gus.uri}/authorizations/0", face.uri)
    opened, root = await world.here.knows(reply.uri), await world.here.knows(post.uri)
    assert (opened.group_id, opened.visibility) == (post.group_id, PUBLIC_LEVEL)
    assert (root.replies_count, root.boosts_count) == (1, 2)
    with world.here.here():
        assert await rows("SELECT people FROM talk WHERE id = ?", (post.id,)) == [(1,)]
    assert [each.uri for each in await ben.home()] == [post.uri]

    late = await ben.reply(post, "One word more.")
    await ann.unlike(post)
    await ann.like(post)
    await ann.unlike(post)
    await world.fediverse.settle()
    assert len(heard("Like")) == 1 and len(heard("Undo")) == 1, "of what was not agreed to nothing is taken back"
    with world.here.here():  # by a moderator, before gus has agreed
        await execute("UPDATE post SET locked = 1 WHERE id = ?", (post.id,))
    (request,) = [each for each in asked(world) if each["instrument"].get("id") == late.uri]
    await answered(world, request)
    assert (await world.here.knows(late.uri)).visibility == DIRECT
    assert (await world.here.knows(post.uri)).replies_count == 1


async def test_who_asks_ours_gets_an_authorization_and_whom_they_block_does_not(world: World) -> None:
    ann, gus = world.ann, world.gus
    post = await ann.post("Who has seed potatoes?")
    world.host.received.clear()

    async def asks(kind: str, thing: Json | str, about: str = post.uri, by: Face = gus) -> list[Json]:
        """What gus is answered."""
        before = len(world.host.received)
        request = by.does(kind, about, to=[ann.actor.uri], instrument=thing)
        await forger.send(world.fediverse, world.here, by, request)
        said = world.host.received[before:]
        named = {"id": request["id"], "type": kind, "actor": by.uri, "object": about}
        assert all(each["object"].items() >= named.items() for each in said)
        return said

    note = gus.note("potatoes", "<p>I have.</p>", inReplyTo=post.uri)
    stamps = []
    for kind, thing in (
        ("ReplyRequest", note), ("ReplyRequest", note["id"]), ("LikeRequest", gus.does("Like", post.uri)),
        ("AnnounceRequest", gus.does("Announce", post.uri)),
    ):  # fmt: skip
        (said,) = await asks(kind, thing)
        assert (said["type"], said["actor"], said["to"]) == ("Accept", ann.actor.uri, [gus.uri])
        served = await world.here.get(said["result"].removeprefix("https://a.test"))
        thing_uri = thing if isinstance(thing, str) else thing["id"]
        assert served.items() >= {
            "id": said["result"], "type": kind.replace("Request", "Authorization"), "attributedTo": ann.actor.uri,
            "interactingObject": thing_uri, "interactionTarget": post.uri,
        }.items()  # fmt: skip
        stamps.append(said["result"])
    assert stamps[0] == stamps[1] and len(set(stamps)) == 3  # who asks again gets the same one
    create = gus.does("Create", note | {"replyAuthorization": stamps[0]})
    await forger.send(world.fediverse, world.here, gus, create)
    assert (await world.here.knows(note["id"])).parent_id == post.id

    secret = await ann.post("For followers", visibility="private")
    assert await asks("ReplyRequest", gus.note("secret", inReplyTo=secret.uri), secret.uri) == []
    assert await asks("ReplyRequest", "https://others.test/notes/1") == []  # nobody asks for others
    await ann.block(gus.uri)
    await world.fediverse.settle()
    (said,) = await asks("LikeRequest", gus.does("Like", post.uri))
    assert said["type"] == "Reject" and "result" not in said
