"""Collections of peers are walked to the end of a budget, whatever they say about themselves."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from activitypub.client import Allowance, Exhausted
from activitypub.collections import Budget, walk
from activitypub.errors import Forbidden, Malformed, NotFound
from tests.netns.listening import Asked
from tests.netns.world import World, existing, note

pytestmark = pytest.mark.anyio

ROOT = "http://a.test/outbox"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with existing() as made:
        yield made


def put(world: World, url: str, kind: str = "OrderedCollection", **members: Any) -> None:
    world.put(url, {"id": url, "type": kind, **members})


def put_pages(world: World, count: int, each: int, total: object = None) -> None:
    put(world, ROOT, first=f"{ROOT}?page=0", totalItems=total)
    for page in range(count):
        items = [f"http://a.test/{page}/{item}" for item in range(each)]
        following = {"next": f"{ROOT}?page={page + 1}"} if page + 1 < count else {}
        put(world, f"{ROOT}?page={page}", "OrderedCollectionPage", orderedItems=items, **following)


async def walked(world: World, budget: Budget | None = None, **how: Any) -> list[Any]:
    return [item async for item in walk(world.client, ROOT, budget or Budget(), **how)]


async def test_items_that_are_there_are_all(world: World) -> None:
    put(world, ROOT, orderedItems=["http://a.test/1", note("http://a.test/2"), 7, None, ["x"]])

    assert await walked(world) == ["http://a.test/1", note("http://a.test/2")]


@pytest.mark.parametrize("kind", ["Collection", ["Collection", "x:Other"], "OrderedCollectionPage"])
async def test_a_single_item_needs_no_list(world: World, kind: Any) -> None:
    put(world, ROOT, kind, items="http://a.test/1")

    assert await walked(world) == ["http://a.test/1"]


async def test_an_empty_collection_has_no_items(world: World) -> None:
    put(world, ROOT, totalItems=0)

    assert await walked(world) == []


async def test_pages_are_read_in_their_order(world: World) -> None:
    put_pages(world, 3, 2)

    assert await walked(world) == [f"http://a.test/{page}/{item}" for page in range(3) for item in range(2)]
    assert len(world.asked) == 4


async def test_a_first_page_may_be_embedded(world: World) -> None:
    first = {"type": "CollectionPage", "partOf": ROOT, "next": f"{ROOT}?page=2", "items": ["http://a.test/1"]}
    put(world, ROOT, "Collection", first=first)
    put(world, f"{ROOT}?page=2", "CollectionPage", items=["http://a.test/2"], next={"id": f"{ROOT}?page=3"})
    put(world, f"{ROOT}?page=3", "CollectionPage", items=["http://a.test/3"])

    assert await walked(world) == ["http://a.test/1", "http://a.test/2", "http://a.test/3"]


@pytest.mark.attack("NET-18")
@pytest.mark.parametrize("total", [10**12, -1, 0, "many", None])
async def test_the_number_that_a_collection_claims_changes_nothing(world: World, total: object) -> None:
    put_pages(world, 2, 3, total)

    assert len(await walked(world)) == 6


@pytest.mark.attack("NET-18")
async def test_an_endless_collection_ends_with_the_pages_of_the_budget(world: World) -> None:
    put_pages(world, 100, 1)

    assert len(await walked(world)) == 9
    assert len(world.asked) == 10


@pytest.mark.attack("NET-18")
async def test_a_long_page_ends_with_the_items_of_the_budget(world: World) -> None:
    put_pages(world, 5, 200)

    assert len(await walked(world)) == 500
    assert len(world.asked) == 4


@pytest.mark.attack("NET-18")
@pytest.mark.parametrize("target", [ROOT, f"{ROOT}?page=0", f"{ROOT}?page=1"])
async def test_pages_that_lead_back_are_read_once(world: World, target: str) -> None:
    put_pages(world, 2, 1)
    put(world, f"{ROOT}?page=1", "OrderedCollectionPage", orderedItems=["http://a.test/1/0"], next=target)

    assert await walked(world) == ["http://a.test/0/0", "http://a.test/1/0"]
    assert len(world.asked) == 3


@pytest.mark.attack("NET-18")
async def test_a_collection_that_is_its_own_first_page_ends(world: World) -> None:
    put(world, ROOT, first=ROOT)

    assert await walked(world) == []
    assert len(world.asked) == 1


@pytest.mark.attack("NET-18", "ORI-06")
@pytest.mark.parametrize("target", ["http://b.test/outbox", "http://127.0.0.1/", "data:,x", 7, None])
async def test_pages_elsewhere_are_not_read(world: World, target: object) -> None:
    put(world, ROOT, orderedItems=["http://a.test/1"], next=target)
    put(world, "http://b.test/outbox", orderedItems=["http://b.test/1"])

    assert await walked(world) == ["http://a.test/1"]
    assert len(world.asked) == 1


@pytest.mark.attack("ORI-06")
async def test_a_collection_that_a_redirect_puts_elsewhere_is_refused(world: World) -> None:
    world.move(ROOT, "http://b.test/outbox")
    put(world, "http://b.test/outbox", orderedItems=["http://b.test/1"])

    with pytest.raises(Forbidden):
        await walked(world)


async def test_what_is_no_collection_cannot_be_walked(world: World) -> None:
    world.put(ROOT, note(ROOT))

    with pytest.raises(Malformed, match="no collection"):
        await walked(world)


async def test_a_page_that_is_missing_is_reported_after_the_items_before_it(world: World) -> None:
    put(world, ROOT, orderedItems=["http://a.test/1"], next=f"{ROOT}?page=1")
    found = []

    with pytest.raises(NotFound):
        async for item in walk(world.client, ROOT):
            found.append(item)
    assert found == ["http://a.test/1"]


@pytest.mark.attack("NET-18")
async def test_a_slow_collection_ends_with_the_time_of_the_budget(world: World) -> None:
    put_pages(world, 100, 1)
    world.pages["a.test", "/outbox?page=2"] = lambda asked: _nothing(asked)
    began = time.monotonic()

    assert len(await walked(world, Budget(seconds=0.3))) == 2
    assert time.monotonic() - began < 1


@pytest.mark.attack("NET-19")
async def test_pages_count_against_the_allowance_of_the_occasion(world: World) -> None:
    put_pages(world, 100, 1)

    with pytest.raises(Exhausted):
        await walked(world, allowance=Allowance(requests=3))
    assert len(world.asked) == 3


def _nothing(_asked: Asked) -> bytes:
    return b"HTTP/1.1 103 Wait\r\n\r\n"


async def test_a_walk_that_is_given_up_asks_no_further(world: World) -> None:
    put_pages(world, 100, 1)

    async for _ in walk(world.client, ROOT):
        break
    await asyncio.sleep(0)

    assert len(world.asked) == 2
