"""Stories of reports in groups: they reach who looks after them, wherever they live, and nobody learns who reported."""

from collections.abc import AsyncIterator

import httpx
import pytest

import storage.accounts
from activitypub.errors import ProtocolError
from fedcomm import casework, fetching, group_profile, groups, members, moderation, reports, rights, sanctions, sessions
from fedcomm import peers as peering
from fedcomm.group_profile import Change
from fedcomm.inbox import flag as flags_in
from fedcomm.reports import Complaint
from storage import actors, notifications, peers
from storage import groups as stored_groups
from storage import reports as stored
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows
from storage.paging import Page
from storage.posts import Post
from storage.reports import Broken, Report
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json
from tests.peers.forum import Forum
from tests.peers.lemmy import Lemmy
from tests.peers.network import Network
from tests.peers.posts import Post as Thing
from tests.peers.server import Server
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


class Bakery:
    """`bread@a.test`: ann looks after it there, bob at b.test, lena on a Lemmy, mia on a Mastodon.

    mallory, who lives at a.test, writes in it what is reported. carl lives at c.test.
    """

    def __init__(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse
        self.opened: list[httpx.AsyncClient] = []
        self.lemmy, self.mastodon = Host(fediverse, "lemmy.test"), Host(fediverse, "mastodon.test")

    async def open(self) -> "Bakery":
        """Everybody in their place."""
        self.a, self.b, self.c = [await self.fediverse.instance(f"{name}.test") for name in "abc"]
        self.ann, self.mallory = await self.a.person("ann"), await self.a.person("mallory")
        self.bob, self.carl = await self.b.person("bob"), await self.c.person("carl")
        self.lena, self.mia = self.lemmy.actor("lena"), self.mastodon.actor("mia")
        self.bread = await self.a.group("bread", moderator=self.ann)
        for server in (self.a, self.b, self.c):
            server.learn("lemmy.test", "groups", "lemmy")
            server.learn("mastodon.test", "microblog", "mastodon")
        self.ada = await self.a.person("ada")
        with self.a.here():
            await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (self.ada.actor.id,))
            writes = Writes()
            for host, software, family in (
                ("lemmy.test", "lemmy", "groups"), ("mastodon.test", "mastodon", "microblog"),
                ("b.test", "fedcomm", "groups"), ("c.test", "fedcomm", "groups"),
            ):  # fmt: skip
                peers.meet(writes, host, 0)
                peers.presume(writes, host, software, family)
            await apply(writes)
            for uri in (self.bob.actor.uri, self.lena.uri, self.mia.uri):
                who = await fetching.actor(self.a.app, uri)
                await members.appoint(self.a.app, "bread", who, self.ann.actor, rights.MODERATOR)
        with self.c.here():
            writes = Writes()
            peers.meet(writes, "a.test", 0)
            peers.presume(writes, "a.test", "fedcomm", "groups")
            await apply(writes)
        await self.fediverse.join(self.bread, self.mallory, self.bob, self.carl)
        return self

    async def spam(self) -> Post:
        """What mallory writes."""
        post = await self.mallory.post("@bread Buy watches")
        await self.fediverse.settle()
        with self.a.here():
            await group_profile.change(self.a.app, "bread", Change(rules=("Be kind.", "No adverts.")), self.ann.actor)
        await self.fediverse.settle()
        return post

    async def enter(self, who: Person) -> Browser:
        """A browser on their server in which they are signed in."""
        host = who.instance.host
        client = httpx.AsyncClient(transport=who.instance.asgi, base_url=f"https://{host}")
        self.opened.append(client)
        with who.instance.here():
            account = await storage.accounts.by_name(who.actor.username)
            assert account
            token = await sessions.open(who.instance.app, account.id, "a test")
        client.cookies.set("__Host-session", token, domain=host, path="/")
        return Browser(client)

    def wire(self) -> bytes:
        """All that went from server to server so far."""
        return b"\n".join(body for _host, body in self.fediverse.wire.posted)


