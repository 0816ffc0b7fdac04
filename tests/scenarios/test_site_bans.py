"""Stories of bans from a whole site, as Lemmy and PieFed have them: by others, and told when we suspend somebody."""

from collections.abc import Sequence
from typing import Any

import pytest

from fedcomm import admit, clock, fetching, home_verdicts, jobs, sanctions
from fedcomm.errors import NotAllowed
from storage import actors, groups, registers
from storage import sanctions as stored
from storage.connect import execute, rows
from tests.fediverse import Fediverse, Instance
from tests.forger import PUBLIC, Face, Host, Json, followed, post, send
from tests.peers.forum import Forum
from tests.peers.lemmy import Lemmy
from tests.peers.network import Network
from tests.peers.server import Server

pytestmark = pytest.mark.anyio
SITE = "https://lemmy.test/"


class Case:
    """`rye@lemmy.test`, which bob at a.test is in; boss runs that server, rita is one of its people, both are known."""

    def __init__(self, fediverse: Fediverse, a: Instance) -> None:
        self.fediverse, self.a, self.lemmy = fediverse, a, Host(fediverse, "lemmy.test")
        self.boss, self.rita = self.lemmy.actor("boss"), self.lemmy.actor("rita")
        self.rye = self.lemmy.actor("rye", "Group")
        self.far, self.evil = Host(fediverse, "far.test").actor("ferdi"), Host(fediverse, "evil.test").actor("eve")
        self.runs(self.lemmy, self.boss)

    def runs(self, host: Host, *admins: Face) -> None:
        """The server says who runs it."""
        listed = [{"person": {"actor_id": face.uri}} for face in admins]
        host.serve("/api/v3/site", {"admins": listed}, content_type="application/json")

    async def begin(self) -> "Case":
        """bob, rita and ferdi have written in the group."""
        self.bob = await self.a.person("bob")
        await followed(self.fediverse, self.bob, self.rye)
        for face in (self.rita, self.far):
            note = face.note(1, to=[PUBLIC, self.rye.uri], audience=self.rye.uri)
            face.host.serve(note["id"], note)
            await send(self.fediverse, self.a, self.rye, self.rye.does("Announce", face.does("Create", note)))
        self.written = await self.bob.post("Bread\n\nWho bakes? @rye@lemmy.test")
        await self.fediverse.settle()
        return self

    async def say(self, *said: Json, by: Face | None = None) -> None:
        """Somebody sends it, boss unless somebody else does, and it has its effect or none."""
        await send(self.fediverse, self.a, by or self.boss, *said)
        await self.a.agreed()

    def block(self, who: str, by: Face | None = None, **more: Any) -> Json:
        """As Lemmy says it."""
        return (by or self.boss).does("Block", who, **{"target": SITE, "cc": [SITE], "summary": "spam"} | more)

    async def standing(self, uri: str) -> tuple[bool, bool, bool, list[str]]:
        """Whether somebody is out of sight, whether nothing of theirs is taken, whether the group has banned them, and
        what of theirs is out of it."""
        with self.a.here():
            who, group = await actors.by_uri(uri), await groups.by_face(self.rye.uri)
            assert who and group
            out = await rows("SELECT uri FROM post WHERE author_id = ? AND removed_at IS NOT NULL", (who.id,))
            ban = await registers.get(group.id, "ban", uri)
            return (
                who.suspended_at is not None, self.a.app.peers.rests(uri), ban is not None, [each[0] for each in out]
            )  # fmt: skip


FREE = (False, False, False, list[str]())


@pytest.fixture
async def case(fediverse: Fediverse) -> Case:
    """Everybody in their place."""
    return await Case(fediverse, await fediverse.instance("a.test")).begin()


async def test_whom_their_own_site_bans_nothing_is_taken_of_until_it_takes_that_back(case: Case) -> None:
    rita = case.rita.uri
    await followed(case.fediverse, case.bob, case.rita)
    assert await case.standing(rita) == FREE

    await case.say(ban := case.block(rita))
    assert await case.standing(rita) == (False, True, False, [])
    await post(case.a, case.rita.does("Create", note := case.rita.note(2)), case.rita)
    await case.fediverse.settle()
    assert await case.a.post(note["id"]) is None
    await case.say(case.block(rita, removeData=True))
    assert await case.standing(rita) == (True, True, False, [])
    with case.a.here():  # Lemmy's own document says nothing of it
        await fetching.actor(case.a.app, rita, fresh=True)
        await sanctions.act(case.a.app, (await case.a.knows(case.rita.note(1)["id"])).author_id, "suspend", None)
        await sanctions.act(case.a.app, (await case.a.knows(case.rita.note(1)["id"])).author_id, "restore", None)
        await case.a.app.peers.load()
    assert await case.standing(rita) == (True, True, False, [])

    await case.say(case.boss.does("Undo", case.block(rita), restoreData=True))
    assert await case.standing(rita) == FREE
    await case.say(case.rita.does("Create", again := case.rita.note(3)), by=case.rita)
    assert await case.a.post(again["id"]) is not None
    with case.a.here():
        who = await actors.by_uri(rita)
        assert who
        acts = [(each.act, each.made_by, each.text) for each in await stored.of(who.id)]
    assert acts[-1] == ("home_freeze", "@boss@lemmy.test", "spam") and acts[0][0] == "home_restore"
    await case.say(ban)
    assert await case.standing(rita) == FREE, "what came before is not heard again"


