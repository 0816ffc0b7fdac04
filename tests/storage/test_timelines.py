"""Lists of posts: each page follows the one before without a gap or a repeat, shows what may be seen, by an index."""

import random
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest

from storage import collections, timelines
from storage.actors import Actor
from storage.connect import Database, execute, execute_many, rows, transaction
from storage.groups import Group
from storage.paging import Page
from storage.timelines import Found
from tests import build

pytestmark = pytest.mark.anyio

List = Callable[[Page], Awaitable[Found]]
POSTS = 1_500
TAG = 7


class Line(msgspec.Struct, frozen=True):
    """A post of the made-up world, as the rule of what is shown needs it."""

    id: int
    author: int
    visibility: int
    group: int | None
    answer: bool
    hidden: bool  # removed, deleted, or its author is gone or blocked
    tagged: bool
    local: bool


class World(msgspec.Struct):
    """Somebody who reads, whom they follow, and everything there is."""

    reader: Actor
    followed: set[int]
    groups: list[Group]
    joined: Group
    lines: list[Line]

    def seen(self, line: Line) -> bool:
        """Whether the reader may see it at all."""
        open_ = line.visibility <= build.UNLISTED or (
            line.visibility == build.FOLLOWERS and line.author in self.followed
        )
        return open_ and not line.hidden

    def ids(self, rule: Callable[[Line], bool]) -> list[int]:
        """What a list shows, newest first."""
        return sorted((line.id for line in self.lines if self.seen(line) and rule(line)), reverse=True)


@pytest.fixture
async def world(database: Database) -> World:
    """Many posts of people here and elsewhere, in groups and out of them, some of them hidden."""
    chance = random.Random(5)
    async with transaction():
        reader = await build.person("reader")
        authors = [await build.person(f"p{n}", "far.test" if n % 2 else "") for n in range(12)]
        groups = [await build.group(f"g{n}") for n in range(3)]
        for author in authors[:6]:
            await build.follow(reader, author)
        await build.join(reader, groups[0])
        await build.block(authors[10], reader)
        await execute("UPDATE actor SET suspended_at = 1 WHERE id = ?", (authors[11].id,))
        lines = [_line(n, chance, authors, groups) for n in range(1, POSTS + 1)]
        await _store(lines, authors, groups, reader)
    return World(reader, {author.id for author in authors[:6]}, groups, groups[0], lines)


def _line(n: int, chance: random.Random, authors: Sequence[Actor], groups: Sequence[Group]) -> Line:
    author = chance.choice(authors)
    group = chance.choice([*groups, None, None, None])
    return Line(
        id=n * 1_000, author=author.id, visibility=0 if group else chance.choice((0, 0, 0, 1, 2, 3)),
        group=group.id if group else None, answer=chance.random() < 0.3,
        hidden=chance.random() < 0.1 or author in authors[10:], tagged=chance.random() < 0.3, local=not author.host,
    )  # fmt: skip


async def _store(lines: Sequence[Line], authors: Sequence[Actor], groups: Sequence[Group], reader: Actor) -> None:
    gone = {author.id for author in authors[10:]}
    columns = (
        "id, uri, kind, local, author_id, group_id, parent_uri, thread_id, visibility, published, received_at, truth,"
        " removed_at, deleted_at"
    )
    await execute_many(
        f"INSERT INTO post ({columns}) VALUES (?, ?, 'note', ?, ?, ?, ?, ?, ?, ?, ?, 'home', ?, ?)",
        [
            (
                line.id, f"https://x.test/{line.id}", int(line.local), line.author, line.group,
                "https://x.test/parent" if line.answer else None, line.id, line.visibility, build.NOW, build.NOW,
                1 if line.hidden and line.author not in gone and line.id % 2_000 else None,
                1 if line.hidden and line.author not in gone and not line.id % 2_000 else None,
            )
            for line in lines
        ],
    )  # fmt: skip
    await execute("INSERT INTO tag (id, name) VALUES (?, 'rye')", (TAG,))
    await execute_many(
        "INSERT INTO post_tag (tag_id, post_id) VALUES (?, ?)", [(TAG, line.id) for line in lines if line.tagged]
    )
    faces = {group.id: group.actor_id for group in groups}
    await execute_many(
        "INSERT INTO boost (id, uri, actor_id, post_id, published) VALUES (?, ?, ?, ?, ?)",
        [
            (line.id + 1, f"https://x.test/b/{line.id}", faces[line.group], line.id, build.NOW)
            for line in lines
            if line.group and not line.answer
        ],
    )
    followed = {author.id for author in authors[:6]}
    await execute_many(
        "INSERT INTO home_entry (owner_id, id, post_id) VALUES (?, ?, ?)",
        [(reader.id, line.id, line.id) for line in lines if line.author in followed and not line.answer],
    )


