"""Stories of posts that wait before they are in a group, and of what lets them in (features S0.1, S0.2, S1.7)."""

import pytest

from fedcomm import consents, group_profile, holding, joining, lapses, limits, promotional, restraints
from fedcomm.errors import AppError, Invalid, NotAllowed, NotFound
from fedcomm.group_profile import Change
from storage import actors, groups, held, posts
from storage.actors import Actor
from storage.connect import execute, rows, value
from storage.held import Held
from storage.posts import DIRECT
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, send
from tests.scenarios.test_welcome import in_thread, messages

pytestmark = pytest.mark.anyio


async def club(at: Instance, by: Person, **change: object) -> Actor:
    """A group whose moderator `by` decided about it."""
    face = await at.group("club", moderator=by)
    with at.here():
        await group_profile.change(at.app, "club", Change(**change), by.actor)  # type: ignore[arg-type]
    return face


async def waiting(at: Instance) -> list[Held]:
    """What waits for the group, the longest first."""
    with at.here():
        group = await value("SELECT id FROM groups WHERE local = 1")
        return await held.of_group(group, 50)


async def talk(at: Instance) -> list[str]:
    """The posts in the group as an instance has them, in their order."""
    with at.here():
        found = await rows(
            "SELECT p.uri FROM post p WHERE p.group_id IS NOT NULL AND p.removed_at IS NULL"
            " AND p.deleted_at IS NULL ORDER BY p.received_at, p.id"
        )
    return [uri for (uri,) in found]


async def old_member(at: Instance, who: str) -> None:
    """Let somebody have joined the group two days ago."""
    with at.here():
        sql = (
            "UPDATE member SET joined_at = joined_at - 172800000 WHERE actor_id = (SELECT id FROM actor WHERE uri = ?)"
        )
        await execute(sql, (who,))


