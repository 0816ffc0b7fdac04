"""Stories of groups that are for their members, or for those of one server."""

import httpx
import msgspec
import pytest

from activitypub.errors import NotFound
from fedcomm import clock, curation, errors, fetching, follows, group_profile, members, posts
from fedcomm.errors import Conflict, Invalid, NotAllowed
from fedcomm.group_profile import Change
from storage import actors, visible
from storage import follows as stored
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.posts import LOCAL, MEMBERS, PUBLIC, Post
from tests import build, forger
from tests.fediverse import Fediverse, Instance, Person
from tests.web.client import bearer

pytestmark = pytest.mark.anyio

CANARY = b"canary"


class Circle(msgspec.Struct, frozen=True):
    """A group for its members on a.test, led by alice; anna and bob of b.test are in it, carol of c.test is not."""

    fediverse: Fediverse
    a: Instance
    b: Instance
    c: Instance
    face: Actor
    alice: Person
    anna: Person
    bob: Person
    carol: Person

    async def change(self, **what: str) -> None:
        with self.a.here():
            await group_profile.change(self.a.app, "rye", Change(**what), self.alice.actor)  # type: ignore[arg-type]
        await self.fediverse.settle()

    async def let_in(self, *people: Person) -> None:
        """They ask, and alice says yes."""
        for who in people:
            await who.follow("@rye@a.test")
        await self.fediverse.settle()
        with self.a.here():
            for asked in await stored.requests(self.face.id):
                await follows.accept(self.a.app, self.face, asked.follower_id)
        await self.fediverse.settle()

    async def said(self, who: Person, text: str, **more: object) -> Post:
        found = await who.post(text, **more)
        await self.fediverse.settle()
        return found

    async def reads(self, who: Person, post: Post) -> bool:
        """Whether somebody reads the post on their own server."""
        there = await who.instance.post(post.uri)
        with who.instance.here():
            return there is not None and await visible.sees(who.actor.id, there.id)

    def told(self) -> dict[str, bytes]:
        """The servers to which anything was posted in which a canary is, with all of that."""
        told: dict[str, bytes] = {}
        for host, body in self.fediverse.wire.posted:
            if CANARY in body.lower():
                told[host] = told.get(host, b"") + body
        return told


@pytest.fixture
async def circle(fediverse: Fediverse) -> Circle:
    """The group, with its people in it."""
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    alice, anna = await a.person("alice"), await a.person("anna")
    bob, carol = await b.person("bob"), await c.person("carol")
    face = await a.group("rye", moderator=alice, join_mode="approval")
    made = Circle(fediverse, a, b, c, face, alice, anna, bob, carol)
    await made.change(visibility="members")
    await made.let_in(anna, bob)
    await bob.follow("@anna@a.test")
    await carol.follow("@anna@a.test")
    await fediverse.settle()
    fediverse.wire.posted.clear()
    return made


@pytest.mark.attack("GRP-20", "PRI-01", "PRI-28")
async def test_what_is_said_in_a_private_group_goes_to_its_members_and_nobody_else(circle: Circle) -> None:
    """Followers of who writes it get nothing, nor whoever is named and no member."""
    thread = await circle.said(circle.anna, "@rye Canary starters @carol@c.test\n\nWhich canary flour?")
    answer = await circle.bob.reply(thread, "Canary rye.")
    await circle.fediverse.settle()

    assert (thread.visibility, answer.visibility) == (MEMBERS, MEMBERS)
    for post in (thread, answer):
        assert await circle.reads(circle.anna, post) and await circle.reads(circle.bob, post)
        assert await circle.reads(circle.alice, post), "who looks after the group reads what is in it"
        assert not await circle.reads(circle.carol, post) and await circle.c.post(post.uri) is None
    assert [post.uri for post in await circle.bob.home()] == [thread.uri]
    assert circle.told().keys() == {"a.test", "b.test"}
    assert not any(forger.PUBLIC.encode() in body for body in circle.told().values())


