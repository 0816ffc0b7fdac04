"""Requests to join groups, by a client: who asks sees that they wait, moderators decide as about their followers."""

import httpx
import pytest

import storage.join_requests
from fedcomm import blocks, group_profile, groups, members, memberships, questions
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import groups as groups_
from storage import memberships as memberships_
from storage.actors import Actor
from storage.connect import Writes, apply, rows, value
from tests import build
from tests.people import person
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


@pytest.fixture
async def club(app: App, bob: Member) -> Actor:
    """A group by approval that bob moderates, with a question."""
    await groups.create(app, "club", "Club & sons", "", "bob", "approval")
    await group_profile.change(app, "club", Change(question="Which flour?"))
    return (await groups.named("club"))[1]


async def ask(app: App) -> int:
    """Ask the question of those who are due; how many jobs there were."""
    found = await rows("SELECT group_id, actor_id FROM join_request ORDER BY id")
    for group, actor in found:
        await questions.ask(app, group, actor)
    return int(await value("SELECT COUNT(*) FROM job WHERE name = 'ask_question'"))


@pytest.mark.attack("OAU-13")
async def test_groups_elsewhere_that_invite_are_answered_like_people_who_ask(
    app: App, alice: Member, bob: Member
) -> None:
    faces, mia = [], await build.person("mia", "far.example")
    for name in ("rye", "spelt", "oats"):
        group, face = await groups_.with_face((await build.group(name, "far.example")).id)
        assert group and face
        writes = Writes()
        assert await memberships.invite(app, writes, group, face, bob.actor, mia, f"https://far.example/m/{group.id}")
        await apply(writes)
        faces.append(str(face.id))
    told = await bob.get("notifications")
    first = await bob.get("follow_requests", limit="2")
    counted = await bob.get("accounts/verify_credentials")

    assert [(each["type"], each["account"]["id"]) for each in told] == [("follow_request", f) for f in faces[::-1]]
    assert "@mia@far.example invites you to belong to this group" in told[0]["account"]["note"]
    assert ids(first) == faces[:0:-1] and counted["source"]["follow_requests_count"] == 3
    cursor = (await memberships_.invitations(bob.actor.id))[1].id
    assert ids(await bob.get("follow_requests", max_id=str(cursor))) == faces[:1]
    asks = await bob.get("accounts/relationships", **{"id[]": faces[0]})
    for act in ("authorize", "reject"):
        assert await alice.refused("POST", f"follow_requests/{faces[0]}/{act}") == MISSING
    yes, no = await bob.do(f"follow_requests/{faces[0]}/authorize"), await bob.do(f"follow_requests/{faces[1]}/reject")
    assert asks[0]["requested_by"] and not (yes["requested_by"] or no["requested_by"])
    assert (yes["requested"], no["requested"]) == (True, False)
    assert await bob.refused("POST", f"follow_requests/{faces[1]}/authorize") == MISSING
    assert ids(await bob.get("follow_requests")) == faces[2:]
    await blocks.block(app, bob.actor, int(faces[2]))
    assert await bob.get("follow_requests") == []


async def test_a_request_to_a_group_is_decided_by_its_moderators_with_any_client(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member, club: Actor
) -> None:
    mallory = await Member.of(client, await person(app, "mallory"))
    asked = await alice.do(f"accounts/{club.id}/follow")
    waiting = await bob.get("follow_requests")
    (told,) = await bob.get("notifications", **{"types[]": "follow_request"})
    counted = await bob.get("accounts/verify_credentials")
    account = await alice.get(f"accounts/{alice.id}")

    assert asked["requested"] and not asked["following"] and told["account"]["id"] == alice.id
    assert ids(waiting) == [alice.id] and counted["source"]["follow_requests_count"] == 1
    lea = await build.person("lea", "lemmy.test")
    app.peers.learn("lemmy.test", "groups", "lemmy")
    await build.follow(lea, club, "pending")
    (unasked,) = [each for each in await bob.get("follow_requests") if each["id"] == str(lea.id)]
    assert "their server takes no messages" in unasked["note"] and "No answer" not in unasked["note"]
    await bob.do(f"follow_requests/{lea.id}/reject")
    wish = f"<p>Wants to join the group Club &amp; sons. No answer to the question.</p>{account['note']}"
    together = await bob.get("/api/v2/notifications", **{"types[]": "follow_request"})
    assert [each["note"] for each in (waiting[0], told["account"], together["accounts"][0])] == [wish] * 3
    assert await mallory.get("follow_requests") == []
    assert await mallory.refused("POST", f"follow_requests/{alice.id}/authorize") == MISSING

    refused = await bob.do(f"follow_requests/{alice.id}/reject")
    turned_down = (await alice.get("accounts/relationships", id=str(club.id)))[0]
    assert refused["id"] == alice.id and not turned_down["requested"]
    assert await bob.get("follow_requests") == [] == await bob.get("notifications", **{"types[]": "follow_request"})
    assert await bob.refused("POST", f"follow_requests/{alice.id}/authorize") == MISSING

    assert (await alice.do(f"accounts/{club.id}/follow"))["requested"]
    await bob.do(f"follow_requests/{alice.id}/authorize")
    joined = (await alice.get("accounts/relationships", id=str(club.id)))[0]
    assert joined["following"] and not joined["requested"] and await bob.get("follow_requests") == []

    await alice.do(f"accounts/{club.id}/unfollow")
    assert (await alice.do(f"accounts/{club.id}/follow"))["requested"]
    assert not (await alice.do(f"accounts/{club.id}/unfollow"))["requested"]  # withdrawn
    assert await bob.get("follow_requests") == []


