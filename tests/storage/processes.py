"""Other processes that use a database, to be watched or killed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def started(script: str, *args: str) -> "subprocess.Popen[str]":
    """A process that runs the script; its output can be read."""
    return subprocess.Popen([sys.executable, "-c", script, *args], cwd=ROOT, stdout=subprocess.PIPE, text=True)
