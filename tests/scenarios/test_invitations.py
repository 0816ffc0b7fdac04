"""Groups of Mobilizon that invite members of ours, and say who is what in them: whom they are believed, and when."""

from typing import Any

import pytest

from activitypub.errors import Unreachable
from fedcomm import admit, clock, fetching, follows, leaders, memberships, requests
from fedcomm import peers as fedcomm_peers
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.members import appoint
from storage import groups as stored
from storage import jobs, members, peers, registers
from storage import memberships as rows
from storage.connect import Writes, apply, value
from storage.groups import Group
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, Json, post, send, together

pytestmark = pytest.mark.anyio
ROLES = {"steward": '{"role":"steward"}', "moderator": '{"role":"moderator"}', "": None}


class Bakery:
    """`bakers@mobilizon.test` with nina and otto of that server; alice is a member of ours, mallory lives elsewhere."""

    def __init__(self, fediverse: Fediverse, ours: Instance, alice: Person) -> None:
        self.fediverse, self.ours, self.alice = fediverse, ours, alice
        self.there, self.evil = Host(fediverse, "mobilizon.test"), Host(fediverse, "evil.test")
        self.bakers = self.group("bakers")
        self.nina, self.otto = self.there.actor("nina"), self.there.actor("otto")
        self.mallory = self.evil.actor("mallory")

    def group(self, name: str) -> Face:
        uri = f"https://mobilizon.test/c/{name}"
        lists = ("members", "resources", "posts", "events", "todos", "discussions")
        return self.there.actor(name, "Group", **{each: f"{uri}/{each}" for each in lists})

    def invites(self, number: int = 1, *, by: Face | None = None, into: str = "", whom: str = "", **more: Any) -> Json:
        """As Mobilizon says it: by nina, into the bakers, alice, unless something else is given."""
        by, group = by or self.nina, into or self.bakers.uri
        said = by.does("Invite", group, target=whom or self.alice.actor.uri, attributedTo=group, to=[PUBLIC])
        return said | {"id": f"https://{by.host.name}/member/{number}"} | more

    def member(self, who: str, role: str, uri: str = "https://mobilizon.test/member/1") -> Json:
        """What somebody is in the group."""
        return {"type": "Member", "id": uri, "actor": who, "object": self.bakers.uri, "role": role}

    async def says(self, by: Face, *said: Json) -> None:
        """Deliver, and wait for the effects."""
        await send(self.fediverse, self.ours, by, *said)

    async def gives(self, who: str, role: str, by: Face | None = None) -> None:
        """As Mobilizon says it: with the same id each time."""
        by, member = by or self.nina, self.member(who, role) | {"published": str(self.there.made)}
        await self.says(by, by.does("Update", member) | {"id": f"{member['id']}/activity"})

    async def place(self) -> Group:
        """The group as it is known here."""
        found = await stored.by_face(self.bakers.uri)
        assert found is not None
        return found

    async def stands(self, who: Person | None = None) -> str:
        """How somebody stands to the group, and whether they belong to it: such as "joined joined"."""
        with self.ours.here():
            group, actor = await stored.by_face(self.bakers.uri), (who or self.alice).actor
            if group is None:
                return "- -"
            row, member = await rows.of(actor.id, group.id), await members.of(group.id, actor.id)
            return f"{row.state if row else '-'} {member.state if member else '-'}"

    async def role(self, face: Face | None = None) -> str | None:
        """The role register of somebody; of alice where nobody is named."""
        with self.ours.here():
            uri = face.uri if face is not None else self.alice.actor.uri
            return await registers.get((await self.place()).id, "role", uri)

    async def follows(self) -> None:
        """Alice follows the group, which lets everybody do that."""
        await self.alice.follow(self.bakers.uri)
        await self.fediverse.settle()
        asked = next(each for each in reversed(self.there.received) if each["type"] == "Follow")
        await self.says(self.bakers, self.bakers.does("Accept", asked, to=[self.alice.actor.uri]))

    def sent(self, *kinds: str) -> list[Json]:
        """What the server there got of these kinds."""
        return [each for each in self.there.received if each["type"] in kinds]


@pytest.fixture
async def bakery(fediverse: Fediverse) -> Bakery:
    ours = await fediverse.instance("ours.test")
    return Bakery(fediverse, ours, await ours.person("alice"))