async def test_a_ban_from_a_site_ends_when_it_says(case: Case) -> None:
    rita, now = case.rita.uri, clock.now_ms()
    over, soon = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"

    await case.say(case.block(rita, endTime=over, expires=over))
    assert await case.standing(rita) == FREE
    await case.say(case.block(rita, removeData=True, expires=soon))
    with case.a.here():
        ((args, at),) = await rows("SELECT args, run_at FROM job WHERE name = 'end_home_ban'")
        ((first,),) = await rows("SELECT id FROM sanction")
    assert at > now and f'"ban":{first}' in args
    await case.say(case.block(rita, removeData=True))
    with case.a.here():
        await home_verdicts.end(case.a.app, first)
    assert (await case.standing(rita))[0], "another ban came since"
    with case.a.here():
        await execute("DELETE FROM sanction WHERE id > ?", (first,))
        await home_verdicts.end(case.a.app, first)
        await home_verdicts.end(case.a.app, first)
    assert await case.standing(rita) == FREE and "end_home_ban" in jobs.JOBS


@pytest.mark.attack("GRP-09")
async def test_who_does_not_run_a_site_bans_nobody_from_it(case: Case) -> None:
    rita, mona = case.rita.uri, case.lemmy.actor("mona")
    case.runs(case.evil.host, case.evil)

    await case.say(case.block(rita, mona, removeData=True), by=mona)  # an ordinary person of that site
    await case.say(case.block(rita, case.evil, removeData=True), by=case.evil)  # who runs another
    await case.say(case.block(rita, case.evil, target="https://evil.test/", removeData=True), by=case.evil)
    await case.say(case.block(case.bob.actor.uri, case.evil, target="https://evil.test/"), by=case.evil)
    await case.say(case.block(case.boss.uri, mona), by=mona)
    await case.say(case.block(case.boss.uri))  # nobody bans themselves
    await case.say(case.block(rita, target="https://a.test/"))
    await case.say(case.block(rita, target=case.rita.uri))  # no site
    await case.say(case.block(rita, to=[rita], cc=[SITE]))
    await case.say(case.rye.does("Announce", case.block(rita, mona, removeData=True)), by=case.rye)

    for who in (rita, case.bob.actor.uri, case.boss.uri):
        assert await case.standing(who) == FREE
    await case.say(case.block(rita))
    await case.say(mona.does("Undo", case.block(rita, mona)), by=mona)
    await case.say(mona.does("Undo", case.block(rita)), by=mona)
    assert (await case.standing(rita))[1], "nor do they lift a ban"
    case.runs(case.lemmy, case.boss, mona)
    await case.say(mona.does("Undo", case.block(rita, mona)), by=mona)
    assert await case.standing(rita) == FREE, "but at once who runs the site by now"
    with case.a.here():
        assert await rows("SELECT 1 FROM act WHERE property = 'ban'") == []


async def test_whom_another_site_bans_is_banned_from_its_groups_alone(case: Case) -> None:
    bob, ferdi = case.bob.actor.uri, case.far.uri

    await case.say(case.block(ferdi, removeData=True), case.block(bob, endTime="2099-01-01T00:00:00Z"))

    assert await case.standing(ferdi) == (False, False, True, [case.far.note(1)["id"]])
    assert await case.standing(bob) == (False, False, True, [])
    with pytest.raises(NotAllowed, match="banned"):
        await case.bob.post("More\n\nBread @rye@lemmy.test")
    (told,) = await case.bob.letters()
    assert "lemmy.test has banned you from its groups until 2099" in told and "spam" in told

    await case.say(case.boss.does("Undo", case.block(bob)), case.boss.does("Undo", case.block(ferdi)))
    assert await case.standing(ferdi) == await case.standing(bob) == FREE
    assert len(await case.bob.letters()) == 2
    await case.bob.post("More\n\nBread @rye@lemmy.test")
    by_moderators = case.rye.does("Announce", case.boss.does("Block", ferdi, target=case.rye.uri))
    await case.say(by_moderators, by=case.rye)
    await case.say(case.boss.does("Undo", case.block(ferdi)))
    assert (await case.standing(ferdi))[2]


