"""Two fedcomm servers beside a PeerTube, a WordPress and a Mobilizon: members talk about what these publish."""

from collections.abc import Callable

import pytest

from tests.peers.mobilizon import Association, Mobilizon
from tests.peers.peertube import PeerTube
from tests.peers.publisher import Kind, Publisher
from tests.peers.wordpress import WordPress
from tests.scenarios.forums import until_listed
from tests.scenarios.neighbours import eventually
from tests.scenarios.stories import Street, nothing_twice

pytestmark = pytest.mark.anyio
PROGRAMS: dict[str, Callable[[], Kind]] = {"peertube": PeerTube, "wordpress": WordPress, "mobilizon": Mobilizon}
SHOWN = {  # besides title and text
    "peertube": ("<strong>late</strong>", 'href="https://peertube.test/videos/watch/'),
    "wordpress": ("Sow it",),
    "mobilizon": ("2026-12-05 19:30 (UTC+01:00)", "The mill, 10 Rue Jangot, Lyon", 'href="https://mobilizon.test/'),
}


async def moved_in(street: Street, program: str) -> Publisher:
    host = f"{program}.test"
    known = next((server for server in street.around.servers if server.host == host), None)
    if known is None:
        server = await street.around.server(host)
        return Association(server) if program == "mobilizon" else Publisher(server, PROGRAMS[program]())
    assert isinstance(known.program, Publisher)
    return known.program


@pytest.mark.shows(
    "peertube", "wordpress", "mobilizon", theirs="post answer edit delete", ours="join answer edit delete"
)
@pytest.mark.shows("peertube", "wordpress", theirs="vote", ours="vote")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_members_read_and_talk_about_what_is_published(street: Street, program: str) -> None:
    there = await moved_in(street, program)
    alice, bob = await street.a.member(f"alice_{program}"), await street.b.member(f"bob_{program}")
    for member in (alice, bob):
        await member.follow(there.handle)
    await street.around.quiet()

    thing = await there.publish("Rye in winter", "Sow it **late**.")
    for member in (alice, bob):
        seen = await member.sees(thing, content="Rye in winter")
        assert [part for part in SHOWN[program] if part not in seen["content"]] == []
        assert seen["spoiler_text"] == ""
        await until_listed(member, [thing])
    comment = await there.comment(thing, "The middle of October.")
    for member in (alice, bob):
        await member.sees(comment, content="October")
        await member.reads(thing, [comment])
    answer = await bob.write("In the hills, too?", answering=thing)
    await eventually(lambda: answer in there.comments, "the comment is there")
    await alice.act("favourite", thing)
    if there.kind.likes:
        await eventually(lambda: there.likes[thing] == {alice.uri}, "the like is there")
        await there.like(thing)
        await alice.sees(thing, favourites_count=2)
        await alice.act("unfavourite", thing)
        await eventually(lambda: there.likes[thing] == set(), "the like is taken back")
    if program == "mobilizon":
        await there.take_part(thing)  # which means nothing here
    reply = await there.comment(answer, "A week before.")
    await bob.sees(reply, content="A week before")
    await bob.reads(answer, [reply])

    await there.edit(thing, "Sow it in time.")
    for member in (alice, bob):
        await member.sees(thing, content="in time")
    await bob.edit(answer, "In the hills?")
    await eventually(lambda: "too" not in there.comments[answer].text, "the edit is there")
    await bob.delete(answer)
    await eventually(lambda: answer not in there.comments, "the comment is gone")
    await there.delete(thing)
    for member in (alice, bob):
        await member.misses(thing)
    await bob.leave(there.handle)
    await eventually(lambda: bob.uri not in there.followers, "bob follows the group no more")
    await street.around.quiet()

    nothing_twice(there.server)


