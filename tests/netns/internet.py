"""Addresses that look public on a loopback of our own, in a namespace that nothing leaves."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

NAME_SERVER = "151.101.1.1"
GOOD = "151.101.2.2"  # a server with a valid certificate for every name that leads to it
REMOTE = "93.184.216.34"  # another, which the shared cases name
SIX = "2606:4700:4700::1111"
SILENT_SIX = "2a00:1450::1"  # packets to it are dropped without a word
UNROUTED_SIX = "2a01:4f8::1"
PRIVATE = ("127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "192.168.1.1", "198.18.0.1", "::1", "fd00::1")

_ADDRESSES = [f"{address}/32" for address in (NAME_SERVER, GOOD, REMOTE, *PRIVATE[1:6])] + [f"{SIX}/128", "fd00::1/128"]
_SET_UP = "\n".join(
    [
        "set -e",
        "ip link set lo up",
        *(f"ip addr add {address} dev lo" for address in _ADDRESSES),
        "ip -6 route add 2a00:1450::/32 dev lo",
        'mount --bind "$1/resolv.conf" /etc/resolv.conf',
        'mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf',
        'mount --bind "$1/hosts" /etc/hosts',
        "shift",
        'exec "$@"',
    ]
)
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # `ip` is there for those who are not root, too
_ENV = {**os.environ, "PATH": _PATH}
_FLAGS = (("-n", "-m"), ("-U", "-r", "-n", "-m"))  # as root, else as root of a user namespace


def obstacle() -> str | None:
    """Why there can be no namespace here, else None."""
    for tool in ("unshare", "ip", "mount", "bash"):
        if shutil.which(tool, path=_PATH) is None:
            return f"the command {tool} is not there"
    return None if _flags() is not None else "unshare is not permitted"


def run(command: list[str], folder: Path, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
    """The command, run inside to its end; `folder` takes the files that stand for those of the system."""
    _furnish(folder)
    return _inside(_flags() or [], folder, command, seconds)


def _furnish(folder: Path) -> None:
    (folder / "resolv.conf").write_text(f"nameserver {NAME_SERVER}\n")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


def _inside(
    flags: Sequence[str], folder: Path, command: Sequence[str], seconds: float
) -> subprocess.CompletedProcess[str]:
    whole = ["unshare", *flags, "bash", "-c", _SET_UP, "set-up", str(folder), *command]
    return subprocess.run(whole, capture_output=True, text=True, timeout=seconds, env=_ENV)


@cache
def _flags() -> tuple[str, ...] | None:
    """With which everything that the tests need can be set up: some containers allow a namespace and no mount in it."""
    with TemporaryDirectory() as made:
        _furnish(Path(made))
        return next((flags for flags in _FLAGS if _inside(flags, Path(made), ["true"], 20).returncode == 0), None)