@pytest.mark.attack("PRI-02", "PRI-28", "SIG-33")
async def test_only_a_server_with_a_member_is_answered_about_a_private_post(circle: Circle) -> None:
    """Everybody else gets what they would get of a post that never was, byte for byte."""
    thread = await circle.said(circle.anna, "@rye Canary starters\n\nWhich flour?")
    answer = await circle.said(circle.anna, "Rye.", in_reply_to_id=thread.id)
    ends = ("", "/create", "/context", "/replies", "/retold")
    never = thread.uri.replace(str(thread.id), str(thread.id + 1))

    for end in ends:
        got = await circle.b.app.client.get_document(f"{thread.uri}{end}")
        assert got.raw["id"] in (f"{thread.uri}{end}", thread.uri), end
        with pytest.raises(NotFound):
            await circle.c.app.client.get_document(f"{thread.uri}{end}")
        plain = [await _ask(circle.a, f"{uri}{end}") for uri in (thread.uri, never)]
        assert {each.status_code for each in plain} == {404}
        assert plain[0].content == plain[1].content, end
    far = await circle.said(circle.bob, "@rye@a.test Canary from afar\n\nWhich flour?")
    assert (await circle.a.app.client.get_document(far.uri)).raw["id"] == far.uri, "the group's own server may ask"
    with pytest.raises(NotFound):
        await circle.c.app.client.get_document(far.uri)
    listed = (await circle.b.app.client.get_document(f"{thread.uri}/context")).raw
    assert listed["orderedItems"] == [thread.uri, answer.uri]
    assert (await circle.a.get("/c/rye/followers"))["totalItems"] == 0
    card = await circle.a.get("/c/rye")
    assert (card["manuallyApprovesFollowers"], card["discoverable"], card["indexable"]) == (True, False, False)


@pytest.mark.attack("GRP-02", "GRP-20")
async def test_nobody_outside_writes_into_a_private_group_and_nobody_writes_to_everybody(circle: Circle) -> None:
    otto = await circle.a.person("otto")
    with pytest.raises(NotAllowed):
        await otto.post("@rye Let me in")
    with pytest.raises(NotAllowed):
        await circle.carol.post("@rye@a.test Let me in")  # her own server knows that she is no member
    there = forger.Host(circle.fediverse, "there.test")
    mona, eve = there.actor("mona"), there.actor("eve")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    circle.fediverse.wire.posted.clear()

    notes = {
        "confined": mona.note("confined", to=[mona.followers], cc=[circle.face.uri]),
        "public": mona.note("public", to=[forger.PUBLIC], cc=[circle.face.uri]),
        "outside": eve.note("outside", to=[eve.followers], cc=[circle.face.uri]),
        "as-lemmy": eve.note("as-lemmy", to=[circle.face.uri, circle.face.followers], audience=circle.face.uri),
    }
    for name, note in notes.items():
        who = mona if name in ("confined", "public") else eve
        await forger.send(
            circle.fediverse, circle.a, who, who.does("Create", note | {"content": f"<p>canary {name}</p>"})
        )
    wider = notes["confined"] | {"to": [forger.PUBLIC], "content": "<p>public</p>", "updated": "2026-11-26T12:00:00Z"}
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Update", wider))

    with circle.a.here():
        inside = await rows("SELECT content, visibility FROM post WHERE group_id IS NOT NULL")
    assert inside == [("<p>canary confined</p>", MEMBERS)]
    again = mona.note("again", to=[forger.PUBLIC], cc=[circle.face.uri])
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", again))
    aside = eve.note("aside", to=[forger.PUBLIC], cc=[circle.face.uri])
    await forger.send(circle.fediverse, circle.a, eve, eve.does("Create", aside))
    told = [each["object"] for each in there.received if each["type"] == "Create" and "not in the group" in str(each)]
    assert [each["to"] for each in told] == [[mona.uri], [eve.uri]], "each is told once, and nobody else"
    assert ["ask to join" in each["content"] for each in told] == [False, True]
    passed_on = [body for _host, body in circle.fediverse.wire.posted if b"Announce" in body]
    assert passed_on and not any(name in body for body in passed_on for name in (b"public", b"outside", b"as-lemmy"))