@pytest.mark.shows("mobilizon", theirs="join", ours="post")
async def test_who_joins_our_group_from_a_mobilizon_gets_its_threads_until_they_leave(street: Street) -> None:
    there = await moved_in(street, "mobilizon")
    alice = await street.a.member("alice_joined")
    handle = await street.a.group("joined", alice)

    asked, group = await there.ask("Join", handle)
    await eventually(lambda: asked in there.accepted, "the group has said yes to that")
    await street.around.quiet()
    thread = await alice.write(f"Ovens\n\nStone or steel? @{handle}")
    await eventually(lambda: thread in there.seen, "the thread is there")
    assert "<strong>Ovens</strong>" in there.seen[thread]["content"]
    await alice.write("Stone.", answering=thread)
    await there.ask("Leave", handle)
    await street.around.quiet()
    await alice.write(f"Peels\n\nWood or steel? @{handle}")
    await street.around.quiet()

    assert there.server.announced(group) == [("id", "taken")]
    refused, _ = await there.ask("Join", f"{alice.name}@a.test")  # people are not joined
    await street.around.quiet()
    assert refused not in there.accepted
    nothing_twice(there.server)


@pytest.mark.shows("mobilizon", ours="join answer edit delete", theirs="post answer edit delete")
async def test_who_was_let_in_by_a_mobilizon_discusses_there_and_who_follows_does_not(street: Street) -> None:
    there = await moved_in(street, "mobilizon")
    assert isinstance(there, Association)
    there.open = False
    alice, carol = await street.a.member("alice_let_in"), await street.a.member("carol_follows")
    bob = await street.b.member("bob_let_in")
    for member in (alice, bob, carol):
        await member.follow(there.handle)
    await street.around.quiet()
    assert {alice.uri, bob.uri, carol.uri} <= there.asking.keys() & there.followers.keys()
    stranger = await moved_in(street, "wordpress")
    await stranger.claim("Accept", there.asking[carol.uri], carol.uri)  # which is not theirs to say
    await there.let_in(alice.uri, there.person)
    await there.let_in(bob.uri, there.group)
    await street.around.quiet()

    discussion = await there.discuss("Ovens", "Who pays for the new one?")
    for member in (alice, bob):
        await member.sees(discussion, content="Who pays")
    said = await there.reply(discussion, "The guild.")
    more = await there.reply(discussion, "Half of it.")
    for member in (alice, bob):
        await member.reads(discussion, [said, more])
    for uri in (discussion, said, more):
        await carol.misses(uri)
    answer = await alice.write("And I the rest.", answering=more)
    await eventually(lambda: answer in there.discussions[discussion], "the answer is in the discussion")
    await bob.reads(discussion, [said, more, answer])  # who lives elsewhere gets it by the group alone
    assert "the rest" in (await bob.sees(answer, visibility="private"))["content"]
    await alice.edit(answer, "And we the rest.")
    await eventually(lambda: "we the rest" in there.texts[answer], "the edit is there")
    await bob.sees(answer, content="And we the rest.")
    third = await there.reply(discussion, "Says the mill.", stranger)
    for member in (alice, bob):
        told = await member.sees(third, content="Says the mill.", visibility="private")
        assert told["account"]["acct"] == "nina@wordpress.test"
        await member.reads(discussion, [said, more, answer, third])
        assert (await member.sees(said))["account"]["acct"] == "nina@mobilizon.test"
    await carol.misses(third)
    await there.reword(more, "A third of it.")
    for member in (alice, bob):
        await member.sees(more, content="A third of it.", visibility="private")
    await there.unsay(said)
    for member in (alice, bob):
        await member.misses(said)
    await there.rename(discussion, "New ovens")
    await alice.sees(discussion, content="New ovens")
    assert "Who pays for the new one?" in (await alice.sees(discussion))["content"]  # and not what was said last
    await alice.delete(answer)
    await eventually(lambda: answer not in there.texts, "the answer is gone")

    with pytest.raises(AssertionError, match="Only members begin discussions"):
        await carol.write(f"@{there.handle} Flour\n\nMe too.")
    with pytest.raises(AssertionError, match="have no polls"):
        await alice.ask(f"@{there.handle} Rye or wheat?", "Rye", "Wheat")
    with pytest.raises(AssertionError, match="Write a title"):
        await alice.write(f"@{there.handle}")
    begun = await alice.write(f"@{there.handle} Flour\n\n" + "Who has some? " * 200)  # as long as an article
    await eventually(lambda: begun in there.discussions, "the discussion is begun")
    assert "Who has some?" in there.texts[begun]
    assert (await alice.find(begun))["visibility"] == "private"
    assert (await bob.sees(begun, visibility="private"))["account"]["acct"] == "alice_let_in@a.test"
    await carol.misses(begun)
    reply = await there.reply(begun, "The mill.")
    await alice.reads(begun, [reply])
    await alice.edit(begun, f"@{there.handle} Flour\n\nNo more.")
    await eventually(lambda: "No more" in there.texts[begun], "the edit of what began it is there")
    await street.around.quiet()
    assert len(there.discussions) == 2

    await there.give(bob.uri, "rejected")
    await bob.misses(discussion)
    await there.give(bob.uri, "moderator")  # the same id again
    await bob.sees(discussion)
    await there.take_out(bob.uri)
    await bob.misses(discussion)
    await alice.leave(there.handle)
    await eventually(lambda: alice.uri not in there.members, "alice is no member any more")
    await alice.misses(discussion)
    await carol.leave(there.handle)
    await eventually(lambda: carol.uri not in there.asking, "carol asks no more")
    await street.around.quiet()
    nothing_twice(there.server)


