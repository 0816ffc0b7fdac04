"""Who goes for good, seen from other servers: each that ever got something is told, whoever is left there."""

from pathlib import Path

import pytest

from fedcomm import accounts
from storage.connect import execute, rows
from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ADM-22", "PRI-13")
async def test_what_is_deleted_is_told_to_servers_from_where_nobody_follows_any_more(
    fediverse: Fediverse, tmp_path: Path
) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test", data_dir=tmp_path / name) for name in "abc"]
    anna, bob, cleo = await a.person("anna"), await b.person("bob"), await c.person("cleo")
    garden = await a.group("garden", moderator=anna)
    await bob.follow("anna@a.test")
    await fediverse.join(garden, cleo, anna)
    await fediverse.settle()
    rose = await anna.post("A rose")
    thread = await anna.post("Sowing @garden@a.test")
    await fediverse.settle()
    await b.knows(rose.uri), await c.knows(thread.uri)
    await bob.unfollow(anna.actor.uri)
    await cleo.unfollow(garden.uri)
    await fediverse.settle()
    fern = await anna.post("A fern")
    await fediverse.settle()
    assert await b.post(fern.uri) is None

    await anna.delete(rose)
    await anna.delete(thread)
    await fediverse.settle()

    assert await b.lacks(rose.uri) and await c.lacks(thread.uri)

    again = await anna.post("@cleo@c.test here you are")
    await fediverse.settle()
    await c.knows(again.uri)
    with a.here():  # nobody is left there whom we know
        await execute("UPDATE actor SET deleted_at = 1 WHERE host = 'c.test'")
        await accounts.delete(a.app, "anna")
    await fediverse.settle()

    assert await c.lacks(again.uri)
    with a.here():
        assert await rows("SELECT COUNT(*) FROM post WHERE deleted_at IS NULL AND content <> ''") == [(0,)]
        assert await rows("SELECT COUNT(*) FROM erasure WHERE done_at IS NULL") == [(0,)]
    with c.here():
        assert await rows("SELECT deleted_at IS NULL FROM actor WHERE uri = ?", (anna.actor.uri,)) == [(False,)]
