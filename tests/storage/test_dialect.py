"""One SQL becomes what each database wants."""

import pytest

from storage.dialect import arguments, for_postgres, for_rows, for_sqlite, reads


def test_places_are_numbered_for_postgres_and_left_alone_for_sqlite() -> None:
    sql = "UPDATE t SET a = ?, b = ? WHERE c = ?"

    assert for_postgres(sql).sql == "UPDATE t SET a = $1, b = $2 WHERE c = $3"
    assert for_sqlite(sql).sql == sql


def test_a_list_becomes_an_array_or_a_json_array() -> None:
    sql = "SELECT 1 FROM t WHERE a = ? AND b IN (?ints) AND c NOT IN (?texts)"

    assert for_postgres(sql).sql == "SELECT 1 FROM t WHERE a = $1 AND b = ANY($2::bigint[]) AND c <> ALL($3::text[])"
    assert for_sqlite(sql).sql == (
        "SELECT 1 FROM t WHERE a = ? AND b IN (SELECT value FROM json_each(?))"
        " AND c NOT IN (SELECT value FROM json_each(?))"
    )
    assert arguments(for_sqlite(sql), (1, (2, 3), ["ä", 'q"'])) == [1, "[2,3]", '["ä","q\\""]']


def test_a_list_can_be_a_table() -> None:
    sql = "INSERT INTO t (a, b) SELECT v.value, ? FROM (?ints) AS v WHERE 1 = 1 ON CONFLICT DO NOTHING"

    assert "FROM unnest($2::bigint[]) AS v(value) WHERE" in for_postgres(sql).sql
    assert "FROM json_each(?) AS v WHERE" in for_sqlite(sql).sql


@pytest.mark.parametrize("sql", ["SELECT '?' FROM t", "SELECT 'it''s ?' FROM t WHERE a = ?", "SELECT ?ints"])
def test_what_would_be_misread_is_refused(sql: str) -> None:
    with pytest.raises(ValueError):
        for_postgres(sql)
    with pytest.raises(ValueError):
        for_sqlite(sql)


def test_only_what_changes_nothing_is_a_read() -> None:
    assert reads("SELECT 1")
    assert reads("  select 1")
    assert reads("WITH a AS (SELECT 1) SELECT * FROM a")
    assert reads("(SELECT 1) UNION (SELECT 2)")

    assert not reads("INSERT INTO t VALUES (1) RETURNING a")
    assert not reads("WITH a AS (DELETE FROM t RETURNING a) SELECT * FROM a")
    assert not reads("PRAGMA optimize")


def test_values_that_stand_together_can_be_given_for_many_rows() -> None:
    plain = for_sqlite("INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING")
    cast = for_sqlite("INSERT INTO t (a) SELECT column1 FROM (VALUES (CAST(? AS BIGINT))) AS v WHERE column1 > 0")

    assert for_rows(plain, 3) == "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?) ON CONFLICT DO NOTHING"
    assert "FROM (VALUES (CAST(? AS BIGINT)), (CAST(? AS BIGINT))) AS v WHERE" in for_rows(cast, 2)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = ?",
        "INSERT INTO t (a, b) VALUES (?, (SELECT COUNT(*) FROM t WHERE a = ?))",
        "INSERT INTO t (a, b) VALUES (?, 'x')",
        "INSERT INTO t (a) SELECT v.value FROM (?ints) AS v",
        "UPDATE t SET a = ?",
    ],
)
def test_other_values_are_given_for_one_row_at_a_time(sql: str) -> None:
    assert not for_sqlite(sql).tuple
