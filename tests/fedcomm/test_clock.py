"""The clock, and the file that shifts it in tests."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedcomm import clock


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A file the clock follows during the test."""
    clock.follow(tmp_path / "offset")
    yield tmp_path / "offset"
    clock.follow(None)


def shift() -> float:
    """How far the clock is ahead, once it has had time to look."""
    time.sleep(clock.CHECK_SECONDS + 0.02)
    return round(clock.now() - time.time())


def test_the_clock_is_the_systems_without_a_file() -> None:
    assert abs(clock.now() - time.time()) < 1
    assert abs(clock.now_ms() - time.time() * 1000) < 1000


def test_the_clock_follows_the_file_as_it_changes(file: Path) -> None:
    assert shift() == 0
    file.write_text("3600")
    assert shift() == 3600
    file.write_text("-86400.5\n")
    assert shift() in (-86400, -86401)
    file.unlink()
    assert shift() == 0


def test_a_file_without_a_number_leaves_the_clock_as_it_was(file: Path) -> None:
    file.write_text("60")
    assert shift() == 60
    for nonsense in ("", "soon", "nan", "inf", "\x00\xff"):
        file.write_text(nonsense)
        assert shift() == 60


def test_the_file_is_not_looked_at_for_every_question(file: Path) -> None:
    file.write_text("60")
    assert shift() == 60
    file.write_text("7200")

    assert round(clock.now() - time.time()) == 60  # asked again within the tenth of a second
    assert shift() == 7200
