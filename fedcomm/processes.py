"""Several processes of one server: started, watched, replaced and stopped by a parent that does nothing else."""

import logging
import os
import signal
import time
from collections.abc import Callable

from fedcomm import output

STOP_SECONDS = 45.0  # children finish requests for 30 s and then their work
# One wish to stop may come twice: systemd tells all processes of a unit, and make passes on what it was told.
SAME_SIGNAL_SECONDS = 1.0
_STABLE_SECONDS = 30.0  # a child that has lived so long was no failed start
_MOST_FAILURES = 5  # failed starts in a row after which the server gives up
_WATCHED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})

_log = logging.getLogger(__name__)

Child = Callable[[int, int], int]


class Parent:
    """Keeps `number` children running: `child(index, lifeline)` gives the exit code of one.

    `lifeline` is a descriptor that becomes readable when the parent is gone; `end` is called before children are told
    to stop.
    """

    def __init__(self, number: int, child: Child, end: Callable[[], None]) -> None:
        self._number = number
        self._child = child
        self._end = end
        self._children: dict[int, tuple[int, float]] = {}  # by process: its index, and when it was started
        self._failures = 0
        self._lifeline, self._own_end = os.pipe()

    def run(self) -> int:
        """Until SIGTERM, SIGINT or SIGHUP; a second one ends the children at once. Gives the exit code."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        for index in range(self._number):
            self._start(index)
        while True:
            caught = signal.sigtimedwait(_WATCHED, 1.0)
            if caught is not None and caught.si_signo != signal.SIGCHLD:
                return self._stop()
            if not self._replace():
                _log.error("server stopped", extra={"reason": f"{_MOST_FAILURES} processes in a row failed to start"})
                self._stop()
                return 1

    def _start(self, index: int) -> None:
        process = os.fork()
        if process == 0:
            os._exit(self._be(index))
        self._children[process] = index, time.monotonic()

    def _be(self, index: int) -> int:
        """The whole life of a child."""
        try:
            os.close(self._own_end)
            for ignored in (signal.SIGINT, signal.SIGHUP):  # from the terminal, to all: the parent passes on SIGTERM
                signal.signal(ignored, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            output.log_in_background()  # threads do not live on in a child
            code = self._child(index, self._lifeline)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            _log.exception("process failed")
            code = 1
        logging.shutdown()
        return code

    def _replace(self) -> bool:
        """Start anew what has died; False when it makes no sense any more."""
        for index, lived in self._buried():
            self._failures = 0 if lived > _STABLE_SECONDS else self._failures + 1
            if self._failures > _MOST_FAILURES:
                return False
            time.sleep(0.2 * self._failures)
            self._start(index)
        return True

    def _buried(self) -> list[tuple[int, float]]:
        found = []
        while self._children:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            index, begun = self._children.pop(process, (-1, 0.0))
            if index < 0:
                continue
            code = os.waitstatus_to_exitcode(status)
            _log.warning("process ended", extra={"pid": process, "index": index, "exit_code": code})
            found.append((index, time.monotonic() - begun))
        return found

    def _stop(self) -> int:
        self._end()
        self._tell(signal.SIGTERM)
        asked = time.monotonic()
        deadline = asked + STOP_SECONDS
        while self._children and (left := deadline - time.monotonic()) > 0:
            caught = signal.sigtimedwait(_WATCHED, min(left, 1.0))
            self._buried()
            again = caught is not None and caught.si_signo != signal.SIGCHLD
            if again and time.monotonic() - asked > SAME_SIGNAL_SECONDS:
                break
        killed = bool(self._children)
        self._tell(signal.SIGKILL)
        return 1 if killed else 0

    def _tell(self, number: signal.Signals) -> None:
        for process in self._children:
            os.kill(process, number)
