"""The welcome of a group is said once, whoever dies meanwhile and however many do it at the same moment."""

import asyncio

import pytest

from fedcomm import accounts, follows, group_profile, groups, introductions, posts, recording, welcomes
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import actors, jobs
from storage.actors import Actor
from storage.connect import Writes, rows, transaction, value, write
from storage.groups import Group
from tests import build

pytestmark = pytest.mark.anyio


async def joined(app: App, name: str = "ann") -> tuple[Group, Actor]:
    """A group with a rule, and somebody who has just joined it."""
    account = await accounts.create(app, name, "correct horse battery")
    member = await actors.by_id(account.actor_id)
    assert member is not None
    await groups.create(app, "rye", "Rye")
    await group_profile.change(app, "rye", Change(rules=("Be kind.",)))
    group, face = await groups.named("rye")
    await follows.follow(app, member, face.id)
    return group, member


async def said() -> int:
    """How many direct messages there are."""
    return int(await value("SELECT COUNT(*) FROM post WHERE visibility = 3"))


@pytest.mark.attack("FLT-03")
async def test_a_welcome_that_is_broken_off_at_any_moment_is_said_once_in_the_end(app: App) -> None:
    group, member = await joined(app)
    moments = 0

    for moment in range(60):
        one = asyncio.create_task(welcomes.welcome(app, group.id, member.id))
        for _turn in range(moment):
            await asyncio.sleep(0)
        moments += one.cancel()
        await asyncio.gather(one, return_exceptions=True)
        assert await said() <= 1

    await welcomes.welcome(app, group.id, member.id)
    assert await said() == 1 and moments > 2
    assert await value("SELECT COUNT(*) FROM notification WHERE owner_id = ?", (member.id,)) == 1


async def test_of_several_who_welcome_the_same_member_at_once_one_does(app: App) -> None:
    group, member = await joined(app)

    each = [welcomes.welcome(app, group.id, member.id) for _ in range(5)]
    outcomes = await asyncio.gather(*each, return_exceptions=True)

    assert await said() == 1, outcomes
    again = [job.name for job in await jobs.claim(2**53, 2**53 + 1, 100)]
    _group, face = await groups.named("rye")
    await follows.unfollow(app, member, face.id)
    await follows.follow(app, member, face.id)
    assert again == ["welcome"] and await jobs.claim(2**53, 2**53 + 1, 100) == []


@pytest.mark.attack("PRI-13")
async def test_an_answer_that_is_deleted_while_it_is_about_to_be_shown_is_not(app: App) -> None:
    group, _member = await joined(app)
    bob = await build.person("bob", "far.example")
    await build.join(bob, group)
    answer = await build.post(bob, "<p>my secret</p>", visibility=build.DIRECT)
    await build.insert("welcome", group_id=group.id, actor_id=bob.id, due_at=1, post_id=1, answer_id=answer.id)
    deleted, go_on = asyncio.Event(), asyncio.Event()

    async def delete() -> None:
        async with transaction():
            recording.erase(app, writes := Writes(), answer)
            await write(writes)
            deleted.set()
            await go_on.wait()

    deleting = asyncio.create_task(delete())
    await deleted.wait()
    showing = asyncio.create_task(introductions.show(app, answer.id))
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(deleting, showing)

    assert await value("SELECT COUNT(*) FROM post WHERE content LIKE '%my secret%'") == 0
    assert await value("SELECT shown_id FROM welcome WHERE actor_id = ?", (bob.id,)) is None


async def test_of_two_answers_at_the_same_moment_one_is_public(app: App) -> None:
    group, member = await joined(app)
    await welcomes.welcome(app, group.id, member.id)
    message = await value("SELECT post_id FROM welcome WHERE actor_id = ?", (member.id,))
    drafts = [Draft(text=text, visibility="direct", in_reply_to_id=message) for text in ("One", "Two")]

    written = await asyncio.gather(*(posts.create(app, member, draft) for draft in drafts))

    sql = "SELECT visibility FROM post WHERE id IN (?ints) ORDER BY visibility"
    assert await rows(sql, (list(written),)) == [(build.PUBLIC,), (build.DIRECT,)]
