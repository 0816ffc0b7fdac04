"""The log of admins only grows, and shows when somebody changed it behind its back."""

import asyncio
from typing import Any

import pytest

from storage import audit
from storage.connect import Database, execute, rows, transaction
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
    assert await audit.first_broken() is None and await audit.first_broken(last=5) is None


@pytest.mark.parametrize("dialect", ["postgres"])  # SQLite has one writer
async def test_a_long_act_keeps_no_other_from_the_log_and_what_fails_is_not_in_it(database: Database) -> None:
    told, ended = asyncio.Event(), asyncio.Event()

    async def long(*, fails: bool) -> None:
        async with transaction():
            await _write(2)
            told.set()
            await ended.wait()
            if fails:
                raise ZeroDivisionError

    acts = [asyncio.create_task(long(fails=fails)) for fails in (False, True)]
    await told.wait()
    async with asyncio.timeout(5):
        await _write(1)
    ended.set()
    outcomes = await asyncio.gather(*acts, return_exceptions=True)

    assert isinstance(outcomes[1], ZeroDivisionError)
    assert [entry.at for entry in await audit.after(0)] == [1, 2] and await audit.first_broken() is None


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
        ("UPDATE audit SET id = CASE id WHEN 1 THEN 9 ELSE 1 END WHERE id IN (1, 2)", 1),
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
    assert await audit.first_broken(last=3) is not None  # which has the first that broke, or comes after it


async def test_entries_are_found_by_who_what_to_whom_and_when(database: Database) -> None:
    for number, (actor, act) in enumerate(
        (("@ann", "peer.policy"), ("@bob", "account.warn"), ("@ann", "account.note")), 1
    ):
        await audit.append(number * 10, actor, act, f"@x_{number}@Far.test", "{}")

    async def found(**wanted: Any) -> list[int]:
        asked = audit.Wanted(**wanted)
        newest = [entry.id for entry in await audit.newest(wanted=asked)]
        assert [entry.id for entry in await audit.after(0, wanted=asked)] == newest[::-1]
        return newest

    assert await found() == [3, 2, 1] and await audit.acts() == ["account.note", "account.warn", "peer.policy"]
    assert await found(actor="@ANN") == [3, 1] and await found(actor="@an") == []
    assert await found(act="account.") == [3, 2] and await found(act="account") == []
    assert await found(subject="_2@far") == [2] and await found(subject="%") == []
    assert await found(since=20) == [3, 2] and await found(until=20) == [2, 1] and await found(since=11, until=19) == []
    assert [entry.id for entry in await audit.newest(1, 3, audit.Wanted("@ann"))] == [1]
