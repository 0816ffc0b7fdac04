"""What is not for everybody goes to those it is for, and to no other inbox."""

import httpx
import pytest

import storage.actors
import storage.posts
from fedcomm import fetching, members, mutes, speech
from fedcomm.speech import Saying
from storage import visible
from storage.connect import Writes, apply, rows
from storage.ids import next_id
from storage.posts import Post
from tests import build
from tests.fediverse import Fediverse, Person
from tests.forger import PUBLIC, Host, followed
from tests.scenarios.town import Town
from tests.web.client import bearer

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ORI-25")
@pytest.mark.parametrize(("visibility", "once"), [("direct", False), ("public", True)])
async def test_a_shared_inbox_gets_only_what_everybody_may_read(
    fediverse: Fediverse, visibility: str, once: bool
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
    assert posted == ["https://there.test/everybody" if once else f"{mona.uri}/inbox"]


@pytest.mark.attack("PRI-08", "PRI-09", "PRI-24")
async def test_what_comes_for_followers_is_for_those_whose_follow_was_accepted(town: Town) -> None:
    """By the inbox of all; who only asked to follow, is only named in it, or wants to hear nothing, learns nothing."""
    people = {name: await town.ours.person(name) for name in ("carla", "asking", "tagged", "named", "muting", "shut")}
    people["anna"] = town.anna
    for name in ("anna", "muting"):
        await followed(town.fediverse, people[name], town.bob)
    await people["asking"].follow("bob@theirs.test")
    await town.fediverse.settle()
    written = await town.here((await town.written())["id"])
    with town.ours.here():
        bob = (await storage.actors.by_ids([written.author_id]))[written.author_id]
        await mutes.mute(town.ours.app, people["muting"].actor, bob)
    await people["shut"].block(town.bob.uri)
    to = [town.bob.followers, people["named"].actor.uri]
    tags = [{"type": "Mention", "href": who.actor.uri, "name": name} for name, who in people.items()]
    note = town.bob.note("secret", "<p>canary #rye</p>", to=to, tag=tags)
    await town.send(town.bob, town.bob.does("Create", note, to=to))
    secret = await town.here(note["id"])

    found = {name: await _places(town, who, secret.id) for name, who in [*people.items(), ("nobody", None)]}

    single, home, notices = {"status", "profile"}, {"home"}, {"notifications"}
    nothing: set[str] = set()
    assert found == {
        "anna": single | home | notices,
        "muting": single,
        "named": single | notices,
        "carla": nothing,
        "asking": nothing,
        "tagged": nothing,
        "shut": nothing,
        "nobody": nothing,
    }


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


@pytest.mark.attack("PRI-01", "PRI-14", "ORI-12")
@pytest.mark.parametrize("to", ["followers", "anna"])
async def test_an_edit_for_fewer_people_takes_all_that_a_post_said_from_the_others(town: Town, to: str) -> None:
    carla = await town.ours.person("carla")
    await followed(town.fediverse, town.anna, town.bob)
    whom = {"followers": town.bob.followers, "anna": town.anna.actor.uri}[to]
    asked = await town.anna.post("Where do you live?")
    note = await town.written(to=[PUBLIC], content="<p>My address</p>", inReplyTo=asked.uri)
    post = await town.here()
    before = await _history(town, carla, post.id)
    counts = [(await town.here(asked.uri)).replies_count]

    narrow = note | {"to": [whom], "cc": [], "content": "<p>Friends only</p>", "updated": "2026-11-21T13:00:00Z"}
    await town.send(town.bob, town.bob.does("Update", narrow))
    wide = note | {"to": [PUBLIC], "content": "<p>Friends still</p>", "updated": "2026-11-21T14:00:00Z"}
    narrowed = [await _history(town, who, post.id) for who in (None, carla, town.anna)]
    counts.append((await town.here(asked.uri)).replies_count)
    await town.send(town.bob, town.bob.does("Update", wide))
    widened = [await _history(town, who, post.id) for who in (None, carla)]

    assert before == ["<p>My address</p>"]
    assert narrowed == [None, None, ["<p>My address</p>", "<p>Friends only</p>"][to == "anna" :]]
    assert widened == [None, None]
    await town.send(town.bob, town.bob.does("Delete", note["id"]))
    counts.append((await town.here(asked.uri)).replies_count)
    assert counts == [1, 0, 0]


@pytest.mark.attack("PRI-14")
async def test_whom_an_edit_names_learns_nothing_of_what_was_said_before(town: Town) -> None:
    carla = await town.ours.person("carla")
    dora = await town.ours.person("dora")
    post = await town.anna.post("@carla dora must not know", visibility="direct")
    assert await _history(town, dora, post.id) is None

    await town.anna.edit(post, "@carla @dora hello both")

    assert await _history(town, dora, post.id) == await _history(town, carla, post.id)
    said = str(await _history(town, dora, post.id))
    assert "hello both" in said and "must not know" not in said
    assert "must not know" in str(await _history(town, town.anna, post.id))


async def _places(town: Town, viewer: Person | None, post_id: int) -> set[str]:
    """Where somebody finds a post, or is told of it."""
    with town.ours.here():
        headers = bearer(await build.token(viewer.actor)) if viewer else {}
        author = (await storage.posts.by_ids([post_id]))[post_id].author_id
    places = {
        "status": f"statuses/{post_id}",
        "home": "timelines/home",
        "tag": "timelines/tag/rye",
        "public": "timelines/public",
        "profile": f"accounts/{author}/statuses",
        "notifications": "notifications",
    }
    async with httpx.AsyncClient(transport=town.ours.asgi, base_url="https://ours.test", headers=headers) as client:
        answers = {place: await client.get(f"/api/v1/{path}") for place, path in places.items()}
    assert all("canary" not in each.text for each in answers.values() if each.status_code != 200)
    return {place for place, each in answers.items() if "canary" in each.text}


async def _history(town: Town, viewer: Person | None, post_id: int) -> list[str] | None:
    """What the post said in each version that somebody is shown; None when they do not see it at all."""
    with town.ours.here():
        headers = bearer(await build.token(viewer.actor)) if viewer else {}
    async with httpx.AsyncClient(transport=town.ours.asgi, base_url="https://ours.test", headers=headers) as client:
        post, history = [await client.get(f"/api/v1/statuses/{post_id}{end}") for end in ("", "/history")]
    assert post.status_code == history.status_code
    return [version["content"] for version in history.json()] if history.status_code == 200 else None


@pytest.mark.attack("PRI-13", "PRI-28")
async def test_a_deletion_reaches_everybody_who_has_the_post_and_nobody_else(town: Town) -> None:
    """Also who only passed it on, or was named before an edit; of what is for a few, nobody else gets a word."""
    hosts = {name: Host(town.fediverse, f"{name}.test") for name in ("follower", "named", "booster", "never")}
    faces = {name: host.actor(name) for name, host in hosts.items()}
    await town.send(faces["follower"], faces["follower"].does("Follow", town.anna.actor.uri))
    with town.ours.here():
        for name in ("never", "named"):
            await fetching.actor(town.ours.app, faces[name].uri)
    text = "@named@named.test canary"
    written = {
        each: await town.anna.post(f"{text} {each}", visibility=each) for each in ("public", "private", "direct")
    }
    for each in written.values():
        await town.send(faces["booster"], faces["booster"].does("Announce", each.uri, to=[PUBLIC]))
    for each, post in written.items():
        await town.anna.edit(post, f"{text if each != 'public' else 'canary'} again {each}")  # it names nobody now
        await town.anna.delete(post)
    await town.fediverse.settle()

    few, all_ = {"public", "private"}, {"public", "private", "direct"}
    for kind in ("Create", "Delete"):
        told = {name: _told(host, kind, written) for name, host in hosts.items()}
        boosted = {"public"} if kind == "Delete" else set()
        assert told == {"follower": few, "named": all_, "booster": boosted, "never": set()}, kind
    assert not any(word in str(hosts["booster"].received) for word in ("canary private", "canary again private"))
    assert "canary" not in str(hosts["never"].received) and "direct" not in str(hosts["follower"].received)


def _told(host: Host, kind: str, written: dict[str, Post]) -> set[str]:
    """Of which posts a server got activities of this kind."""
    said = [each["object"] for each in host.received if each["type"] == kind]
    uris = {each["id"] if isinstance(each, dict) else each for each in said}
    return {name for name, post in written.items() if post.uri in uris}
