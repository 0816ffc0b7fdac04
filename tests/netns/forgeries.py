"""What `test_forgery` runs inside its namespace: each case against a server of its own, started anew."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage import actors
from storage.connect import Database, execute, use
from tests.corpus import corpus
from tests.netns.certificates import Authority
from tests.netns.internet import GOOD, NAME_SERVER, PRIVATE
from tests.netns.listening import Listener, listening
from tests.netns.names import NameServer
from tests.netns.outside import OURS, Outside, RealStage, Seen, Server, faults
from tests.scenarios.test_forgery_vectors import CASES, hold, played, serve_world

pytestmark = pytest.mark.anyio

EVERY = int(os.environ.get("FEDCOMM_TEST_FORGERY_EVERY", "1"))
VECTORS: dict[str, Any] = json.loads(corpus(CASES).read_bytes())
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
async def outside(anyio_backend: object, authority: Authority) -> AsyncIterator[tuple[Outside, list[Listener]]]:
    """The hosts of the forgers, and the private addresses at which nobody may knock."""
    names, made, private = NameServer(), Outside(), []
    known = (*VECTORS["hosts"].values(), OURS)
    names.zone = {name: [[GOOD]] for name in known}
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: names, (NAME_SERVER, 53))
    async with listening(made.say, GOOD, 443, authority.serves(*known)):
        for address in PRIVATE:
            private.append(listening(b"", address, 443))
        found = [await each.__aenter__() for each in private]
        yield made, found
        for each in private:
            await each.__aexit__(None, None, None)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def begun(anyio_backend: object, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Server:
    """What all cases begin with; the server has ended."""
    server = Server(tmp_path_factory.mktemp("begun"), authority.file).start()
    try:
        for name in ("anna", "bert"):
            server.ask_inside("account.create", name=name, password=PASSWORD, email="", role="member")
        for name in ("club", "closed"):
            server.ask_inside("group.create", name=name, title=name.title(), summary="", steward="anna")
        token = server.ask_inside("account.token", name="anna", scopes="write")["token"]
        server.ask_inside("follow", account="anna", whom=f"club@{OURS}")
        body = json.dumps({"status": f"A post of ours @club@{OURS}"}).encode()
        posted = server.ask(
            "POST", "/api/v1/statuses", body, Host=OURS, Authorization=f"Bearer {token}",
            Content_Type="application/json",
        )  # fmt: skip
        assert posted.status == 200, posted.body
    finally:
        server.stop()
    database = await Database.open(f"sqlite://{server.data / 'fedcomm.db'}")
    with use(database):
        face = await actors.local("closed")
        assert face
        await execute("UPDATE groups SET join_mode = 'approval', posting = 'members' WHERE actor_id = ?", (face.id,))
        await actors.change(face.id, locked=1)
    await database.close()
    return server


@pytest.mark.parametrize("case_id", [case["id"] for case in VECTORS["cases"]][::EVERY])
async def test_no_forged_activity_has_the_effect_it_wants(
    outside: tuple[Outside, list[Listener]], begun: Server, tmp_path: Path, case_id: str
) -> None:
    case = next(case for case in VECTORS["cases"] if case["id"] == case_id)
    forgers, private = outside
    forgers.hosts.clear()
    forgers.log.clear()
    server = forgers.server = begun.copied(tmp_path / "copy").start()
    database = await Database.open(f"sqlite://{server.data / 'fedcomm.db'}")
    try:
        seen = Seen(server, database)
        stage = RealStage(forgers, seen, VECTORS)
        await stage.look()
        serve_world(stage, VECTORS, case)
        await played(stage, case)

        assert max(stage.statuses, default=0) < 500
        assert await faults(seen) == []
        await hold(stage, case)
        assert sum(listener.connections for listener in private) == 0
    finally:
        await database.close()
        server.kill()
