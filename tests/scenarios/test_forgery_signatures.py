"""What a forger tries with signed requests: again, at once, in the name of others, from where nobody is heard."""

import pytest

from fedcomm import clock, fetching, peers
from fedcomm.config.definitions import Federation
from storage.connect import execute, value
from tests.fediverse import Fediverse
from tests.forger import Host, get, send, together

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.mark.attack("SIG-05")
async def test_what_is_sent_five_times_at_once_by_a_stranger_is_taken_once(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, mallory = await ours.person("anna"), theirs.actor("mallory")
    note = mallory.note(cc=[anna.actor.uri])

    statuses = await together(ours, mallory, *[mallory.does("Create", note, name="once")] * 5)
    await fediverse.settle()

    assert statuses == [202] * 5
    assert theirs.asked.count(mallory.uri) == len(ours.apps)  # each process asks for itself
    with ours.here():
        assert await value("SELECT COUNT(*) FROM post WHERE uri = ?", (note["id"],)) == 1
        assert await value("SELECT COUNT(*) FROM notification WHERE owner_id = ?", (anna.actor.id,)) == 1


@pytest.mark.attack("SIG-05")
async def test_a_stranger_who_does_several_things_at_once_is_heard_in_all_of_them(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob = await ours.person("anna"), theirs.actor("bob")
    said = [bob.does("Create", bob.note(number, cc=[anna.actor.uri])) for number in range(4)]

    statuses = await together(ours, bob, *said)
    await fediverse.settle()

    assert statuses == [202] * 4
    with ours.here():
        assert await value("SELECT COUNT(*) FROM post WHERE local = 0") == 4


@pytest.mark.attack("SIG-05")
async def test_a_vote_that_was_taken_back_does_not_come_back_by_repetition(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "theirs.test")
    anna, bob = await ours.person("anna"), theirs.actor("bob")
    group = await ours.group("club", moderator=anna)
    thread = await anna.post("A question @club@ours.test")
    like = bob.does("Like", thread.uri)
    await send(fediverse, ours, bob, like)
    with ours.here():
        relayed = await value("SELECT COUNT(*) FROM outbox WHERE form = 'wrapped' AND actor_id = ?", (group.id,))
    assert (await ours.knows(thread.uri)).likes_count == 1

    await send(fediverse, ours, bob, like, bob.does("Undo", like), like)
    await send(fediverse, ours, bob, like, inbox="/c/club/inbox")
    for app in ours.apps:
        app.intake._seen.clear()  # as after a restart: only the database remembers
    await send(fediverse, ours, bob, like)

    assert (await ours.knows(thread.uri)).likes_count == 0
    with ours.here():
        now = await value("SELECT COUNT(*) FROM outbox WHERE form = 'wrapped' AND actor_id = ?", (group.id,))
        told = await value("SELECT COUNT(*) FROM notification WHERE owner_id = ? AND kind = 'favourite'",
                           (anna.actor.id,))  # fmt: skip
    assert now == relayed + 1  # the Undo
    assert told <= 1


@pytest.mark.attack("SIG-24")
async def test_two_servers_that_show_nothing_unsigned_get_to_know_each_other(fediverse: Fediverse) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, "secure.test")
    theirs.secure = True
    anna, bob = await ours.person("anna"), theirs.actor("bob")

    await send(fediverse, ours, bob, bob.does("Create", bob.note(1, cc=[anna.actor.uri])))
    unsigned = await get(ours, "/actor", None)

    assert await ours.knows(bob.note(1)["id"])
    asked = dict(zip(theirs.asked, theirs.signatures, strict=True))
    assert unsigned.status_code == 200
    key_id = unsigned.json()["publicKey"]["id"]
    assert unsigned.json()["type"] == "Application"
    assert _key_of(asked[bob.uri]) == key_id


@pytest.mark.attack("SIG-24")
async def test_the_service_actor_is_shown_unsigned_even_where_only_allowed_servers_are_told_anything(
    fediverse: Fediverse,
) -> None:
    ours = await fediverse.instance("ours.test", federation=Federation(allow_list_mode=True))
    anna = await ours.person("anna")

    service, person = await get(ours, "/actor", None), await get(ours, "/users/anna", None)

    assert service.status_code == 200
    assert person.status_code in (401, 403), anna.handle


@pytest.mark.attack("SIG-33")
async def test_a_signed_question_is_answered_only_to_those_who_are_heard(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    blocked, theirs = Host(fediverse, "blocked.test"), Host(fediverse, "theirs.test")
    anna = await ours.person("anna")
    carol, bob, dora = blocked.actor("carol"), theirs.actor("bob"), theirs.actor("dora")
    public, private = await anna.post("For all"), await anna.post("For some", visibility="private")
    await send(fediverse, ours, bob, bob.does("Follow", anna.actor.uri))
    with ours.here():
        await peers.set_policy(ours.app, "blocked.test", "suspend")
        await fetching.actor(ours.app, dora.uri)
        await execute("UPDATE actor SET suspended_at = 1 WHERE uri = ?", (dora.uri,))
        await ours.app.peers.load()

    path = public.uri.removeprefix("https://ours.test")
    secret = private.uri.removeprefix("https://ours.test")

    assert (await get(ours, path, None)).status_code == 200
    assert (await get(ours, path, carol)).status_code == 403
    assert (await get(ours, path, dora)).status_code == 403
    assert (await get(ours, path, bob, at=clock.now() - 90_000)).status_code == 401
    assert (await get(ours, secret, None)).status_code == 404
    assert (await get(ours, secret, carol)).status_code == 403
    assert (await get(ours, secret, bob, at=clock.now() - 90_000)).status_code == 401
    assert (await get(ours, secret, bob)).status_code == 200
    assert blocked.asked == []


def _key_of(header: str) -> str:
    return header.split('keyId="')[1].split('"')[0]
