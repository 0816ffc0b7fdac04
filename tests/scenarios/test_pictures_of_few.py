"""Pictures of private groups between servers: those of members have them; who has an address has them until it ends."""

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import time_machine

from activitypub.errors import NotFound
from fedcomm import clock, copying, elsewhere, fetching, follows, group_profile, media, members, posts
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import actors, copies, threads
from storage import follows as asked
from storage import media as stored
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.posts import MEMBERS, Post
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.pictures import picture
from web.mastodon.entities.media import attachment

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

DAY = 86_400


class Circle(msgspec.Struct, frozen=True):
    """A private group on a.test, with anna there, bob of b.test and carol of c.test; dan of d.test comes later."""

    fediverse: Fediverse
    servers: dict[str, Instance]
    face: Actor
    people: dict[str, Person]

    async def let_in(self, *names: str) -> None:
        """They ask, and are let in."""
        for name in names:
            await self.people[name].follow("@rye@a.test")
        await self.fediverse.settle()
        with self.servers["a"].here():
            for each in await asked.requests(self.face.id):
                await follows.accept(self.servers["a"].app, self.face, each.follower_id)
        await self.fediverse.settle()

    async def posted(self, name: str, text: str = "Look") -> Post:
        """With a picture."""
        who = self.people[name]
        with who.instance.here():
            sent = await media.upload(who.instance.app, who.actor, picture(), patience=None)
        found = await who.post(f"@rye@a.test {text}", media_ids=(sent.id,))
        await self.fediverse.settle()
        return found

    async def address(self, server: str, post: Post) -> str:
        """Where the picture of a post is, as that server has been told."""
        there = await self.servers[server].knows(post.uri)
        with self.servers[server].here():
            (file,) = await stored.of_post(there.id)
        return file.remote_url

    async def has(self, server: str, post: Post) -> bool:
        """Whether a server has a copy of it."""
        url = await self.address(server, post)
        with self.servers[server].here():
            known = await copies.of(url)
        return known is not None and known.key is not None

    async def shown(self, server: str, post: Post) -> int:
        """What who reads the post there is answered for its picture."""
        there = await self.servers[server].knows(post.uri)
        with self.servers[server].here():
            (file,) = await stored.of_post(there.id)
            address = elsewhere.address("", "m", file.id, file.remote_url, post.uri.split("/")[2], there.visibility)
        assert "?until=" in address
        return await self.servers[server].code(address)

    async def given(self, server: str, url: str) -> bool:
        """Whether a server gets what is there when it signs."""
        try:
            with self.servers[server].here():
                return bool(await self.servers[server].app.client.get_file(url, 1_000_000, signed=True))
        except NotFound:
            return False


@pytest.fixture
async def circle(fediverse: Fediverse, tmp_path: Path) -> Circle:
    """The group, with its people in it."""
    servers = {name: await fediverse.instance(f"{name}.test", data_dir=tmp_path / name) for name in "abcde"}
    homes = {"alice": "a", "anna": "a", "bob": "b", "carol": "c", "dan": "d"}
    people = {name: await servers[home].person(name) for name, home in homes.items()}
    face = await servers["a"].group("rye", moderator=people["alice"])
    with servers["a"].here():
        await group_profile.change(servers["a"].app, "rye", Change(visibility="members"), people["alice"].actor)
    made = Circle(fediverse, servers, face, people)
    await made.let_in("anna", "bob", "carol")
    return made


@pytest.mark.thorough("postgres")
@pytest.mark.attack("PRI-01", "PRI-15", "GRP-20")
async def test_servers_with_members_have_the_pictures_of_a_private_group_and_no_others(circle: Circle) -> None:
    """From the moment on in which it is said, of whoever lives anywhere; by a signature when an address has ended."""
    ours, theirs = await circle.posted("anna"), await circle.posted("bob")
    places = (("b", ours), ("c", ours), ("a", theirs), ("c", theirs))
    assert all([await circle.has(*place) for place in places]), "copied when they arrived"
    assert [await circle.shown(*place) for place in (("b", ours), ("c", theirs))] == [200, 200]
    address, of_bob = await circle.address("b", ours), await circle.address("c", theirs)
    assert address.startswith("https://a.test/media/") and of_bob.startswith("https://b.test/media/")
    plain = address.partition("?")[0]
    assert [await circle.given(*place) for place in (("e", address), ("e", plain), ("b", plain))] == [True, False, True]

    with time_machine.travel(clock.now() + 15 * DAY, tick=True):
        assert [await circle.given(server, address) for server in "bce"] == [True, True, False]
        with circle.servers["b"].here():
            await copies.forget([address])
        assert [await circle.shown(*place) for place in (("b", ours), ("c", theirs))] == [200, 200]
        # Bob's server does not know that carol is a member: the group, which does, has his picture for hers.
        assert [await circle.given(server, of_bob) for server in "ace"] == [True, False, False]
        with circle.servers["c"].here():
            await execute("UPDATE copy SET used_at = 0")
            await copying.clean_up(circle.servers["c"].app)
        assert await circle.has("c", theirs), "what cannot be had again is kept"
        await circle.let_in("dan")
        again = await circle.address("d", theirs)
        assert again.startswith("https://a.test/media/elsewhere/") and await circle.has("d", theirs)
        assert await circle.shown("d", theirs) == 200
        assert [await circle.given(server, again.partition("?")[0]) for server in "bde"] == [True, True, False]


