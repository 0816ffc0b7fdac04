"""What a forger tries with keys, and with servers that do not answer, against the whole of an instance."""

from typing import Any

import pytest

from fedcomm import fetching
from storage import actors
from storage.actors import Actor
from storage.connect import rows, value
from tests import build, rsa_keys
from tests.fediverse import Instance
from tests.forger import Face, followed, post, together
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

INBOXES = ("/inbox", "/users/anna/inbox", "/c/club/inbox", "/actor/inbox")


async def _rows(instance: Instance) -> dict[str, int]:
    """How much of others is kept here."""
    with instance.here():
        return {
            "items": await value("SELECT COUNT(*) FROM inbox_item"),
            "posts": await value("SELECT COUNT(*) FROM post WHERE local = 0"),
            "actors": await value("SELECT COUNT(*) FROM actor WHERE host <> ''"),
            "keys": await value("SELECT COUNT(*) FROM actor_key WHERE private_der IS NULL"),
        }


def _said(town: Town) -> dict[str, Any]:
    return town.bob.does("Create", town.bob.note(1, cc=[town.anna.actor.uri]))


@pytest.mark.attack("SIG-01")
@pytest.mark.parametrize("inbox", INBOXES)
async def test_what_is_unsigned_is_refused_without_a_trace(town: Town, inbox: str) -> None:
    await town.ours.group("club", moderator=town.anna)
    before = await _rows(town.ours)

    answer = await post(town.ours, _said(town), None, inbox)

    assert answer.status_code == 401
    assert "error" in answer.json()
    assert await _rows(town.ours) == before
    assert town.theirs.asked == []


@pytest.mark.attack("SIG-12", "SIG-13", "ORI-10")
@pytest.mark.parametrize("inbox", INBOXES)
async def test_what_another_signed_is_refused(town: Town, inbox: str) -> None:
    await town.ours.group("club", moderator=town.anna)
    as_ours = _said(town) | {"actor": town.anna.actor.uri, "id": f"{town.anna.actor.uri}/x"}

    answers = [
        await post(town.ours, _said(town), town.eve, inbox),
        await post(town.ours, _said(town), town.mallory, inbox),
        await post(town.ours, as_ours, town.mallory, inbox),
        await post(town.ours, as_ours, town.mallory, inbox, key_id=f"{town.anna.actor.uri}#main-key"),
    ]
    await town.fediverse.settle()

    assert [answer.status_code for answer in answers] == [401] * 4
    found = await _rows(town.ours)
    assert (found["items"], found["posts"]) == (0, 0)


@pytest.mark.attack("SIG-16")
async def test_nobody_becomes_the_owner_of_anothers_key_id(town: Town) -> None:
    thief = town.evil.actor("thief", publicKey=town.mallory.document()["publicKey"] | {"id": town.bob.key_id})
    neighbour = Face(town.theirs, "neighbour", "Person", rsa_keys.called("neighbour"))
    town.theirs.serve(
        neighbour.uri, neighbour.document(publicKey=neighbour.document()["publicKey"] | {"id": town.bob.key_id})
    )

    stolen = [
        await post(town.ours, thief.does("Like", "https://ours.test/posts/1"), thief, key_id=town.bob.key_id),
        await post(town.ours, neighbour.does("Like", "https://ours.test/posts/1"), neighbour, key_id=town.bob.key_id),
        await post(town.ours, _said(town), thief, key_id=town.bob.key_id),
    ]
    await town.send(town.bob, _said(town))

    assert {answer.status_code for answer in stolen} == {401}
    with town.ours.here():
        owners = await rows("SELECT a.uri FROM actor_key k JOIN actor a ON a.id = k.actor_id WHERE k.key_id = ?",
                            (town.bob.key_id,))  # fmt: skip
    assert owners == [(town.bob.uri,)]


