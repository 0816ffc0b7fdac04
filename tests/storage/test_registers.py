"""A group's registers: the last writer wins whatever the order of arrival, and an act counts once."""

import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from storage import groups, registers
from storage.connect import Database, Writes, apply, execute, row, rows
from storage.errors import OperationalError
from storage.registers import Act
from tests import build

pytestmark = pytest.mark.anyio

FACES = ("https://a.test/c/bread", "https://b.test/c/bread")
_numbers = itertools.count(1)


def act(group_id: int, property_: str, subject: str, value: str | None, clock: str, **more: str) -> Act:
    """An act with a number of its own."""
    number = next(_numbers)
    return Act(
        id=number, group_id=group_id, property=property_, subject=subject, value=value, clock=clock,
        actor_uri="https://a.test/users/ann", face=more.get("face", FACES[0]),
        uri=more.get("uri", f"https://a.test/activities/{number}"), undoes=None, summary="", effective=1,
        recorded_at=build.NOW,
    )  # fmt: skip


async def write(*acts: Act) -> None:
    """Each in a transaction of its own."""
    for each in acts:
        writes = Writes()
        registers.write(writes, each)
        await apply(writes)


async def state(group_id: int) -> list[tuple[object, ...]]:
    """What all registers of a group hold, and by which writes."""
    return await rows(
        "SELECT property, subject, value, clock, face, uri FROM register WHERE group_id = ? ORDER BY property, subject",
        (group_id,),
    )


_write = some.tuples(
    some.sampled_from(("ban", "removed", "x:unheard-of")),
    some.sampled_from(("one", "two")),
    some.sampled_from((None, '{"a":1}', '{"a":2}')),
    some.sampled_from(("000000000001-0000", "000000000001-0001", "000000000002-0000")),
    some.sampled_from(FACES),
    some.sampled_from("pqrst"),
)


def _histories() -> list[list[tuple[str, str, str | None, str, str, str]]]:
    """Histories with as many ties and repeats as Hypothesis finds worth trying."""
    found: list[list[tuple[str, str, str | None, str, str, str]]] = []

    @settings(
        max_examples=30, database=None, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(some.lists(_write, min_size=2, max_size=8, unique_by=lambda w: (w[0], w[1], w[5])))
    def collect(history: list[tuple[str, str, str | None, str, str, str]]) -> None:
        found.append(history)

    collect()
    assert len(found) > 20
    return found


async def test_the_order_in_which_acts_arrive_makes_no_difference(database: Database) -> None:
    chance = random.Random(1)
    for number, history in enumerate(_histories()):
        one, other = await build.group(f"one{number}"), await build.group(f"other{number}")
        shuffled = chance.sample(history, len(history)) + chance.choices(history, k=2)

        for group, order in ((one, history), (other, shuffled)):
            await write(*(act(group.id, *each[:4], face=each[4], uri=each[5]) for each in order))

        assert await state(one.id) == await state(other.id), history


async def test_the_highest_clock_wins_then_the_face_then_the_id(database: Database) -> None:
    group = await build.group("bread")

    await write(
        act(group.id, "ban", "x", '"late"', "000000000002-0000"),
        act(group.id, "ban", "x", '"early"', "000000000001-ffff", face=FACES[1]),
        act(group.id, "ban", "y", '"b"', "000000000001-0000", face=FACES[1], uri="1"),
        act(group.id, "ban", "y", '"a"', "000000000001-0000", face=FACES[0], uri="9"),
        act(group.id, "ban", "z", '"first"', "000000000001-0000", uri="p"),
        act(group.id, "ban", "z", '"second"', "000000000001-0000", uri="q"),
    )

    assert [await registers.get(group.id, "ban", subject) for subject in "xyz"] == ['"late"', '"b"', '"second"']


@pytest.mark.attack("GRP-21")
async def test_an_act_that_comes_again_later_changes_nothing(database: Database) -> None:
    group = await build.group("bread")
    await write(
        act(group.id, "ban", "x", "{}", "000000000001-0000", uri="block"),
        act(group.id, "ban", "x", None, "000000000002-0000", uri="unblock"),
    )

    await write(act(group.id, "ban", "x", "{}", "000000000003-0000", uri="block"))

    assert await registers.get(group.id, "ban", "x") is None
    assert [each.uri for each in await registers.log(group.id)] == ["unblock", "block"]


@pytest.mark.attack("GRP-10")
@pytest.mark.parametrize("statement", ["UPDATE act SET summary = 'nothing'", "DELETE FROM act"])
async def test_the_log_of_a_group_is_added_to_and_never_changed(database: Database, statement: str) -> None:
    group = await build.group("bread")
    await write(act(group.id, "ban", "x", "{}", "000000000001-0000", uri="block"))

    with pytest.raises(OperationalError, match="append-only"):
        await execute(statement)

    assert [(each.uri, each.summary) for each in await registers.log(group.id)] == [("block", "")]


async def test_what_is_not_understood_is_kept_without_effect(database: Database) -> None:
    group = await build.group("bread")

    await write(act(group.id, "flair", "https://a.test/posts/1", '{"name":"sour"}', "000000000001-0000"))

    assert await registers.get(group.id, "flair", "https://a.test/posts/1") == '{"name":"sour"}'
    assert [each.property for each in await registers.log(group.id)] == ["flair"]
    assert await groups.by_id(group.id) == group


async def test_an_effect_is_that_of_the_winning_act_only(database: Database) -> None:
    group = await build.group("bread")
    post = await build.post(await build.person("ann"), group=group)
    newer = act(group.id, "locked", post.uri, None, "000000000002-0000")
    older = act(group.id, "locked", post.uri, '{"locked":true}', "000000000001-0000")

    for each, locked in ((newer, 0), (older, 1)):
        writes = Writes()
        registers.write(writes, each)
        registers.take_effect(writes, each, "post", post.id, locked=locked)
        await apply(writes)

    assert await row("SELECT locked FROM post WHERE id = ?", (post.id,)) == (0,)
    assert len(await registers.log(group.id)) == 2


async def test_who_holds_a_role_is_told_in_the_order_of_appointment(database: Database) -> None:
    group = await build.group("bread")
    await write(
        act(group.id, "role", "ann", '{"role":"moderator"}', "000000000001-0000"),
        act(group.id, "role", "bo", '{"role":"ex-moderator"}', "000000000002-0000"),
        act(group.id, "role", "cy", '{"role":"moderator"}', "000000000003-0000"),
        act(group.id, "role", "cy", None, "000000000004-0000"),
    )

    assert await registers.holders([group.id]) == {group.id: [("ann", "moderator"), ("bo", "ex-moderator")]}