@pytest.mark.attack("PRI-04")
async def test_nobody_boosts_what_is_said_in_a_private_group(circle: Circle) -> None:
    thread = await circle.said(circle.anna, "@rye Canary starters\n\nWhich flour?")
    for who in (circle.anna, circle.bob):
        with pytest.raises(Invalid):
            await who.boost(thread)
    with circle.a.here():
        token = await build.token(circle.anna.actor)
    refused = await _ask(circle.a, f"/api/v1/statuses/{thread.id}/reblog", "POST", token=token)
    pinned = await _ask(circle.a, f"/api/v1/statuses/{thread.id}/pin", "POST", token=token)
    assert (refused.status_code, pinned.status_code) == (422, 422) and "group" in refused.json()["error"]

    there = forger.Host(circle.fediverse, "there.test")
    mona = there.actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    await forger.followed(circle.fediverse, circle.carol, mona)
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Announce", thread.uri, to=[forger.PUBLIC]))
    await forger.send(circle.fediverse, circle.c, mona, mona.does("Announce", thread.uri, to=[forger.PUBLIC]))
    await circle.fediverse.settle()

    with circle.a.here():
        assert await rows("SELECT actor_id FROM boost") == [(circle.face.id,)]
    assert await circle.c.post(thread.uri) is None


@pytest.mark.attack("PRI-06", "GRP-20")
async def test_who_is_no_member_any_more_gets_nothing_more(circle: Circle) -> None:
    before = await circle.said(circle.anna, "@rye Canary before\n\nWhich flour?")
    for how in ("leaves", "is banned", "is sent away"):
        assert await circle.reads(circle.bob, before), how
        await _end(circle, how)
        circle.fediverse.wire.posted.clear()
        after = await circle.said(circle.anna, "@rye Canary after\n\nWhich salt?")

        assert not circle.told() and await circle.b.post(after.uri) is None, how
        assert not await circle.reads(circle.bob, before) and await circle.bob.home() == [], how
        with pytest.raises(NotFound):
            await circle.b.app.client.get_document(before.uri)
        with pytest.raises(errors.NotFound):
            await circle.bob.reply(before, "I still know this")
        await circle.let_in(circle.bob)


async def _end(circle: Circle, how: str) -> None:
    with circle.a.here():
        (bob,) = await rows("SELECT id FROM actor WHERE uri = ?", (circle.bob.actor.uri,))
    if how == "leaves":
        await circle.bob.unfollow(circle.face.uri)
    elif how == "is banned":
        await circle.a.ban(circle.face, circle.bob.actor.uri, circle.alice)
        await circle.fediverse.settle()
        with circle.a.here():
            assert await stored.of(bob[0], circle.face.id) is None, "their server gets nothing more for them"
            (ban,) = await rows("SELECT uri FROM act WHERE property = 'ban' AND value IS NOT NULL")
            told = [body for (body,) in await rows("SELECT body FROM outbox") if b'"Block"' in body]
            await members.unban(circle.a.app, "rye", circle.bob.actor.uri, circle.alice.actor)
        assert told and not any(forger.PUBLIC.encode() in body for body in told), "it is told to members alone"
        assert (await _ask(circle.a, ban[0].removeprefix("https://a.test"))).status_code == 404
    else:
        with circle.a.here():
            await follows.reject(circle.a.app, circle.face, bob[0])
    await circle.fediverse.settle()


@pytest.mark.attack("GRP-17", "GRP-20", "PRI-06")
async def test_who_was_sent_away_says_nothing_more_to_the_members_by_an_edit(circle: Circle) -> None:
    mona = forger.Host(circle.fediverse, "there.test").actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    note = mona.note("one", to=[mona.followers], cc=[circle.face.uri])
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Create", note))
    with circle.a.here():
        (there,) = await rows("SELECT id FROM actor WHERE uri = ?", (mona.uri,))
        await follows.reject(circle.a.app, circle.face, there[0])
    circle.fediverse.wire.posted.clear()
    more = {"content": "<p>canary</p>", "updated": "2026-11-26T12:00:00Z"}
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Update", note | more))

    assert (await circle.a.knows(note["id"])).content == "<p>Hello</p>" and not circle.told()