async def notices(who: Person) -> list[str]:
    """By whom somebody was told of reports, as their notifications show."""
    with who.instance.here():
        shown = await notifications.page(who.actor.id, Page(), ["admin.report"])
        people = await actors.by_ids([each.actor_id for each in shown[0]])
    return [people[each.actor_id].username for each in shown[0]]


async def kept(at: Instance) -> list[Report]:
    """The reports that a server has, the first first."""
    with at.here():
        found = await rows("SELECT id FROM report ORDER BY id")
        return [each for number in found if (each := await stored.by_id(number[0])) is not None]


@pytest.fixture
async def bakery(fediverse: Fediverse) -> AsyncIterator[Bakery]:
    """Everybody in their place."""
    made = await Bakery(fediverse).open()
    yield made
    for client in made.opened:
        await client.aclose()


@pytest.mark.attack("PRI-16")
async def test_a_report_in_a_group_reaches_who_looks_after_it_wherever_they_live_and_names_nobody(
    bakery: Bakery,
) -> None:
    post = await bakery.spam()
    before, there = len(bakery.wire()), await bakery.c.knows(post.uri)

    asked = await (await bakery.enter(bakery.carl)).get(f"/report?post={there.id}")
    assert [each.text for each in asked.one("fieldset", id="rules-g").all("label")] == ["1. Be kind.", "2. No adverts."]
    with bakery.c.here():
        mallory = await fetching.actor(bakery.c.app, bakery.mallory.actor.uri)
        wish = Complaint(
            target_id=mallory.id, post_ids=(there.id,), comment="Again!", category="violation", group_rules=(2,),
            to_admins=False,
        )  # fmt: skip
        await reports.report(bakery.c.app, bakery.carl.actor, wish)
    await bakery.fediverse.settle()

    (at_a,), (at_b,), (at_c,) = await kept(bakery.a), await kept(bakery.b), await kept(bakery.c)
    assert (at_c.for_group, at_c.for_admins, at_c.forwarded) == (1, 0, 0)
    said = "(2) No adverts.\nAgain!"
    assert [(each.for_group, each.comment, len(each.post_ids)) for each in (at_a, at_b)] == [(1, "Again!", 1)] * 2
    assert at_a.rules == at_b.rules == at_c.rules == [Broken(True, 2, "No adverts.")]  # of which others read in words
    assert (at_a.category, at_b.category) == (at_c.category,) * 2 == ("violation",) * 2
    queue = await (await bakery.enter(bakery.bob)).get("/moderation")
    assert "It breaks the rules" in queue.main and "(2) No adverts." in queue.main
    assert await notices(bakery.ann) == await notices(bakery.bob) == ["bread"]
    assert await notices(bakery.mallory) == await notices(bakery.carl) == []
    (flag,) = [each for each in bakery.lemmy.received if "Flag" in str(each)]  # 0.19 reads none that is announced
    assert (flag["type"], flag["object"]) == ("Flag", post.uri)
    assert flag["actor"] == bakery.ada.actor.uri and await notices(bakery.ada) == []
    assert flag["to"] == [bakery.bread.uri] and flag["summary"] == said
    (to_mia,) = [each for each in bakery.mastodon.received if "Again!" in str(each)]
    assert "Again!" in to_mia["object"]["content"] and post.url in to_mia["object"]["content"]
    told = bakery.wire()[before:]
    assert b"Again!" in told and b"carl" not in told

    with bakery.a.here():
        group, _face = await groups.named("bread")
        worker = await casework.of_group(bakery.ann.actor, group)
        await casework.close(bakery.a.app, worker, at_a.id, "none", "He sells bread as well.")
    await bakery.fediverse.settle()
    ended = [(await kept(server))[0] for server in (bakery.a, bakery.b, bakery.c)]
    assert [(each.state, each.outcome) for each in ended] == [("closed", "none")] * 3
    (told,) = await bakery.carl.letters()
    assert "nothing had to be done" in told and "He sells bread as well." in told
    assert await bakery.mallory.letters() == []
    (resolve,) = [each for each in bakery.lemmy.received if "Resolve" in str(each)]
    assert resolve["actor"] == bakery.ann.actor.uri
    assert (resolve["object"]["object"], resolve["object"]["actor"]) == (post.uri, flag["actor"])
    for version in ("0.19.12", "1.0.0"):
        forum = scripted(bakery, version, post)
        await forum.receive(flag)
        assert forum.reports == {(post.uri, flag["actor"]): said}
    await forum.receive(resolve)
    assert forum.reports == {(post.uri, flag["actor"]): ""}
    assert b"carl" not in bakery.wire()[before:].replace(b"carl@", b"")