async def test_an_invitation_counts_once_and_is_answered_in_the_groups_words(bakery: Bakery) -> None:
    alice, bakers = bakery.alice, bakery.bakers
    await bakery.says(bakery.nina, bakery.invites(), bakery.invites())
    await bakery.says(bakery.otto, bakery.invites(2, by=bakery.otto))  # while one stands, it is the one that counts

    with bakery.ours.here():
        face = await fetching.actor(bakery.ours.app, bakers.uri)
        (invited,) = await rows.invitations(alice.actor.id)
        assert await memberships.invites(face.id, alice.actor)
        await follows.come(bakery.ours.app, alice.actor, face.id)
        with pytest.raises(NotFound, match="no such invitation"):
            await memberships.accept(bakery.ours.app, alice.actor, face.id)
        with pytest.raises(NotFound, match="no such invitation"):
            await memberships.decline(bakery.ours.app, alice.actor, face.id)
    await bakery.fediverse.settle()

    assert invited.face_id == face.id
    accept, follow = sorted(bakery.sent("Accept", "Follow", "Join"), key=lambda said: str(said["type"]))
    assert (follow["type"], follow["object"]) == ("Follow", bakers.uri)
    assert {name: accept[name] for name in ("object", "to", "cc", "attributedTo")} == {
        "object": bakery.member(alice.actor.uri, "member"), "to": [bakery.nina.uri, f"{bakers.uri}/members"],
        "cc": [bakers.uri], "attributedTo": bakers.uri,
    }  # fmt: skip
    assert await bakery.stands() == "joined joined"
    await bakery.says(bakery.nina, bakery.invites(3))
    assert await bakery.stands() == "joined joined"
    await alice.unfollow(bakers.uri)
    await bakery.fediverse.settle()
    assert len(bakery.sent("Leave")) == 1 and await bakery.stands() == "left left"


async def test_who_follows_already_belongs_only_by_saying_so_and_may_decline(bakery: Bakery) -> None:
    with bakery.ours.here():
        bob = await bakery.ours.person("bob")
    alice, bob_too = bakery.alice, bakery.invites(2, whom=bob.actor.uri)
    await bakery.follows()
    (joins,) = bakery.sent("Join")
    await bakery.says(bakery.nina, bakery.nina.does("Reject", joins["id"]))
    assert await bakery.stands() == "ended left"
    await bakery.says(bakery.nina, bakery.invites(), bob_too)

    with bakery.ours.here():
        face = await fetching.actor(bakery.ours.app, bakery.bakers.uri)
        await follows.follow(bakery.ours.app, alice.actor, face.id, notify=True)  # which is no answer
        assert await bakery.stands() == "invited left"
        await requests.answer(bakery.ours.app, alice.actor, face.id, granted=True)
        await requests.answer(bakery.ours.app, bob.actor, face.id, granted=False)
    await bakery.fediverse.settle()

    assert await bakery.stands() == "joined joined" and await bakery.stands(bob) == "declined -"
    (reject,) = bakery.sent("Reject")
    assert (reject["actor"], reject["object"]) == (bob.actor.uri, bob_too["id"])
    assert (len(bakery.sent("Follow")), len(bakery.sent("Accept"))) == (1, 1)
    await bakery.says(bakery.nina, bob_too)
    assert await bakery.stands(bob) == "declined -"
    await bakery.says(bakery.nina, bakery.invites(4, whom=bob.actor.uri))
    assert await bakery.stands(bob) == "invited -"
    await bakery.says(
        bakery.nina, {"type": "Remove", "actor": bakery.nina.uri, "object": "https://mobilizon.test/member/4"}
    )
    assert await bakery.stands(bob) == "- -"


async def test_who_is_refused_or_put_out_learns_it_once_and_may_ask_again(bakery: Bakery) -> None:
    alice = bakery.alice
    await bakery.follows()
    (first,) = bakery.sent("Join")
    for by in (bakery.mallory, bakery.nina, bakery.otto):
        await bakery.says(by, by.does("Reject", first["id"]))
    assert await bakery.stands() == "ended left"
    (told,) = await alice.letters()
    assert "has not let you in" in told and "/c/bakers@mobilizon.test/join" in told

    with bakery.ours.here():
        face = await fetching.actor(bakery.ours.app, bakery.bakers.uri)
        await follows.follow(bakery.ours.app, alice.actor, face.id, notify=True)  # which asks for nothing
        assert await bakery.stands() == "ended left"
        for _ in range(2):
            await follows.follow(bakery.ours.app, alice.actor, face.id, notify=True)
    await bakery.fediverse.settle()
    assert await bakery.stands() == "asked pending"
    _first, again = bakery.sent("Join")
    assert again["id"] != first["id"]
    await bakery.says(bakery.nina, bakery.nina.does("Accept", bakery.member(alice.actor.uri, "member", again["id"])))
    assert await bakery.stands() == "joined joined"
    for _ in range(2):
        await bakery.gives(alice.actor.uri, "rejected")

    assert await bakery.stands() == "ended left"
    assert [("let you in" in each, "ended your membership" in each) for each in await alice.letters()] == [
        (True, False), (False, True),
    ]  # fmt: skip


