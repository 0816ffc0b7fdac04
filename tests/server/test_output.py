"""Nobody who stops reading what the server writes can stop the server (attack list FLT-30)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
import logging, os, sys
from fedcomm import logs, output

output.open_standard_files()
logs.begin("plain", "info")
output.log_in_background()
output.tell("here I am")
for number in range(int(sys.argv[1])):
    logging.getLogger("test").info("something happened", extra={"number": number, "long": "x" * 500})
output.tell("still here")
with open(sys.argv[2], "w") as file:
    file.write(str(file.fileno()))
"""


def start(folder: Path, lines: int, redirection: str = "") -> "subprocess.Popen[bytes]":
    command = f'exec "$0" -c "$1" {lines} "{folder / "done"}" {redirection}'
    arguments = ["sh", "-c", command, sys.executable, PROGRAM]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.attack("FLT-30")
@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>&1"])
def test_a_closed_or_full_output_is_no_reason_to_stop(tmp_path: Path, redirection: str) -> None:
    process = start(tmp_path, 100, redirection)
    process.communicate(timeout=10)

    assert process.returncode == 0
    assert int((tmp_path / "done").read_text()) > 2


@pytest.mark.attack("FLT-30")
def test_a_reader_that_goes_away_is_no_reason_to_stop(tmp_path: Path) -> None:
    process = start(tmp_path, 100_000)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stderr.read(1)
    process.stderr.close()

    assert process.wait(30) == 0
    assert (tmp_path / "done").exists()


@pytest.mark.attack("FLT-30")
def test_a_reader_that_sleeps_keeps_nobody_waiting(tmp_path: Path) -> None:
    process = start(tmp_path, 20_000)

    assert process.wait(30) == 0
    assert (tmp_path / "done").exists()
    process.communicate()


def test_a_reader_that_was_asleep_hears_how_much_it_missed(tmp_path: Path) -> None:
    script = PROGRAM.replace("with open(sys.argv[2]", "sys.stdin.read(1)\nwith open(sys.argv[2]")
    process = subprocess.Popen(
        [sys.executable, "-c", script, "20000", str(tmp_path / "done")],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    while process.stdout.readline() != b"still here\n":
        pass

    _, errors = process.communicate(os.linesep.encode(), timeout=20)

    assert b"log lines were dropped" in errors
    assert errors.count(b"something happened") >= 10_000