def scripted(bakery: Bakery, version: str, post: Post) -> Forum:
    """A Lemmy of that version as its code is, which knows the group, the post in it and who speaks."""
    forum = Forum(Server("https://lemmy.test", Network()), Lemmy(version))
    for person in (bakery.ann, bakery.ada):
        forum.server.actors[person.actor.uri] = {"id": person.actor.uri, "type": "Person"}
    forum.server.actors[bakery.bread.uri] = {"id": bakery.bread.uri, "type": "Group"}
    forum.posts[post.uri] = Thing(post.uri, bakery.mallory.actor.uri, bakery.bread.uri)
    return forum


def flag_of(by: Face, post: Post, face: Actor, **more: object) -> Json:
    """As Lemmy sends it."""
    said: Json = {"to": [face.uri], "audience": face.uri, "summary": "spam"} | more
    return by.does("Flag", post.uri, **said)


async def test_lemmy_reports_is_answered_and_its_moderators_end_reports_in_its_groups(bakery: Bakery) -> None:
    post, rita = await bakery.spam(), bakery.lemmy.actor("rita")
    claimed = [{"number": 2, "text": "No cakes."}, {"number": 1, "text": "No adverts."}]  # no rule; not its number
    await forger.send(bakery.fediverse, bakery.a, rita, sent := flag_of(rita, post, bakery.bread, rules=claimed))
    await forger.send(bakery.fediverse, bakery.a, rita, sent)
    (made,) = await kept(bakery.a)
    assert (made.comment, made.for_group, made.for_admins, made.rules) == (
        "No cakes.\nspam", 1, 1, [Broken(True, 2, "No adverts.")]
    )  # fmt: skip
    assert await notices(bakery.ann) == ["bread"] and await notices(bakery.ada) == ["rita"]
    assert [(each.comment, each.rules) for each in await kept(bakery.b)] == [(made.comment, made.rules)]
    assert "Flag" not in str(bakery.lemmy.received)  # which has the report already, and lena with it
    assert b"rita" not in b"".join(body for host, body in bakery.fediverse.wire.posted if host == "b.test")

    with bakery.a.here():
        worker = await casework.of_group(bakery.ann.actor, (await groups.named("bread"))[0])
        await casework.close(bakery.a.app, worker, made.id, "acted")
    await bakery.fediverse.settle()
    answers = [each for each in bakery.lemmy.received if each["type"] == "Resolve"]
    assert [each["object"]["id"] for each in answers] == [sent["id"]] and answers[0]["object"]["actor"] == rita.uri
    assert [each.state for each in await kept(bakery.b)] == ["closed"]
    assert answers[0]["to"] == [bakery.bread.uri]
    forum = scripted(bakery, "1.0.0", post)
    forum.server.documents["/users/rita"] = {"id": rita.uri, "type": "Person"}
    await forum.receive(sent)
    await forum.receive(answers[0])
    assert forum.reports == {(post.uri, rita.uri): ""}

    # And those in ours, of which they heard under the name of whoever runs this server; nobody else does.
    for worker_ in (rita, bakery.lena):
        with bakery.a.here():
            await casework.reopen(worker, made.id)
        for named in (rita.uri, bakery.ada.actor.uri):
            meant = worker_.does("Flag", post.uri, actor=named, to=[bakery.bread.uri])
            await forger.send(bakery.fediverse, bakery.a, worker_, worker_.does("Resolve", meant))
        (ended,) = await kept(bakery.a)
        assert (ended.state, ended.closed_by) == (("open", "") if worker_ is rita else ("closed", bakery.lena.uri))
    with bakery.a.here():
        await casework.reopen(worker, made.id)
    meant = bakery.lena.does("Flag", post.uri, actor=bakery.ada.actor.uri, to=[bakery.bread.uri])
    await forger.send(bakery.fediverse, bakery.a, bakery.lena, bakery.lena.does("Resolve", meant))
    (ended,) = await kept(bakery.a)
    assert (ended.state, ended.outcome) == ("closed", "")
    assert len([each for each in bakery.lemmy.received if each["type"] == "Resolve"]) == 3