@pytest.mark.attack("SIG-17")
async def test_a_new_key_is_taken_from_its_home_and_the_old_one_is_dead(town: Town) -> None:
    await town.send(town.bob, _said(town))
    old = town.bob.key
    town.bob.key = rsa_keys.called("a new key of bob")
    town.theirs.serve(town.bob.uri, town.bob.document())
    for app in town.ours.apps:
        app.keyring._asked.clear()  # as ten minutes later

    with_new = await post(town.ours, town.bob.does("Like", "https://theirs.test/notes/1"), town.bob)
    await town.fediverse.settle()
    town.bob.key = old
    with_old = await post(town.ours, town.bob.does("Delete", "https://theirs.test/notes/1"), town.bob)
    await town.fediverse.settle()

    assert (with_new.status_code, with_old.status_code) == (202, 401)
    assert (await town.here()).likes_count == 1


@pytest.mark.attack("SIG-18")
async def test_a_flood_of_bad_signatures_asks_for_a_key_once(town: Town) -> None:
    forged = Face(town.theirs, "bob", "Person", town.mallory.key)

    statuses = [(await post(town.ours, _said(town), forged)).status_code for _attempt in range(50)]
    statuses += await together(town.ours, forged, *[_said(town)] * 50)

    assert set(statuses) == {401}
    assert town.theirs.asked.count(town.bob.uri) <= 2


@pytest.mark.attack("SIG-18")
async def test_a_flood_of_keys_of_one_server_asks_it_so_many_times_only(town: Town) -> None:
    strangers = [Face(town.evil, f"stranger{number}", "Person", town.mallory.key) for number in range(100)]

    for face in strangers:
        assert (await post(town.ours, face.does("Like", "https://ours.test/posts/1"), face)).status_code in (401, 503)

    assert len(town.evil.asked) <= 70 * len(town.ours.apps)  # each process counts for itself


@pytest.mark.attack("SIG-18")
async def test_a_hundred_who_really_sign_are_all_heard_in_their_first_minute(town: Town) -> None:
    people = [town.evil.actor(f"person{number}") for number in range(100)]

    statuses = [
        (await post(town.ours, face.does("Like", "https://ours.test/posts/1"), face)).status_code for face in people
    ]

    assert set(statuses) == {202}
    assert len(town.evil.asked) <= 110


@pytest.mark.attack("SIG-18")
@pytest.mark.attack("SIG-19")
async def test_a_flood_of_keys_of_a_server_is_no_reason_to_refuse_what_others_of_it_say_later(town: Town) -> None:
    for number in range(100 * len(town.ours.apps)):
        forged = town.mallory.does("Like", "https://ours.test/posts/1")
        await post(town.ours, forged, town.mallory, key_id=f"https://theirs.test/users/nobody{number}#main-key")

    during = await post(town.ours, _said(town), town.bob)
    for app in town.ours.apps:
        app.keyring._of_host.clear()  # as a minute later
    await town.send(town.bob, _said(town))

    assert during.status_code == 503
    assert int(during.headers["retry-after"]) > 0
    assert (await town.here()).content == "<p>Hello</p>"
    assert len(town.theirs.asked) <= 70 * len(town.ours.apps)  # each process counts for itself


@pytest.mark.attack("SIG-19")
@pytest.mark.parametrize("trouble", [500, 503, 429, "down"])
async def test_a_key_that_cannot_be_had_now_is_no_reason_to_refuse_later(town: Town, trouble: Any) -> None:
    if trouble == "down":
        town.fediverse.wire.down.add("theirs.test")
    else:
        town.theirs.serve(town.bob.uri, {"error": "later"}, status=trouble)
    first = await post(town.ours, _said(town), town.bob)

    town.fediverse.wire.down.clear()
    town.theirs.serve(town.bob.uri, town.bob.document())
    await town.send(town.bob, _said(town))

    assert first.status_code == 503
    assert (await town.here()).content == "<p>Hello</p>"


@pytest.mark.attack("SIG-20")
async def test_goodbyes_of_those_who_were_never_known_leave_no_trace(town: Town) -> None:
    strangers = [Face(town.evil, f"stranger{number}", "Person", town.mallory.key) for number in range(100)]
    for face in strangers:
        town.evil.gone(face.uri)

    statuses = [(await post(town.ours, face.does("Delete", face.uri), face)).status_code for face in strangers]

    assert set(statuses) == {202}
    assert await _rows(town.ours) == {"items": 0, "posts": 0, "actors": 0, "keys": 0}
    assert town.evil.asked == []


