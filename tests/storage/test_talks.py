"""How high threads of a group stand: by people who talk, each once; pages of every order have no gap and no repeat."""

import random
from collections.abc import Sequence

import pytest

from storage import migrate, posts, rankings, shares, talks, unanswered
from storage.actors import Actor
from storage.connect import Database, Writes, apply, execute, execute_many, row, rows, transaction
from storage.groups import Group
from storage.ids import next_id
from storage.paging import Page
from storage.posts import Post
from storage.visible import ANYBODY
from tests import build
from tests.storage.test_timelines import _most_rows, _plan, _reads_everything, down, up

pytestmark = pytest.mark.anyio

MINUTE, HOUR = 60_000, 3_600_000


def at(ms_ago: int) -> int:
    """An id of a post of that time."""
    return next_id(next_id() // 65536 - ms_ago)


async def order(group: Group, sort: str, viewer: int = ANYBODY) -> list[int]:
    """All threads of a group in that order."""
    return await down(lambda page: rankings.of_group(viewer, group.id, sort, page), 3)


async def crowd(count: int, host: str = "far.test") -> list[Actor]:
    """People elsewhere."""
    return [await build.person(f"p{number}", host) for number in range(count)]


async def test_talk_of_three_ranks_above_a_hundred_likes_and_programs_never_count(database: Database) -> None:
    async with transaction():
        group, ann = await build.group("rye"), await build.person("ann")
        people, robot = await crowd(4), await build.person("robot", "far.test", bot=1)
        talked, liked = await build.post(ann, group=group, id=at(HOUR)), await build.post(ann, group=group)
        monologue, echoed = await build.post(ann, group=group), await build.post(ann, group=group)
        feed = await build.post(robot, group=group)
        for person in people[:3]:
            await build.post(person, group=group, parent=talked)
        for number in range(5):
            await build.post(ann, f"And {number}", group=group, parent=monologue)
            await build.post(robot, f"Beep {number}", group=group, parent=echoed)
        await execute("UPDATE post SET likes_count = 100 WHERE id = ?", (liked.id,))
        await execute("UPDATE post SET likes_count = 100000 WHERE id = ?", (feed.id,))
        await execute("UPDATE post SET likes_count = 1 WHERE id = ?", (monologue.id,))
    await talks.weigh(0)

    for sort in ("hot", "top", "top-day"):
        assert await order(group, sort) == [talked.id, liked.id, monologue.id, echoed.id], (
            sort,
            "the first like weighs",
        )
    assert await order(group, "active") == [talked.id, feed.id, echoed.id, monologue.id, liked.id]
    assert await order(group, "unanswered") == [echoed.id, monologue.id, liked.id]
    async with transaction():
        await build.post(people[3], group=group, parent=feed)
    assert (await order(group, "top"))[:2] == [talked.id, feed.id] and await order(group, "new") == sorted(
        (each.id for each in (talked, liked, monologue, echoed, feed)), reverse=True
    )


async def test_each_person_counts_once_and_only_while_something_of_theirs_stands(database: Database) -> None:
    async with transaction():
        group, ann, (ben, cleo) = await build.group("rye"), await build.person("ann"), await crowd(2)
        thread = await build.post(ann, group=group)
        first, second = [await build.post(ben, text, group=group, parent=thread) for text in ("One", "Two")]
        other = await build.post(cleo, group=group, parent=first)

    async def people() -> tuple[int, int]:
        found = await row("SELECT people, waiting FROM talk WHERE id = ?", (thread.id,))
        assert found
        return found[0], found[1]

    async def change(post: Post, **columns: object) -> None:
        posts.change(writes := Writes(), post.id, **columns)
        talks.again(writes, post)
        await apply(writes)

    seen = [await people()]
    for post, columns in (
        (first, {"removed_at": 1}), (second, {"deleted_at": 1}), (other, {"group_id": None}),
        (first, {"removed_at": None}), (thread, {"removed_at": 1}), (first, {"removed_at": 1}),
        (thread, {"removed_at": None}),
    ):  # fmt: skip
        await change(post, **columns)
        seen.append(await people())

    assert seen == [(2, 0), (2, 0), (1, 0), (0, 1), (1, 0), (1, 0), (0, 0), (0, 1)]
    await change(thread, deleted_at=1)
    assert await rows("SELECT 1 FROM talk") == []


async def test_a_thread_that_comes_into_a_group_with_its_answers_stands_where_they_put_it(database: Database) -> None:
    async with transaction():
        group, ann, (ben, _) = await build.group("rye"), await build.person("ann"), await crowd(2)
        robot = await build.person("robot", "far.test", bot=1)
        old, new = await build.post(ann, id=at(2 * HOUR)), await build.post(ann, group=group, id=at(HOUR))
        for author, minute in ((ben, 50), (ann, 40), (robot, 10)):
            await build.post(author, parent=old, id=at(minute * MINUTE))
    await execute("UPDATE post SET group_id = ? WHERE thread_id = ?", (group.id, old.id))
    talks.whole(writes := Writes(), old.id)
    await apply(writes)

    assert await order(group, "active") == await order(group, "hot") == [old.id, new.id]
    found = await row("SELECT people, waiting, active FROM talk WHERE id = ?", (old.id,))
    assert found and (found[0], found[1]) == (1, 0) and abs((found[2] - old.id) // 65536 - 80 * MINUTE) < 1_000
    await execute("UPDATE post SET group_id = NULL WHERE thread_id = ?", (old.id,))
    talks.whole(writes := Writes(), old.id)
    await apply(writes)
    assert await order(group, "active") == [new.id] and await rows("SELECT 1 FROM talker") == []


async def test_what_a_ban_takes_out_does_not_count_and_counts_again_after_it(database: Database) -> None:
    async with transaction():
        group, ann, (ben, _) = await build.group("rye"), await build.person("ann"), await crowd(2)
        threads = [await build.post(ann, group=group) for _number in range(2)]
        for thread in threads:
            await build.post(ben, group=group, parent=thread)
    seen = []
    for removed in (1, None):
        await execute("UPDATE post SET removed_at = ? WHERE author_id = ?", (removed, ben.id))
        talks.of_person(writes := Writes(), ben.id, group.id)
        await apply(writes)
        seen.append(await rows("SELECT people, waiting FROM talk"))

    assert seen == [[(0, 1), (0, 1)], [(1, 0), (1, 0)]]


async def test_a_thread_is_as_active_as_the_last_word_of_a_person_in_a_talk(database: Database) -> None:
    async with transaction():
        group, ann, (ben, _) = await build.group("rye"), await build.person("ann"), await crowd(2)
        robot = await build.person("robot", "far.test", bot=1)
        old, new = await build.post(ann, group=group, id=at(2 * HOUR)), await build.post(ann, group=group, id=at(HOUR))
        orders = []
        for minute, author in ((50, ann), (40, robot), (30, ben)):
            await build.post(author, group=group, parent=old, id=at(minute * MINUTE))
            orders.append(await order(group, "active"))
        await build.post(ben, group=group, parent=new, id=at(20 * MINUTE))
        await build.post(ann, group=group, parent=old, id=at(10 * MINUTE))
        orders.append(await order(group, "active"))

    assert orders == [[new.id, old.id]] * 2 + [[old.id, new.id]] * 2


async def test_somebody_is_new_in_their_first_three_posts_in_a_group_of_ours(database: Database) -> None:
    async with transaction():
        founder, ann, robot = await build.person("eve"), await build.person("ann"), await build.person("r", bot=1)
        group, other, far = await build.group("rye"), await build.group("oats"), await build.group("far", "far.test")
        await execute("UPDATE groups SET created_by = ?", (founder.id,))
        mine = [await build.post(ann, group=group) for _number in range(5)]
        rest = [await build.post(who, group=where) for who, where in ((founder, group), (robot, group), (ann, far))]
        elsewhere = await build.post(ann, group=other)

    found = await talks.newcomers([post.id for post in (*mine, *rest, elsewhere)])

    assert found == {mine[0].id, mine[1].id, mine[2].id, elsewhere.id}
    assert {each[0] for each in await rows("SELECT id FROM talk WHERE newcomer = 1")} == found


async def test_pages_of_every_order_have_no_gap_and_no_repeat(database: Database) -> None:
    chance = random.Random(3)
    async with transaction():
        reader, group, people = await build.person("reader"), await build.group("rye"), await crowd(6)
        await build.block(people[5], reader)
        threads = [await build.post(chance.choice(people), group=group, id=at(n * HOUR)) for n in range(60)]
        for thread in threads:
            for author in chance.sample(people, chance.randrange(4)):
                await build.post(author, group=group, parent=thread)
        await execute_many(
            "UPDATE post SET removed_at = 1 WHERE id = ?", [(thread.id,) for thread in chance.sample(threads, 8)]
        )
    shown = {found[0] for found in await rows("SELECT id FROM post WHERE parent_id IS NULL AND removed_at IS NULL")}
    shown -= {thread.id for thread in threads if thread.author_id == people[5].id}

    for sort in rankings.SORTS:
        every = await order(group, sort, reader.id)
        expected = await _sorted(sort, shown)
        assert every == expected and len(every) > 4, sort
        assert await up(lambda page, sort=sort: rankings.of_group(reader.id, group.id, sort, page), 7) == every, sort


async def _sorted(sort: str, shown: set[int]) -> list[int]:
    """The same by the rule, without any index."""
    found = [each for each in await rows("SELECT id, people, hot, active, waiting FROM talk") if each[0] in shown]
    began = next_id() // 65536 - rankings.PERIODS.get(sort.removeprefix("top-"), 1 << 60)
    found = [each for each in found if each[0] // 65536 > began and (sort != "unanswered" or each[4])]
    keys = {"hot": lambda each: each[2], "active": lambda each: each[3]}
    key = keys.get(sort, lambda each: (each[1] if sort.startswith("top") else 0, each[0]))
    return [each[0] for each in sorted(found, key=key, reverse=True)]


@pytest.mark.parametrize("many", [20_000])
async def test_every_order_is_read_by_an_index(database: Database, many: int) -> None:
    async with transaction():
        ann, groups = await build.person("ann"), [await build.group(name) for name in ("rye", "oats")]
        await _flood(database.dialect, many, ann, groups)
    if database.dialect == "postgres":
        await execute("ANALYZE")
    asked: list[tuple[str, Sequence[object]]] = []
    steps_of, rows_of = database.engine.read_steps, database.engine.rows

    async def noting(sql, args):  # type: ignore[no-untyped-def]
        if "FROM talk" in sql:
            asked.append((sql, args))
        return await rows_of(sql, args)

    def each(steps):  # type: ignore[no-untyped-def]
        read = next(steps)
        while True:
            if "group_id" in read[0] or "talk" in read[0]:
                asked.append(read)
            try:
                read = steps.send((yield read))
            except StopIteration as end:
                return end.value

    database.engine.read_steps = lambda steps: steps_of(each(steps))  # type: ignore[method-assign]
    database.engine.rows = noting  # type: ignore[method-assign]
    try:
        for sort in rankings.SORTS:
            for page in (Page(), Page(before=1 << 60 if sort.startswith("top") else at(2 * HOUR))):
                assert (await rankings.of_group(ann.id, groups[0].id, sort, page)).older, sort
        for page in (Page(), Page(before=at(2 * HOUR))):
            assert (await rankings.moving(ann.id, page)).older
        assert len(await rankings.trending(ann.id, 20)) == 1
        for place in (0, 1 << 61 | at(2 * HOUR)):
            assert len(await unanswered.queue(ann.id, groups[0].id, place, 20)) == 20
        assert (await unanswered.newest(ann.id, groups[0].id, Page())).older
    finally:
        database.engine.read_steps, database.engine.rows = steps_of, rows_of  # type: ignore[method-assign]

    assert len(asked) >= 2 * len(rankings.SORTS) + 6
    for sql, args in asked:
        plan = await _plan(database.dialect, sql, args)
        assert not [step for step in plan if _reads_everything(step) or step.startswith("SCAN talk")], (sql, plan)
        assert await _most_rows(database.dialect, sql, args) < 500, (sql, plan)


async def _flood(dialect: str, many: int, ann: Actor, groups: Sequence[Group]) -> None:
    numbers = (
        f"generate_series(1, {many}) AS s(n)"
        if dialect == "postgres"
        else f"(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {many}) SELECT n FROM r) AS s"
    )
    first = at(many * 1_000)
    await execute(
        "INSERT INTO post (id, uri, kind, local, author_id, group_id, thread_id, visibility, published, received_at,"
        " truth) SELECT CAST(? AS BIGINT) + CAST(s.n AS BIGINT) * 65536000, 'https://x.test/' || s.n, 'note',"
        " 1, CAST(? AS BIGINT), CASE WHEN s.n % 2 = 0 THEN CAST(? AS BIGINT) ELSE CAST(? AS BIGINT) END,"
        f" CAST(? AS BIGINT) + CAST(s.n AS BIGINT) * 65536000, 0, 1, 1, 'home' FROM {numbers}",
        (first, ann.id, groups[0].id, groups[1].id, first),
    )
    await execute(
        "INSERT INTO talk (id, group_id, newcomer, waiting, people, active, hot, top, since)"
        " SELECT id, group_id, 0, 1, CASE WHEN id / 65536000 % 5 = 0 THEN 0 ELSE 1 END, id, id,"
        " id / 65536 * 256 + id % 256, id FROM post"
    )
    await execute(
        "INSERT INTO talk (id, group_id, newcomer, waiting, people, active, hot, top, since, shared)"
        " SELECT id, CAST(? AS BIGINT), 0, 1, people, active, hot, top, since + 65536, 1 FROM talk WHERE group_id = ?"
        " AND id / 65536000 % 10 < 2",
        (groups[0].id, groups[1].id),
    )


async def test_what_was_said_before_there_were_orders_is_counted_the_same(database: Database) -> None:
    chance = random.Random(9)
    async with transaction():
        group, people = await build.group("rye"), await crowd(5)
        robot = await build.person("robot", "far.test", bot=1)
        for number in range(20):
            thread = await build.post(chance.choice([*people, robot]), group=group, id=at((40 - number) * HOUR))
            for author in chance.choices([*people, robot], k=chance.randrange(6)):
                await build.post(author, group=group, parent=thread)
    asked = (
        "SELECT * FROM talker ORDER BY 1, 2",
        "SELECT id, group_id, waiting, people, answered_at, hot, top FROM talk",
    )
    before = [sorted(await rows(sql)) for sql in asked]
    await execute("DELETE FROM talker")
    await execute("DELETE FROM talk")

    (step,) = [each for each in migrate.read(migrate.FOLDER / database.dialect) if each.name == "queue"]
    for statement in migrate.statements(step.sql):
        if "INSERT INTO" in statement:
            statement = statement.replace("INTO talk (", "INTO talk (since, ").replace(
                " told.id,", " told.id, told.id,", 1
            )
            await execute(statement)

    assert [sorted(await rows(sql)) for sql in asked] == before and all(before)


async def test_a_thread_stands_in_each_group_that_shows_it_and_counts_the_same_there(database: Database) -> None:
    async with transaction():
        rye, oats, ann = await build.group("rye"), await build.group("oats"), await build.person("ann")
        old = await build.post(ann, group=rye, id=at(2 * HOUR))
        free = await build.post(ann, id=at(3 * HOUR))
        there = await build.post(ann, group=oats, id=at(HOUR))
        (ben,) = await crowd(1)
    writes = Writes()
    for post in (old, free):
        for _again in range(2):
            shares.put(writes, oats.id, post.id, ann.id, at(30 * MINUTE) >> 16)
    await apply(writes)

    assert await order(oats, "new") == await order(oats, "active") == [free.id, old.id, there.id]
    assert await order(oats, "unanswered") == [there.id, old.id, free.id] and await order(rye, "new") == [old.id]
    waiting = [each.id for each in await unanswered.queue(ANYBODY, oats.id, 0, 9)]
    assert waiting == [there.id]  # the others came half an hour ago
    async with transaction():
        await build.post(ben, group=rye, parent=old)
    assert (
        (await order(oats, "active"))[0] == (await order(oats, "top"))[0] == (await order(rye, "active"))[0] == old.id
    )
    assert [each.post_id for each in (await rankings.moving(ANYBODY, Page())).entries].count(old.id) == 1

    (step,) = [each for each in migrate.read(migrate.FOLDER / database.dialect) if each.name == "sharing"]
    beside = "SELECT id, group_id, people, answered_at, active, hot, top, since FROM talk WHERE shared = 1 AND id = ?"
    before = await rows(beside, (old.id,))
    await execute("DELETE FROM talk WHERE shared = 1")
    for statement in migrate.statements(step.sql):
        if "FROM share " in statement:
            await execute(statement.replace("talk_of_groups", "talk"))
    assert await rows(beside, (old.id,)) == before and len(before) == 1

    said = await build.post(ben, parent=free)  # in no group, as what it answers
    talks.again(writes := Writes(), said, news=True)
    await apply(writes)
    assert (await order(oats, "active"))[0] == free.id and await order(oats, "unanswered") == [there.id]

    shares.drop(writes := Writes(), oats.id, old.id)
    posts.change(writes, free.id, deleted_at=1)
    talks.again(writes, free)
    await apply(writes)
    assert await order(oats, "new") == [there.id] and await order(rye, "new") == [old.id]