@pytest.mark.parametrize("software", ["lemmy", "piefed"])
async def test_who_reports_from_where_no_end_of_it_is_shown_gets_a_message_about_it(
    bakery: Bakery, software: str
) -> None:
    post, rita = await bakery.spam(), bakery.lemmy.actor("rita")
    with bakery.a.here():
        await execute(
            "UPDATE peer SET software = ?, software_version = '0.19.12' WHERE host = 'lemmy.test'", (software,)
        )
    await forger.send(bakery.fediverse, bakery.a, rita, flag_of(rita, post, bakery.bread))
    (made,) = await kept(bakery.a)
    bakery.lemmy.received.clear()

    with bakery.a.here():
        worker = await casework.of_group(bakery.ann.actor, (await groups.named("bread"))[0])
        await casework.close(bakery.a.app, worker, made.id, "none", "He sells <b>bread</b>.")
    await bakery.fediverse.settle()

    (create,) = bakery.lemmy.received
    message = create["object"]
    assert (create["type"], create["actor"], create["to"]) == ("Create", bakery.ada.actor.uri, [rita.uri])
    assert (message["type"], message["to"]) == ("ChatMessage", [rita.uri])
    assert "nothing had to be done" in message["content"] and "&lt;b&gt;bread" in message["content"]
    forum = scripted(bakery, "0.19.12", post)
    await forum.receive(create)
    assert forum.messages == [message]


async def test_who_may_not_end_a_report_does_not(bakery: Bakery) -> None:
    leo = bakery.lemmy.actor("leo")
    rye = bakery.lemmy.actor("rye", "Group", attributedTo="https://lemmy.test/c/rye/moderators")
    bakery.lemmy.serve("https://lemmy.test/c/rye/moderators", {
        "id": "https://lemmy.test/c/rye/moderators", "type": "OrderedCollection",
        "orderedItems": [bakery.lena.uri, leo.uri],
    })  # fmt: skip
    await bakery.carl.follow(rye.uri)
    await bakery.fediverse.settle()
    (asked,) = [each for each in bakery.lemmy.received if each["type"] == "Follow"]
    await forger.send(bakery.fediverse, bakery.c, rye, rye.does("Accept", asked))
    note = bakery.lena.note(1, to=[forger.PUBLIC, rye.uri], audience=rye.uri)
    bakery.lemmy.serve(note["id"], note)
    await forger.send(bakery.fediverse, bakery.c, rye, rye.does("Announce", bakery.lena.does("Create", note)))
    there = await bakery.c.knows(note["id"])
    with bakery.c.here():
        wish = Complaint(target_id=there.author_id, post_ids=(there.id,), comment="Again!", to_admins=False)
        await reports.report(bakery.c.app, bakery.carl.actor, wish)
    await bakery.fediverse.settle()
    (sent,) = [each for each in bakery.lemmy.received if each["type"] == "Flag"]
    assert (sent["object"], sent["to"], sent["actor"]) == (note["id"], [rye.uri], "https://c.test/actor")

    # Lemmy makes up the Flag anew, with an id of its own.
    meant = bakery.lena.does("Flag", note["id"], actor=sent["actor"], to=[rye.uri])
    evil = Host(bakery.fediverse, "evil.test").actor("eve")
    await forger.send(bakery.fediverse, bakery.c, evil, evil.does("Resolve", meant | {"id": sent["id"]}))
    await forger.send(bakery.fediverse, bakery.c, evil, evil.does("Resolve", meant))
    # Nor of what is said about themselves, though they look after the group.
    await forger.send(bakery.fediverse, bakery.c, bakery.lena, bakery.lena.does("Resolve", meant))
    assert [each.state for each in await kept(bakery.c)] == ["open"] and await bakery.carl.letters() == []
    for _twice in range(2):
        await forger.send(bakery.fediverse, bakery.c, leo, leo.does("Resolve", meant))
    assert [each.state for each in await kept(bakery.c)] == ["closed"]
    (told,) = await bakery.carl.letters()
    assert "Your report about" in told and "nothing had to be done" not in told