@pytest.mark.attack("SIG-21")
async def test_who_is_gone_or_suspended_is_not_heard(town: Town) -> None:
    town.theirs.gone(town.eve.uri)
    await town.send(town.bob, _said(town))
    with town.ours.here():
        known = await actors.by_uri(town.bob.uri)
        assert known is not None
        await build.suspend(known)
        for app in town.ours.apps:
            await app.peers.load()

    gone = await post(town.ours, town.eve.does("Create", town.eve.note(2, cc=[town.anna.actor.uri])), town.eve)
    suspended = await post(town.ours, town.bob.does("Create", town.bob.note(3, cc=[town.anna.actor.uri])), town.bob)
    await town.fediverse.settle()

    assert gone.status_code == 401
    assert suspended.status_code == 403
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0") == 1


@pytest.mark.attack("ORI-24", "ORI-25")
async def test_what_is_for_one_person_goes_to_no_inbox_that_another_named(town: Town) -> None:
    third = town.evil.actor("third")
    town.theirs.serve(town.eve.uri, town.eve.document(endpoints={"sharedInbox": "https://theirs.test/users/eve/trap"}))
    foreign = town.evil.actor("foreign", inbox="https://theirs.test/users/bob/inbox")
    of_bob = {"followers": town.bob.followers, "outbox": f"{town.bob.uri}/outbox", "featured": f"{town.bob.uri}/pinned"}
    abroad = town.evil.actor("abroad", endpoints={"sharedInbox": "https://theirs.test/inbox"}, **of_bob)

    for face in (town.bob, town.eve, third, abroad):
        await town.send(face, face.does("Follow", town.anna.actor.uri))
    refused = await post(town.ours, foreign.does("Follow", town.anna.actor.uri), foreign)
    for host in (town.theirs, town.evil):
        host.received.clear()
    town.fediverse.wire.log.clear()
    with town.ours.here():
        await town.anna.post(f"For your eyes only @bob@{town.theirs.name}", visibility="direct")
    await town.fediverse.settle()

    assert refused.status_code in (400, 401)
    posted = [url for method, url, _status in town.fediverse.wire.log if method == "POST"]
    assert posted == [f"{town.bob.uri}/inbox"]
    with town.ours.here():
        assert await rows(
            "SELECT shared_inbox, followers, outbox, featured FROM actor WHERE uri = ?", (abroad.uri,)
        ) == [("", "", "", "")]
    await followed(town.fediverse, town.anna, town.bob)
    for face in (abroad, town.eve):  # who speaks to the followers of somebody else speaks to nobody
        note = face.note(face.name, to=[town.bob.followers], cc=None)
        await town.send(face, face.does("Create", note, to=note["to"]))
        assert await town.ours.post(note["id"]) is None


@pytest.mark.attack("SIG-22")
async def test_a_key_that_is_too_weak_is_no_key(town: Town) -> None:
    weak = (
        "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n"
        "9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n"
    )
    town.theirs.serve(
        town.bob.uri, town.bob.document(publicKey=town.bob.document()["publicKey"] | {"publicKeyPem": weak})
    )

    answer = await post(town.ours, _said(town), town.bob)

    assert answer.status_code in (400, 401)
    assert (await _rows(town.ours))["items"] == 0


@pytest.mark.attack("SIG-17")
async def test_a_key_that_is_replaced_elsewhere_right_after_it_was_stored_is_not_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = actors.by_uri

    async def replaced_meanwhile(uri: str) -> Actor | None:
        """The actor as stored; before the answer is here another process tells that the keys are others now."""
        found = await read(uri)
        if found is not None:
            town.ours.app.keyring.forget_actor(uri)
        return found

    monkeypatch.setattr(actors, "by_uri", replaced_meanwhile)
    with town.ours.here():
        found = await fetching.key(town.ours.app, town.bob.key_id, False)
        stored = await actors.key(town.bob.key_id)

    assert stored is not None and found.owner == stored.actor_uri == town.bob.uri
    assert town.ours.app.keyring.lookup(town.bob.key_id) is None
