"""`fedcomm serve` as its users run it: a process of its own, with a data directory of its own."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent.parent
STARTING_SECONDS = 20.0
PROGRAM = (sys.executable, "-m", "fedcomm")


class Reply(msgspec.Struct, frozen=True):
    """One response; field names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """One data directory, its settings, and the server in it when it runs."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.log = folder / "log"
        self.port = free_port()
        self.settings = {"DATA_DIR": str(self.data), "LISTEN": f"127.0.0.1:{self.port}", **settings}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("FEDCOMM_")}
        return own | {f"FEDCOMM_{name}": value for name, value in self.settings.items()}

    def start(
        self, *arguments: str, ready: bool = True, program: tuple[str, ...] = PROGRAM, **options: Any
    ) -> "Instance":
        """Start the server; what it says goes to `log`."""
        with open(self.log, "ab") as log:
            command = [*program, "serve", *arguments]
            files = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL} | options
            self.process = self.begin(command, **files)
        if ready:
            self.wait()
        return self

    def begin(self, command: Sequence[str], **files: Any) -> "subprocess.Popen[bytes]":
        """The process that runs a command."""
        return subprocess.Popen(command, cwd=ROOT, env=self.environment(), **files)

    def wait(self) -> None:
        """Until it is ready."""
        end = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < end:
            assert self.process is not None
            assert self.process.poll() is None, f"it ended with {self.process.poll()} and said: {self.said()[-5000:]}"
            try:
                if self.get("/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.said()}")

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 35.0) -> int:
        """Its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """As a power cut does it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")

    def greeting(self, after: int = 0) -> str:
        """What it has written behind the first `after` characters once it has said that it is up, which comes a moment
        after it is ready."""
        end = time.monotonic() + STARTING_SECONDS
        while "server started" not in self.said()[after:] and time.monotonic() < end:
            time.sleep(0.02)
        return self.said()[after:]

    def command(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run another command in the same data directory."""
        command = [sys.executable, "-m", "fedcomm", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(), input=given, capture_output=True, text=True, timeout=60
        )

    def ask(self, method: str, path: str, body: bytes | None = None, seconds: float = 10.0, **fields: str) -> Reply:
        """One request; underscores in the names of fields are hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in fields.items()})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **fields: str) -> Reply:
        """A GET."""
        return self.ask("GET", path, **fields)

    def person(self, name: str, scopes: str = "read write follow") -> str:
        """Make an account; gives an access token."""
        made = self.command("account", "create", name, "--password-stdin", given="correct horse battery staple\n")
        assert made.returncode == 0, made.stderr
        token = self.command("account", "token", name, "--scopes", scopes)
        assert token.returncode == 0, token.stderr
        return token.stdout.strip()

    @property
    def memory(self) -> int:
        """Resident bytes of its process."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024