async def test_each_asker_is_there_once_with_the_request_that_is_answered_next(
    app: App, alice: Member, bob: Member, club: Actor
) -> None:
    group, _face = await groups.named("club")
    await bob.do("accounts/update_credentials", "PATCH", locked=True)
    await alice.do(f"accounts/{club.id}/follow")
    await alice.do(f"accounts/{bob.id}/follow")

    first, count = await bob.get("follow_requests"), (await bob.get("accounts/verify_credentials"))["source"]
    await bob.do(f"follow_requests/{alice.id}/authorize")
    second = await bob.get("follow_requests")
    between = await alice.get("accounts/relationships", id=[str(club.id), bob.id])
    await bob.do(f"follow_requests/{alice.id}/reject")

    assert ids(first) == ids(second) == [alice.id] and count["follow_requests_count"] == 1
    assert "Wants to join" in first[0]["note"] and "Wants to join" not in second[0]["note"]
    assert [each["following"] for each in between] == [True, False]
    assert await bob.get("follow_requests") == []
    assert (await storage.join_requests.of(group.id, int(alice.id))).state == "settled"  # type: ignore[union-attr]


async def test_who_asks_with_a_client_is_asked_once_by_message_and_answers_by_replying(
    app: App, alice: Member, bob: Member, club: Actor
) -> None:
    for _time in range(3):
        await alice.do(f"accounts/{club.id}/follow")
        jobs = await ask(app)
        await alice.do(f"accounts/{club.id}/unfollow")
    await alice.do(f"accounts/{club.id}/follow")
    assert jobs == 1 and await ask(app) == 1
    (conversation,) = await alice.get("conversations")
    question = conversation["last_status"]
    assert "Which flour?" in question["content"] and "/c/club/join" in question["content"]
    assert await value("SELECT COUNT(*) FROM post WHERE visibility = 3") == 1

    answer = await alice.post("@club Rye & <i>spelt</i>", in_reply_to_id=question["id"], visibility="direct")
    said = (await bob.get("follow_requests"))[0]["note"]
    await alice.do(f"statuses/{answer['id']}", "PUT", status="@club Rye only")
    changed = (await bob.get("follow_requests"))[0]["note"]
    await alice.do(f"statuses/{answer['id']}", "DELETE")
    gone = (await bob.get("follow_requests"))[0]["note"]

    assert "<blockquote>Rye &amp; &lt;i&gt;spelt&lt;/i&gt;</blockquote>" in said
    assert "<blockquote>Rye only</blockquote>" in changed and "No answer to the question." in gone
    assert await bob.get("conversations") == []  # the answer is no message to moderators


async def test_into_a_group_by_invitation_a_client_does_not_come_and_is_told_why(
    app: App, alice: Member, club: Actor
) -> None:
    await group_profile.change(app, "club", Change(join_mode="invite"))

    status, sentence = await alice.refused("POST", f"accounts/{club.id}/follow")

    assert status == 403 and "by invitation" in sentence
    assert (await alice.get(f"accounts/{club.id}"))["locked"]


async def test_requests_have_pages_and_who_is_limited_can_ask_too(
    app: App, client: httpx.AsyncClient, bob: Member, club: Actor
) -> None:
    people = [await build.person(f"p{number}", "far.example", limited_at=build.NOW) for number in range(3)]
    for each in people:
        await build.follow(each, club, "pending")
    admin = await Member.of(client, await person(app, "boss", role="admin"))

    pages = await bob.pages("follow_requests", limit="2")
    before = await admin.get("follow_requests")
    await members.dismiss(app, "club", bob.actor)

    expected = [str(each.id) for each in reversed(people)]
    assert [ids(each) for each in pages] == [expected[:2], expected[2:]] and before == []
    assert ids(await admin.get("follow_requests")) == expected  # nobody looks after it but who runs the server
    await admin.do(f"follow_requests/{people[0].id}/authorize")
    assert ids(await admin.get("follow_requests")) == expected[:2]
