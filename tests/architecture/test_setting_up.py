"""What `make` does before it starts anything: an environment where there is none, and never twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import new_migration
from tests.architecture.rooms import ROOT

TOOLS = ("sh", "make", "touch", "env", "mkdir", "rm")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which nothing was set up, with a PATH that holds what every system has, and no Python."""
    folder = tmp_path / "clone"
    (folder / "scripts").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock", "pyproject.toml", "scripts/environment.sh"):
        shutil.copy(ROOT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return folder


def script(path: Path, text: str) -> None:
    """A program of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make(clone: Path, target: str) -> subprocess.CompletedProcess[str]:
    """`make` as somebody types it."""
    environment = {"PATH": str(clone.parent / "bin"), "HOME": str(clone.parent)}
    return subprocess.run(["make", target], cwd=clone, env=environment, capture_output=True, text=True)


def test_without_the_part_that_makes_environments_one_command_is_told(clone: Path) -> None:
    real = Path(sys.executable).resolve()
    script(clone.parent / "bin" / "python3", f'case "$*" in *ensurepip*) exit 1;; esac\nexec {real} "$@"')

    refused = make(clone, "run")

    assert refused.returncode == 2
    assert "but not the part of it that makes environments" in refused.stderr
    assert refused.stderr.count("fix: ") == 1
    assert "fix: sudo apt install python3-venv\n" in refused.stderr
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("old", [False, True])
def test_without_a_python_that_is_new_enough_one_command_is_told(clone: Path, old: bool) -> None:
    if old:
        script(clone.parent / "bin" / "python3", "exit 1")

    refused = make(clone, "test")

    assert refused.returncode == 2
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "fix: sudo apt install python3 python3-venv\n" in refused.stderr
    assert not (clone / ".venv").exists()


def test_a_newer_python_beside_an_old_one_is_found(clone: Path) -> None:
    script(clone.parent / "bin" / "python3", "exit 1")
    script(
        clone.parent / "bin" / "python3.12", 'case "$*" in *ensurepip*) exit 1;; *--version*) echo Python 3.12;; esac'
    )

    refused = make(clone, "run")

    assert "Python 3.12 is here, but not the part" in refused.stderr


def test_an_environment_is_made_once_and_anew_when_what_it_is_made_from_changes(clone: Path) -> None:
    script(clone / "scripts" / "environment.sh", 'mkdir -p .venv; echo "$1" >> set-up')
    script(clone / ".venv" / "bin" / "fedcomm", 'echo "$@" >> started')

    for _ in range(2):
        assert make(clone, "run").returncode == 0
    once = (clone / "set-up").read_text()
    os.utime(clone / "requirements.lock", (2**31, 2**31))
    assert make(clone, "run").returncode == 0

    assert once == "requirements.lock\n"
    assert (clone / "set-up").read_text() == "requirements.lock\n" * 2
    assert (clone / "started").read_text() == "serve\n" * 3


def test_a_set_up_that_fails_is_tried_again(clone: Path) -> None:
    script(clone / "scripts" / "environment.sh", "echo tried >> set-up; mkdir -p .venv; exit 1")

    assert [make(clone, "run").returncode for _ in range(2)] == [2, 2]

    assert (clone / "set-up").read_text() == "tried\ntried\n"


@pytest.mark.parametrize("name", ["", "x", "Add polls", "../polls", "1st", "a" * 60])
def test_a_migration_without_a_plain_name_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new_migration, "MIGRATIONS", tmp_path)

    assert new_migration.main(name) == 2

    assert "fix: make migration name=add_polls" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_new_migration_has_the_next_number_in_both_dialects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_migration, "MIGRATIONS", tmp_path / "storage" / "migrations")
    for dialect in new_migration.DIALECTS:
        (tmp_path / "storage" / "migrations" / dialect).mkdir(parents=True)
    (tmp_path / "storage" / "migrations" / "sqlite" / "0007_before.sql").touch()

    assert new_migration.main("add_polls") == 0

    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("0008*")}
    assert made == {f"storage/migrations/{dialect}/0008_add_polls.sql" for dialect in new_migration.DIALECTS}