@pytest.mark.shows("mobilizon", ours="join")
async def test_whom_a_mobilizon_invites_belongs_to_it_when_they_say_yes(street: Street) -> None:
    there = await moved_in(street, "mobilizon")
    assert isinstance(there, Association)
    there.open = False
    alice, bob = await street.a.member("alice_invited"), await street.b.member("bob_invited")
    for member in (alice, bob):
        await there.invite(member.uri)
    await street.around.quiet()

    (notice,) = await alice.call("GET", "/api/v1/notifications")
    assert (notice["type"], notice["account"]["acct"]) == ("follow_request", there.handle)
    assert "nina@mobilizon.test invites you" in notice["account"]["note"]
    await alice.decides(there.handle, "authorize")
    await bob.decides(there.handle, "reject")
    await eventually(lambda: alice.uri in there.members and bob.uri not in there.invited, "both have answered")
    for member in (alice, bob):
        assert await member.call("GET", "/api/v1/notifications") == []
        assert await member.call("GET", "/api/v1/follow_requests") == []
    flour = await there.discuss("Rye", "Who has rye?")
    await alice.sees(flour, content="rye")
    await bob.misses(flour)

    async def told() -> bool:
        status, page = await street.a.ask("GET", f"/c/{there.handle}")
        return status == 200 and b"@<bdi>nina@mobilizon.test</bdi>" in page

    await eventually(told, "the page says who looks after it, which the group says to members alone")

    await there.invite(bob.uri)
    await street.around.quiet()
    await bob.follow(there.handle)  # which says yes as well
    await eventually(lambda: bob.uri in there.members, "bob is a member")
    assert bob.uri not in there.asking
    begun = await bob.write(f"@{there.handle} Ovens again\n\nStill broken.")
    await eventually(lambda: begun in there.discussions, "bob begins discussions")
    await there.take_out(alice.uri)
    await alice.misses(flour)

    carol = await street.a.member("carol_invited")
    await there.invite(carol.uri)
    await street.around.quiet()
    await there.take_back(carol.uri)
    await street.around.quiet()
    assert await carol.call("GET", "/api/v1/notifications") == []
    assert await carol.call("GET", "/api/v1/follow_requests") == []
    nothing_twice(there.server)