@pytest.mark.attack("PRI-15", "NET-39")
async def test_nobody_is_shown_a_private_picture_by_something_of_their_own_that_has_its_address(circle: Circle) -> None:
    """Neither what their server has copied, nor what it would be given because it has a member: as a picture of a post
    for everybody or in a group, as an emoji, as somebody's face."""
    ours, c = await circle.posted("anna"), circle.servers["c"]
    address = await circle.address("c", ours)
    host = forger.Host(circle.fediverse, "eve.test")
    eve = host.actor("eve", icon={"type": "Image", "url": address})
    await forger.send(circle.fediverse, circle.servers["a"], eve, eve.does("Follow", circle.face.uri))
    await circle.let_in()
    emoji = {
        "type": "Emoji",
        "id": "https://eve.test/emojis/1",
        "name": ":cat:",
        "icon": {"type": "Image", "url": address},
    }
    carol = {"type": "Mention", "href": circle.people["carol"].actor.uri}
    group = {"type": "Mention", "href": circle.face.uri}
    for at, (url, to, tags) in enumerate((
        (address, [forger.PUBLIC], [carol, emoji]), (f"{address}&x=1", [forger.PUBLIC], [carol]),
        (address.partition("?")[0], [forger.PUBLIC], [carol]), (address, [eve.followers], [group]),
    )):  # fmt: skip
        more = {"attachment": [{"type": "Document", "mediaType": "image/jpeg", "url": url}], "tag": tags}
        note = eve.note(f"n{at}", to=to, cc=[tags[0]["href"]], **more)
        to_whom = circle.servers["a"] if group in tags else c
        create = eve.does("Create", note, to=note["to"], cc=note["cc"])
        await forger.send(circle.fediverse, to_whom, eve, create)
        there = await c.knows(note["id"])
        with c.here():
            (file,) = await stored.of_post(there.id)
            shown = elsewhere.address("", "m", file.id, file.remote_url, "eve.test", there.visibility)
        assert file.remote_url == url and await c.code(shown) == 404, url
    with c.here():
        face = await actors.by_uri(eve.uri)
        ((number,),) = await rows("SELECT id FROM emoji WHERE url = ?", (address,))
        assert face is not None and face.icon == address
        places = [elsewhere.address("", *each, address, "eve.test") for each in (("i", face.id), ("e", number))]
    assert [await c.code(place) for place in places] == [404, 404] and await circle.has("c", ours)


@pytest.mark.thorough("postgres")
@pytest.mark.attack("PRI-15")
async def test_a_server_that_comes_back_after_two_weeks_gets_addresses_that_open(circle: Circle) -> None:
    """What stands in the log for it is written anew, and proven anew; the log itself is as it was. So is what the group
    tells again of others to one that reads no groups, as Mastodon."""
    there = forger.Host(circle.fediverse, "there.test")
    mona = there.actor("mona")
    circle.servers["a"].learn(there.name, "microblog", "mastodon")
    await forger.send(circle.fediverse, circle.servers["a"], mona, mona.does("Follow", circle.face.uri))
    await circle.let_in()
    away = {name: circle.fediverse.wire.hosts.pop(name) for name in ("b.test", "there.test")}
    ours, theirs = await circle.posted("anna"), await circle.posted("carol")
    with circle.servers["a"].here():
        logged = await value("SELECT body FROM outbox WHERE post_id = ? AND form = 'wrapped'", (ours.id,))
    with time_machine.travel(clock.now() + 16 * DAY, tick=True):
        circle.fediverse.wire.hosts.update(away)
        for name in away:
            circle.servers["a"].deliver_now(name)
        await circle.fediverse.settle()
        notes = [said["object"] for said in there.received if said["type"] == "Create"]
        told = {note["url"]: note["attachment"][0]["url"].removeprefix("https://a.test") for note in notes}
        assert set(told) == {ours.url, theirs.url} and told[theirs.url].startswith("/media/elsewhere/")
        assert [await circle.servers["a"].code(address) for address in told.values()] == [200, 200]

        address = await circle.address("b", ours)
        assert address.encode() not in bytes(logged) and address.partition("?")[0].encode() in bytes(logged)
        assert await circle.servers["a"].code(address.removeprefix("https://a.test")) == 200
        assert (await circle.servers["b"].knows(ours.uri)).truth == "proof" and await circle.has("b", ours)
    with circle.servers["a"].here():
        assert await value("SELECT body FROM outbox WHERE post_id = ? AND form = 'wrapped'", (ours.id,)) == logged


