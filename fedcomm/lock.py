"""Who may work in a data directory: one server, or one of each role; else one command at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from fedcomm.errors import Conflict

NAME = "lock"


@contextlib.contextmanager
def held(data_dir: Path, role: str = "all") -> Iterator[None]:
    """The data directory is ours as long as the block lasts; the system lets go of it when the process dies.

    Two servers of different roles (`web`, `worker`) share a directory, anybody else has it alone.

    Raises:
        Conflict: another process has it.
    """
    with contextlib.ExitStack() as stack:
        alone = role == "all"
        stack.enter_context(_locked(data_dir, NAME, fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        if not alone:
            stack.enter_context(_locked(data_dir, f"{NAME}.{role}", fcntl.LOCK_EX))
        yield


def owner(data_dir: Path, name: str = NAME) -> int | None:
    """The process that took the lock last, if any; it may be gone."""
    with contextlib.suppress(OSError, ValueError):
        return int((data_dir / name).read_text())
    return None


@contextlib.contextmanager
def _locked(data_dir: Path, name: str, kind: int) -> Iterator[None]:
    descriptor = os.open(data_dir / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(data_dir, name) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(data_dir: Path, name: str) -> Conflict:
    process = owner(data_dir, name)
    who = f"process {process}" if process else "another process"
    fix = "stop it first, or name another folder in FEDCOMM_DATA_DIR for another instance"
    return Conflict(f"{data_dir} is in use by {who}, and one folder serves one server", fix=fix)
