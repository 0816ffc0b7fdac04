"""Two fedcomm servers beside a GoToSocial and a Misskey: groups are accounts there that boost what begins threads."""

import pytest

from tests.peers.gotosocial import GoToSocial
from tests.peers.mastodon import Mastodon
from tests.peers.microblogs import GOTOSOCIAL, MISSKEY, move
from tests.peers.server import PUBLIC
from tests.pictures import picture
from tests.scenarios.neighbours import eventually
from tests.scenarios.stories import Street, nothing_twice

pytestmark = pytest.mark.anyio
PROGRAMS = {"gotosocial": GOTOSOCIAL, "misskey": MISSKEY}


async def moved_in(street: Street, program: str) -> Mastodon:
    host = f"{program}.test"
    known = next((server for server in street.around.servers if server.host == host), None)
    if known is None:
        server = await street.around.server(host, secure=program == "gotosocial")
        return GoToSocial(server) if program == "gotosocial" else Mastodon(server, PROGRAMS[program])
    assert isinstance(known.program, Mastodon)
    return known.program


@pytest.mark.shows("gotosocial", "misskey", theirs="join post answer vote delete", ours="post vote delete")
@pytest.mark.shows("gotosocial", theirs="edit", ours="edit")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_people_of_a_microblog_take_part_in_our_group(street: Street, program: str) -> None:
    blog = await moved_in(street, program)
    alice, bob = await street.a.member(f"alice_{program}"), await street.b.member(f"bob_{program}")
    mona = blog.person(f"mona_{program}")
    handle = await street.a.group(f"apples_{program}", alice)
    await bob.follow(handle)
    group = await mona.follow(handle)
    await eventually(lambda: (mona.uri, group) in blog.following, "mona is in the group")
    await street.around.quiet()

    thread = await alice.show(f"Apples\n\nWhich ones keep? @{handle}", picture(), "Four apples")
    await eventually(lambda: (group, thread) in blog.home(mona), "mona sees the thread as a boost of the group")
    reply = await bob.write("The red ones.", answering=thread)
    answer = await mona.post("The hard ones.", answering=thread)  # names alice, and not the group
    begun = await mona.post("Which pears keep?", mentions=(group,))
    for member in (alice, bob):
        await member.sees(begun, content="Which pears")
        await member.sees(answer)
        await member.sees(reply)
        assert sorted(await member.thread(thread)) == sorted([reply, answer])
    await eventually(lambda: (group, begun) in blog.home(mona), "the group has boosted mona's thread")
    shown = blog.statuses[thread].content
    assert shown.index("<strong>Apples</strong>") < shown.index("Which ones keep")
    assert shown.count("<a ") == 1  # the group; where the thread is to be read the post itself says
    note = await blog.server.fetch(thread)
    assert [(file["mediaType"], file["name"]) for file in note["attachment"]] == [("image/jpeg", "Four apples")]
    assert reply not in blog.statuses

    like = await mona.like(thread)
    for member in (alice, bob):
        await member.sees(thread, favourites_count=1)
    await mona.unlike(thread, like)
    await alice.act("favourite", begun)
    await bob.act("favourite", answer)
    await eventually(lambda: blog.statuses[begun].likes == {alice.uri}, "alice likes mona's thread")
    await eventually(lambda: blog.statuses[answer].likes == {bob.uri}, "bob likes mona's answer")
    for member in (alice, bob):
        await member.sees(thread, favourites_count=0)
        await member.sees(begun, favourites_count=1)
        await member.sees(answer, favourites_count=1)

    await alice.edit(thread, f"Apples\n\nWhich ones keep until spring? @{handle}")
    if blog.habits.edits:
        await eventually(lambda: "until spring" in blog.statuses[thread].content, "the edit is with mona")
        await mona.edit(begun, "Which pears and quinces keep?")
    for member in (alice, bob):
        await member.sees(thread, content="until spring")
        await member.sees(begun, content="pears and quinces" if blog.habits.edits else "Which pears keep")
    await mona.delete(answer)
    await alice.delete(thread)
    for member in (alice, bob):
        await member.misses(answer)
    await eventually(lambda: thread not in blog.statuses, "the thread is gone with mona")
    await street.around.quiet()

    assert blog.server.announced(group) == [("id", "taken"), ("id", "taken")]
    assert program == "misskey" or {path for path, signer in blog.server.asked if not signer} <= blog.server.open
    nothing_twice(blog.server)


