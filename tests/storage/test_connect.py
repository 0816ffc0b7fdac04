"""The database in use: what is asked, what is changed, what waits for a commit."""

import asyncio

import pytest

from storage import connect
from storage.connect import (
    Database,
    Steps,
    Writes,
    after_commit,
    apply,
    apply_each,
    execute,
    execute_many,
    in_transaction,
    read_many,
    read_steps,
    row,
    rows,
    transaction,
    use,
    value,
    write,
)
from storage.dialect import Args
from storage.errors import IntegrityError, OperationalError, Unavailable
from storage.rehearsal import rehearsal
from tests.databases import Databases

pytestmark = pytest.mark.anyio

INSERT = "INSERT INTO thing (id, name) VALUES (?, ?)"
COUNT = "SELECT COUNT(*) FROM thing"


async def test_what_is_changed_can_be_read(things: Database) -> None:
    assert await execute(INSERT, (1, "one")) == 1
    await execute_many(INSERT, [(2, "two"), (3, "three")])

    assert await rows("SELECT id, name FROM thing ORDER BY id") == [(1, "one"), (2, "two"), (3, "three")]
    assert await row("SELECT name FROM thing WHERE id = ?", (2,)) == ("two",)
    assert await row("SELECT name FROM thing WHERE id = ?", (9,)) is None
    assert await value("SELECT name FROM thing WHERE id = ?", (3,)) == "three"
    assert await value("SELECT name FROM thing WHERE id = ?", (9,)) is None
    assert await execute("UPDATE thing SET flag = ?", (True,)) == 3
    assert await execute("DELETE FROM thing WHERE flag = 1 AND id > ?", (1,)) == 2


async def test_numbers_texts_bytes_and_nothing_come_back_as_they_were(database: Database) -> None:
    await execute("CREATE TABLE kinds (a BIGINT, b TEXT, c " + ("BLOB" if database.path else "BYTEA") + ")")
    values = [(2**63 - 1, "ü\u2028🦣 '?", b"\x00\xff"), (-(2**63), "", b""), (None, None, None)]
    await execute_many("INSERT INTO kinds VALUES (?, ?, ?)", values)

    assert await rows("SELECT * FROM kinds") == values
    assert type(await value("SELECT SUM(a) FROM kinds WHERE b IS NOT NULL")) is int
    assert all(type(found) is tuple for found in await rows("SELECT a FROM kinds"))


async def test_lists_are_arguments(things: Database) -> None:
    await execute_many(INSERT, [(number, f"n{number}") for number in range(10)])

    assert await rows("SELECT id FROM thing WHERE id IN (?ints) ORDER BY id", ([1, 3, 2**62],)) == [(1,), (3,)]
    assert await rows("SELECT id FROM thing WHERE name IN (?texts) ORDER BY id", (("n1", "x'"),)) == [(1,)]
    assert await value("SELECT COUNT(*) FROM thing WHERE id NOT IN (?ints)", ([1, 3],)) == 8
    assert await rows("SELECT id FROM thing WHERE id IN (?ints)", ([],)) == []
    fresh = await rows(
        "INSERT INTO thing (id, name) SELECT v.value, ? || v.value FROM (?ints) AS v WHERE 1 = 1"
        " ON CONFLICT DO NOTHING RETURNING id",
        ("m", [9, 10, 11]),
    )
    assert sorted(fresh) == [(10,), (11,)]


async def test_several_reads_are_made_at_once(things: Database) -> None:
    await execute_many(INSERT, [(1, "one"), (2, "two")])
    reads = [(COUNT, ()), ("SELECT name FROM thing WHERE id IN (?ints) ORDER BY id", ([1, 2],))]

    assert await read_many(reads) == [[(2,)], [("one",), ("two",)]]
    async with transaction():
        await execute(INSERT, (3, "three"))
        assert (await read_many(reads))[0] == [(3,)]


