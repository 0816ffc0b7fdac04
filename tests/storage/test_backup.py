"""A copy of a SQLite database in use is whole, private, and never half there."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from storage import backup
from storage.connect import Database, Writes, apply
from storage.errors import OperationalError, Unavailable

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ADM-17")
@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_a_copy_made_under_load_is_of_one_moment(things: Database, tmp_path: Path) -> None:
    async def change(number: int) -> None:
        writes = Writes()
        writes.add("INSERT INTO thing (id, name) VALUES (?, ?)", (number, str(number)))
        writes.add("INSERT INTO part (id, thing_id) VALUES (?, ?)", (number, number))
        await apply(writes)

    changing = asyncio.gather(*(change(number) for number in range(500)))
    size = await backup.save(things, tmp_path / "deep" / "copy.sqlite")
    await changing

    copy = sqlite3.connect(tmp_path / "deep" / "copy.sqlite")
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    counts = [copy.execute(f"SELECT COUNT(*) FROM {table}").fetchone() for table in ("thing", "part")]
    copy.close()
    assert counts[0] == counts[1]
    assert size == (tmp_path / "deep" / "copy.sqlite").stat().st_size
    assert stat.S_IMODE((tmp_path / "deep" / "copy.sqlite").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["copy.sqlite"]


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_no_copy_takes_the_place_of_another_file(things: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("precious")

    with pytest.raises(Unavailable, match="there already"):
        await backup.save(things, tmp_path / "copy.sqlite")

    assert (tmp_path / "copy.sqlite").read_text() == "precious"


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_postgres_has_its_own_tools(things: Database, tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="pg_dump"):
        await backup.save(things, tmp_path / "copy.sqlite")
