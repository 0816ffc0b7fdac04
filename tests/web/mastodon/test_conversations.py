"""Direct messages are listed by thread, for those in them and nobody else."""

import pytest

from storage.connect import rows
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "There is no such conversation.")


async def _told(member: Member) -> list[tuple[str, str, bool]]:
    return [(c["id"], c["last_status"]["id"], c["unread"]) for c in await member.get("conversations")]


async def test_a_direct_message_begins_a_conversation_of_both(alice: Member, bob: Member) -> None:
    first = await alice.post("@bob psst", visibility="direct")
    answer = await bob.post("@alice yes?", visibility="direct", in_reply_to_id=first["id"])
    await alice.post("@bob for all to hear")

    (hers,), (his,) = await alice.get("conversations"), await bob.get("conversations")

    assert (hers["id"], hers["last_status"]["id"], hers["unread"]) == (first["id"], answer["id"], True)
    assert (his["id"], his["last_status"]["id"], his["unread"]) == (first["id"], answer["id"], False)
    assert ids(hers["accounts"]) == [bob.id] and ids(his["accounts"]) == [alice.id]
    assert ids(await alice.get("timelines/direct")) == [answer["id"], first["id"]]


async def test_conversations_are_read_unread_and_put_away(alice: Member, bob: Member) -> None:
    first = await alice.post("@bob psst", visibility="direct")
    thread = first["id"]

    read = await bob.do(f"conversations/{thread}/read")
    unread = await bob.do(f"conversations/{thread}/unread")
    gone = await bob.do(f"conversations/{thread}", "DELETE")
    put_away = await bob.get("conversations")
    again = await alice.post("@bob hello?", visibility="direct", in_reply_to_id=thread)

    assert (read["unread"], unread["unread"], gone, put_away) == (False, True, {}, [])
    assert await _told(bob) == [(thread, again["id"], True)] and await _told(alice) == [(thread, again["id"], False)]


async def test_a_deleted_message_leaves_the_last_word_to_the_one_before(alice: Member, bob: Member) -> None:
    first = await alice.post("@bob one", visibility="direct")
    second = await alice.post("@bob two", visibility="direct", in_reply_to_id=first["id"])

    await alice.do(f"statuses/{second['id']}", "DELETE")
    before = await _told(bob)
    await alice.do(f"statuses/{first['id']}", "DELETE")

    assert [(thread, last) for thread, last, _ in before] == [(first["id"], first["id"])]
    assert await _told(bob) == await _told(alice) == [] and await rows("SELECT * FROM conversation") == []


@pytest.mark.attack("PRI-02")
async def test_a_conversation_is_nothing_to_others(alice: Member, bob: Member) -> None:
    carol = await Member.of(alice.client, await build.person("carol"))
    first = await alice.post("@bob psst", visibility="direct")

    answers = [
        await carol.refused("POST", f"conversations/{first['id']}/read"),
        await carol.refused("POST", f"conversations/{first['id']}/unread"),
        await carol.refused("DELETE", f"conversations/{first['id']}"),
    ]

    assert answers == [MISSING] * 3 and await carol.get("conversations") == []
    assert await carol.get("timelines/direct") == [] and len(await _told(bob)) == 1


@pytest.mark.attack("PRI-24")
async def test_whom_one_blocks_begins_no_conversation(alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/block")

    await alice.post("@bob psst", visibility="direct")

    assert await bob.get("conversations") == [] and await bob.get("timelines/direct") == []
    assert await rows("SELECT * FROM conversation WHERE owner_id = ?", (bob.actor.id,)) == []


async def test_conversations_come_in_pages(alice: Member, bob: Member) -> None:
    begun = ids([await alice.post(f"@bob {number}", visibility="direct") for number in range(5)])
    last = await alice.post("@bob more", visibility="direct", in_reply_to_id=begun[0])

    pages = await bob.pages("conversations", limit=2)
    direct = await bob.pages("timelines/direct", limit=4)

    assert [ids(page) for page in pages] == [[begun[0], begun[4]], begun[3:1:-1], begun[1:2]]
    assert [each for page in direct for each in ids(page)] == [last["id"], *begun[::-1]]


async def test_a_message_to_oneself_is_a_conversation_with_oneself(alice: Member) -> None:
    await alice.post("a note", visibility="direct")

    (found,) = await alice.get("conversations")

    assert ids(found["accounts"]) == [alice.id] and found["unread"] is False