@pytest.mark.attack("GRP-17")
async def test_nobody_invites_for_a_group_of_another_server_nor_whom_they_like(bakery: Bakery) -> None:
    garden = await bakery.ours.group("garden")
    await bakery.says(bakery.mallory, bakery.invites(by=bakery.mallory))
    await bakery.says(bakery.nina, bakery.invites(2, into=garden.uri))
    await bakery.says(bakery.nina, bakery.invites(3, into=bakery.otto.uri))
    await bakery.says(bakery.nina, bakery.invites(4, whom=garden.uri), bakery.invites(5, whom=bakery.mallory.uri))
    assert await bakery.stands() == "- -"
    for name in (None, "https://evil.test/member/1", "https://ours.test/member/1"):
        refused = bakery.invites(6, id=name)
        assert (await post(bakery.ours, refused, bakery.nina)).status_code in (400, 401)
    with bakery.ours.here():
        await appoint(bakery.ours.app, "garden", await fetching.actor(bakery.ours.app, bakery.nina.uri))
    await bakery.says(bakery.nina, bakery.invites(7, into=garden.uri))  # as their moderator, which is no matter
    await bakery.alice.block(bakery.nina.uri)
    await bakery.says(bakery.nina, bakery.invites(8))

    with bakery.ours.here():
        assert await value("SELECT COUNT(*) FROM membership") == 0


@pytest.mark.attack("GRP-17", "ORI-16")
async def test_nobody_belongs_to_a_group_without_having_said_yes(bakery: Bakery) -> None:
    alice = bakery.alice.actor.uri
    await bakery.gives(alice, "moderator")
    assert await bakery.stands() == "- -"
    await bakery.says(bakery.nina, bakery.invites())
    member = bakery.member(alice, "member")

    await bakery.says(bakery.nina, bakery.nina.does("Accept", member), bakery.nina.does("Add", member))
    await bakery.says(bakery.bakers, bakery.bakers.does("Accept", member["id"]), bakery.bakers.does("Create", member))
    await bakery.gives(alice, "administrator")
    assert (await bakery.stands(), await bakery.role()) == ("invited -", None)
    await bakery.says(bakery.mallory, bakery.mallory.does("Remove", member["id"]))
    await bakery.says(bakery.mallory, bakery.mallory.does("Reject", member["id"]))
    assert await bakery.stands() == "invited -"
    with bakery.ours.here():
        face = await fetching.actor(bakery.ours.app, bakery.bakers.uri)
        await memberships.decline(bakery.ours.app, bakery.alice.actor, face.id)
    await bakery.says(bakery.nina, bakery.nina.does("Accept", member))
    await bakery.gives(alice, "moderator")

    assert (await bakery.stands(), await bakery.role()) == ("declined -", None)


async def test_a_server_invites_somebody_into_few_groups_at_once(bakery: Bakery) -> None:
    into = [bakery.group(f"group{number}").uri for number in range(admit.INVITATIONS + 1)]
    said = [bakery.invites(number, into=uri) for number, uri in enumerate(into)]
    assert set(await together(bakery.ours, bakery.nina, *said)) == {202}
    await bakery.fediverse.settle()

    with bakery.ours.here():
        assert len(await rows.invitations(bakery.alice.actor.id)) == admit.INVITATIONS


@pytest.mark.attack("GRP-17")
async def test_what_members_are_counts_from_who_has_a_say_in_the_group(bakery: Bakery) -> None:
    await bakery.follows()
    for role, kept in (
        ("administrator", "steward"), ("moderator", "moderator"), ("member", ""), ("creator", "steward"),
        ("rejected", ""),
    ):  # fmt: skip
        await bakery.gives(bakery.nina.uri, role)
        assert await bakery.role(bakery.nina) == ROLES[kept]
    (joins,) = bakery.sent("Join")
    claimed = bakery.member(bakery.mallory.uri, "moderator", f"{bakery.mallory.uri}/member")
    await bakery.says(bakery.mallory, bakery.mallory.does("Update", claimed), bakery.mallory.does("Add", claimed))
    await bakery.says(bakery.mallory, bakery.mallory.does("Accept", bakery.member(bakery.alice.actor.uri, "member")))
    assert await bakery.role(bakery.mallory) is None
    assert await bakery.stands() == "asked pending"

    await bakery.gives(bakery.mallory.uri, "moderator")  # from then on they look after it, from their server
    let_in = bakery.mallory.does("Accept", bakery.member(bakery.alice.actor.uri, "member", joins["id"]))
    await bakery.says(bakery.mallory, let_in)
    assert await bakery.stands() == "joined joined"
    await bakery.says(bakery.nina, bakery.nina.does("Add", bakery.member(bakery.alice.actor.uri, "moderator")))
    assert await bakery.role() == ROLES["moderator"]
    await bakery.says(bakery.nina, {"type": "Remove", "actor": bakery.nina.uri, "object": joins["id"]})

    assert (await bakery.stands(), await bakery.role()) == ("ended left", None)


