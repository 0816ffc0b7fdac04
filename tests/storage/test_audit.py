"""The log of admins only grows, and shows when somebody changed it behind its back."""

import asyncio

import pytest

from storage import audit
from storage.connect import Database, execute, rows
from storage.errors import OperationalError

pytestmark = pytest.mark.anyio


async def _write(number: int) -> None:
    await audit.append(number, "@ann", "suspend", f"@x{number}@far.test", '{"why":"spam"}')


async def test_entries_that_come_at_once_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(_write(number) for number in range(12)))

    entries = await audit.newest(50)
    assert [entry.id for entry in entries] == list(range(12, 0, -1))
    assert [bytes(later.previous) for later in entries[:-1]] == [bytes(entry.hash) for entry in entries[1:]]
    assert bytes(entries[-1].previous) == audit.GENESIS
    assert await audit.first_broken() is None


_AGAIN = "audit SELECT id, at, actor, act, '@y', detail, previous, hash FROM audit WHERE id = 2"
_LOST = ["UPDATE audit SET subject = '@y' WHERE id = 2", "DELETE FROM audit WHERE id = 2"]
_LOST_ON = {"sqlite": f"INSERT OR REPLACE INTO {_AGAIN}", "postgres": "TRUNCATE audit"}


@pytest.mark.parametrize("sql", [*_LOST, ""])
async def test_the_database_itself_lets_nobody_change_or_delete_an_entry(database: Database, sql: str) -> None:
    for number in range(3):
        await _write(number)

    with pytest.raises(OperationalError, match="append-only"):
        await execute(sql or _LOST_ON[database.dialect])

    assert len(await audit.newest()) == 3 and await audit.first_broken() is None


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET detail = '{}' WHERE id = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE id = 3", 3),
        ("DELETE FROM audit WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 1),
        ("UPDATE audit SET actor = '@eve', hash = previous WHERE id = 1", 1),
    ],
)
async def test_who_changes_it_all_the_same_is_found_out(database: Database, sql: str, broken: int) -> None:
    for number in range(4):
        await _write(number)
    if database.dialect == "postgres":
        await execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    else:
        for (name,) in await rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"):
            await execute(f"DROP TRIGGER {name}")

    await execute(sql)

    assert await audit.first_broken() == broken
