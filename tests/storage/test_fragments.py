"""What was rendered is kept as long as it is true, within bounds, and forgotten by every process when it changes."""

import asyncio

import pytest

from storage import fragments
from storage.connect import Database, Writes, apply, transaction, use
from storage.fragments import Fragment, Fragments

pytestmark = pytest.mark.anyio

ANN, BO = 1, 2


def known(cache: Fragments, kind: str = "post") -> list[int]:
    """What the cache has."""
    return list(cache.several(kind, range(10)))


def filled(cache: Fragments) -> Fragments:
    """Posts 1 and 2 of Ann, 3 of Bo, 4 of Bo with a word to Ann; what is kept of both of them."""
    for post, actors in ((1, (ANN,)), (2, (ANN,)), (3, (BO,)), (4, (BO, ANN))):
        cache.put("post", post, Fragment(b"x" * post, actors), cache.stamp())
    for actor in (ANN, BO):
        cache.put("actor", actor, Fragment(b"y", (actor,)), cache.stamp())
    return cache


def test_what_changes_is_forgotten_with_all_that_shows_it() -> None:
    cache = filled(Fragments())
    before = cache.several("post", [4, 1, 7])

    cache.changed("post", 2)
    after_post = known(cache)
    cache.changed("actor", ANN)
    after_actor = known(cache), known(cache, "actor")
    cache.clear()

    assert before == {4: b"xxxx", 1: b"x"}
    assert after_post == [1, 3, 4] and after_actor == ([3], [BO])
    assert known(cache) == [] and cache.size == 0


def test_what_a_change_overtook_is_not_kept() -> None:
    cache = Fragments()
    stamp = cache.stamp()
    cache.changed("post", 1)
    cache.changed("actor", ANN)
    cache.put("post", 1, Fragment(b"old", (BO,)), stamp)
    cache.put("post", 2, Fragment(b"old", (BO, ANN)), stamp)
    cache.put("post", 3, Fragment(b"new", (BO,)), stamp)
    cache.put("post", 4, Fragment(b"new", (ANN,)), cache.stamp())
    assert known(cache) == [3, 4]

    stamp = cache.stamp()
    cache.clear()
    cache.put("post", 5, Fragment(b"old"), stamp)
    assert known(cache) == []


def test_more_changes_than_are_remembered_make_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "_MOST_CHANGES", 3)
    cache = filled(Fragments())
    stamp = cache.stamp()

    for post in (1, 6, 7, 8, 9):
        cache.changed("post", post)
    cache.put("post", 1, Fragment(b"old"), stamp)
    cache.put("post", 5, Fragment(b"perhaps old"), stamp)

    assert known(cache) == [2, 3, 4]


def test_the_longest_unused_go_first_when_it_is_full_and_the_oldest_by_themselves() -> None:
    cache = filled(Fragments(max_bytes=3000))
    assert len([*known(cache), *known(cache, "actor")]) == 5 and cache.size <= 3000
    cache.several("post", [2])
    cache.put("post", 9, Fragment(b"z" * 1000, (ANN,)), cache.stamp())

    assert known(cache) == [2, 9] and cache.size <= 3000
    assert known(filled(Fragments(max_age=-1.0))) == []


async def test_every_process_forgets_with_the_commit(database: Database, dialect: str) -> None:
    other = await Database.open(database.url)
    try:
        with use(other):
            there = fragments.here()
        here = fragments.here()
        for cache in (here, there):
            filled(cache)
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                fragments.forget(3)
                raise ZeroDivisionError
        async with transaction():
            fragments.forget(2)
            inside = known(here)
        writes = Writes()
        writes.add("UPDATE actor SET name = 'Ann' WHERE id = ?", (ANN,))
        fragments.forget_actor_later(writes, ANN)
        await apply(writes)

        assert inside == [1, 2, 3, 4] and known(here) == [3]
        if dialect == "postgres":  # SQLite has one process
            async with asyncio.timeout(10):
                while known(there) != [3]:  # noqa: ASYNC110 (told by another process)
                    await asyncio.sleep(0.01)
    finally:
        await other.close()