async def test_a_read_can_need_what_the_one_before_it_found(things: Database) -> None:
    await execute("INSERT INTO thing (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three')")

    def steps(broken: str = "") -> Steps[str]:
        ((last,),) = yield "SELECT MAX(id) FROM thing", ()
        rest = yield f"SELECT name FROM thing WHERE id IN (?ints) {broken} ORDER BY id", ([last, last - 1],)
        return " ".join(name for (name,) in rest)

    assert await read_steps(steps()) == "two three"
    async with transaction():
        await execute("INSERT INTO thing (id, name) VALUES (4, 'four')")
        assert await read_steps(steps()) == "three four"
    with pytest.raises(OperationalError):
        await read_steps(steps("nonsense"))
    assert await read_steps(steps()) == "three four"


async def test_a_transaction_is_kept_whole(things: Database) -> None:
    async with transaction():
        await execute(INSERT, (1, "one"))
        assert await value(COUNT) == 1
        assert await rows("UPDATE thing SET name = ? RETURNING id", ("uno",)) == [(1,)]

    assert await rows("SELECT id, name FROM thing") == [(1, "uno")]


async def test_a_transaction_that_fails_leaves_nothing(things: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await execute(INSERT, (1, "one"))
            raise ZeroDivisionError

    assert await value(COUNT) == 0
    assert not in_transaction()


async def test_a_transaction_inside_another_joins_it(things: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            async with transaction():
                await execute(INSERT, (1, "one"))
            assert in_transaction()
            raise ZeroDivisionError

    assert await value(COUNT) == 0


async def test_nothing_is_kept_when_a_joined_part_failed_and_that_was_overlooked(things: Database) -> None:
    with pytest.raises(OperationalError):
        async with transaction():
            await execute(INSERT, (1, "one"))
            with pytest.raises(ZeroDivisionError):
                async with transaction():
                    raise ZeroDivisionError

    assert await value(COUNT) == 0


async def test_a_failed_statement_ends_the_transaction_on_both_databases(things: Database) -> None:
    with pytest.raises(OperationalError):
        async with transaction():
            await execute(INSERT, (1, "one"))
            with pytest.raises(IntegrityError):
                await execute(INSERT, (1, "again"))
            await execute(INSERT, (2, "two"))
    with pytest.raises(OperationalError):
        async with transaction():
            await execute(INSERT, (1, "one"))
            with pytest.raises(IntegrityError):
                await execute(INSERT, (1, "again"))

    assert await value(COUNT) == 0


async def test_what_others_do_not_see_is_what_is_not_committed(things: Database) -> None:
    async def count() -> int:
        return int(await value(COUNT))

    other = asyncio.get_running_loop().create_task  # began outside, so it is no part of the transaction
    watcher_may_look, seen = asyncio.Event(), []

    async def watch() -> None:
        await watcher_may_look.wait()
        seen.append(await count())

    watching = other(watch())
    async with transaction():
        await execute(INSERT, (1, "one"))
        watcher_may_look.set()
        await watching
        seen.append(await count())

    assert seen == [0, 1]


async def test_a_task_started_inside_a_transaction_may_not_write_into_it(things: Database) -> None:
    async def stray() -> None:
        await execute(INSERT, (1, "stray"))

    async with transaction():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            await asyncio.create_task(stray())

    await asyncio.create_task(stray())
    assert await value(COUNT) == 1


async def test_whoever_waits_for_a_peer_can_ask_whether_a_transaction_is_open(things: Database) -> None:
    async def peer_called_from_a_task() -> bool:
        return in_transaction()

    assert not in_transaction()
    async with transaction():
        assert in_transaction()
        assert await asyncio.create_task(peer_called_from_a_task())
    assert not await asyncio.create_task(peer_called_from_a_task())


async def test_hooks_run_after_the_outermost_commit_in_their_order(things: Database) -> None:
    told: list[object] = []

    async def waiting() -> None:
        told.append(await value(COUNT))

    async with transaction():
        async with transaction():
            after_commit(lambda: told.append("first"))
            after_commit(waiting)
            await execute(INSERT, (1, "one"))
        assert told == []
    assert told == ["first", 1]

    after_commit(lambda: told.append("at once"))
    assert told[-1] == "at once"


async def test_hooks_of_what_was_rolled_back_never_run(things: Database) -> None:
    told: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            after_commit(lambda: told.append("committed"))
            raise ZeroDivisionError

    assert told == []


async def test_a_hook_that_fails_does_not_undo_what_was_committed(
    things: Database, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async with transaction():
        await execute(INSERT, (1, "one"))
        after_commit(lambda: told[0])  # type: ignore[arg-type, return-value]
        after_commit(lambda: told.append("still"))

    assert told == ["still"] and await value(COUNT) == 1
    assert "a hook after a commit failed" in caplog.text


async def test_collected_changes_are_made_all_at_once(things: Database) -> None:
    told: list[str] = []
    writes = Writes()
    writes.add(INSERT, (1, "one"))
    first = writes.returning("INSERT INTO part (id, thing_id) VALUES (?, ?) RETURNING id", (7, 1))
    writes.add(INSERT, (2, "two"))
    second = writes.returning("SELECT COUNT(*) FROM thing WHERE id IN (?ints)", ([1, 2],))
    writes.add("DELETE FROM part WHERE id IN (?ints)", ([7],))
    writes.after(lambda: told.append("durable"))

    answers = await apply(writes)

    assert (answers[first], answers[second]) == ([(7,)], [(2,)])
    assert [group.sql for group in writes.groups].count(INSERT) == 1
    assert (await value(COUNT), await value("SELECT COUNT(*) FROM part"), told) == (2, 0, ["durable"])


async def test_what_comes_last_is_written_after_all_else_of_its_transaction(things: Database) -> None:
    """Also what is told on the way, in the order in which it was: all stands in the log, or nothing does."""
    last = "INSERT INTO part (id, thing_id) VALUES (?, (SELECT MAX(id) FROM thing))"

    def one(number: int) -> Writes:
        writes = Writes()
        writes.at_last(last, (number,))
        writes.add(INSERT, (number, f"name {number}"))
        return writes

    await apply(one(1))
    together = one(2)
    together.merge(one(3))
    await apply(together)
    await apply_each([one(4)])
    async with transaction():
        await write(one(6))
        async with transaction():
            await write(one(5))
        assert await value("SELECT COUNT(*) FROM part") == 4
        await execute(INSERT, (9, "nine"))
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await write(one(10))
            raise ZeroDivisionError
    async with rehearsal() as changes:
        await write(one(11))

    assert await rows("SELECT id, thing_id FROM part ORDER BY id") == [(1, 1), (2, 3), (3, 3), (4, 4), (5, 9), (6, 9)]
    assert changes == {("added to", "thing"): 1, ("added to", "part"): 1}


async def test_collected_changes_fail_together(things: Database) -> None:
    told: list[str] = []
    writes = Writes()
    writes.add(INSERT, (1, "one"))
    writes.add("INSERT INTO part (id, thing_id) VALUES (?, ?)", (7, 99))
    writes.after(lambda: told.append("durable"))

    with pytest.raises(IntegrityError):
        await apply(writes)

    assert await value(COUNT) == 0 and told == []
    assert await apply(Writes()) == []


async def test_many_rows_are_written_in_their_order_and_each_meets_those_before_it(things: Database) -> None:
    writes, many = Writes(), 2 * 64 + 8 + 3  # in one statement each, and one by one
    insert = "INSERT INTO thing (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    writes.add_many(insert, [(number // 2, f"{number}") for number in range(many)])

    await apply(writes)

    last = [(number // 2, f"{number}") for number in range(many) if number % 2 or number == many - 1]
    assert await rows("SELECT id, name FROM thing ORDER BY id") == last


async def test_a_bad_one_among_many_rows_keeps_all_of_them_out(things: Database) -> None:
    writes = Writes()
    writes.add_many(INSERT, [(number, f"{number}") for number in range(100)])
    writes.add(INSERT, (50, "again"))

    with pytest.raises(IntegrityError):
        await apply(writes)

    assert await value(COUNT) == 0


async def test_what_many_do_to_one_row_is_done_once(things: Database) -> None:
    await execute(INSERT, (1, ""))
    add, one, other = "UPDATE thing SET name = name || ? WHERE id = 1", Writes(), Writes()

    def joined(many: list[Args]) -> list[Args]:
        return [(f"({'+'.join(args[0] for args in many)})",)]

    one.add(add, ("a",), joined)
    one.add(add, ("b",), joined)
    other.add(add, ("c",), joined)
    one.merge(other)
    await apply(one)

    assert await value("SELECT name FROM thing") == "(a+b+c)"


async def test_collections_can_be_put_together(things: Database) -> None:
    both, other = Writes(), Writes()
    both.returning("SELECT 'mine'")
    other.add(INSERT, (1, "one"))
    index = other.returning("SELECT 'other'")

    offset = both.merge(other)

    assert (await apply(both))[offset + index] == [("other",)]
    assert await value(COUNT) == 1


async def test_the_rows_that_collected_changes_give_are_heard_once_they_are_durable(things: Database) -> None:
    heard: list[object] = []
    insert = "INSERT INTO thing (id, name) VALUES (?, ?) RETURNING id"
    both, other = Writes(), Writes()
    both.hearing(insert, (1, "a"), heard.append)
    other.returning("SELECT 'other'")
    other.hearing(insert, (2, "b"), heard.append)
    both.merge(other)

    answers = await apply(both)
    with pytest.raises(IntegrityError):
        await apply(both)
    third = Writes()
    third.hearing(insert, (3, "c"), heard.append)
    async with transaction():
        await write(third)
        inside = list(heard)

    assert answers == [[(1,)], [("other",)], [(2,)]]
    assert inside == [[(1,)], [(2,)]] and heard == [*inside, [(3,)]]


async def test_one_bad_collection_does_not_stop_the_others(things: Database) -> None:
    told: list[int] = []
    each = []
    for number in (1, 1, 2):
        writes = Writes()
        writes.add(INSERT, (number, f"name {number}"))
        writes.add("INSERT INTO part (id, thing_id) VALUES (?, ?)", (len(each), number))
        writes.returning("SELECT COUNT(*) FROM thing")
        writes.after(lambda number=number: told.append(number))  # type: ignore[misc]
        each.append(writes)

    outcomes = await apply_each(each)

    assert [outcomes[0], outcomes[2]] == [[[(1,)]], [[(2,)]]]
    assert isinstance(outcomes[1], IntegrityError)
    assert told == [1, 2]
    assert await rows("SELECT id FROM part ORDER BY id") == [(0,), (2,)]


async def test_collected_changes_can_be_part_of_a_transaction(things: Database) -> None:
    told: list[str] = []
    writes = Writes()
    writes.add(INSERT, (1, "one"))
    writes.after(lambda: told.append("durable"))

    with pytest.raises(RuntimeError, match="no transaction"):
        await write(writes)
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await write(writes)
            raise ZeroDivisionError
    assert await value(COUNT) == 0 and told == []
    async with transaction():
        await write(writes)
        assert told == []
    assert await value(COUNT) == 1 and told == ["durable"]


async def test_changes_of_their_own_are_refused_inside_a_transaction(things: Database) -> None:
    writes = Writes()
    writes.add(INSERT, (1, "one"))

    async with transaction():
        with pytest.raises(RuntimeError, match="would wait"):
            await apply(writes)
        with pytest.raises(RuntimeError, match="would wait"):
            await apply_each([writes])


async def test_what_the_database_refuses_has_one_name_on_both(things: Database) -> None:
    with pytest.raises(IntegrityError):
        await execute_many(INSERT, [(1, "same"), (2, "same")])
    with pytest.raises(IntegrityError):
        await execute("INSERT INTO part (id, thing_id) VALUES (1, 1)")
    with pytest.raises(IntegrityError):
        await execute("INSERT INTO thing (id, flag) VALUES (?, ?)", (1, None))
    with pytest.raises(OperationalError):
        await rows("SELECT * FROM nothing")
    with pytest.raises(OperationalError):
        await execute(INSERT, (2**63, "too high"))
    with pytest.raises(OperationalError):
        await execute(INSERT, (1, "half a \ud83e character"))
    with pytest.raises(OperationalError):
        await execute(INSERT, (1,))
    assert await value(COUNT) == 0


async def test_the_audit_log_is_append_only(database: Database) -> None:
    await execute("INSERT INTO audit (id, at, actor, act, subject, detail, previous, hash) VALUES"
                  " (1, 1, 'a', 'b', 'c', 'd', ?, ?)", (b"", b""))  # fmt: skip

    with pytest.raises(IntegrityError, match="append-only"):
        await execute("UPDATE audit SET actor = 'another'")
    with pytest.raises(IntegrityError, match="append-only"):
        await execute("DELETE FROM audit")


async def test_several_databases_are_used_in_one_process(databases: Databases, dialect: str) -> None:
    urls = [await databases.new(dialect) for _ in range(3)]
    opened = [await Database.open(url) for url in urls]

    async def live(database: Database, name: str) -> list[tuple[object, ...]]:
        with use(database):
            for number in range(20):
                async with transaction():
                    await execute("INSERT INTO tag (id, name) VALUES (?, ?)", (number, f"{name}{number}"))
                    await asyncio.sleep(0)
            return await rows("SELECT name FROM tag ORDER BY id")

    found = await asyncio.gather(*(live(database, name) for database, name in zip(opened, "abc", strict=True)))

    assert found == [[(f"{name}{number}",) for number in range(20)] for name in "abc"]
    for database, url in zip(opened, urls, strict=True):
        await database.close()
        databases.drop(url)


async def test_a_transaction_on_one_database_is_none_on_another(databases: Databases, things: Database) -> None:
    url = await databases.new("sqlite")
    other = await Database.open(url)

    async with transaction():
        await execute(INSERT, (1, "one"))
        with use(other):
            await execute("INSERT INTO tag (id, name) VALUES (1, 'x')")
            assert await value("SELECT COUNT(*) FROM tag") == 1
            async with transaction():
                await execute("INSERT INTO tag (id, name) VALUES (2, 'y')")
        assert await value(COUNT) == 1
    assert await value(COUNT) == 1
    await other.close()
    databases.drop(url)


async def test_without_a_database_in_use_nothing_works() -> None:
    with pytest.raises(RuntimeError, match="no database is in use"):
        await rows("SELECT 1")


async def test_a_closed_database_says_so(databases: Databases, dialect: str) -> None:
    url = await databases.new(dialect)
    opened = await Database.open(url)
    await opened.close()

    with use(opened):
        with pytest.raises(Unavailable):
            await rows("SELECT 1")
        with pytest.raises(Unavailable):
            await execute("INSERT INTO tag (id, name) VALUES (1, 'x')")
        with pytest.raises(Unavailable):
            async with transaction():
                await execute("INSERT INTO tag (id, name) VALUES (1, 'x')")
    databases.drop(url)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/x",
        "sqlite:",
        "sqlite://relative/path.db",
        "sqlite:///no/such/folder/x.db",
        "sqlite:///proc",
        "postgres://nobody:wrong@127.0.0.1:1/nothing",
    ],
)
async def test_what_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(OperationalError):
        await Database.open(url)


def test_a_file_name_may_hold_any_character() -> None:
    assert str(connect.path_of("sqlite:///tmp/a%20b%3Fc.db")) == "/tmp/a b?c.db"