@pytest.mark.attack("GRP-20", "PRI-01", "PRI-11")
async def test_a_server_whose_only_member_is_suspended_is_answered_no_more(circle: Circle) -> None:
    thread = await circle.said(circle.anna, "@rye Starters\n\nWhich flour?")
    assert (await circle.b.app.client.get_document(thread.uri)).raw["id"] == thread.uri
    with circle.a.here():
        await execute("UPDATE actor SET suspended_at = 1 WHERE uri = ?", (circle.bob.actor.uri,))

    for end in ("", "/context"):
        with pytest.raises(NotFound):
            await circle.b.app.client.get_document(f"{thread.uri}{end}")


@pytest.mark.attack("GRP-01", "GRP-17", "GRP-20")
async def test_who_followed_before_a_group_was_private_asks_as_everybody_once_a_ban_is_over(circle: Circle) -> None:
    """Who is banned from a public group goes on following it."""
    await circle.change(visibility="public", join_mode="open")
    mona = forger.Host(circle.fediverse, "there.test").actor("mona")
    follow = mona.does("Follow", circle.face.uri)
    await forger.send(circle.fediverse, circle.a, mona, follow)
    with circle.a.here():
        until = clock.now_ms() + 60_000
        await members.ban(circle.a.app, "rye", mona.uri, circle.alice.actor, until=until)
    await circle.change(visibility="members", join_mode="approval")
    with circle.a.here():
        await execute("UPDATE register SET value = '{\"until\":1}' WHERE property = 'ban'")
    await forger.send(circle.fediverse, circle.a, mona, follow | {"id": f"{follow['id']}-again"})

    with circle.a.here():
        state = "SELECT {0}.state FROM {0} JOIN actor a ON a.id = {0}.{1} WHERE a.uri = ?"
        joined, followed = [
            await value(state.format(*of), (mona.uri,)) for of in (("member", "actor_id"), ("follow", "follower_id"))
        ]
    assert (joined, followed) == ("pending", "pending")
    await circle.let_in()
    with circle.a.here():
        assert await value(state.format("member", "actor_id"), (mona.uri,)) == "joined"


async def test_edits_votes_and_deletions_stay_among_the_members(circle: Circle) -> None:
    thread = await circle.said(circle.bob, "@rye@a.test Starters\n\nWhich flour?")
    await circle.anna.like(thread)
    await circle.bob.edit(thread, "Starters\n\nWhich canary flour? @rye@a.test")
    await circle.fediverse.settle()

    there = await circle.a.knows(thread.uri)
    assert (there.visibility, there.title, there.likes_count) == (MEMBERS, "Starters", 1) and "canary" in there.content
    assert (await circle.b.knows(thread.uri)).likes_count == 1

    await circle.bob.delete(thread)
    await circle.fediverse.settle()
    assert await circle.a.lacks(thread.uri)
    assert {host for host, _body in circle.fediverse.wire.posted} == {"a.test", "b.test"}


async def test_a_group_that_becomes_private_or_public_changes_nothing_that_was_said(circle: Circle) -> None:
    hidden = await circle.said(circle.anna, "@rye Canary starters\n\nWhich flour?")
    await circle.change(visibility="public", join_mode="open")
    assert (await circle.a.get("/c/rye"))["manuallyApprovesFollowers"] is False
    open_ = await circle.said(circle.anna, "@rye Loaves\n\nWhich tin?")
    below = await circle.said(circle.anna, "The canary one", in_reply_to_id=hidden.id)
    await circle.change(visibility="members", join_mode="approval")
    again = await circle.said(circle.anna, "Not the old one", in_reply_to_id=open_.id)

    found = [(await circle.a.knows(post.uri)).visibility for post in (hidden, open_, below, again)]
    assert found == [MEMBERS, PUBLIC, MEMBERS, MEMBERS]
    assert [await circle.reads(circle.carol, post) for post in (hidden, below, again)] == [False] * 3
    assert "c.test" not in circle.told().keys()
    with pytest.raises(NotFound):
        await circle.c.app.client.get_document(hidden.uri)
    assert (await circle.c.app.client.get_document(open_.uri)).raw["id"] == open_.uri
    with pytest.raises(Invalid), circle.a.here():
        await group_profile.change(circle.a.app, "rye", Change(join_mode="open"), circle.alice.actor)


