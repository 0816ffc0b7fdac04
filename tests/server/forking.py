"""`python -m …` without the time it takes to load: a fork of a process that has loaded the programs already.

A server takes 0.9 s of the processor to start and 0.3 s as a fork. Tests of the start itself start it as its users do.
"""

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tests.server.running import ROOT, Instance

_LARGEST = 200_000  # bytes of an order: arguments and environment
_asking = threading.Lock()


class Forked:
    """A running program; as much of `subprocess.Popen` as tests need."""

    def __init__(self, pid: int, ended: int, command: Sequence[str]) -> None:
        """`ended` is a pipe in which its status will be."""
        self.pid = pid
        self.args = command
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """Its exit code if it has ended; of what a signal ended the number, negative."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended.

        Raises:
            TimeoutExpired: it has not ended within so many seconds.
        """
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], seconds)[0]:
            self.returncode = os.waitstatus_to_exitcode(int(os.read(self._ended, 20)))
            os.close(self._ended)
        return self.returncode


class ForkedInstance(Instance):
    """A server that is a fork, and commands that are."""

    def begin(self, command: Sequence[str], **files: Any) -> Any:
        if tuple(command[:2]) != (sys.executable, "-m") or set(files) != {"stdin", "stdout", "stderr"}:
            return super().begin(command, **files)
        with open(os.devnull) as nothing:
            return start(command[2:], self.environment(), nothing, files["stdout"], files["stderr"])

    def command(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return run(("fedcomm", *arguments), self.environment(), given)


def start(command: Sequence[str], environment: Mapping[str, str], *files: Any) -> Forked:
    """`python -m` with these arguments; `files` are its input, its output and that for errors."""
    order = json.dumps({"command": list(command), "environment": dict(environment)}).encode()
    assert len(order) <= _LARGEST
    ended, told = os.pipe()
    try:
        with _asking:
            door = _loaded()
            socket.send_fds(door, [order], [file.fileno() for file in files] + [told])
            pid = int(door.recv(20))
    finally:
        os.close(told)
    return Forked(pid, ended, command)


def run(
    command: Sequence[str], environment: Mapping[str, str], given: str = "", seconds: float = 60.0
) -> "subprocess.CompletedProcess[str]":
    """The same, until it has ended."""
    with (
        tempfile.TemporaryFile("w+") as asked,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as bad,
    ):
        asked.write(given)
        asked.seek(0)
        running = start(command, environment, asked, out, bad)
        try:
            code = running.wait(seconds)
        finally:
            running.kill()
        for said in (out, bad):
            said.seek(0)
        return subprocess.CompletedProcess(list(command), code, out.read(), bad.read())


@functools.cache
def _loaded() -> socket.socket:
    """The door to the process that forks; it ends with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.forks", str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return ours
