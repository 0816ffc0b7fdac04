"""Stories of members here whom a group elsewhere does not let in, or has among it no more: they learn it once."""

from typing import Any

import httpx
import pytest

from activitypub.errors import NotFound
from fedcomm import refusals
from storage import actors, groups, join_requests
from storage import follows as stored
from storage.connect import rows
from tests import build
from tests.fediverse import Person
from tests.forger import Face
from tests.scenarios.test_joining import answers, followed
from tests.scenarios.town import Town
from tests.web.client import bearer

pytestmark = pytest.mark.anyio


async def asks(town: Town, group: Face, who: Person | None = None) -> dict[str, Any]:
    """Somebody, anna if nobody else, asks to join a group; gives what came there."""
    await (who or town.anna).follow(group.uri)
    await town.fediverse.settle()
    return answers(group.host, "Follow")[-1]


async def denied(town: Town, group: Face) -> str | None:
    """The reason for which anna was not let in, as the pages of the group show it; None when they show none."""
    with town.ours.here():
        face = await actors.by_uri(group.uri)
        known = await groups.by_actor(face.id) if face else None
        found = await join_requests.of(known.id, town.anna.actor.id) if known else None
    return found.reason if found is not None and found.state == "denied" else None


async def ask(town: Town, path: str) -> Any:
    """What the client API answers anna."""
    with town.ours.here():
        token = await build.token(town.anna.actor)
    base = f"https://{town.ours.host}"
    async with httpx.AsyncClient(transport=town.ours.asgi, base_url=base, headers=bearer(token)) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.attack("ORI-16")
async def test_who_is_not_let_in_or_put_out_elsewhere_is_told_once_and_may_ask_again(town: Town) -> None:
    bread = town.theirs.actor("bread", "Group")
    first = await asks(town, bread)
    for who in (town.eve, town.mallory):  # no group, and not asked
        await town.send(who, who.does("Reject", first))
    assert await town.anna.letters() == [] and await followed(town.anna, bread.uri) == "pending"

    town.theirs.serve(bread.uri, bread.document(openness="invite_only"))  # of which nobody told us
    for slug in range(2):
        await town.send(bread, bread.does("Reject", first, slug, summary="We bake <rye> & nothing else"))

    (told,) = await town.anna.letters()
    assert "The group Bread (!bread@theirs.test) has not let you in." in told and "You may ask again" in told
    assert "<blockquote>" in told and "We bake &lt;rye&gt; &amp; nothing else" in told
    assert await denied(town, bread) == "We bake <rye> & nothing else" and await followed(town.anna, bread.uri) == ""
    with town.ours.here():
        known = await groups.by_face(bread.uri)
    assert known and known.join_mode == "invite"  # is looked at anew
    second = await asks(town, bread)
    assert await denied(town, bread) is None
    await town.send(bread, bread.does("Accept", second))
    for slug in range(2):
        await town.send(bread, bread.does("Reject", second, f"out{slug}"))
    _told, ended = await town.anna.letters()
    assert "has ended your membership" in ended and await followed(town.anna, bread.uri) == ""
    assert await denied(town, bread) is None

    person = await asks(town, town.bob)
    await town.send(town.bob, town.bob.does("Reject", person))
    assert len(await town.anna.letters()) == 2  # who lets nobody follow them says so to nobody


async def test_the_word_of_the_server_reaches_every_client_and_nobody_else(town: Town) -> None:
    bread = town.theirs.actor("bread", "Group")
    town.theirs.serve(bread.uri, bread.document(openness="invite_only"))
    other = await town.ours.person("other")
    with town.ours.here():  # whatever anna does not want to be told of
        await build.insert(
            "notification_policy", owner_id=town.anna.actor.id, private_mentions=2, bots=2, not_following=2
        )
    first = await asks(town, bread)

    await town.send(bread, bread.does("Reject", first))

    (notice,) = await ask(town, "/api/v1/notifications")
    (conversation,) = await ask(town, "/api/v1/conversations")
    assert notice["type"] == "mention" and conversation["last_status"]["id"] == notice["status"]["id"]
    assert notice["status"]["visibility"] == "direct" and "by invitation" in notice["status"]["content"]
    assert (await ask(town, f"/api/v1/statuses/{notice['status']['id']}/context"))["ancestors"] == []
    assert (await ask(town, f"/api/v1/accounts/{notice['account']['id']}"))["bot"] is True
    written = await ask(town, f"/api/v1/accounts/{notice['account']['id']}/statuses")
    assert [each["id"] for each in written] == [notice["status"]["id"]]  # who it is for sees it there as well
    assert answers(town.theirs, "Create") == answers(town.evil, "Create") == []
    with town.ours.here():
        told = await rows("SELECT owner_id FROM notification WHERE kind = 'mention'")
        post = await town.ours.knows(notice["status"]["uri"])
    assert told == [(town.anna.actor.id,)] and post.visibility == 3 and await other.letters() == []
    with pytest.raises((NotFound, AssertionError)):
        await town.ours.get(f"/posts/{post.id}")


async def test_of_two_rejects_at_once_one_is_told(town: Town) -> None:
    bread = town.theirs.actor("bread", "Group")
    await asks(town, bread)
    with town.ours.here():
        face = await actors.by_uri(bread.uri)
        group = await groups.by_actor(face.id) if face else None
        assert face and group
        asked = await stored.of(town.anna.actor.id, face.id)
        assert asked
        for _time in range(2):  # both have read that anna waits
            await refusals.end(town.ours.app, asked, group, face, "No")

    assert len(await town.anna.letters()) == 1