@pytest.mark.shows("gotosocial", "misskey", ours="join answer")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_people_of_a_microblog_and_ours_hear_each_other(street: Street, program: str) -> None:
    blog = await moved_in(street, program)
    alice, mona = await street.a.member(f"ada_{program}"), blog.person(f"mia_{program}")
    await alice.follow(mona.handle)
    await mona.follow(f"{alice.name}@a.test")
    await eventually(lambda: (mona.uri, alice.uri) in blog.following, "mona follows alice")

    post = await mona.post("Who has seed potatoes?")
    await alice.sees(post, content="seed potatoes")
    answer = await alice.write("I have.", answering=post)
    await eventually(lambda: answer in blog.statuses, "the answer is with mona")
    await alice.act("favourite", post)
    await alice.act("reblog", post)
    if program == "gotosocial":  # an answer was approved by hand, which says nothing here
        stamp = f"{mona.uri}/authorizations/{blog.server.number()}"
        accept = {"id": stamp.replace("authorizations", "accepts"), "type": "Accept", "actor": mona.uri}
        await blog.server.deliver(
            mona.uri, "https://a.test/inbox", accept | {"object": answer, "result": stamp, "to": [alice.uri]}
        )
    await eventually(lambda: blog.statuses[post].likes == {alice.uri} == set(blog.statuses[post].boosts), "both came")
    await mona.boost(answer)
    await alice.sees(answer, reblogs_count=1)
    poll = await alice.ask("When?", "Today", "Tomorrow")
    await eventually(lambda: poll in blog.statuses, "the poll is with mona")
    await alice.act("unreblog", post)
    await eventually(lambda: not blog.statuses[post].boosts, "the boost is taken back")
    await mona.delete(post)
    await alice.misses(post)
    await alice.delete(answer)
    await eventually(lambda: answer not in blog.statuses, "the answer is gone")
    elsewhere = blog.person(f"moved_{program}")
    await move(mona, elsewhere)
    await eventually(lambda: (alice.uri, elsewhere.uri) in blog.following, "alice follows where mona has moved to")
    await street.around.quiet()

    nothing_twice(blog.server)


@pytest.mark.shows("gotosocial", ours="answer vote")
async def test_who_limits_a_post_on_gotosocial_is_asked_and_believed(street: Street) -> None:
    blog = await moved_in(street, "gotosocial")
    assert isinstance(blog, GoToSocial)
    alice, bob = await street.a.member("asking_alice"), await street.b.member("asking_bob")
    mona = blog.person("mona_limits")
    await alice.follow(mona.handle)
    await bob.follow(f"{alice.name}@a.test")
    only, by_hand = {"automaticApproval": [mona.uri]}, {"automaticApproval": [mona.uri], "manualApproval": [PUBLIC]}
    blog.limit(canReply=only | {"manualApproval": []}, canLike=by_hand, canAnnounce=by_hand)
    closed = await mona.post("I only want to say this.")
    blog.limit(canReply=by_hand, canLike=by_hand, canAnnounce=by_hand)
    post = await mona.post("Who has seed potatoes? Ask me first.")
    blog.limit()

    number = await alice.here(closed)
    status, said = await alice.attempt("POST", "/api/v1/statuses", status="But", in_reply_to_id=number)
    assert status == 403 and "lets only some people answer it" in said["error"]
    reply = await alice.write("I have some.", answering=post)
    await alice.act("favourite", post)
    status, said = await alice.attempt("POST", f"/api/v1/statuses/{await alice.here(post)}/reblog")
    assert status == 403 and "was asked" in said["error"]
    await eventually(lambda: len(blog.waiting) == 3, "three things are asked for")
    await street.around.quiet()
    found = await alice.find(reply)
    assert found is not None and found["visibility"] == "direct" and await bob.find(reply) is None

    for what in list(blog.waiting):
        await blog.decide(what, "Accept")
    await bob.sees(reply, content="I have some", visibility="public")
    await bob.sees(post)  # alice has passed it on
    await alice.sees(reply, visibility="public")
    await alice.sees(post, reblogged=True, favourited=True)
    await eventually(lambda: alice.uri in blog.statuses[post].boosts, "mona hears of the boost")
    assert blog.statuses[post].likes == {alice.uri} and blog.statuses[reply].public
    await alice.delete(reply)
    await eventually(lambda: reply not in blog.statuses, "the answer is gone")

    handle = await street.a.group("asked_rye", alice)
    group = await mona.follow(handle)
    await bob.follow(handle)
    await street.around.quiet()
    blog.limit(canReply=by_hand, canLike=by_hand, canAnnounce=by_hand)
    thread = await mona.post("Whose oven? Ask me first.", mentions=(group,))
    blog.limit()
    await bob.sees(thread, replies_count=0)
    await alice.sees(thread, reblogs_count=0)
    within = await alice.write("Mine.", answering=thread)
    await eventually(lambda: len(blog.waiting) == 2, "the group asks for its boost, alice for her answer")
    await street.around.quiet()
    assert (await alice.sees(thread))["replies_count"] == 0 and await bob.find(within) is None
    for what in list(blog.waiting):
        await blog.decide(what, "Accept")
    await bob.sees(within, content="Mine", visibility="public")
    await alice.sees(thread, replies_count=1, reblogs_count=1)
    await eventually(lambda: within in blog.statuses, "it is with mona, with her authorization")

    await alice.act("favourite", closed)
    await eventually(lambda: len(blog.waiting) == 1, "a like is asked for")
    await blog.decide(*blog.waiting, "Reject")
    await alice.sees(closed, favourited=False)
    mine = await alice.write("Ask me what you like.")
    asks = {"id": f"{mona.uri}/requests/1", "type": "ReplyRequest", "actor": mona.uri, "object": mine, "to": alice.uri}
    note = {"id": f"{mona.uri}/statuses/asking", "type": "Note", "attributedTo": mona.uri, "inReplyTo": mine}
    await blog.server.deliver(mona.uri, f"{alice.uri}/inbox", asks | {"instrument": note})
    await eventually(lambda: len(blog.answers) == 1, "mona is answered")
    proof = await blog.server.fetch(blog.answers[0]["result"])
    assert (proof["type"], proof["interactingObject"], proof["interactionTarget"]) == (
        "ReplyAuthorization", note["id"], mine
    )  # fmt: skip
    await street.around.quiet()
    nothing_twice(blog.server)