@pytest.mark.attack("PRI-01", "PRI-28")
async def test_nothing_of_a_local_group_leaves_its_server(circle: Circle) -> None:
    await circle.change(visibility="local")
    dora, erna = await circle.a.person("dora"), await circle.b.person("erna")
    circle.fediverse.wire.posted.clear()

    thread = await circle.said(circle.anna, "@rye Canary starters @bob@b.test\n\nWhich flour?")
    answer = await circle.said(circle.anna, "Canary rye", in_reply_to_id=thread.id)
    await circle.anna.like(thread)
    await erna.follow("@rye@a.test")
    await circle.fediverse.settle()

    assert (thread.visibility, answer.visibility) == (LOCAL, LOCAL)
    assert [await circle.reads(who, answer) for who in (circle.anna, circle.alice, dora)] == [True] * 3
    assert not circle.told()
    with circle.a.here():
        assert not await visible.sees(visible.ANYBODY, thread.id)
    with circle.b.here():
        assert await rows("SELECT 1 FROM follow WHERE follower_id = ?", (erna.actor.id,)) == []
    with pytest.raises(Conflict), circle.a.here():  # who could look after nothing
        bob = await actors.by_uri(circle.bob.actor.uri)
        assert bob
        await members.appoint(circle.a.app, "rye", bob, circle.alice.actor)
    for place in (thread.uri, f"{thread.uri}/create", "/c/rye", "/c/rye/outbox", "/c/rye/followers"):
        assert (await _ask(circle.a, place)).status_code == 404, place
    assert (await _ask(circle.a, "/.well-known/webfinger?resource=acct:rye@a.test")).status_code == 404


@pytest.mark.attack("GRP-20", "PRI-02")
async def test_a_server_with_nobody_but_a_moderator_of_the_group_is_told_its_threads(circle: Circle) -> None:
    thread = await circle.said(circle.anna, "@rye Canary starters")
    mod, nosy = [forger.Host(circle.fediverse, f"{name}.test").actor(name) for name in ("mod", "nosy")]
    with circle.a.here():
        await members.appoint(circle.a.app, "rye", await fetching.actor(circle.a.app, mod.uri), circle.alice.actor)
        await curation.pin(circle.a.app, circle.alice.actor, thread.id)
    places = ("/c/rye/outbox", "/c/rye/featured", f"/posts/{thread.id}/context")

    async def told(who: forger.Face) -> list[tuple[int, bool]]:
        answers = [await forger.get(circle.a, place, who) for place in places]
        return [(answer.status_code, thread.uri in answer.text) for answer in answers]

    assert await told(mod) == [(200, True)] * 3 and await told(nosy) == [(404, False)] * 3
    with circle.a.here():
        found = await actors.by_uri(mod.uri)
        assert found
        await members.dismiss(circle.a.app, "rye", found, circle.alice.actor)
    assert await told(mod) == [(404, False)] * 3


async def _mona(circle: Circle) -> forger.Face:
    """Somebody on Mastodon who follows the group."""
    mona = forger.Host(circle.fediverse, "there.test").actor("mona")
    await forger.send(circle.fediverse, circle.a, mona, mona.does("Follow", circle.face.uri))
    return mona


def _got(who: forger.Face, kind: str) -> list[forger.Json]:
    """What reached the server of somebody, of a kind; without it from there on."""
    found = [each for each in who.host.received if each["type"] == kind]
    who.host.received[:] = [each for each in who.host.received if each["type"] != kind]
    return found


