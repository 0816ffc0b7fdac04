"""Streams of the command as its users run it: through several processes, and to its end."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.server.forking import ForkedInstance
from tests.server.running import Instance

pytestmark = pytest.mark.anyio


def looking(instance: Instance, token: str) -> connect:
    """Somebody looks at their home; the token is in the address."""
    url = f"ws://{instance.host}/api/v1/streaming/?stream=user&access_token={token}"
    return connect(url, proxy=None, compression=None)


async def post(instance: Instance, token: str) -> str:
    """The id of a new post."""
    body = json.dumps({"status": "Good morning"}).encode()
    fields = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    answer = await asyncio.to_thread(instance.ask, "POST", "/api/v1/statuses", body, **fields)
    assert answer.status == 200, answer.body
    return str(answer.json["id"])


async def told(socket: ClientConnection) -> str:
    """The id of the status that comes next."""
    async with asyncio.timeout(10):
        message = json.loads(await socket.recv())
    return str(json.loads(message["payload"])["id"])


async def message(socket: ClientConnection) -> tuple[str, Any]:
    """Event and payload of what comes next."""
    async with asyncio.timeout(10):
        found = json.loads(await socket.recv())
    return found["event"], json.loads(found["payload"])


async def end(socket: ClientConnection) -> int | None:
    """The code with which the server ends it."""
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await socket.recv()
    return closed.value.rcvd.code if closed.value.rcvd else None


async def follow(instance: Instance, token: str, name: str) -> None:
    """Follow somebody, and ask to be told of all that they write."""
    fields = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    found = await asyncio.to_thread(instance.ask, "GET", f"/api/v1/accounts/lookup?acct={name}", None, **fields)
    path = f"/api/v1/accounts/{found.json['id']}/follow"
    answer = await asyncio.to_thread(instance.ask, "POST", path, b'{"notify":true}', **fields)
    assert answer.json["notifying"], answer.body


@pytest.mark.attack("OAU-10")
async def test_streams_end_with_the_server_and_their_tokens_are_in_no_log(tmp_path: Path) -> None:
    instance = ForkedInstance(tmp_path, LOG_LEVEL="debug")
    try:
        instance.start()
        token = instance.person("alice")
        async with looking(instance, token) as socket:
            assert await post(instance, token) == await told(socket)
            for _ in range(100):  # of which one is logged
                assert instance.get(f"/api/v1/streaming/list?list=1&access_token={token}").status == 404

            begun = time.monotonic()
            stopping = asyncio.create_task(asyncio.to_thread(instance.stop))
            with pytest.raises(ConnectionClosed) as end:
                await socket.recv()

            assert end.value.rcvd is not None and end.value.rcvd.code == 1001
            assert await stopping == 0
            assert time.monotonic() - begun < 8
        assert "/api/v1/streaming/list" in instance.said() and token not in instance.said()
    finally:
        instance.kill()


async def test_every_process_tells_what_happens_in_any_of_them(database_url: str, tmp_path: Path) -> None:
    instance = ForkedInstance(tmp_path, DATABASE_URL=database_url)
    try:
        instance.start("--processes", "2")
        alice, bob = instance.person("alice"), instance.person("bob")
        await follow(instance, bob, "alice")
        sockets = [await looking(instance, bob) for _ in range(6)]  # the processes take turns

        posts = [await post(instance, alice) for _ in range(4)]
        begun = time.monotonic()
        heard = [[await message(socket) for _ in range(8)] for socket in sockets]
        seconds = time.monotonic() - begun
        changed = instance.command("account", "password", "bob", "--password-stdin", given="another horse battery\n")
        ends = await asyncio.gather(*map(end, sockets))

        for told in heard:
            assert sorted(about["id"] for kind, about in told if kind == "update") == sorted(posts)
            notices = [about for kind, about in told if kind == "notification"]
            assert sorted(about["status"]["id"] for about in notices) == sorted(posts)
            assert {about["type"] for about in notices} == {"status"}
        assert seconds < 2.5  # a job tells of news; jobs are looked for without a word every five seconds
        assert changed.returncode == 0, changed.stderr  # which ends every token
        assert ends == [1008] * len(sockets)
    finally:
        instance.stop()


@pytest.fixture
def dialect() -> str:
    """Several processes need PostgreSQL."""
    return "postgres"
