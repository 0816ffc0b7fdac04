"""Finding posts by their words among many."""

import re
from typing import Any

import pytest

from storage import post_text
from storage.connect import Database, execute, rows, transaction
from storage.paging import Page
from storage.post_text import Query
from tests import build

pytestmark = pytest.mark.anyio

MANY = 20_000  # of fewer, the database reads all
WITHIN = 600  # rows of many that a search may take up


async def _shelf(dialect: str, many: int) -> int:
    """Posts 1 to `many` of somebody, whose id this gives: all have "bread", each tenth "rye", the third "spelt"."""
    async with transaction():
        ann = await build.person("ann")
        numbers = (
            f"(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {many}) SELECT n FROM r) s"
        )
        await execute(
            "INSERT INTO post (id, uri, kind, local, author_id, thread_id, visibility, published, received_at, truth)"
            f" SELECT n, 'https://x.test/' || n, 'note', 1, CAST(? AS BIGINT), n, 0, 1, 1, 'home' FROM {numbers}",
            (ann.id,),
        )
        key, kind = ("rowid", "TEXT") if dialect == "sqlite" else ("post_id", "TSVECTOR")
        filled = " ".join(f"word{n}" for n in range(60))
        await execute(
            f"INSERT INTO post_text ({key}, words) SELECT n, CAST('bread {filled}'"
            " || CASE WHEN n % 10 = 0 THEN ' rye' ELSE '' END"
            f" || CASE WHEN n = 3 THEN ' spelt' ELSE '' END AS {kind}) FROM {numbers}"
        )
    return ann.id


async def _asked(database: Database, viewer: int, word: str, page: Page) -> tuple[list[int], int]:
    """What is found, and the most rows that a step of the queries took up or threw away (PostgreSQL tells)."""
    asked: list[tuple[str, Any]] = []
    engine = database.engine
    rows_of = engine.rows

    async def noted(sql: str, args: Any) -> Any:
        asked.append((sql, args))
        return await rows_of(sql, args)

    engine.rows = noted  # type: ignore[method-assign]
    try:
        found = await post_text.find(viewer, Query(words=(((word,), False),)), page)
    finally:
        engine.rows = rows_of  # type: ignore[method-assign]
    steps = [
        step[0]
        for sql, args in asked
        if database.dialect == "postgres"
        for step in await rows(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}", args)
    ]
    taken = re.findall(r"(?:actual rows=|Removed by Filter: )(\d+)", "\n".join(steps))
    return found, max(map(int, taken), default=0)


async def test_a_search_takes_up_few_posts_whether_many_have_the_word_or_none(database: Database) -> None:
    ann = await _shelf(database.dialect, MANY)
    if database.dialect == "postgres":
        await execute("VACUUM ANALYZE")  # which a server does by itself

    answers = {word: await _asked(database, ann, word, Page(limit=20)) for word in ("bread", "rye", "spelt", "oats")}

    assert answers["bread"][0] == list(range(MANY, MANY - 20, -1))
    assert answers["rye"][0] == list(range(MANY, MANY - 200, -10))
    assert (answers["spelt"][0], answers["oats"][0]) == ([3], [])
    assert [word for word, (_, taken) in answers.items() if taken > WITHIN] == []


async def test_pages_of_a_search_go_on_beyond_the_newest_posts_and_back(database: Database) -> None:
    ann = await _shelf(database.dialect, 3000)

    older = (await _asked(database, ann, "rye", Page(limit=20, before=2000)))[0]
    newer = (await _asked(database, ann, "rye", Page(limit=20, after=1000)))[0]

    assert older == list(range(1990, 1790, -10))
    assert newer == list(range(1200, 1000, -10))