async def down(list_: List, limit: int) -> list[int]:
    """Every post of a list, page by page from the newest."""
    found: list[int] = []
    page = Page(limit=limit)
    while True:
        part = await list_(page)
        found += [entry.post_id for entry in part.entries]
        assert len(part.entries) <= limit
        if not part.older:
            return found
        page = Page(limit=limit, before=part.oldest)


async def up(list_: List, limit: int, start: int = 1) -> list[int]:
    """Every post of a list, page by page from the oldest, turned round."""
    found: list[list[int]] = []
    page = Page(limit=limit, after=start)
    while (part := await list_(page)).entries:
        found.append([entry.post_id for entry in part.entries])
        page = Page(limit=limit, after=part.cursors[0])
    return [post_id for part_ in reversed(found) for post_id in part_]


@pytest.mark.attack("PRI-11")
async def test_every_list_shows_what_it_should_whichever_way_one_turns_its_pages(world: World) -> None:
    viewer, group = world.reader.id, world.groups[1]
    someone = min(world.followed)

    def starter(line: Line) -> bool:
        return line.visibility == 0 and not line.answer

    lists: dict[str, tuple[List, Callable[[Line], bool]]] = {
        "public": (lambda page: timelines.public(viewer, page), starter),
        "local": (
            lambda page: timelines.public(viewer, page, local=True),
            lambda line: starter(line) and line.local,
        ),
        "group": (
            lambda page: timelines.of_group(viewer, group.id, page),
            lambda line: line.group == group.id and not line.answer,
        ),
        "tag": (
            lambda page: timelines.tagged(viewer, page, ["rye"]),
            lambda line: line.tagged and line.visibility == 0,
        ),
        "person": (lambda page: timelines.of_actor(viewer, someone, page), lambda line: line.author == someone),
    }
    for name, (list_, rule) in lists.items():
        expected = world.ids(rule)
        assert len(expected) > 40, name
        for limit in (1 if name == "person" else 7, 40):
            assert await down(list_, limit) == expected, (name, limit)
            assert await up(list_, limit) == expected, (name, limit)


async def test_home_shows_each_post_once_a_page_and_none_is_missing(world: World) -> None:
    def belongs(line: Line) -> bool:
        return not line.answer and (line.author in world.followed or line.group == world.joined.id)

    async def home(page: Page) -> Found:
        return await timelines.home(world.reader.id, page)

    for limit in (3, 20):
        assert list(dict.fromkeys(await down(home, limit))) == world.ids(belongs)
        assert set(await up(home, limit)) == set(world.ids(belongs))
    first = await home(Page(limit=40))
    assert len({entry.post_id for entry in first.entries}) == len(first.entries) == 40


async def test_who_stops_following_a_group_or_mutes_it_has_it_in_home_no_more(world: World) -> None:
    def others(line: Line) -> bool:
        return not line.answer and line.author in world.followed

    await execute("UPDATE follow SET reblogs = 0 WHERE target_id = ?", (world.joined.actor_id,))

    found = await down(lambda page: timelines.home(world.reader.id, page), 40)

    assert list(dict.fromkeys(found)) == world.ids(others)


