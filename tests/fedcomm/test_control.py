"""The lock on a data directory and the door for commands."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedcomm import control, lock
from fedcomm.errors import AppError, Conflict, Invalid

pytestmark = pytest.mark.anyio

HOLD = "import sys, time; from pathlib import Path; from fedcomm import lock\nwith lock.held(Path(sys.argv[1])):\n print('held', flush=True); time.sleep(60)"  # noqa: E501


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the directory's lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


async def run(command: str, args: dict[str, Any]) -> dict[str, Any]:
    """Stands for the commands of an instance."""
    if command == "refuse":
        raise Invalid("that is no name", fix="take another")
    if command == "wait":
        await asyncio.sleep(0.3)
    return {"command": command, **args}


def test_a_second_server_on_one_directory_is_refused(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Conflict, match=f"in use by process {holder.pid}") as caught, lock.held(tmp_path):
        pass

    assert "FEDCOMM_DATA_DIR" in caught.value.fix


def test_a_killed_server_leaves_no_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    with lock.held(tmp_path):
        assert lock.owner(tmp_path) == os.getpid()


def test_web_and_worker_share_a_directory_and_nobody_else_does(tmp_path: Path) -> None:
    with lock.held(tmp_path, "web"), lock.held(tmp_path, "worker"):
        for role in ("web", "worker", "all"):
            with pytest.raises(Conflict), lock.held(tmp_path, role):
                pass
    with lock.held(tmp_path):
        pass


async def test_a_command_reaches_the_server_and_its_answer_comes_back(tmp_path: Path) -> None:
    async with control.serving(tmp_path, run):
        answer = await control.ask(tmp_path, "account.create", {"name": "alice", "text": "zwei\nZeilen"})

    assert answer == {"command": "account.create", "name": "alice", "text": "zwei\nZeilen"}


async def test_what_the_server_says_no_with_is_said_with_its_fix(tmp_path: Path) -> None:
    async with control.serving(tmp_path, run):
        with pytest.raises(Invalid, match="that is no name") as caught:
            await control.ask(tmp_path, "refuse", {})

    assert caught.value.fix == "take another"


async def test_commands_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with control.serving(tmp_path, run):
        slow = asyncio.ensure_future(control.ask(tmp_path, "wait", {}))
        await asyncio.sleep(0.05)
        await control.ask(tmp_path, "quick", {})
        assert not slow.done()
        await slow


async def test_the_door_is_its_owners_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    async with control.serving(tmp_path, run):
        mode = (tmp_path / control.NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600

    with pytest.raises(control.NoServer):
        await control.ask(tmp_path, "quick", {})


async def test_a_door_left_by_a_killed_server_is_no_server_and_in_nobodys_way(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / control.NAME))

    with pytest.raises(control.NoServer):
        await control.ask(tmp_path, "quick", {})
    async with control.serving(tmp_path, run):
        assert await control.ask(tmp_path, "quick", {}) == {"command": "quick"}


async def test_a_folder_with_a_long_name_has_a_door_too(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("name" * 30)
    folder.mkdir(parents=True)

    with pytest.raises(control.NoServer):
        await control.ask(folder, "quick", {})
    async with control.serving(folder, run):
        assert await control.ask(folder, "quick", {}) == {"command": "quick"}


@pytest.mark.parametrize("line", [b"", b"hello\n", b'{"command": 5}\n', b'{"command": "x", "args": {}, "more": 1}\n',
                                  b"[" * 100_000 + b"\n", b"x" * (control.MAX_LINE + 10)])  # fmt: skip
async def test_nonsense_at_the_door_harms_nothing(tmp_path: Path, line: bytes) -> None:
    async with control.serving(tmp_path, run):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / control.NAME))
        writer.write(line)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await control.ask(tmp_path, "quick", {}) == {"command": "quick"}


async def test_a_server_that_stops_before_it_answers_is_noticed(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(hang_up, str(tmp_path / control.NAME)):
        with pytest.raises(AppError, match="did not answer"):
            await control.ask(tmp_path, "quick", {})


async def test_of_two_servers_that_share_a_directory_each_has_its_door(tmp_path: Path) -> None:
    async with control.serving(tmp_path, run, control.WORKER):
        async with control.serving(tmp_path, run):
            assert (await control.ask(tmp_path, "first", {}))["command"] == "first"

        assert (await control.ask(tmp_path, "second", {}))["command"] == "second"

    with pytest.raises(control.NoServer):
        await control.ask(tmp_path, "third", {})
