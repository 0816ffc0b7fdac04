"""A real server behind its proxy, and forgers that it reaches by name and TLS at addresses that look public."""

import asyncio
import contextlib
import json
import shutil
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import msgspec

from storage import actors
from storage.connect import Database, rows
from tests.fediverse import Instance
from tests.netns.listening import Asked, answer
from tests.scenarios.stage import LOCAL, Stage
from tests.server.forking import ForkedInstance

OURS = LOCAL.removeprefix("https://")
SETTLE_SECONDS = 30.0
DUE = 5_000  # ms: what waits longer is not waited for


class Server(ForkedInstance):
    """`fedcomm serve` as the world knows it by name, with no setting that is for tests."""

    def __init__(self, folder: Path, authority: Path) -> None:
        super().__init__(folder, BASE_URL=LOCAL, EXTRA_CA_FILE=str(authority), LOG_LEVEL="error")

    def ask_inside(self, command: str, **args: Any) -> dict[str, Any]:
        """What a command gives, asked at the server's own door."""
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(30)
            door.connect(str(self.data / "admin.sock"))
            door.sendall(json.dumps({"command": command, "args": args}).encode() + b"\n")
            said = json.loads(door.makefile().readline())
        assert "ok" in said, f"{command}: {said}"
        return dict(said["ok"])

    def copied(self, folder: Path) -> "Server":
        """Another server that begins with what this one had when it ended."""
        folder.mkdir()
        made = Server(folder, Path(self.settings["EXTRA_CA_FILE"]))
        shutil.copytree(self.data, made.data)
        return made


class _Process(msgspec.Struct, frozen=True):
    """As much of an `App` as looking at its data needs."""

    db: Any
    base_url: str
    host: str


class _Door(httpx.AsyncBaseTransport):
    """The way in of the proxy in front of the server: plain HTTP on the loopback, with the name that was asked."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        fields = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        passed = httpx.Request(
            request.method, url, headers=[(b"Host", OURS.encode()), *fields], content=request.content
        )
        return await self._inner.handle_async_request(passed)


class Seen(Instance):
    """The server as a stage looks at it: its door, and its data beside it."""

    def __init__(self, server: Server, database: Database) -> None:
        self.apps = [_Process(database, LOCAL, OURS)]  # type: ignore[assignment,list-item]
        self.host = OURS
        self.server = server
        self.asgi = _Door(server.port)  # type: ignore[assignment]
        self.workers = []
        self._next = cycle(self.apps)


class Outside:
    """All hosts but ours: what answers to their names, and what was asked of them (a fediverse to a stage)."""

    def __init__(self) -> None:
        self.hosts: dict[str, Callable[[httpx.Request], Awaitable[httpx.Response]]] = {}
        self.log: list[tuple[str, str, int]] = []  # method, URL, status
        self.wire = self
        self.server: Server | None = None

    async def say(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        """Answer as the host that was asked for."""
        host = asked.header("host") or ""
        request = httpx.Request(
            asked.method, f"https://{host}{asked.target}", headers=asked.headers, content=asked.body
        )
        known = self.hosts.get(host)
        found = await known(request) if known else httpx.Response(404)
        self.log.append((asked.method, str(request.url), found.status_code))
        said = {name: found.headers[name] for name in ("content-type", "location") if name in found.headers}
        writer.write(answer(found.status_code, found.content, **{n.replace("-", "_"): v for n, v in said.items()}))
        await writer.drain()

    async def settle(self) -> None:
        """Until the server has nothing to do."""
        assert self.server is not None
        deadline, quiet = time.monotonic() + SETTLE_SECONDS, 0
        while quiet < 2:
            waiting = await asyncio.to_thread(self.server.ask_inside, "queue")
            others = waiting["jobs"] or waiting["deliveries"] or waiting["unread"]
            quiet = quiet + 1 if waiting["idle"] or (not others and self._nothing_due()) else 0
            assert time.monotonic() < deadline, "the server does not come to rest"
            await asyncio.sleep(0.02)

    def _nothing_due(self) -> bool:
        """Whether all that waits in the inbox waits for its time, as votes do of which too many came at once."""
        assert self.server is not None
        sql = "SELECT COUNT(*) FROM inbox_item WHERE state IN (0, 2) AND COALESCE(next_at, 0) < ?"
        with contextlib.closing(sqlite3.connect(f"file:{self.server.data / 'fedcomm.db'}?mode=ro", uri=True)) as data:
            return data.execute(sql, (int(time.time() * 1000) + DUE,)).fetchone() == (0,)


class RealStage(Stage):
    """A stage on which our side is played by a server of its own, through the doors that it has."""

    def __init__(self, outside: Outside, seen: Seen, vectors: dict[str, Any]) -> None:
        super().__init__(outside, seen, vectors)  # type: ignore[arg-type]
        self._server = seen.server

    async def look(self) -> None:
        await super().look()
        self._token = await asyncio.to_thread(self._server.ask_inside, "account.token", name="anna", scopes="write")

    async def take(self, step: dict[str, Any]) -> None:
        if "local_ban" in step:
            group = (await self.group(step["local_ban"]["group"]))[1]
            await self._inside("group.ban", group=group.username, actor=step["local_ban"]["actor"])
        elif "local_accept" in step:
            await self._accept(step["local_accept"]["actor"])
        else:
            return await super().take(step)
        await self.fediverse.settle()

    async def _inside(self, command: str, **args: str) -> None:
        await asyncio.to_thread(self._server.ask_inside, command, **args)

    async def ask_to_follow(self, target: str) -> None:
        await self._inside("follow", account=self.user.actor.username, whom=target)

    async def _accept(self, who: str) -> None:
        with self.instance.here():
            asked = await actors.by_uri(who)
        assert asked is not None
        answered = await asyncio.to_thread(
            self._server.ask, "POST", f"/api/v1/follow_requests/{asked.id}/authorize",
            Host=OURS, Authorization=f"Bearer {self._token['token']}",
        )  # fmt: skip
        assert answered.status == 200, answered.body


async def faults(seen: Seen) -> list[Any]:
    """What of the inbox had no effect because of a fault of ours."""
    with seen.here():
        return await rows("SELECT error FROM inbox_item WHERE state = 3")
