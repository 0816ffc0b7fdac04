"""What connections to one PostgreSQL share."""

import asyncio

import pytest

from storage.postgres_pool import Pool

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_only_the_first_connection_asks_what_a_list_of_numbers_is(database_url: str) -> None:
    pool, asked = Pool(database_url, 2), list[str]()
    both = await pool.acquire(), await pool.acquire()
    both[1].add_query_logger(lambda record: asked.append(record.query))

    for connection in both:
        assert await connection.fetchval("SELECT cardinality(CAST($1 AS bigint[]))", [1, 2, 3]) == 3
    await asyncio.sleep(0)  # the driver tells in the next turn

    assert asked == ["SELECT cardinality(CAST($1 AS bigint[]))"]
    for connection in both:
        pool.release(connection)
    await pool.close(1)