async def test_a_ban_by_moderators_holds_on_when_that_of_their_site_is_lifted(case: Case) -> None:
    ferdi, bob, end = case.far.uri, case.bob.actor.uri, "2099-01-01T00:00:00Z"
    for who in (ferdi, bob):
        await case.say(case.rye.does("Announce", case.boss.does("Block", who, target=case.rye.uri)), by=case.rye)
    with case.a.here():
        group = await groups.by_face(case.rye.uri)
        assert group
        first = await registers.winner(group.id, "ban", bob)
        assert first

    await case.say(case.block(bob, expires=end))
    with case.a.here():
        assert await registers.winner(group.id, "ban", bob) == first, "it is within what the moderators said"
    for _ in range(2):
        await case.say(case.block(ferdi, removeData=True, expires=end))
    assert (await case.standing(ferdi))[2:] == (True, [case.far.note(1)["id"]])
    with case.a.here():
        assert admit.banned_until(await registers.get(group.id, "ban", ferdi)) is None
        assert await rows("SELECT COUNT(*) FROM act WHERE subject = ?", (ferdi,)) == [(2,)], "said twice, kept once"

    for who in (ferdi, bob):
        await case.say(case.boss.does("Undo", case.block(who)))
        assert (await case.standing(who))[2:] == (True, [])
    with case.a.here():
        ban = await registers.winner(group.id, "ban", ferdi)
    assert ban and ban.actor_uri == case.boss.uri and "site" not in (ban.value or "")
    assert len([each for each in await case.bob.letters() if "has banned you from its groups" in each]) == 0


def blocks(host: Host, kind: str = "Block") -> Sequence[Json]:
    """What a server heard of bans."""
    return [each for each in host.received if each["type"] == kind]


async def test_whom_we_suspend_servers_hear_of_that_know_bans_from_a_site_as_they_take_it(case: Case) -> None:
    hosts = {name: Host(case.fediverse, f"{name}.test") for name in ("lemmy1", "piefed", "mastodon")} | {
        "lemmy": case.lemmy
    }
    ada, mallory = await case.a.person("ada"), await case.a.person("mallory")
    versions = {"lemmy": ("lemmy", "0.19.12"), "lemmy1": ("lemmy", "1.0.0")}
    with case.a.here():
        await execute("UPDATE account SET role = 'admin' WHERE actor_id = ?", (ada.actor.id,))
        for name, host in hosts.items():
            await fetching.actor(case.a.app, host.actor("somebody").uri)
            software, version = versions.get(name, (name, "1"))
            sql = "UPDATE peer SET software = ?, software_version = ? WHERE host = ?"
            await execute(sql, (software, version, host.name))
        ferdi = await actors.by_uri(case.far.uri)
        assert ferdi

        for who in (mallory.actor, ferdi):
            await sanctions.act(case.a.app, who.id, "suspend", None, "Adverts")
    await case.fediverse.settle()

    (said,) = blocks(case.lemmy)
    assert (said["actor"], said["object"]) == (ada.actor.uri, mallory.actor.uri)
    assert (said["target"], said["removeData"]) == ("https://a.test/actor", True)
    assert b"Adverts" not in b"".join(body for _host, body in case.fediverse.wire.posted)  # which is theirs to know
    assert [(each["object"], each["removeData"]) for each in blocks(hosts["piefed"])] == [(mallory.actor.uri, False)]
    assert [each["object"] for each in blocks(hosts["lemmy1"])] == [mallory.actor.uri, case.far.uri]
    assert not blocks(hosts["mastodon"])
    with case.a.here():
        for who in (mallory.actor, ferdi):
            await sanctions.act(case.a.app, who.id, "restore", None)
    await case.fediverse.settle()
    (undo,) = blocks(case.lemmy, "Undo")
    assert undo["object"] | {"id": ""} == {name: said[name] for name in undo["object"]} | {"id": ""}
    assert undo["restoreData"] is True and len(blocks(hosts["lemmy1"], "Undo")) == 2
    for version, host in (("0.19.12", case.lemmy), ("1.0.0", hosts["lemmy1"])):
        forum = Forum(Server(f"https://{host.name}", Network()), Lemmy(version))
        for uri in (ada.actor.uri, mallory.actor.uri, case.far.uri):
            forum.server.actors[uri] = {"id": uri, "type": "Person"}
        forum.server.actors["https://a.test/actor"] = {"id": "https://a.test/actor", "type": "Application"}
        for each in blocks(host):
            await forum.receive(each)
        assert (
            forum.banned == {mallory.actor.uri: True, case.far.uri: True}
            if version > "1"
            else {mallory.actor.uri: True}
        )
        for each in blocks(host, "Undo"):
            await forum.receive(each)
        assert not forum.banned
