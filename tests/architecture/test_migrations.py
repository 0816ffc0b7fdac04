"""The steps of the schema: numbered without a gap or a double, and the same ones for both databases."""

from storage import migrate


def test_migrations_are_numbered_one_after_the_other_and_alike_for_both_databases() -> None:
    steps = [[str(step) for step in migrate.read(migrate.FOLDER / dialect)] for dialect in ("sqlite", "postgres")]

    assert steps[0] == steps[1] and len(steps[0]) >= 5
