"""A copy that is put back is a new generation: ids, heights and the clock of acts go on above all that was before."""

from pathlib import Path

import pytest

from fedcomm import acts
from fedcomm.app import App
from fedcomm.config import Config
from storage import actors, backup, generation, ids
from storage.connect import Database, Writes, apply, execute, row, use, value
from storage.ids import next_id
from storage.outbox import Audience, publish
from tests import build
from tests.databases import Databases

pytestmark = pytest.mark.anyio


async def _publish() -> int:
    """Publish something; gives its height."""
    writes = Writes()
    publish(writes, uri=f"https://a.test/{next_id()}", actor_id=1, body=b"{}", audience=Audience((1,)), now_ms=1)
    await apply(writes)
    return int(await value("SELECT MAX(seq) FROM outbox"))


async def test_everything_that_counts_jumps_when_a_new_generation_begins(
    databases: Databases, dialect: str, tmp_path: Path
) -> None:
    url = await databases.new(dialect)
    config = Config(base_url="https://a.test", host="a.test", database_url=url, data_dir=tmp_path)
    app = await App.open(config)
    with use(app.db):
        group = await build.group("bread")
        face = await actors.by_id(group.actor_id)
        assert face
        before = next_id()
        height = await _publish()
        writes = Writes()
        act = acts.record(app, writes, group, face, "ban", "x", {}, by=face.uri, uri="1")
        await apply(writes)
        await execute("INSERT INTO meta (key, value) VALUES (?, '1')", (generation.MARK,))
    await app.close()

    again = await App.open(config)

    with use(again.db):
        assert again.db.generation == 1
        assert next_id() > before + ((generation.JUMP_MS - 10_000) << 16)
        assert await _publish() >= (1 << 40) > height
        writes = Writes()
        later = acts.record(again, writes, group, face, "ban", "x", None, by=face.uri, uri="2")
        assert int(later.clock[:12], 16) > int(act.clock[:12], 16) + generation.JUMP_MS - 10_000
    await again.close()
    third = await Database.open(url)
    assert third.generation == 1
    await third.close()
    databases.drop(url)


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_a_copy_that_is_put_back_is_known_as_one_and_the_original_is_not(
    databases: Databases, dialect: str, tmp_path: Path
) -> None:
    original = await Database.open(await databases.new(dialect))
    with use(original):
        kept = next_id()
        await backup.save(original, tmp_path / "copy.db")
        lost = next_id()
        assert await row("SELECT 1 FROM meta WHERE key = ?", (generation.MARK,)) is None
    await original.close()

    restored = await Database.open(f"sqlite://{tmp_path / 'copy.db'}", now=lambda: ids.ms_of(kept))

    with use(restored):
        assert restored.generation == 1 and next_id() > lost
    again = await Database.open(f"sqlite://{tmp_path / 'copy.db'}")
    assert (original.generation, again.generation) == (0, 1)
    await again.close()
    await restored.close()