@pytest.mark.thorough("postgres")
@pytest.mark.attack("GRP-20")
async def test_what_is_taken_out_is_taken_from_all_who_had_it_when_the_group_was_open(
    circle: Circle,
) -> None:
    """Who left meanwhile as well, and when the group is for its own server alone by now."""
    await circle.change(visibility="public", join_mode="open")
    mona = await _mona(circle)
    await circle.carol.unfollow(circle.anna.actor.uri)
    await circle.carol.follow("@rye@a.test")
    await circle.fediverse.settle()
    shown = [await circle.said(circle.anna, f"@rye Loaves {number}\n\nWhich tin?") for number in range(3)]
    await circle.carol.unfollow(circle.face.uri)
    undo = mona.does("Undo", mona.does("Follow", circle.face.uri))
    await forger.send(circle.fediverse, circle.a, mona, undo)
    boosted = [each["object"] for each in _got(mona, "Announce") if isinstance(each["object"], str)]
    assert boosted == [post.uri for post in shown]

    for post, level in zip(shown, ("members", "members", "local"), strict=True):
        await circle.change(visibility=level)
        circle.fediverse.wire.posted.clear()
        with circle.a.here():
            if post is shown[1]:
                await posts.delete(circle.a.app, circle.anna.actor, post.id)
            else:
                await curation.remove(circle.a.app, circle.alice.actor, post.id)
        await circle.fediverse.settle()
        assert [each["object"]["object"] for each in _got(mona, "Undo")] == [post.uri], level
        known = await circle.c.post(post.uri)
        assert known is not None and (known.removed_at or known.deleted_at), level
        assert not any(b"Loaves" in body for _host, body in circle.fediverse.wire.posted), level


@pytest.mark.attack("GRP-20", "PRI-06")
async def test_a_group_of_its_own_server_says_goodbye_to_everybody_elsewhere(circle: Circle) -> None:
    """Its members there get one message each, who waits only the answer; on their server nothing is left to read."""
    mona = await _mona(circle)
    await circle.let_in()
    before = await circle.said(circle.anna, "@rye Starters\n\nWhich flour?")
    await circle.carol.follow("@rye@a.test")
    await circle.fediverse.settle()
    assert await circle.reads(circle.bob, before)

    await circle.change(visibility="local")

    (rejected,) = _got(mona, "Reject")
    assert (rejected["actor"], rejected["object"]["type"]) == (circle.face.uri, "Follow")
    told = [each["object"] for each in _got(mona, "Create") if "only for people with an account on" in str(each)]
    assert [(each["to"], "a.test" in each["content"]) for each in told] == [([mona.uri], True)]
    for who, words in ((circle.bob, "only for people with an account on a.test"), (circle.carol, "not let you in")):
        with who.instance.here():
            assert await rows("SELECT state FROM follow WHERE target_id = (SELECT id FROM actor WHERE uri = ?)",
                              (circle.face.uri,)) == []  # fmt: skip
            found = await rows("SELECT content FROM post WHERE visibility = 3")
        assert len(found) == 1 and words in found[0][0]  # from their own server, which the group told why
    assert not await circle.reads(circle.bob, before) and await circle.reads(circle.anna, before)
    await circle.change(visibility="public", join_mode="open")
    assert not await circle.reads(circle.bob, before), "it was for the members"


@pytest.mark.attack("GRP-20")
async def test_who_follows_a_group_and_is_no_member_stops_when_it_is_for_members(circle: Circle) -> None:
    await circle.change(visibility="public", join_mode="open")
    mona = await _mona(circle)
    with circle.a.here():
        await members.ban(circle.a.app, "rye", mona.uri, circle.alice.actor)
    _got(mona, "Reject")

    await circle.change(visibility="members")

    assert [each["object"]["object"] for each in _got(mona, "Reject")] == [circle.face.uri]
    with circle.a.here():
        left = await rows(
            "SELECT a.uri FROM follow f JOIN actor a ON a.id = f.follower_id WHERE f.target_id = ?", (circle.face.id,)
        )
    assert {uri for (uri,) in left} == {circle.anna.actor.uri, circle.bob.actor.uri}


async def _ask(at: Instance, place: str, method: str = "GET", token: str = "") -> httpx.Response:
    headers = bearer(token) if token else {"accept": "application/activity+json"}
    async with httpx.AsyncClient(transport=at.asgi, base_url=f"https://{at.host}", headers=headers) as client:
        return await client.request(method, place)
