"""`fedcomm account alias`, `move` and `move-back`: what they do, and that what is refused changes nothing."""

from typing import Any

import pytest

from fedcomm import commands, follows
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotFound, TooMany
from storage.connect import execute, rows, value
from tests.people import person

pytestmark = pytest.mark.anyio


async def alias(app: App, name: str, other: str, remove: bool = False) -> dict[str, Any]:
    """`fedcomm account alias`"""
    return await commands.run(app, "account.alias", {"name": name, "other": other, "remove": remove})


async def move(app: App, name: str, where: str) -> dict[str, Any]:
    """`fedcomm account move`"""
    return await commands.run(app, "account.move", {"name": name, "where": where})


async def test_a_member_moves_and_comes_back(app: App) -> None:
    anna, annie = await person(app, "anna"), await person(app, "annie")

    assert await alias(app, "annie", "@anna") == {"other": "@anna"}
    assert await move(app, "@Anna", annie.uri) == {"handle": "@annie"}
    went = await value("SELECT moved_to_id FROM actor WHERE id = ?", (anna.id,))
    assert await commands.run(app, "account.move-back", {"name": "anna"}) == {}

    assert went == annie.id and await value("SELECT moved_to_id FROM actor WHERE id = ?", (anna.id,)) is None
    with pytest.raises(TooMany, match="once in 30 days"):
        await move(app, "anna", "annie")
    with pytest.raises(Conflict, match="has not moved"):
        await commands.run(app, "account.move-back", {"name": "anna"})


async def test_an_alias_is_taken_back_by_handle_or_by_an_id_that_nobody_has_any_more(app: App) -> None:
    anna, annie = await person(app, "anna"), await person(app, "annie")
    await alias(app, "annie", "anna")
    gone = "https://never.example/users/x"
    aliases = f'["{gone}","{anna.uri}"]'
    await execute("UPDATE actor SET also_known_as = ? WHERE id = ?", (aliases, annie.id))

    assert await alias(app, "annie", gone, remove=True) == {"other": gone}
    assert await alias(app, "annie", "@anna", remove=True) == {"other": anna.uri}

    assert await value("SELECT also_known_as FROM actor WHERE id = ?", (annie.id,)) == "[]"
    with pytest.raises(NotFound, match="none of the other accounts"):
        await alias(app, "annie", "anna", remove=True)


async def test_what_is_refused_changes_nothing(app: App) -> None:
    anna = await person(app, "anna")
    bert = await person(app, "bert")
    await follows.follow(app, bert, anna.id)
    cases: dict[tuple[str, str], type[AppError]] = {
        ("nobody", "bert"): NotFound,
        ("anna", "nobody"): NotFound,
        ("anna", "anna"): Invalid,
        ("anna", "bert"): Invalid,
        ("anna", ""): NotFound,
    }

    for (name, where), kind in cases.items():
        with pytest.raises(kind) as refused:
            await move(app, name, where)
        assert str(refused.value) and type(refused.value) is kind, (name, where)
    for name, other in (("nobody", "bert"), ("anna", "nobody"), ("anna", "anna"), ("anna", "")):
        with pytest.raises(AppError):
            await alias(app, name, other)

    sql = "SELECT also_known_as, moved_to_id, moved_at FROM actor WHERE id = ?"
    assert await rows(sql, (anna.id,)) == [("[]", None, None)]
    assert await rows("SELECT target_id FROM follow") == [(anna.id,)]
