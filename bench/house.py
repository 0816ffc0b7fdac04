"""A server of our own as self-hosters run it: a process, a data directory, an address on the loopback."""

import asyncio
import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import machine

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 45.0
SETTLE_SECONDS = 60.0
PASSWORD = "correct horse battery staple"
WHOLE = ("-m", "fedcomm", "serve")
ONLY_WEB = ("-m", "bench.only_web")  # takes in and gives nothing its effect, to tell the two costs apart


class House:
    """One instance. `postgres` is the URL of a database that is made for it and dropped afterwards, '' is SQLite."""

    def __init__(self, folder: Path, postgres: str = "", **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.folder = folder
        self.data = folder / "data"
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._postgres = postgres
        self._database = f"fedcomm_bench_{secrets.token_hex(4)}" if postgres else ""
        self._settings = {
            "DATA_DIR": str(self.data),
            "LISTEN": f"127.0.0.1:{self.port}",
            "BASE_URL": self.base_url,
            "TEST_MODE": "1",
            "ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
            "RATE_LIMITS": "off",
            "LOG_LEVEL": "error",
            **settings,
        }
        if postgres:
            asyncio.run(_do(postgres, f'CREATE DATABASE "{self._database}"'))
            self._settings["DATABASE_URL"] = self.database_url

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """Of its PostgreSQL database."""
        return urlunsplit(urlsplit(self._postgres)._replace(path=f"/{self._database}"))

    def inside(self, module: str, *words: str) -> str:
        """What a program says that runs with the settings of this house, while its server is stopped."""
        command = [sys.executable, "-m", module, *words]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{module}: {done.stderr[-1000:]}")
        return done.stdout

    def start(self, command: tuple[str, ...] = WHOLE) -> float:
        """Start it; gives the seconds until it had answered for the first time."""
        begun = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() - begun > START_SECONDS:
                raise RuntimeError(f"the server did not start: {self.last_words}")
            time.sleep(0.005)
        return time.monotonic() - begun

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def drop(self) -> None:
        """Nothing of it is left."""
        self.stop(signal.SIGKILL)
        if self._postgres:
            asyncio.run(_do(self._postgres, f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)'))

    @property
    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("FEDCOMM_")}
        return own | {f"FEDCOMM_{name}": value for name, value in self._settings.items()}

    @property
    def last_words(self) -> str:
        """The last line that it wrote."""
        return (self.folder / "log").read_text(errors="replace").strip().rpartition("\n")[2]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the process has used."""
        return machine.cpu_seconds(self.pid)

    def command(self, command: str, **args: Any) -> dict[str, Any]:
        """What a command gives, asked at the server's own door."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(self.data / "admin.sock"))
            door.sendall(json.dumps({"command": command, "args": args}).encode() + b"\n")
            answer = json.loads(door.makefile().readline())
        if "ok" not in answer:
            raise RuntimeError(f"{command}: {answer}")
        return dict(answer["ok"])

    def person(self, name: str) -> str:
        """A new member; gives an access token."""
        self.command("account.create", name=name, password=PASSWORD, email="", role="member")
        return str(self.command("account.token", name=name, scopes="read write follow")["token"])

    def settle(self, pause: float = 0.1) -> None:
        """Wait until nothing waits."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self.command("queue")["idle"]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"it does not come to rest: {self.command('queue')}")
            time.sleep(pause)

    def ask(self, method: str, path: str, token: str = "", form: Any = None) -> Any:
        """The JSON of an answer below 300."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request(method, path, None if form is None else json.dumps(form), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} gave {answer.status}: {text[:300]!r}")
        return json.loads(text)

    def count(self, question: str) -> int:
        """The one number that a statement gives, read beside the server."""
        if self._postgres:
            return int(asyncio.run(_value(self.database_url, question)))
        connection = sqlite3.connect(f"file:{self.data / 'fedcomm.db'}?mode=ro", uri=True)
        try:
            return int(connection.execute(question).fetchone()[0])
        finally:
            connection.close()

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            finally:
                connection.close()
        return False


@contextmanager
def running(folder: Path, postgres: str = "", *, command: tuple[str, ...] = WHOLE, **settings: str) -> Iterator[House]:
    """A started house, gone at the end of the block."""
    folder.mkdir()
    house = House(folder, postgres, **settings)
    try:
        house.start(command)
        yield house
    finally:
        house.drop()


async def _do(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _value(url: str, question: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()
