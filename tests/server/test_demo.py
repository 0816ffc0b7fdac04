"""`make demo`: what it promises on the terminal is there, and nothing of it is left after Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import ROOT, free_port

SCRIPT = ROOT / "scripts" / "demo.py"
READY_SECONDS = 60.0
STOP_SECONDS = 35.0


class Demo:
    """The script, its folder, and what it has said."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port, self.log = folder / "demo", free_port(), folder / "said"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command(), *more],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self) -> list[str]:
        return [sys.executable, str(SCRIPT), "--data", str(self.data), "--port", str(self.port)]

    def until(self, words: str) -> str:
        """Everything it has said, once these words are among it."""
        end = time.monotonic() + READY_SECONDS
        while words not in self.log.read_text():
            assert self.process is not None and self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return self.log.read_text()

    def servers(self) -> list[int]:
        """Ids of the processes that serve here."""
        return [int(lock.read_text()) for lock in self.data.glob("*/lock")]

    def processes(self) -> list[int]:
        """Ids of the processes that were given a folder here, whether they serve already or not."""
        found = []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if f"FEDCOMM_DATA_DIR={self.data}/".encode() in environment.read_bytes():
                    found.append(int(environment.parent.name))
        return found

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit code."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that does not run yet."""
    made = Demo(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.interrupt()


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def conversation(server: str, group: str) -> list[str]:
    """The texts of the thread in the group, as a visitor without an account reads them on that server."""
    found = get(f"{server}/api/v1/accounts/lookup?acct={urllib.parse.quote(group)}")
    (thread, *_) = get(f"{server}/api/v1/accounts/{found['id']}/statuses")
    first = thread["reblog"] or thread
    answers = get(f"{server}/api/v1/statuses/{first['id']}/context")["descendants"]
    return [re.sub(r"<[^>]+>", "", post["content"]) for post in (first, *answers)]


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_a_conversation_is_on_all_three_servers_once_and_the_next_run_begins_anew(demo: Demo) -> None:
    """No second demo comes between, and nothing is left after an interrupt."""
    demo.start()

    said = demo.until("Ctrl-C stops")
    urls = re.findall(rf"^  \w+ +(http://127\.0\.0\.[123]:{demo.port})(/\S+)", said, re.MULTILINE)
    servers = demo.servers()
    told = [conversation(url, f"gardening@127.0.0.1:{demo.port}") for url, _ in urls]
    pages = [urllib.request.urlopen(url + path, timeout=10).read().decode() for url, path in urls]

    assert len(urls) == len(servers) == 3
    assert len(told[0]) == 7
    assert sorted(told[0]) == sorted(told[1]) == sorted(told[2])
    chain = ["Which apple trees", "White Transparent", "Plant a second sort", "Then Discovery"]
    for texts in told:  # each of these answers the one before; guests may come in between
        places = [next(at for at, text in enumerate(texts) if text.startswith(words)) for words in chain]
        assert places == sorted(places)
    for words in ("Pick it before it falls", "Klarapfel", "half of being early is light", "James Grieve"):
        assert any(words in text for text in told[0]), words
    assert all("Which apple trees bear early" in page for page in pages)
    assert all(alive(process) for process in servers)

    refused = subprocess.run(demo.command(), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("fix: ")
    assert demo.servers() == servers and all(alive(process) for process in servers)

    assert demo.interrupt() == 0
    assert not any(alive(process) for process in servers)

    demo.log.write_text("")
    demo.start("--alone")
    demo.until("Ctrl-C stops")
    assert len(conversation(f"http://127.0.0.2:{demo.port}", f"gardening@127.0.0.1:{demo.port}")) == 4
    assert demo.interrupt() == 0


def test_an_interrupt_while_the_servers_start_leaves_none_of_them(demo: Demo) -> None:
    demo.start("--alone")
    demo.until("starting 3 servers")
    end = time.monotonic() + READY_SECONDS
    while len(begun := demo.processes()) < 3:
        assert time.monotonic() < end
        time.sleep(0.02)

    assert demo.interrupt() == 0
    assert not any(alive(process) for process in begun)
    assert demo.processes() == []


def test_a_folder_of_somebody_else_is_left_alone(demo: Demo) -> None:
    demo.data.mkdir()
    (demo.data / "thesis.txt").write_text("mine")

    refused = subprocess.run(demo.command(), cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("fix: ")
    assert [path.name for path in demo.data.iterdir()] == ["thesis.txt"]