@pytest.mark.attack("GRP-20")
async def test_pictures_stay_with_a_group_in_which_nobody_of_its_own_server_is_left(circle: Circle) -> None:
    """Whoever looks after it lives elsewhere: its server still has what is shown there for members of other servers."""
    with circle.servers["a"].here():
        await execute("UPDATE register SET value = NULL WHERE property = 'role'")
        await execute("UPDATE member SET state = 'left' WHERE home_host = ''")
    theirs = await circle.posted("bob")
    assert [await circle.has(server, theirs) for server in "ac"] == [True, True]
    with time_machine.travel(clock.now() + 15 * DAY, tick=True):
        await circle.let_in("dan")
        address = await circle.address("d", theirs)
        assert address.startswith("https://a.test/media/elsewhere/") and await circle.shown("d", theirs) == 200
        plain = address.partition("?")[0]
        assert [await circle.given(server, plain) for server in "de"] == [True, False]


@pytest.mark.attack("PRI-15")
async def test_an_edit_that_brings_other_addresses_leaves_pictures_and_what_was_shown_before(circle: Circle) -> None:
    """One that cannot be had keeps no other from being copied; programs are told no address but that of their server,
    which ends sooner."""
    anna, b = circle.people["anna"], circle.servers["b"]
    a = anna.instance
    with a.here():
        sent = [await media.upload(a.app, anna.actor, picture(), "A loaf", patience=None) for _ in range(2)]
        await a.app.blobs.delete(sent[0].key or "")
    ours = await anna.post("@rye@a.test Look", media_ids=tuple(each.id for each in sent))
    await circle.fediverse.settle()
    there = await b.knows(ours.uri)
    with b.here():
        before = [file.remote_url for file in await stored.of_post(there.id)]
        assert [await copies.of(address) is not None for address in before] == [False, True]

    with time_machine.travel(clock.now() + 8 * DAY, tick=True):
        with a.here():
            draft = Draft(text="@rye@a.test Look there", media_ids=(sent[1].id,))
            await posts.edit(a.app, anna.actor, ours.id, draft)
        await circle.fediverse.settle()
        address = await circle.address("b", ours)
        assert address != before[1] and address.partition("?")[0] == before[1].partition("?")[0]
        assert await circle.has("b", ours) and await circle.shown("b", ours) == 200
        with b.here():
            files = await stored.of_post(there.id)
            (version,) = await threads.history(there.id)
            assert threads.shown_then(version, files) == files and files[0].description == "A loaf"
            told = attachment("https://b.test", files[0], "a.test", MEMBERS)
        assert told["remote_url"] is None and told["url"].startswith("https://b.test/media/elsewhere/")


@pytest.mark.attack("GRP-20", "PRI-02")
async def test_who_looks_after_a_private_group_from_elsewhere_reads_it_without_being_a_member(circle: Circle) -> None:
    """Their server asks in nobody's name, as for a member; not before, nor any more afterwards."""
    a, d, dan = circle.servers["a"].app, circle.servers["d"], circle.people["dan"].actor
    ours = await circle.posted("anna")
    plain = (await circle.address("b", ours)).partition("?")[0]

    async def read() -> tuple[bool, bool]:
        with d.here(), suppress(NotFound):
            return (await d.app.client.get_document(ours.uri)).url == ours.uri, await circle.given("d", plain)
        return False, await circle.given("d", plain)

    found = [await read()]
    with circle.servers["a"].here():
        there = await fetching.actor(a, dan.uri)
    for change in (members.appoint, members.dismiss):
        with circle.servers["a"].here():
            await change(a, "rye", there)
        await circle.fediverse.settle()
        found.append(await read())
    assert found == [(False, False), (True, True), (False, False)]