async def test_moderators_on_several_servers_work_on_a_report_together(bakery: Bakery) -> None:
    post = await bakery.spam()
    known = await bakery.c.knows(post.uri)
    with bakery.b.here():
        writes = Writes()
        peers.meet(writes, "a.test", 0)
        peers.presume(writes, "a.test", "fedcomm", "groups")
        await apply(writes)
    with bakery.c.here():
        wish = Complaint(target_id=known.author_id, post_ids=(known.id,), comment="Again!", to_admins=False)
        await reports.report(bakery.c.app, bakery.carl.actor, wish)
    await bakery.fediverse.settle()
    (at_a,), (at_b,) = await kept(bakery.a), await kept(bakery.b)
    with bakery.a.here():
        ann = await casework.of_group(bakery.ann.actor, (await groups.named("bread"))[0])
        await casework.note(ann, at_a.id, "He has <never> done so")

    bob, where = await bakery.enter(bakery.bob), f"/c/bread@a.test/reports/{at_b.id}"
    page = await bob.get(where)
    assert "He has <never> done so" in page.main and "nobody works on it" in page.main and not flaws(page)
    csrf = page.all("input", name="csrf")[0]["value"]
    for fields in ({"act": "assign"}, {"act": "note", "note": "He is new"}):
        assert (await bob.post(where, fields | {"csrf": csrf})).status == 303
        await bakery.fediverse.settle()
    assert [each.assigned for each in await kept(bakery.a)] == [bakery.bob.actor.uri]
    seen = await bob.get(where)
    assert "@bob@b.test works on it" in seen.main and "He is new" in seen.main
    with bakery.b.here():
        assert await rows("SELECT text FROM report_note") == []  # kept at the group's own server alone
    end = {"csrf": csrf, "act": "close", "outcome": "none", "answer": "He is new."}
    assert (await bob.post(where, end)).status == 303
    await bakery.fediverse.settle()
    assert [(each.state, each.closed_by) for each in await kept(bakery.a)] == [("closed", bakery.bob.actor.uri)]
    (told,) = await bakery.carl.letters()
    assert "He is new." in told and b"never" not in b"".join(body for _to, body in bakery.fediverse.wire.posted)
    closing = {"act": "close", "items[]": f"report-{at_b.id}"}
    for path, wish_, state in ((where, {"act": "reopen"}, "open"), ("/moderation", closing, "closed")):
        await bob.post(path, wish_ | {"csrf": csrf})
        await bakery.fediverse.settle()
        states = [[each.state for each in await kept(server)] for server in (bakery.a, bakery.b)]
        assert states == [[state], [state]]

    # Nobody else is told: not the servers of members, nor that of the one who is reported alone.
    desk = f"/c/bread/desk/report?max_id={at_a.id}"
    for server, answer in ((bakery.b, 200), (bakery.c, 404)):
        with server.here():
            try:
                await server.app.client.get_document(f"https://a.test{desk}")
                assert answer == 200
            except ProtocolError:
                assert answer == 404
    with bakery.a.here():
        await execute("UPDATE report SET target_id = (SELECT id FROM actor WHERE uri = ?)", (bakery.bob.actor.uri,))
    with bakery.b.here(), pytest.raises(ProtocolError):
        await bakery.b.app.client.get_document(f"https://a.test{desk}")
    with bakery.a.here():
        await casework.reopen(ann, at_a.id)
        await casework.close(bakery.a.app, ann, at_a.id, "acted")
    await bakery.fediverse.settle()
    ended = [to for to, body in bakery.fediverse.wire.posted if b"Resolve" in body and b"Again!" in body]
    assert ended.count("b.test") == 2  # as the report was about somebody else
    with bakery.a.here():
        bob_there = await fetching.actor(bakery.a.app, bakery.bob.actor.uri)
        await sanctions.act(bakery.a.app, bob_there.id, sanctions.SUSPEND, None)
    for page in ("", "/members", "/bans", "/log"):
        with bakery.b.here(), pytest.raises(ProtocolError):
            await bakery.b.app.client.get_document(f"https://a.test/c/bread/desk{page}")
    with bakery.a.here():
        await sanctions.act(bakery.a.app, bob_there.id, "restore", None)
    with bakery.a.here():
        await members.dismiss(
            bakery.a.app, "bread", await fetching.actor(bakery.a.app, bakery.bob.actor.uri), bakery.ann.actor
        )
    await bakery.fediverse.settle()
    assert (await bob.post(where, {"csrf": csrf, "act": "reopen"})).status in (403, 404)
    assert [each.state for each in await kept(bakery.a)] == ["closed"]


