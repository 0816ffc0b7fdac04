"""The PostgreSQL of the tests keeps to itself: no user added, no mode changed, nothing open to the network."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests import postgres

pytestmark = pytest.mark.anyio

WATCHED = ["/", "/tmp", "/root", "/home", "/var", "/var/tmp", "/run", "/etc", str(Path.cwd()), str(Path.home())]


def modes() -> dict[str, int]:
    """The mode and owner of the folders a careless start would open: those above the data, the binaries and us."""
    folders = {Path(path) for path in WATCHED if os.path.exists(path)}
    folders |= set(Path(postgres.__file__).resolve().parents) | set(postgres._binaries().parents)
    return {str(path): hash((path.stat().st_mode, path.stat().st_uid)) for path in folders}


@pytest.mark.skipif("FEDCOMM_TEST_POSTGRES_URL" in os.environ, reason="an installed PostgreSQL is used, not our own")
async def test_starting_a_server_changes_no_user_and_no_mode_and_leaves_nothing() -> None:
    before, users = modes(), Path("/etc/passwd").read_bytes()

    with postgres.server() as running:
        assert running.folder and stat.S_IMODE(running.folder.stat().st_mode) == 0o700
        connection = await asyncpg.connect(running.url)
        process = await connection.fetchval("SELECT pg_backend_pid()")
        assert "Uid:\t0\t" not in Path(f"/proc/{process}/status").read_text()
        assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
        assert await connection.fetchval("SHOW server_version_num") >= "150000"
        await connection.close()

    assert modes() == before
    assert Path("/etc/passwd").read_bytes() == users
    assert not running.folder.exists()
    assert not Path(f"/proc/{process}").exists()


@pytest.mark.skipif("FEDCOMM_TEST_POSTGRES_URL" in os.environ, reason="an installed PostgreSQL is used, not our own")
async def test_nobody_else_on_the_machine_gets_in() -> None:
    with postgres.server() as running:
        port = urlsplit(running.url).port
        for host in (str(running.folder), "127.0.0.1"):
            await (await asyncpg.connect(running.url, host=host, port=port)).close()
            with pytest.raises(asyncpg.PostgresError):
                await asyncpg.connect(running.url, host=host, port=port, password="guessed")


async def test_an_installed_server_is_used_when_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.server() as installed:
        monkeypatch.setenv("FEDCOMM_TEST_POSTGRES_URL", installed.url)
        with postgres.server() as running:
            name = await running.create()
            connection = await asyncpg.connect(running.of(name))
            assert await connection.fetchval("SELECT current_database()") == name
            await connection.close()
            await running.drop(name)
            with pytest.raises(asyncpg.InvalidCatalogNameError):
                await asyncpg.connect(running.of(name))


def test_binaries_below_a_closed_folder_are_copied_to_where_nobody_may_run_them(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs the server as somebody else")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    binaries = closed / "bin"
    binaries.mkdir()
    (binaries / "postgres").write_text("#!/bin/sh\nexit 0\n")
    (binaries / "postgres").chmod(0o755)

    found = postgres._reachable(binaries, tmp_path / "private")

    assert found == tmp_path / "private" / "install" / "bin"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_server_of_a_killed_test_run_goes_with_it() -> None:
    script = "import time; from tests.postgres import server\nwith server() as it: print(it, flush=True); time.sleep(9)"
    environment = {name: value for name, value in os.environ.items() if name != "FEDCOMM_TEST_POSTGRES_URL"}
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert run.stdout
    port, folder = re.findall(r":(\d+)/postgres|PosixPath\('(.*?)'\)", run.stdout.readline())

    run.kill()
    run.wait()

    gone_by = time.monotonic() + 10
    while time.monotonic() < gone_by and listens(int(port[0])):
        time.sleep(0.05)
    assert not listens(int(port[0]))
    shutil.rmtree(folder[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
