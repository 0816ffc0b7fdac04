"""Several processes of one server: who is watched, replaced and stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
import os, pathlib, select, signal, sys, time
from fedcomm.processes import Parent

folder = pathlib.Path(sys.argv[1])

def child(index, lifeline):
    (folder / f"{index}.{os.getpid()}").touch()
    if (folder / "fails").exists():
        return 3
    if (folder / "stubborn").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    select.select([lifeline], [], [])
    (folder / f"orphaned.{os.getpid()}").touch()
    return 0

(folder / "parent").write_text(str(os.getpid()))
sys.exit(Parent(2, child, (folder / "ended").touch).run())
"""


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A parent with two children that leave their traces in the folder."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for name in children(folder):
            with suppress(ProcessLookupError):
                os.kill(name, signal.SIGKILL)


def children(folder: Path, index: str = "[01]") -> list[int]:
    """The processes that have been children, in any order."""
    return [int(path.name.split(".")[1]) for path in folder.glob(f"{index}.*")]


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def gone(process: int) -> bool:
    """Whether the process is no more, or a zombie that nobody asks about."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_all_children_stop_when_the_parent_is_asked_to(tmp_path: Path) -> None:
    with running(tmp_path) as parent:
        assert eventually(lambda: len(children(tmp_path)) == 2)

        parent.send_signal(signal.SIGTERM)

        assert parent.wait(10) == 0
        assert (tmp_path / "ended").exists()
        assert all(gone(child) for child in children(tmp_path))


def test_a_child_that_dies_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as parent:
        assert eventually(lambda: len(children(tmp_path)) == 2)
        (first,) = children(tmp_path, "0")

        os.kill(first, signal.SIGKILL)

        assert eventually(lambda: len(children(tmp_path, "0")) == 2)
        assert len(children(tmp_path, "1")) == 1
        parent.send_signal(signal.SIGINT)
        assert parent.wait(10) == 0


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as parent:
        assert eventually(lambda: len(children(tmp_path)) == 2)

        parent.kill()

        assert eventually(lambda: len(list(tmp_path.glob("orphaned.*"))) == 2)


def test_a_second_signal_does_not_wait_for_anybody(tmp_path: Path) -> None:
    (tmp_path / "stubborn").touch()
    with running(tmp_path) as parent:
        assert eventually(lambda: len(children(tmp_path)) == 2)
        time.sleep(0.2)

        parent.send_signal(signal.SIGTERM)
        assert eventually(lambda: (tmp_path / "ended").exists())
        parent.send_signal(signal.SIGTERM)  # the same wish once more
        time.sleep(1.2)
        assert parent.poll() is None
        parent.send_signal(signal.SIGTERM)

        assert parent.wait(5) == 1
        assert eventually(lambda: all(gone(child) for child in children(tmp_path)))


def test_a_server_that_cannot_start_gives_up(tmp_path: Path) -> None:
    (tmp_path / "fails").touch()
    with running(tmp_path) as parent:
        assert parent.wait(20) == 1
        assert 6 <= len(children(tmp_path)) <= 8