@pytest.mark.parametrize("many", [20_000])
async def test_the_lists_that_everybody_opens_are_read_by_an_index(database: Database, many: int) -> None:
    async with transaction():
        reader, ann = await build.person("reader"), await build.person("ann")
        group = await build.group("bread")
        await build.join(reader, group)
        await build.follow(reader, ann)
        await _flood(database.dialect, many, ann, group, reader)
    if database.dialect == "postgres":
        await execute("ANALYZE")
    asked: list[tuple[str, Any]] = []
    engine, rows_of, steps_of = database.engine, database.engine.rows, database.engine.read_steps

    def note(sql: str, args: Any) -> None:
        if "post.id" in sql:  # those of few rows may be read as the database likes
            asked.append((sql, args))

    async def noting(sql: str, args: Any) -> Any:
        note(sql, args)
        return await rows_of(sql, args)

    def each(steps: Any) -> Any:
        read = next(steps)
        while True:
            note(*read)
            try:
                read = steps.send((yield read))
            except StopIteration as end:
                return end.value

    engine.rows = noting  # type: ignore[method-assign]
    engine.read_steps = lambda steps: steps_of(each(steps))  # type: ignore[method-assign]
    pages = (Page(), Page(before=many * 500), Page(after=many * 500))
    try:
        for page in pages:
            await timelines.home(reader.id, page)
            await timelines.of_group(reader.id, group.id, page)
            await timelines.public(reader.id, page)
            await timelines.public(reader.id, page, local=True)
            await timelines.of_actor(reader.id, ann.id, page)
        await collections.posts(ann.id, many * 500, 20)
        await collections.threads(group.id, many * 500, 20)
    finally:
        engine.rows, engine.read_steps = rows_of, steps_of  # type: ignore[method-assign]

    assert len(asked) >= 17
    for sql, args in asked:
        plan = await _plan(database.dialect, sql, args)
        assert not [step for step in plan if _reads_everything(step)], (sql, plan)
        assert await _most_rows(database.dialect, sql, args) < 500, (sql, plan)


async def test_no_more_is_counted_than_strangers_may_ask_for(database: Database) -> None:
    async with transaction():
        reader, ann = await build.person("reader"), await build.person("ann")
        group = await build.group("bread")
        await _flood(database.dialect, 5_001, ann, group, reader)

    assert await collections.count_posts(ann.id) is None
    assert await collections.count_threads(group.id) == 2_500
    assert await collections.count_posts(reader.id) == 0


async def _flood(dialect: str, many: int, ann: Actor, group: Group, reader: Actor) -> None:
    numbers = (
        f"generate_series(1, {many}) AS s(n)"
        if dialect == "postgres"
        else f"(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {many}) SELECT n FROM r) AS s"
    )
    await execute(
        "INSERT INTO post (id, uri, kind, local, author_id, group_id, thread_id, visibility, published, received_at,"
        " truth) SELECT s.n * 1000, 'https://x.test/' || s.n, 'note', 1, CAST(? AS BIGINT),"
        " CASE WHEN s.n % 2 = 0 THEN CAST(? AS BIGINT) END, s.n * 1000, 0, 1, 1, 'home'"
        f" FROM {numbers}",
        (ann.id, group.id),
    )
    await execute(
        "INSERT INTO boost (id, uri, actor_id, post_id, published)"
        f" SELECT s.n * 2000 + 1, 'https://x.test/b/' || s.n, CAST(? AS BIGINT), s.n * 2000, 1 FROM {numbers}"
        f" WHERE s.n * 2 <= {many}",
        (group.actor_id,),
    )
    await execute(
        "INSERT INTO home_entry (owner_id, id, post_id)"
        f" SELECT CAST(? AS BIGINT), s.n * 1000, s.n * 1000 FROM {numbers}",
        (reader.id,),
    )


async def _plan(dialect: str, sql: str, args: Any) -> list[str]:
    """The steps that the database takes for a query."""
    if dialect == "postgres":
        return [found[0] for found in await rows(f"EXPLAIN {sql}", args)]
    return [found[3] for found in await rows(f"EXPLAIN QUERY PLAN {sql}", args)]


async def _most_rows(dialect: str, sql: str, args: Any) -> int:
    """How many rows the busiest step took up (PostgreSQL tells)."""
    if dialect != "postgres":
        return 0
    steps = [found[0] for found in await rows(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}", args)]
    return max(int(float(taken[1])) for step in steps if (taken := re.search(r"actual rows=([0-9.]+)", step)))


def _reads_everything(step: str) -> bool:
    """Whether a step walks through a whole table that grows."""
    grows = ("post", "boost", "home_entry", "follow", "mention")
    if "Seq Scan on" in step:
        return any(f"Seq Scan on {table}" in step for table in ("post", "boost", "home_entry"))
    if step.startswith("SCAN "):
        return step.split()[1] in grows and "USING" not in step
    return "TEMP B-TREE FOR ORDER BY" in step