async def test_members_are_asked_for_by_a_member_and_tell_who_looks_after_the_group(bakery: Bakery) -> None:
    await bakery.follows()
    (joins,) = bakery.sent("Join")
    there, address = bakery.there, f"{bakery.bakers.uri}/members"
    await bakery.gives(bakery.mallory.uri, "administrator")

    def lists(*members_: Json, **more: Any) -> None:
        page = {"type": "OrderedCollectionPage", "id": f"{address}?page=1", "partOf": address, "orderedItems": members_}
        there.serve(address, {"id": address, "type": "OrderedCollection", "first": page | more})

    async def look() -> None:
        with bakery.ours.here():
            await leaders.work(bakery.ours.app, (await bakery.place()).id)

    lists(bakery.member(bakery.nina.uri, "creator"), bakery.member(bakery.otto.uri, "member"))
    await look()
    assert address not in there.asked  # nobody here is a member who might ask
    await bakery.says(bakery.nina, bakery.nina.does("Accept", bakery.member(bakery.alice.actor.uri, "", joins["id"])))
    with bakery.ours.here():
        assert await jobs.waits(f"meet_leaders:{(await bakery.place()).id}")
    await look()
    by = there.signatures[there.asked.index(address)]
    assert f'keyId="{bakery.alice.actor.uri}#' in by
    assert [await bakery.role(each) for each in (bakery.nina, bakery.otto, bakery.mallory)] == [
        ROLES["steward"], None, None
    ]  # fmt: skip
    lists()  # as for who is no member
    await look()
    assert await bakery.role(bakery.nina) == ROLES["steward"]
    foreign = bakery.member(bakery.mallory.uri, "moderator") | {"object": "https://mobilizon.test/c/other"}
    lists(bakery.member(bakery.nina.uri, "creator"), bakery.member(bakery.otto.uri, "moderator"), foreign)
    await look()
    assert [await bakery.role(each) for each in (bakery.nina, bakery.otto, bakery.mallory)] == [
        ROLES["steward"], ROLES["moderator"], None
    ]  # fmt: skip

    gone = {"type": "Leave", "actor": bakery.otto.uri, "object": bakery.bakers.uri}
    await bakery.says(bakery.mallory, gone | {"actor": bakery.mallory.uri})
    assert await bakery.role(bakery.otto) == ROLES["moderator"]
    await bakery.says(bakery.otto, gone)
    assert await bakery.role(bakery.otto) is None
    key = f"meet_leaders:{(await _id(bakery))}"
    out = {"type": "Remove", "object": "https://mobilizon.test/member/9", "origin": bakery.bakers.uri}
    for by_, asks in ((bakery.mallory, False), (bakery.nina, True)):
        with bakery.ours.here():
            writes = Writes()
            jobs.drop(writes, key)
            await apply(writes)
        await bakery.says(by_, out | {"actor": by_.uri})
        with bakery.ours.here():
            assert await jobs.waits(key) is asks


async def _id(bakery: Bakery) -> int:
    with bakery.ours.here():
        return (await bakery.place()).id


