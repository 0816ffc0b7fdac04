"""Titles that moderators change often, or at the same moment as somebody else."""

import asyncio

import pytest

import storage.actors
from fedcomm import clock, follows, groups, members, posts, retitling
from fedcomm.app import App
from fedcomm.posts import Draft
from storage import registers
from storage.actors import Actor
from storage.connect import transaction, value
from storage.posts import by_id
from tests.people import person

pytestmark = pytest.mark.anyio


async def thread(app: App, anna: Actor, title: str) -> int:
    """Of anna, in a group that mo looks after."""
    await groups.create(app, "rye", "Rye bread", steward="mo")
    face = await storage.actors.local("rye")
    assert face
    await follows.follow(app, anna, face.id)
    return await posts.create(app, anna, Draft(text=f"@rye {title}\n\nIt does not rise."))


async def test_a_title_is_given_to_the_thread_as_it_is_when_nobody_else_changes_it(app: App) -> None:
    mo, anna = await person(app, "mo"), await person(app, "anna")
    number, begun = await thread(app, anna, "Help"), asyncio.Event()

    async def first() -> None:
        async with transaction():
            await retitling.retitle(app, mo, number, "Flat dough")
            begun.set()
            await asyncio.sleep(0.2)  # in which the other one has begun

    async def second() -> None:
        await begun.wait()
        await retitling.retitle(app, mo, number, "Flat dough")

    await asyncio.gather(first(), second())
    known = await by_id(number)

    assert known and (known.title, known.own_title) == ("Flat dough", "Help")
    assert [each.property for each in await registers.log(known.group_id or 0)].count("title") == 1


async def test_an_author_gets_one_letter_a_day_however_often_moderators_change_a_title(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    mo, anna, tom = [await person(app, name) for name in ("mo", "anna", "tom")]
    number, real = await thread(app, anna, "Help"), clock.now
    await members.appoint(app, "rye", tom)
    day = 86_400
    noon = day * 1.5 - real() % day  # seconds until that of tomorrow (UTC)

    async def letters(by: Actor, title: str) -> int:
        """So many has she got when they have given it that title."""
        await retitling.retitle(app, by, number, title)
        return int(await value("SELECT COUNT(*) FROM mention WHERE actor_id = ?", (anna.id,)))

    monkeypatch.setattr(clock, "now", lambda: real() + noon)
    told = [await letters(mo, title) for title in ("Flat", "Flat dough", "", "Dough")] + [await letters(tom, "Rye")]
    await posts.edit(app, anna, number, Draft(text="@rye Hers\n\nIt does not rise."))
    told += [await letters(tom, "Not hers"), await letters(mo, "Nor this")]
    monkeypatch.setattr(clock, "now", lambda: real() + noon + day)
    told += [await letters(mo, "The next day")]
    known = await by_id(number)

    assert told == [1, 1, 1, 1, 1, 2, 2, 3] and known
    assert [each.property for each in await registers.log(known.group_id or 0)].count("title") == len(told)
