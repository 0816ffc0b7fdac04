"""Counters are right whoever changes them at the same time."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from storage import actors, boosts, follows, groups, members, polls, posts, reactions
from storage.boosts import Boost
from storage.connect import Database, Writes, apply, execute, row, value
from storage.follows import Follow
from storage.ids import next_id
from storage.members import Member
from tests import build

pytestmark = pytest.mark.anyio

AT_ONCE = 12


async def at_once(change: Callable[[Writes, int], None], times: int = AT_ONCE) -> None:
    """Let many make a change at the same moment, each in a transaction of its own."""

    async def one(number: int) -> None:
        writes = Writes()
        change(writes, number)
        await apply(writes)

    await asyncio.gather(*(one(number) for number in range(times)))


async def test_one_vote_that_comes_by_many_ways_counts_once(database: Database) -> None:
    post, voter = await build.post(await build.person("ann")), await build.person("bo", "far.test")

    await at_once(lambda writes, n: reactions.put(writes, post.id, voter.id, "like", f"l{n}", "signed", "", build.NOW))

    assert await row("SELECT likes_count, dislikes_count FROM post WHERE id = ?", (post.id,)) == (1, 0)


async def test_votes_of_one_moment_are_folded_into_the_counters_of_each_post(database: Database) -> None:
    ann, bo, cy = await build.person("ann"), await build.person("bo", "far.test"), await build.person("cy", "far.test")
    first, second, writes = await build.post(ann), await build.post(ann), Writes()
    said = [(first, bo, "like"), (second, bo, "like"), (first, cy, "like"), (first, bo, "like")]

    for number, (post, voter, kind) in enumerate(said):
        alone = Writes()
        reactions.put(alone, post.id, voter.id, kind, f"l{number}", "signed", "", build.NOW)
        writes.merge(alone)
    counting = [group for group in writes.groups if group.sql.startswith("UPDATE post SET likes_count")]
    await apply(writes)

    assert [len(group.calls) for group in counting] == [2]  # one of each post
    counts = "SELECT likes_count, dislikes_count FROM post WHERE id = ?"
    assert await row(counts, (first.id,)) == (2, 0)  # the last word of bo counts, and only that
    assert await row(counts, (second.id,)) == (1, 0)


async def test_a_vote_taken_back_twice_in_one_transaction_is_taken_off_once(database: Database) -> None:
    post, writes = await build.post(await build.person("ann")), Writes()
    bo, cy = await build.person("bo", "far.test"), await build.person("cy", "far.test")
    for voter, uri in ((bo, "lbo"), (cy, "lcy")):
        reactions.put(voted := Writes(), post.id, voter.id, "like", uri, "signed", "", build.NOW)
        await apply(voted)

    for _ in range(2):
        reactions.remove(again := Writes(), post.id, bo.id)
        reactions.remove_by_uri(also := Writes(), "lcy", cy.id)
        writes.merge(again)
        writes.merge(also)
    await apply(writes)

    assert await row("SELECT likes_count, dislikes_count FROM post WHERE id = ?", (post.id,)) == (0, 0)


async def test_a_vote_changed_and_taken_back_by_many_ways_leaves_nothing(database: Database) -> None:
    post, voter = await build.post(await build.person("ann")), await build.person("bo", "far.test")
    kinds = ("like", "dislike")
    await at_once(
        lambda writes, n: reactions.put(writes, post.id, voter.id, kinds[n % 2], f"l{n}", "signed", "", build.NOW)
    )
    assert sum((await row("SELECT likes_count, dislikes_count FROM post WHERE id = ?", (post.id,))) or ()) == 1

    found = await reactions.of(post.id, voter.id)
    assert found

    def undo(writes: Writes, number: int) -> None:
        if number % 2:
            reactions.remove(writes, post.id, voter.id)
        else:
            reactions.remove_by_uri(writes, found[1], voter.id)

    await at_once(undo)

    assert await row("SELECT likes_count, dislikes_count FROM post WHERE id = ?", (post.id,)) == (0, 0)


async def test_votes_of_many_at_once_are_all_counted(database: Database) -> None:
    post = await build.post(await build.person("ann"))
    voters = [await build.person(f"v{n}", "far.test") for n in range(AT_ONCE)]

    await at_once(
        lambda writes, n: reactions.put(writes, post.id, voters[n].id, "like", f"l{n}", "signed", "", build.NOW)
    )

    assert await value("SELECT likes_count FROM post WHERE id = ?", (post.id,)) == AT_ONCE


async def test_one_boost_that_comes_by_many_ways_counts_once(database: Database) -> None:
    post, booster = await build.post(await build.person("ann")), await build.person("bo", "far.test")
    many = [Boost(next_id(), f"https://far.test/b/{n}", booster.id, post.id, 0, build.NOW) for n in range(AT_ONCE)]

    await at_once(lambda writes, n: boosts.insert(writes, many[n]))
    assert await value("SELECT boosts_count FROM post WHERE id = ?", (post.id,)) == 1

    left = await boosts.of(booster.id, post.id)
    assert left
    await at_once(lambda writes, _n: boosts.remove(writes, left))
    assert await value("SELECT boosts_count FROM post WHERE id = ?", (post.id,)) == 0


async def test_who_joins_and_leaves_by_many_ways_is_one_member(database: Database) -> None:
    group, bo = await build.group("bread"), await build.person("bo", "far.test")
    joining = Member(group.id, bo.id, "joined", "far.test", build.NOW, None)

    await at_once(lambda writes, _n: members.put(writes, joining))
    assert await value("SELECT members_count FROM groups WHERE id = ?", (group.id,)) == 1

    await at_once(lambda writes, _n: members.leave(writes, group.id, bo.id, build.NOW))
    assert await value("SELECT members_count FROM groups WHERE id = ?", (group.id,)) == 0


async def test_a_follow_that_is_granted_and_ended_by_many_ways_counts_once(database: Database) -> None:
    ann, bo = await build.person("ann"), await build.person("bo", "far.test")
    asked = Follow(next_id(), bo.id, ann.id, "pending", "https://far.test/f/1", 1, 0, build.NOW, None)
    writes = Writes()
    follows.put(writes, asked)
    await apply(writes)

    await at_once(lambda writes, _n: follows.accept(writes, asked, build.NOW))
    assert await value("SELECT followers_count FROM actor WHERE id = ?", (ann.id,)) == 1
    assert await value("SELECT following_count FROM actor WHERE id = ?", (bo.id,)) == 1

    await at_once(lambda writes, _n: follows.remove(writes, bo.id, ann.id))
    assert await value("SELECT followers_count FROM actor WHERE id = ?", (ann.id,)) == 0
    assert await value("SELECT following_count FROM actor WHERE id = ?", (bo.id,)) == 0


@pytest.mark.attack("ORI-32")
async def test_ballots_cast_at_once_are_all_counted_and_nobody_has_two(database: Database) -> None:
    post = await build.post(await build.person("ann"))
    await build.insert("poll", post_id=post.id, multiple=0, options='["rye","wheat"]', votes="[0,0]")
    voters = [await build.person(f"v{n}", "far.test") for n in range(4)]

    await at_once(
        lambda writes, n: polls.cast(
            writes, post.id, voters[n % 4].id, ("rye", "wheat")[n // 4 % 2], f"https://far.test/n/{n}", build.NOW
        )
    )

    found = await row("SELECT votes, voters_count FROM poll WHERE post_id = ?", (post.id,))
    assert found
    assert sum(int(n) for n in found[0].strip("[]").split(",")) == 4 and found[1] == 4


async def test_a_post_that_is_deleted_by_many_ways_is_taken_off_each_counter_once(database: Database) -> None:
    group, ann = await build.group("bread"), await build.person("ann", posts_count=5)
    thread = await build.post(ann, group=group)
    answer = await build.post(ann, parent=thread, group=group)
    await execute("UPDATE post SET replies_count = 3 WHERE id = ?", (thread.id,))
    await execute("UPDATE groups SET threads_count = 4 WHERE id = ?", (group.id,))

    await at_once(lambda writes, n: posts.erase(writes, (thread, answer)[n % 2], build.NOW))

    assert await value("SELECT posts_count FROM actor WHERE id = ?", (ann.id,)) == 3
    assert await value("SELECT replies_count FROM post WHERE id = ?", (thread.id,)) == 2
    assert await value("SELECT threads_count FROM groups WHERE id = ?", (group.id,)) == 3


async def test_a_post_that_comes_late_does_not_set_back_when_somebody_wrote_last(database: Database) -> None:
    group, ann = await build.group("bread"), await build.person("ann")
    thread = await build.post(ann, group=group)
    answer = await build.post(ann, parent=thread, group=group)

    for at in (build.NOW, build.NOW - 1_000):
        writes = Writes()
        actors.count_post(writes, ann.id, at)
        groups.count_post(writes, group.id, at, starter=False)
        posts.count_reply(writes, msgspec.structs.replace(answer, published=at))
        await apply(writes)

    assert await row("SELECT posts_count, last_post_at FROM actor WHERE id = ?", (ann.id,)) == (2, build.NOW)
    assert await row("SELECT threads_count, last_active_at FROM groups WHERE id = ?", (group.id,)) == (0, build.NOW)
    assert await row("SELECT replies_count, last_reply_at FROM post WHERE id = ?", (thread.id,)) == (2, build.NOW)
