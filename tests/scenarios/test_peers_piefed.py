"""What is PieFed's own: ids in small letters, where it delivers to, what it passes over, votes told together, locks."""

import pytest

from tests.peers.piefed import PieFed
from tests.peers.posts import bare
from tests.peers.server import PUBLIC
from tests.peers.users import User
from tests.scenarios.forums import World, answers_with, ours, theirs, there
from tests.scenarios.stories import nothing_twice

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("world", ["piefed"], indirect=True)]


async def test_ids_of_ours_are_in_small_letters_and_all_of_ours_are_found_by_them(world: World) -> None:
    here = await ours(world, "Letters")

    thread = await here.alice.write("Capitals\n\nDo they matter? @letters")
    await there(world, thread)

    assert here.uri == "https://a.test/c/letters"
    assert world.forum.posts[thread].author == world.forum.posts[thread].author.lower()
    assert here.alice.name != here.alice.name.lower()


@pytest.mark.parametrize(("asks", "inbox"), [(True, "https://a.test/actor/inbox"), (False, "https://a.test/inbox")])
async def test_the_server_is_reached_where_its_actor_says_and_where_it_is_guessed(
    world: World, monkeypatch: pytest.MonkeyPatch, asks: bool, inbox: str
) -> None:
    here = await ours(world, f"letterbox_{asks}")
    monkeypatch.setattr(world.forum, "dialect", PieFed(asks=asks))

    page = await here.flora.post(here.uri, "Letterboxes", "Who still has one?")
    await here.bob.sees(page, content="Who still has one")

    assert [sent.inbox for sent in world.forum.server.sent if page in str(sent.activity)] == [inbox]


async def test_piefed_gets_activities_only_and_passes_over_none_but_those_of_its_own(world: World) -> None:
    here = await ours(world, "forms")
    await world.a.command("group.change", group="Forms", changes={"rules": ["Be kind."]})
    thread = await here.alice.write("Spelt\n\nOld or new sorts? @forms")
    await there(world, thread)
    answer = await here.flora.comment(thread, "Old ones.")
    await here.alice.sees(answer)
    await here.alice.act("favourite", answer)
    await world.around.quiet()
    await there(world, answer, votes={here.alice.uri: 1})
    await here.alice.edit(thread, "Spelt\n\nOld or new sorts, then? @forms")
    await here.alice.delete(thread)
    await there(world, thread, deleted=True)
    await world.around.quiet()

    own = "Activity about local content which is already present"
    assert world.forum.server.announced(here.uri) == [
        ("Update", "taken"), ("Create", "taken"), ("Create", own), ("Update", "taken"), ("Delete", "taken"),
    ], "the author's server hears votes from who votes"  # fmt: skip
    said = [r for r in world.forum.server.received if (r.activity["type"], r.activity["actor"]) == ("Create", here.uri)]
    assert not said, "PieFed takes no messages of groups, so joining was flora's yes to the rules"
    nothing_twice(world.forum.server)


async def test_votes_that_piefed_announces_together_are_all_counted(world: World) -> None:
    here = await theirs(world, "batches")
    page = await here.flora.post(here.uri, "Batches", "Several at once")
    await here.bob.sees(page)
    voters = [User(world.forum, f"voter{number}") for number in range(3)]
    likes = [
        {
            "id": world.forum.activity_id("like"),
            "type": "Like",
            "actor": voter.uri,
            "object": page,
            "audience": here.uri,
        }
        for voter in voters
    ]
    community = world.forum.communities[here.uri]

    await world.forum.announce_to(community, world.forum.inboxes_of(community), [bare(like) for like in likes])

    for member in (here.alice, here.bob):
        await member.sees(page, favourites_count=3)


async def test_nobody_answers_in_a_thread_that_piefeds_moderators_have_locked(world: World) -> None:
    here = await theirs(world, "locks")
    page = await here.flora.post(here.uri, "Locks", "Open or closed?")

    await here.flora.lock(page)
    await answers_with(here.alice, page, 403)
    await here.flora.unlock(page)
    await answers_with(here.alice, page, 200)


async def test_a_group_that_somebody_else_announces_for_changes_nothing(world: World) -> None:
    here = await theirs(world, "true")
    other = await theirs(world, "false")
    page = await here.flora.post(here.uri, "Mine", "Of this community")
    await here.bob.sees(page)
    like = {
        "id": world.forum.activity_id("like"), "type": "Like", "actor": here.flora.uri, "object": page, "to": [PUBLIC],
    }  # fmt: skip
    liar = world.forum.communities[other.uri]

    await world.forum.announce_to(liar, world.forum.inboxes_of(liar), like)
    await world.around.quiet()

    await here.bob.sees(page, favourites_count=0)


async def test_a_thread_of_two_groups_is_one_page_there_and_a_crosspost_is_a_thread_of_its_own(world: World) -> None:
    here = await ours(world, "shelf")
    await world.a.group("crumbs", here.alice)
    thread = await here.alice.write("Rye\n\nWhich flour? @crumbs@a.test")
    asked = await here.alice.write("Does anybody at @shelf@a.test know?", answering=thread)
    await there(world, asked, parent=thread)
    assert world.forum.posts[thread].community == here.uri, "where somebody there is, and not where it began"
    reply = await here.flora.comment(thread, "That of the mill.")
    await here.alice.sees(reply)
    assert world.forum.server.announced(here.uri)[-2:] == [("id", "taken"), ("Create", "taken")]
    nothing_twice(world.forum.server)

    pages = world.forum.community("pages", "Pages", here.flora.uri)
    await here.alice.follow(f"pages@{world.host}")
    link = '<a href="https://mill.example/rye">A mill</a>'
    twice = [await here.flora.post(uri, "A mill", link) for uri in (pages.uri, here.uri)]
    for page in twice:
        await here.alice.sees(page, content="mill.example/rye")
    comments = [await here.flora.comment(page, f"On {page}") for page in twice]
    for page, comment in zip(twice, comments, strict=True):
        assert (await here.alice.sees(comment))["in_reply_to_id"] == await here.alice.here(page)
