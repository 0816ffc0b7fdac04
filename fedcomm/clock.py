"""What time it is, for the whole process; in test mode a file may shift it."""

import contextlib
import math
import time
from pathlib import Path

CHECK_SECONDS = 0.1  # how often the file is looked at, at most


class _Shift:
    """The offset in force and what is known about the file it comes from."""

    file: Path | None = None
    seconds = 0.0
    seen: tuple[int, int] | None = None  # when the file was changed, and its size
    look_at = 0.0  # on the monotonic clock


_shift = _Shift()


def follow(file: Path | None) -> None:
    """From now on the clock is shifted by the seconds that stand in this file (test mode only); None: not shifted."""
    _shift.file, _shift.seconds, _shift.seen, _shift.look_at = file, 0.0, None, 0.0


def now() -> float:
    """Seconds since 1970."""
    return time.time() + (_offset() if _shift.file else 0.0)


def now_ms() -> int:
    """Milliseconds since 1970, as the database keeps times."""
    return int(now() * 1000)


def _offset() -> float:
    """An absent file is no shift; one that is half written or holds no number leaves the last shift in force."""
    if _shift.file and time.monotonic() >= _shift.look_at:
        _shift.look_at = time.monotonic() + CHECK_SECONDS
        try:
            state = _shift.file.stat()
        except FileNotFoundError:
            _shift.seen, _shift.seconds = None, 0.0
            return 0.0
        if (state.st_mtime_ns, state.st_size) != _shift.seen:
            _shift.seen = (state.st_mtime_ns, state.st_size)
            with contextlib.suppress(OSError, ValueError):
                seconds = float(_shift.file.read_text())
                _shift.seconds = seconds if math.isfinite(seconds) else _shift.seconds
    return _shift.seconds
