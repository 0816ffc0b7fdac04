"""What the server writes to its terminal or log, such that nobody who stops reading can stop the server."""

import logging
import os
import queue
import sys
import threading
from contextlib import suppress

_LINES = 10_000  # kept for a reader that is slow; what comes after is dropped and counted
_LAST_SECONDS = 1.0  # to write the rest at the end


def open_standard_files() -> None:
    """Make sure that 0, 1 and 2 are open: a database that got one of these numbers would be written into."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def tell(text: str) -> None:
    """Write to stdout, if anybody is there to read it."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        _silence()


class Background(logging.Handler):
    """Takes log lines without ever waiting; a thread writes them to stderr."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.dropped = 0
        self._process = os.getpid()
        self._lines: queue.Queue[str | None] = queue.Queue(_LINES)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line; it is composed here, where the context of the event is."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.dropped += 1
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Write what is left, for a moment."""
        if self._process == os.getpid():  # threads do not live on in a forked process
            with suppress(queue.Full):
                self._lines.put_nowait(None)
            self._thread.join(_LAST_SECONDS)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            if self.dropped:
                dropped, self.dropped = self.dropped, 0
                _write_error(f"{dropped} log lines were dropped: nobody read them")
            _write_error(line)


def log_in_background() -> None:
    """From now on log lines are written by a thread of this process."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        root.addHandler(Background(handler.formatter))


def _write_error(line: str) -> None:
    """Without the locks of `sys.stderr`, which a process forked meanwhile would find locked for ever."""
    left = (line + "\n").encode("utf-8", "replace")
    with suppress(OSError):  # a broken pipe, a full disk
        while left:
            left = left[os.write(2, left) :]


def _silence() -> None:
    """Send stdout nowhere: Python would complain once more at its exit, with an exit code of its own."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
