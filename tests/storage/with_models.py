"""Uses models of the ORM on the databases named as arguments; run as a process of its own, since it loads the ORM.

Says "good" at the end.
"""

import asyncio
import importlib
import pkgutil
import sys

import pytest
from tortoise.models import Model

import storage
from storage import orm
from storage.connect import Database, execute, in_transaction, rows, transaction, use, value
from storage.errors import IntegrityError
from storage.fields import FlagField, IdField, JsonField, TimeField, UriField
from storage.ids import next_id
from tests.storage.schema import differences, tables


class Setting(Model):
    """A table of the real schema."""

    key = UriField(primary_key=True)
    value = JsonField()
    changed_at = TimeField()

    class Meta:
        table = "setting"


class Thing(Model):
    """A table of the test's own."""

    id = IdField(primary_key=True)
    name = UriField(unique=True)
    flag = FlagField(default=False)
    body = JsonField(null=True)

    class Meta:
        table = "thing"


class Drifted(Model):
    """As somebody may have left it."""

    id = IdField(primary_key=True)
    name = UriField()
    flag = UriField()
    gone = TimeField(null=True)

    class Meta:
        table = "thing"


async def live(name: str) -> None:
    """Make, find, change and delete rows, alone and in transactions."""
    made = await Thing.create(id=next_id(), name=f"{name} 1", flag=True, body={"a": [1, "ü"]})
    found = await Thing.get(name=f"{name} 1")
    assert (found.id, found.flag, found.body) == (made.id, True, {"a": [1, "ü"]})
    assert await rows("SELECT flag, body FROM thing WHERE id = ?", (made.id,)) == [(1, '{"a":[1,"ü"]}')]
    async with transaction():
        await Thing.create(id=next_id(), name=f"{name} 2")
        await execute("UPDATE thing SET name = ? WHERE name = ?", (f"{name} 3", f"{name} 2"))
        assert await Thing.filter(name=f"{name} 3").count() == 1
        assert in_transaction()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await Thing.filter(name__startswith=name).delete()
            raise ZeroDivisionError
    assert await Thing.filter(name__startswith=name).count() == 2
    await Thing.bulk_create([Thing(id=next_id(), name=f"{name} {number}") for number in range(10, 30)])
    assert await Thing.filter(name=f"{name} 11").update(flag=True) == 1
    again, fresh = await Thing.get_or_create(name=f"{name} 11", defaults={"id": next_id()})
    assert not fresh and again.flag
    assert (await Thing.get_or_create(name=f"{name} new", defaults={"id": next_id()}))[1]
    with pytest.raises(IntegrityError):
        await Thing.create(id=made.id, name="the same id")
    assert len(await Thing.filter(name__startswith=name).order_by("-id").limit(5).values("id")) == 5
    await found.delete()
    assert await value("SELECT COUNT(*) FROM thing WHERE id = ?", (made.id,)) == 0


def declared() -> list[type[Model]]:
    """Every model of the storage room, and those of this file that are meant to fit."""
    for module in pkgutil.iter_modules(storage.__path__):
        importlib.import_module(f"storage.{module.name}")
    return [model for model in orm.models() if model is not Drifted]


async def main(urls: list[str]) -> None:
    """One database after the other, each with several tasks; then the first once more."""
    opened = [await Database.open(url) for url in urls]
    for turn, database in enumerate([*opened, opened[0]]):
        with use(database):
            if turn < len(opened):
                await execute(
                    "CREATE TABLE thing"
                    " (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, flag SMALLINT NOT NULL, body TEXT)"
                )
            await asyncio.gather(*(live(f"{turn} {task}") for task in range(4)))
            schema = await tables(database)
            assert {Setting, Thing} <= set(declared())
            assert differences(declared(), schema) == []
            drift = differences([Drifted], schema)
            assert [line.partition(":")[0] for line in drift] == [
                f"Drifted.{name}" for name in ("body", "flag", "gone")
            ]
    for database in opened:
        await database.close()
    print("good")


asyncio.run(main(sys.argv[1:]))
