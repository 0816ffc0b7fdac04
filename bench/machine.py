"""The machine of a run, and the CPU time of its processes."""

import os
import platform
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, user and system, all its threads, also those that have ended.

    What `getrusage` says, but of another process and without rounding: the clock of a process (Linux).
    """
    return time.clock_gettime((~pid << 3) | 2)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def described() -> dict[str, Any]:
    """What somebody must know of the machine who compares figures."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(each, 2) for each in os.getloadavg()],
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