async def test_what_waits_for_consent_is_in_the_group_once_its_author_agrees(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    greta, bob, carol = await a.person("greta"), await b.person("bob"), await c.person("carol")
    face = await club(a, greta)
    await fediverse.join(face, bob, carol)
    with a.here():  # those who joined before there were rules are asked as everybody
        await group_profile.change(a.app, "club", Change(rules=("Be kind.",)), greta.actor)

    first = await bob.post("@club@a.test First\n\nof two")
    second = await bob.post("@club@a.test Second\n\nof two")
    await fediverse.settle()

    assert await talk(a) == [] and await a.post(first.uri) is None
    assert await c.post(first.uri) is None and [each.kind for each in await waiting(a)] == ["rules", "rules"]
    (asking,) = await messages(bob)
    assert asking.visibility == DIRECT and "<li>Be kind.</li>" in asking.content and "agree" in asking.content
    assert "https://a.test/c/club/rules" in asking.content

    await bob.like(first)  # no consent is asked for it, and none is given by it
    await bob.post("@club@a.test I do not agree", in_reply_to_id=asking.id, visibility="direct")
    await fediverse.settle()
    assert await talk(a) == []
    await bob.post("@club@a.test I agree!", in_reply_to_id=asking.id, visibility="direct")
    await fediverse.settle()

    assert await talk(a) == [first.uri, second.uri] and await waiting(a) == []
    assert set(await talk(c)) == {first.uri, second.uri}
    begun = [post.uri for post in await carol.home()]
    assert sorted(begun) == sorted([first.uri, second.uri])  # announced once each
    assert (await a.knows(second.uri)).truth == "proof" and len(await messages(bob)) == 1

    with a.here():
        await group_profile.change(a.app, "club", Change(rules=("Be kind.", "Be brief.")), greta.actor)
    third = await bob.reply(first, "@club@a.test And now")
    await fediverse.settle()
    assert third.uri not in await talk(a) and len(await messages(bob)) == 2
    with a.here():
        await group_profile.change(a.app, "club", Change(rules=("Be kind.", "Be brief.", "Be here.")), greta.actor)
    await bob.post("@club@a.test Einverstanden", visibility="direct")  # with the rules that he was told last
    await fediverse.settle()
    assert third.uri not in await talk(a) and len(await messages(bob)) == 3
    await bob.post("@club@a.test agree", visibility="direct")
    await fediverse.settle()
    assert third.uri in await talk(a)
    own = await greta.post("@club Mine\n\nwithout consent")  # who moderates has none to give
    assert own.group_id is not None


async def test_who_says_yes_to_the_rules_in_the_welcome_is_asked_no_more(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob = await a.person("greta"), await a.person("alice"), await b.person("bob")
    face = await club(a, greta, rules=("Be kind.", "1 < 2"), ladder=True)
    await fediverse.join(face, alice, bob)
    with b.here():
        described = await actors.by_uri(face.uri)
    assert described and described.summary.endswith("<ol><li>Be kind.</li><li>1 &lt; 2</li></ol>")

    with pytest.raises(NotAllowed, match=r"Read and accept the rules: https://a\.test/c/club/rules"):
        await alice.post("@club Mine\n\nhello")
    for who, group in ((alice, "@club"), (bob, "@club@a.test")):
        (welcome,) = await messages(who)
        assert "Answer with the word agree" in welcome.content
        yes = await who.post(f"{group} agree", in_reply_to_id=welcome.id, visibility="direct")
        await fediverse.settle()
        assert (await who.post(f"{group} Mine\n\nhello")).visibility == 0 and yes.visibility == DIRECT
        await fediverse.settle()
        hello = await who.post(f"{group} I grow rye", in_reply_to_id=welcome.id, visibility="direct")
        await fediverse.settle()
        assert "I grow rye" in str(await in_thread(a)) and (who is bob or hello.visibility == 0)
        assert "agree" not in str(await in_thread(a)) and len(await messages(who)) == 1

    carl = await a.person("carl")  # who says yes on the page on which one joins is not asked for it again
    with a.here():
        group = await groups.by_actor(face.id)
        assert group
        await joining.join(a.app, carl.actor, group, consents.seal((await consents.of_group(group),)))
    await fediverse.settle()
    (welcome,) = await messages(carl)
    assert "<li>Be kind.</li>" in welcome.content and "agree" not in welcome.content

    assert await waiting(a) == [] and len([uri for uri in await talk(a) if "b.test" in uri]) == 1
    with a.here():
        await execute("UPDATE welcome SET answer_id = NULL")
    (welcome, *_) = await messages(alice)
    with pytest.raises(Invalid, match="2 links"):  # nobody waits for an introduction, but it has the limits of others
        text = "@club https://a.example https://b.example https://c.example"
        await alice.post(text, in_reply_to_id=welcome.id, visibility="direct")


async def test_who_hears_no_message_agrees_by_joining_and_else_waits_for_a_moderator(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    greta = await a.person("greta")
    face = await club(a, greta, rules=("Be kind.",))
    lemmy = Host(fediverse, "lemmy.test")
    member, passer_by = lemmy.actor("member"), lemmy.actor("passer")
    lemmy.serve("https://lemmy.test/.well-known/nodeinfo", {}, status=503)
    await send(fediverse, a, member, member.does("Follow", face.uri))
    assert "Create" not in [
        sent["type"] for sent in lemmy.received
    ]  # nobody knows yet whether it takes messages of groups
    lemmy.serve("https://lemmy.test/.well-known/nodeinfo", {"links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": "https://lemmy.test/nodeinfo/2.0.json",
    }]}, content_type="application/json")  # fmt: skip
    lemmy.serve(
        "https://lemmy.test/nodeinfo/2.0.json",
        {"version": "2.0", "software": {"name": "lemmy", "version": "0.19.5"}, "protocols": ["activitypub"]},
        content_type="application/json",
    )
    with a.here():
        assert await value("SELECT COUNT(*) FROM job WHERE name = 'welcome' AND state = 0") == 1
        await execute("UPDATE job SET run_at = 0")
        a.app.wake_jobs.set()
    await fediverse.settle()

    for who, name in ((member, "in"), (passer_by, "by")):
        note = page(who, name, face)
        lemmy.serve(note["id"], note)
        await send(fediverse, a, who, who.does("Create", note, to=note["to"], cc=note["cc"]))

    assert await talk(a) == ["https://lemmy.test/notes/in"]
    (left,) = await waiting(a)
    assert left.post_uri == "https://lemmy.test/notes/by"
    assert "Create" not in [sent["type"] for sent in lemmy.received]
    with a.here():
        await holding.release(a.app, "club", left.id, greta.actor, trust=True)
    await fediverse.settle()
    again = page(passer_by, "again", face)
    await send(fediverse, a, passer_by, passer_by.does("Create", again, to=again["to"], cc=again["cc"]))

    assert await talk(a) == [f"https://lemmy.test/notes/{name}" for name in ("in", "by", "again")]


def page(by: Face, name: str, face: Actor) -> dict[str, object]:
    """A thread for the group."""
    return by.note(name, f"<p>It is {name}</p>", type="Page", name=name, to=[face.uri, PUBLIC], audience=face.uri)


@pytest.mark.attack("GRP-02")
async def test_a_newcomer_with_five_links_waits_until_a_moderator_lets_it_in(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, bob = await a.person("greta"), await b.person("bob")
    face = await club(a, greta, ladder=True)
    await fediverse.join(face, bob, greta)
    five = " ".join(f"https://shop{number}.example/" for number in range(5))

    fine = await bob.post("@club@a.test Two\n\nhttps://one.example https://two.example")
    spam = await bob.post(f"@club@a.test Five\n\n{five}")
    worse = await bob.post(f"@club@a.test Five more\n\n{five}")
    gone = await bob.post(f"@club@a.test Five at last\n\n{five}")
    await fediverse.settle()
    assert await talk(a) == [fine.uri] and [each.kind for each in await waiting(a)] == ["links"] * 3
    (told,) = await messages(bob)  # once, not thrice
    assert "2 links" in told.content
    await bob.delete(gone)
    await bob.edit(fine, f"@club@a.test Two\n\nand then {five}")  # what may not be written is not edited in
    shown = await waiting(a)
    await bob.edit(worse, f"@club@a.test Five more\n\n{five} and a word")
    await fediverse.settle()
    assert "shop1" not in (await a.knows(fine.uri)).content

    first, second = await waiting(a)
    with a.here():
        with pytest.raises(NotFound):  # who decides has not seen what it says now
            await holding.release(a.app, "club", shown[1].id, greta.actor)
        with pytest.raises(NotAllowed):
            await holding.release(a.app, "club", first.id, await person_of(a, bob.actor.uri))
        for _twice in range(2):
            await holding.release(a.app, "club", first.id, greta.actor)
            await holding.refuse(a.app, "club", second.id, greta.actor, "No shops, please.")
    await fediverse.settle()

    assert await talk(a) == [fine.uri, spam.uri] and await waiting(a) == []
    assert spam.uri in [post.uri for post in await greta.home()]
    said = [message.content for message in await messages(bob)]
    assert len(said) == 2 and sum("No shops, please." in each for each in said) == 1
    with a.here():
        log = await rows("SELECT subject, value, summary FROM act WHERE property = 'held' ORDER BY id")
    assert log == [(spam.uri, '{"state":"released"}', ""), (worse.uri, '{"state":"refused"}', "No shops, please.")]
    await bob.edit(worse, "@club@a.test Five more\n\nwithout")  # what was refused stays out
    last = await bob.post(f"@club@a.test The last five\n\n{five}")
    await fediverse.settle()
    assert await a.post(worse.uri) is None
    with a.here():  # who is given no reason is told so
        await holding.refuse(a.app, "club", (await waiting(a))[0].id, greta.actor)
    await fediverse.settle()
    (plain,) = [each.content for each in await messages(bob) if each.content not in said]
    assert "did not let your post in" in plain and last.uri in plain and "They gave no reason." in plain


async def person_of(at: Instance, uri: str) -> Actor:
    """Somebody elsewhere, as an instance has them."""
    found = await actors.by_uri(uri)
    assert found is not None
    return found


@pytest.mark.thorough("postgres")
async def test_the_first_day_in_a_group_has_limits_that_answers_or_a_day_lift(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, alice, bob = await a.person("greta"), await a.person("alice"), await b.person("bob")
    carol = await b.person("carol")
    face = await club(a, greta, ladder=True)
    await fediverse.join(face, alice, bob)
    thread = await greta.post("@club Hello\n\nall")
    await fediverse.settle()

    with pytest.raises(Invalid, match="New members may add 2 links"):
        await alice.post("@club x\n\nhttps://a.example https://b.example https://c.example")
    for name in ("dora", "emil", "fritz"):
        await a.person(name)
    with pytest.raises(Invalid, match="may mention 2 people"):
        await alice.post("@club x\n\n@dora @emil @fritz")
    for number in range(3):
        begun = await alice.post(f"@club {number}\n\nfor https://a.example and @dora and @emil")
    with pytest.raises(Invalid, match="may start 3 threads"):
        await alice.post("@club fourth\n\nof them")
    with pytest.raises(Invalid, match="2 links"):
        await alice.edit(begun, "@club x\n\nhttps://a.example https://b.example https://c.example")
    answers = [await alice.reply(thread, f"Answer {number}") for number in range(10)]
    with pytest.raises(Invalid, match="may write 10 replies"):
        await alice.reply(thread, "one more")
    outside = await alice.post("Not for the group: https://a.example https://b.example https://c.example")
    assert outside.group_id is None

    for number in range(4):  # elsewhere nobody can be told no: the fourth waits
        await bob.post(f"@club@a.test {number}\n\nfrom afar {number}")
    fifth = await bob.post("@club@a.test 5\n\nand the fifth, which moderators do not want")
    passing = await carol.post(f"@club@a.test 6\n\n{' '.join(f'https://{at}.example' for at in range(3))}")
    await fediverse.settle()
    fourth, refused, other = await waiting(a)
    assert [fourth.kind, refused.post_uri, other.post_uri] == ["threads", fifth.uri, passing.uri]
    with a.here():
        await holding.refuse(a.app, "club", refused.id, greta.actor, "Enough.")
        await lapses.end(a.app)
    await fediverse.settle()
    assert [each.id for each in await waiting(a)] == [fourth.id, other.id]
    await old_member(a, bob.actor.uri)
    with a.here():
        await execute("UPDATE post SET received_at = received_at - 172800000 WHERE local = 0")
        for _twice in range(2):
            await lapses.end(a.app)
    await fediverse.settle()
    await bob.post("@club@a.test A day later\n\nwe go on")
    await fediverse.settle()
    assert [each.id for each in await waiting(a)] == [other.id]  # whose author has no first day here
    assert fourth.post_uri in await talk(a) and fifth.uri not in await talk(a)
    with a.here():
        log = await rows("SELECT subject, actor_uri FROM act WHERE value = ?", ('{"state":"over"}',))
    assert log == [(fourth.post_uri, face.uri)]

    for answer in answers[:3]:
        await greta.reply(answer, "Good question.")
    assert (await alice.reply(thread, "one more")).group_id is not None
    assert (await alice.post("@club fourth\n\nhttps://a.example https://b.example https://c.example")).group_id


@pytest.mark.attack("GRP-02")
async def test_a_newcomer_does_not_call_people_by_addressing_instead_of_naming_them(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    greta, *people = [await a.person(name) for name in ("greta", "dora", "emil", "fritz")]
    face, eve = await club(a, greta, ladder=True), Host(fediverse, "far.test").actor("eve")

    for name, called in (("two", people[:2]), ("three", people)):
        cc = [face.uri, eve.followers, *(who.actor.uri for who in called)]
        await send(fediverse, a, eve, eve.does("Create", eve.note(name, cc=cc), cc=cc))

    assert await talk(a) == ["https://far.test/notes/two"]
    assert [each.kind for each in await waiting(a)] == ["mentions"]


@pytest.mark.thorough("postgres")
async def test_who_announces_answers_others_first(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, shop, bob = await a.person("greta"), await a.person("shop"), await b.person("bob")
    face = await club(a, greta, promotion=3)
    await fediverse.join(face, shop, bob)
    people = [greta, *[await a.person(name) for name in ("dora", "emil", "fritz")]]
    threads = [await who.post(f"@club I am {who.actor.username}\n\nhello") for who in people]
    await fediverse.settle()

    for number in range(2):
        await shop.post(f"@club Offer {number}\n\nhttps://www.shop.example/{number}")
        await bob.post(f"@club@a.test Offer {number}\n\nhttps://bob.example/{number}")
    await fediverse.settle()
    with pytest.raises(Invalid, match="3 more replies to others, then you may announce"):
        await shop.post("@club Offer 3\n\nhttps://blog.shop.example/3")
    late = await bob.post("@club@a.test Offer 3\n\nhttps://bob.example/3")
    asked = await shop.post("@club A question\n\nabout something else")
    hello = await bob.post("@club@a.test A question\n\nabout something else")
    with pytest.raises(Invalid, match="3 more replies"):  # nor is it announced by an edit
        await shop.edit(asked, "@club A question\n\nhttps://www.shop.example/3")
    await bob.edit(hello, "@club@a.test A question\n\nhttps://bob.example/3")
    await fediverse.settle()
    assert asked.group_id is not None and "bob.example" not in (await a.knows(hello.uri)).content
    for _twice in range(2):
        await shop.reply(threads[0], "Welcome")  # twice the same person counts once
    await shop.reply(threads[1], "Welcome")
    await fediverse.settle()
    with pytest.raises(Invalid, match="1 more replies"):
        await shop.post("@club Offer 3\n\nhttps://www.shop.example/3")
    await shop.reply(threads[2], "Welcome")

    assert (await shop.post("@club Offer 3\n\nhttps://www.shop.example/3")).group_id is not None
    with pytest.raises(Invalid, match="3 more replies"):
        await shop.post("@club Offer 4\n\nhttps://www.shop.example/4")
    assert [(each.kind, each.post_uri) for each in await waiting(a)] == [("promotion", late.uri)]
    (told,) = await messages(bob)
    assert "answers other people first" in told.content
    for number, thread in enumerate(threads[:3]):  # what waits for answers comes in when they are given
        with a.here():
            await lapses.end(a.app)
        await fediverse.settle()
        assert late.uri not in await talk(a) and len(await waiting(a)) == 1, number
        await bob.reply(thread, "Welcome")
        await fediverse.settle()
    with a.here():
        await lapses.end(a.app)
    await fediverse.settle()
    assert late.uri in await talk(a) and await waiting(a) == []

    with a.here():  # whom moderators mark announces with each thread, until they take the mark away
        for _twice in range(2):
            await promotional.mark(a.app, "club", people[1].actor.id, greta.actor)
        for other, why in (
            (face, "Groups"),
            (greta.actor, "looks after"),
            ((await a.person("far_off")).actor, "never"),
        ):
            with pytest.raises(AppError, match=why):
                await promotional.mark(a.app, "club", other.id, greta.actor)
    with pytest.raises(Invalid, match="3 more replies"):
        await people[1].post("@club Again\n\nwithout any link")
    with a.here():
        await promotional.unmark(a.app, "club", people[1].actor.id, greta.actor)
        log = await rows("SELECT value FROM act WHERE property = 'promotional' ORDER BY id")
    assert (await people[1].post("@club Again\n\nwithout any link")).group_id and len(log) == 2


@pytest.mark.attack("GRP-13")
async def test_a_flood_into_a_group_waits_and_is_not_relayed(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    greta = await a.person("greta")
    face = await club(a, greta)
    far, reader = Host(fediverse, "far.test"), Host(fediverse, "reader.test")
    loud, follower = far.actor("loud"), reader.actor("follower")
    await send(fediverse, a, follower, follower.does("Follow", face.uri))
    copies = [far.actor(f"copy{number}") for number in range(5)]

    for number in range(40):
        note = loud.note(f"loud{number}", f"<p>{number}</p>", to=[face.uri, PUBLIC], audience=face.uri)
        await _quickly(a, loud, note)
    for who in copies:
        words = f'<p><a href="{face.uri}">@club</a> Buy our wonderful watches, all of them</p>'
        await _quickly(a, who, who.note(who.name, words, to=[face.uri, PUBLIC], audience=face.uri))
    await fediverse.settle()

    inside, kept = await talk(a), await waiting(a)
    assert len([uri for uri in inside if "loud" in uri]) == 30 and len([uri for uri in inside if "copy" in uri]) == 3
    assert {each.kind for each in kept} == {"flood"} and len(kept) == 12
    relayed = [sent for sent in reader.received if sent["type"] == "Announce"]
    assert all(each.post_uri not in str(relayed) for each in kept)
    with a.here():
        await holding.refuse(a.app, "club", kept[0].id, greta.actor)
        await lapses.end(a.app)
        assert len(await waiting(a)) == 11  # not yet
        await execute("UPDATE held SET held_at = held_at - 600000")
        for app in a.apps:
            app.post_limit = limits.PostLimit()  # the ten minutes have passed
        await lapses.end(a.app)
    await fediverse.settle()
    assert len([uri for uri in await talk(a) if "loud" in uri]) == 39  # all but the one that was turned away
    assert [each.actor_id for each in await waiting(a)] == [each.actor_id for each in kept[-2:]]  # never seen here
    with a.here():
        await holding.refuse(a.app, "club", kept[-2].id, greta.actor, everything=True)
        await a.ban(face, copies[-1].uri)
    assert await waiting(a) == []
    with a.here():
        assert await posts.by_uri(kept[0].post_uri) is None


async def _quickly(at: Instance, by: Face, note: dict[str, object]) -> None:
    answer = await forger.post(at, by.does("Create", note, to=note["to"], cc=note["cc"]), by)
    assert answer.status_code == 202


async def test_an_answer_that_comes_before_what_it_answers_gets_nobody_past_the_rules(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    greta = await a.person("greta")
    face = await club(a, greta, rules=("Be kind.",))
    far, other = Host(fediverse, "far.test"), Host(fediverse, "other.test")
    mo, agreed, eve = far.actor("mo"), other.actor("agreed"), other.actor("eve")
    asking = mo.note("begun", "<p>So?</p>", to=[face.uri, PUBLIC], audience=face.uri, name="So", type="Page")
    for who in (mo, agreed):
        first = who.note(f"first-{who.name}", to=[face.uri, PUBLIC], audience=face.uri)
        await send(fediverse, a, who, who.does("Create", first, to=first["to"], cc=first["cc"]))
        with a.here():
            await holding.release(a.app, "club", (await waiting(a))[0].id, greta.actor, trust=True)
        await fediverse.settle()

    for who in (agreed, eve):
        answer = who.note(f"early-{who.name}", inReplyTo=asking["id"], cc=[who.followers, greta.actor.uri])
        await send(fediverse, a, who, who.does("Create", answer, to=answer["to"], cc=answer["cc"]))
    await send(fediverse, a, mo, mo.does("Create", asking, to=asking["to"], cc=asking["cc"]))

    inside = await talk(a)
    assert "https://other.test/notes/early-agreed" in inside and asking["id"] in inside
    assert "https://other.test/notes/early-eve" not in inside
    early = await a.knows("https://other.test/notes/early-eve")
    with a.here():
        group, everybody = await groups.by_actor(face.id), [await person_of(a, who.uri) for who in (agreed, eve)]
        assert group and [await restraints.waits(a.app, group, who) for who in everybody] == [False, True]
    assert early.thread_id == (await a.knows(asking["id"])).id