async def test_what_has_no_id_is_taken_once_by_its_signature_and_only_where_programs_leave_it_out(
    bakery: Bakery,
) -> None:
    garden = await bakery.ours.group("garden")
    leaves: Json = {"type": "Leave", "actor": bakery.nina.uri, "object": garden.uri}
    now = clock.now()

    async def belongs() -> bool:
        with bakery.ours.here():
            group, actor = await stored.by_face(garden.uri), await fetching.actor(bakery.ours.app, bakery.nina.uri)
            found = await members.of(group.id if group else 0, actor.id)
            return found is not None and found.state == "joined"

    for at in (now - 5, now):  # the same words twice, each of them meant
        await bakery.says(bakery.nina, bakery.nina.does("Join", garden.uri))
        assert await belongs()
        assert (await post(bakery.ours, leaves, bakery.nina, at=at)).status_code == 202
        await bakery.fediverse.settle()
        assert not await belongs()
    await bakery.says(bakery.nina, bakery.nina.does("Join", garden.uri))
    assert (await post(bakery.ours, leaves, bakery.nina, at=now)).status_code == 202  # somebody sends it once more
    await bakery.fediverse.settle()
    assert await belongs()
    for kind in ("Join", "Follow", "Create", "Delete", "Update"):
        refused = {"type": kind, "actor": bakery.nina.uri, "object": garden.uri}
        assert (await post(bakery.ours, refused, bakery.nina)).status_code == 400
    for name in ("https://ours.test/activities/1", f"{bakery.alice.actor.uri}/activity"):
        refused = bakery.nina.does("Update", bakery.member(bakery.nina.uri, "moderator")) | {"id": name}
        assert (await post(bakery.ours, refused, bakery.nina)).status_code == 401

    with bakery.ours.here():
        for each in (bakery.nina, bakery.otto):
            await appoint(bakery.ours.app, "garden", await fetching.actor(bakery.ours.app, each.uri))
        group = await stored.by_face(garden.uri)
    out = bakery.nina.does("Remove", bakery.otto.uri, target=garden.moderators, audience=garden.uri, cc=[garden.uri])
    nameless = {key: said for key, said in out.items() if key != "id"}  # which nobody could pass on
    for said, left, why in ((nameless, 2, "What somebody does for a group needs an id."), (out, 1, "")):
        await bakery.says(bakery.nina, said)
        with bakery.ours.here():
            assert len(await registers.all_of(group.id if group else 0, "role")) == left
            assert await value("SELECT COALESCE(error, '') FROM inbox_item ORDER BY id DESC LIMIT 1") == why


async def test_who_followed_before_anybody_asked_asks_once_and_is_let_in(bakery: Bakery) -> None:
    alice, plain = bakery.alice, Host(bakery.fediverse, "mobilizon.test")
    plain.actor("bakers", "Group")  # nothing shows yet what runs there
    bakery.there, bakery.nina = plain, plain.actor("nina")
    await bakery.follows()
    assert await bakery.stands() == "- joined" and not bakery.sent("Join")

    with bakery.ours.here():
        await memberships.catch_up(bakery.ours.app)
        await peers.set_software("mobilizon.test", "mobilizon", "5.1.2", "microblog", clock.now_ms())
        for _ in range(2):
            await memberships.catch_up(bakery.ours.app)
    await bakery.fediverse.settle()

    (joins,) = bakery.sent("Join")
    assert await bakery.stands() == "asked pending"
    await bakery.says(bakery.nina, bakery.nina.does("Accept", bakery.member(alice.actor.uri, "member", joins["id"])))
    assert await bakery.stands() == "joined joined"


async def test_a_group_whose_server_does_not_say_what_it_runs_is_spoken_to_as_it_shows_itself(bakery: Bakery) -> None:
    alice, bakers = bakery.alice, bakery.bakers
    for host in (bakery.there, bakery.evil):
        host.serve("/.well-known/nodeinfo", {}, status=503)
    bakery.evil.actor("wine", "Group")
    bakery.there.serve("/.well-known/webfinger?resource=acct%3Abakers%40mobilizon.test", _finger(bakers.uri))
    bakery.evil.serve("/.well-known/webfinger?resource=acct%3Awine%40evil.test", _finger("https://evil.test/c/wine"))

    with pytest.raises(NotAllowed, match="Only members begin"):
        await alice.post("@bakers@mobilizon.test Ovens\n\nWho pays?")
    said = await alice.post("@wine@evil.test Grapes\n\nRed or white?")
    await bakery.fediverse.settle()

    assert bakery.sent("Create", "Announce") == []
    assert [each["object"]["id"] for each in bakery.evil.received if each["type"] == "Create"] == [said.uri]
    with bakery.ours.here():
        assert await stored.program((await bakery.place()).id) == "mobilizon"
        with pytest.raises(Unreachable):
            await fedcomm_peers.learn(bakery.ours.app, "mobilizon.test")
        bakery.there.serve("/.well-known/nodeinfo", {"links": []})
        await fedcomm_peers.learn(bakery.ours.app, "mobilizon.test")
        assert await stored.program((await bakery.place()).id) == "mobilizon"


def _finger(uri: str) -> Json:
    link = {"rel": "self", "type": "application/activity+json", "href": uri}
    host, name = uri.split("/")[2], uri.rpartition("/")[2]
    return {"subject": f"acct:{name}@{host}", "links": [link]}