@pytest.mark.attack("GRP-16")
async def test_what_others_say_about_reports_counts_only_of_their_own_groups_and_as_far_as_it_is_taken(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, evil = await bakery.spam(), Host(bakery.fediverse, "evil.test")
    rye, eve = evil.actor("rye", "Group"), evil.actor("eve")
    await bakery.bob.follow(rye.uri)
    await bakery.fediverse.settle()

    async def told(by: Face, flag: Json) -> list[str]:
        await forger.send(bakery.fediverse, bakery.b, by, by.does("Announce", flag))
        return [each.comment for each in await kept(bakery.b)]

    with bakery.b.here():
        writes = Writes()
        actor = await actors.by_uri(rye.uri)
        found = await stored_groups.by_actor(actor.id if actor else 0)
        assert found and actor
        moderation.record_role(bakery.b.app, writes, found, actor, bakery.bob.actor.uri, rye.uri, "", given=True)
        await apply(writes)
    flag = flag_of(eve, post, bakery.bread)
    assert await told(rye, flag) == await told(eve, flag) == []  # a post of another group, and nobody's group
    with bakery.b.here():
        await peering.decide(bakery.b.app, "evil.test", peers.Decision(reject_reports=True))
        await execute("UPDATE post SET group_id = ? WHERE uri = ?", (found.id, post.uri))
    assert await told(rye, flag) == []
    with bakery.b.here():
        await peering.decide(bakery.b.app, "evil.test", peers.Decision())
    assert await told(rye, flag | {"actor": (await bakery.b.person("bill")).actor.uri}) == []  # who has said nothing
    monkeypatch.setattr(flags_in, "MAX_A_DAY", 1)
    assert await told(rye, flag | {"id": f"{flag['id']}1", "rules": [{"number": "1"}], "category": ["x"]}) == ["spam"]
    assert await told(rye, flag | {"id": f"{flag['id']}2", "summary": "more"}) == ["spam"]
    assert await notices(bakery.bob) == ["rye"]
    (first,) = await kept(bakery.b)
    assert first.for_group == 1 and first.for_admins == 0 and (first.rules, first.category) == ([], "other")
    with bakery.b.here():
        worker = await casework.of_group(bakery.bob.actor, found)
        await casework.close(bakery.b.app, worker, first.id, "acted", "Gone")
    await bakery.fediverse.settle()
    (resolve,) = [each for each in evil.received if each["type"] == "Resolve"]
    assert (resolve["actor"], resolve["to"], resolve["object"]["id"]) == (bakery.bob.actor.uri, [rye.uri], first.uri)
    assert resolve["object"]["actor"] == eve.uri
