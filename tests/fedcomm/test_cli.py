"""The command `fedcomm`: what it says, its exit codes, and how it says what was asked wrongly."""

import ast
import asyncio
import contextlib
import inspect
import io
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fedcomm
from fedcomm import cli, control, lock
from fedcomm.commands import COMMANDS

ROOT = Path(fedcomm.__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a data directory of its own."""
    for name in [name for name in os.environ if name.startswith("FEDCOMM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FEDCOMM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> "Said":
    """Runs commands in this process."""
    return Said(capfd)


class Said:
    """Runs a command and keeps what it said."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.out = self.error = ""

    def run(self, *args: str) -> int:
        """The exit code."""
        try:
            code = cli.exit_code(args)
        except SystemExit as stop:
            code = int(stop.code or 0)
        self.out, self.error = self._capfd.readouterr()
        return code

    def refused(self, *args: str) -> str:
        """What is said against it, with a line `fix:` at the end and without a trace."""
        assert self.run(*args) == 2
        assert self.error.splitlines()[-1].startswith("fix: ")
        assert "Traceback" not in self.error
        return self.error


@contextlib.contextmanager
def server(data: Path, answers: dict[str, Any]) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The door of a running server that answers commands as told, and keeps what it was asked."""
    data.mkdir(exist_ok=True)
    (data / "instance.json").write_text('{"base_url": "http://127.0.0.1:8420"}')
    asked: list[tuple[str, dict[str, Any]]] = []
    ready, stop = threading.Event(), threading.Event()

    async def run(command: str, args: dict[str, Any]) -> dict[str, Any]:
        asked.append((command, args))
        answer = answers[command]
        return dict(answer.pop(0) if isinstance(answer, list) else answer)

    async def serve() -> None:
        async with control.serving(data, run):
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def test_the_version_is_said(said: Said) -> None:
    assert said.run("version") == 0
    assert said.out == f"{fedcomm.__version__}\n"


def test_help_lists_every_command(said: Said) -> None:
    assert said.run("--help") == 0
    assert all(f"\n  {name}" in said.out for name in cli.COMMANDS)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["acount"], 'did you mean "account"?'),
        (["account", "creat", "x"], "'create'"),
        (["account", "create"], "NAME"),
        (["account", "create", "x", "--role", "king"], "'king'"),
        (["account", "create", "x", "--password", "y"], "--password"),
        (["serve", "--processes", "0"], "--processes"),
        (["serve", "--role", "cook"], "'cook'"),
        (["queue", "--wait", "soon"], "--wait"),
        (["debug", "verify", "nowhere"], "nowhere"),
        (["debug", "replay", "nowhere"], "nowhere"),
        ([], "Missing command"),
    ],
)
def test_a_command_asked_wrongly_is_refused(said: Said, args: list[str], expected: str) -> None:
    assert expected in said.refused(*args)


def test_settings_are_checked_and_shown(said: Said, data: Path) -> None:
    assert said.run("config", "check") == 0
    assert "a try-out on this machine, http://127.0.0.1:8420" in said.out
    assert said.run("config", "show", "--effective") == 0
    assert f'data_dir                   = "{data}"  # FEDCOMM_DATA_DIR' in said.out
    assert 'base_url                   = "http://127.0.0.1:8420"  # try-out' in said.out
    assert "rate_limits                = true  # default" in said.out
    assert said.run("config", "example") == 0
    assert "# listen = " in said.out


def test_a_typo_in_the_settings_names_the_nearest_and_its_line(said: Said, data: Path) -> None:
    data.mkdir()
    (data / "config.toml").write_text("[federation]\nalow_list_mode = true\n")

    for command in (["config", "check"], ["serve"], ["account", "approve", "x"]):
        assert 'did you mean "federation.allow_list_mode"? (config.toml:2)' in said.refused(*command)
    assert not (data / "fedcomm.db").exists()


def test_commands_for_no_instance_are_refused_and_make_none(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FEDCOMM_DATA_DIR")
    monkeypatch.chdir(tmp_path)

    assert "there is no instance" in said.refused("account", "approve", "x")
    assert not list(tmp_path.iterdir())


def test_a_second_server_on_one_directory_is_refused(said: Said, data: Path) -> None:
    data.mkdir()
    with lock.held(data):
        assert f"in use by process {os.getpid()}" in said.refused("serve")


def test_a_server_of_another_base_url_is_refused_with_the_command_for_a_fresh_directory(
    said: Said, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.mkdir()
    (data / "instance.json").write_text('{"base_url": "https://a.example"}')
    monkeypatch.setenv("FEDCOMM_BASE_URL", "https://b.example")

    assert f"FEDCOMM_DATA_DIR={data}-b.example FEDCOMM_BASE_URL=https://b.example make run" in said.refused("serve")


@pytest.mark.parametrize("args", [["--role", "web"], ["--role", "worker"], ["--processes", "2"]])
def test_sqlite_is_for_one_process(said: Said, args: list[str]) -> None:
    assert "one process" in said.refused("serve", *args)


def test_a_password_comes_from_stdin_and_is_never_an_argument(
    said: Said, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(data, {"account.create": {"handle": "@alice@x"}}) as asked:
        monkeypatch.setattr(sys, "stdin", io.StringIO(" spaces count \nnot this\n"))
        assert said.run("account", "create", "alice", "--password-stdin", "--role", "admin") == 0
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        assert "no password came in" in said.refused("account", "create", "bob", "--password-stdin")
        assert "--password-stdin" in said.refused("account", "password", "bob")

    assert asked == [("account.create", {"name": "alice", "password": " spaces count ", "email": "", "role": "admin"})]


def test_what_is_done_about_somebody_is_said_and_whether_it_was_so_before(said: Said, data: Path) -> None:
    answers = {"account.act": {"handle": "@anna", "changed": True}, "account.promote": {}, "account.reject": {}}
    with server(data, answers) as asked:
        assert said.run("account", "unsuspend", "anna", "--reason", "A mistake") == 0
        assert said.out == "@anna is suspended no more.\n"
        assert said.run("account", "demote", "anna") == 0 and said.run("account", "reject", "new") == 0
    with server(data, {"account.act": {"handle": "@anna", "changed": False}}):
        assert said.run("account", "limit", "anna") == 0
        assert said.out.endswith("@anna was limited before.\n")

    assert asked[0] == ("account.act", {"who": "anna", "act": "restore", "reason": "A mistake"})


@pytest.mark.attack("ADM-22", "ADM-23")
def test_an_account_is_purged_and_the_report_is_for_nobody_else(said: Said, data: Path, tmp_path: Path) -> None:
    keys = {"json": f"aa/{'a' * 30}", "txt": f"bb/{'b' * 30}"}
    for form, key in keys.items():
        (data / "media" / key).parent.mkdir(parents=True)
        (data / "media" / key).write_text(form)
    waits = {"left": 0, "servers": 2, "answered": 1, "taken": 0}
    answers = {
        "account.purge": {"posts": 2, "files": 1, "bytes": 7, "servers": 2},
        "account.erased": [waits | {"left": 3}, waits, waits | {"answered": 2, "taken": 1}, waits | {"left": 3}],
        "account.report": keys,
        "file.drop": {},
    }
    path = tmp_path / "bob.json"
    with server(data, answers) as asked:
        assert said.run("account", "purge", "bob", "--dry-run") == 0
        assert said.out == "bob has 2 posts and 1 picture (7 B); 2 servers would be told.\n"
        assert [name for name, _args in asked] == ["account.purge"]
        assert said.run("account", "purge", "bob", "--media", "--notify-peers", "--report", str(path)) == 0
        assert "Of 2 servers, 2 answered and 1 took it." in said.out and str(path) in said.out
        assert asked[1] == ("account.purge", {"name": "bob", "media": True, "dry_run": False})
        assert [args["key"] for name, args in asked if name == "file.drop"] == list(keys.values())
        seen = len(asked)
        beside = str(path.with_suffix(".txt"))
        for command in (
            ("purge", "bob", "--report", beside),
            ("purge", "bob", "--report", str(path)),
            ("report", "bob", str(tmp_path / "none" / "x.json")),
        ):
            assert "is there already" in (refused := said.refused("account", *command)) or "no folder" in refused
        assert len(asked) == seen, "nothing is asked for that could not be written"

        for form, key in keys.items():
            (data / "media" / key).write_text(form)
        assert said.run("account", "purge", "bob", "--wait", "0", "--report", str(tmp_path / "early.txt")) == 1
        assert "Posts and pictures left: 3." in said.error and "fedcomm account report bob FILE" in said.error
        assert (tmp_path / "early.json").read_text() == "json" and (tmp_path / "early.txt").read_text() == "txt"

    assert (path.read_text(), path.with_suffix(".txt").read_text()) == ("json", "txt")
    assert {stat.S_IMODE(each.stat().st_mode) for each in (path, path.with_suffix(".txt"))} == {0o600}


def test_a_token_is_printed_and_nothing_else(said: Said, data: Path) -> None:
    with server(data, {"account.token": {"token": "secret"}}) as asked:
        assert said.run("account", "token", "alice", "--scopes", "read write follow push") == 0

    assert (said.out, said.error) == ("secret\n", "")
    assert asked[0][1]["scopes"] == "read write follow push"


def test_the_queue_is_done_when_nothing_waits(said: Said, data: Path) -> None:
    with server(data, {"queue": {"idle": True, "inbox": 0}}):
        assert said.run("queue", "--json") == 0
    assert json.loads(said.out) == {"idle": True, "inbox": 0}


def test_the_queue_is_waited_for(said: Said, data: Path) -> None:
    with server(data, {"queue": [{"idle": False}, {"idle": False}, {"idle": True}]}) as asked:
        assert said.run("queue", "--wait", "20") == 0
    assert len(asked) == 3


def test_a_queue_that_does_not_empty_is_not_done(said: Said, data: Path) -> None:
    peer = {"host": "b.test", "failures": 2, "next_attempt_at": 1_800_000_000_000, "error": "it answered 503"}
    with server(data, {"queue": {"idle": False, "deliveries": 1, "peers": [peer]}}):
        assert said.run("queue", "--wait", "0.3") == 1
        assert said.run("queue") == 1
    assert "deliveries: 1" in said.out
    assert "b.test: next attempt 2027-01-15 08:00:00 UTC, failed 2 times: it answered 503" in said.out


def test_every_command_asks_for_something_there_is_with_the_arguments_it_takes() -> None:
    asked: dict[str, set[str]] = {}
    for path in (ROOT / "fedcomm" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ask":
                (name,) = node.args
                assert isinstance(name, ast.Constant)
                asked[str(name.value)] = {keyword.arg or "" for keyword in node.keywords}

    taken = {name: set(inspect.signature(command).parameters) - {"app"} for name, command in COMMANDS.items()}
    assert asked == taken


def test_who_stops_reading_is_no_fault() -> None:
    command = f"{sys.executable} -m fedcomm config example | head -n 1"

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT)

    assert done.stderr == ""


def test_a_foreign_package_of_the_same_name_is_noticed_before_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "__init__.py").write_text("print('foreign code runs')\n")
    command = [sys.executable, "-c", "from fedcomm.cli import main; main()", "version"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)

    assert done.returncode == 2
    assert "the package 'web' here is not ours" in done.stderr
    assert "fix: " in done.stderr
    assert "foreign code runs" not in done.stdout


def test_an_examination_tells_its_steps_and_fails_when_something_does_not_hold(
    said: Said, data: Path, tmp_path: Path
) -> None:
    steps = [{"what": "key", "holds": True, "said": "good"}, {"what": "time", "holds": None, "said": "old"}]
    bad = {"what": "actor", "holds": False, "said": "another"}
    good: dict[str, Any] = {"holds": True, "steps": steps, "fix": ""}
    worse: dict[str, Any] = {"holds": False, "steps": [*steps, bad], "fix": "sign it"}
    (tmp_path / "file").write_bytes(b"{}")
    answers = {
        "debug.verify": [good, worse],
        "debug.fetch": good | {"document": {"id": "https://a.test/ü"}},
        "debug.replay": good,
    }

    with server(data, answers) as asked:
        assert said.run("debug", "verify", str(tmp_path / "file")) == 0
        assert said.out == "ok  key: good\n-   time: old\n"
        assert said.run("debug", "verify", str(tmp_path / "file"), "--host", "b.test") == 1
        assert said.out.endswith("NO  actor: another\n") and said.error == "fix: sign it\n"
        assert said.run("debug", "fetch", "@ann@a.test") == 0
        assert json.loads(said.out) == {"id": "https://a.test/ü"} and "key: good" in said.error
        assert said.run("debug", "replay", "7", "--really") == 0
        assert said.run("debug", "replay", str(tmp_path / "file"), "--json") == 0
        assert json.loads(said.out) == good
        (tmp_path / "file").write_bytes(b" " * 700_001)
        assert "700000" in said.refused("debug", "verify", str(tmp_path / "file"))

    assert [args for _command, args in asked] == [
        {"content": "e30=", "host": ""},
        {"content": "e30=", "host": "b.test"},
        {"what": "@ann@a.test"},
        {"content": "", "item": 7, "host": "", "really": True},
        {"content": "e30=", "item": 0, "host": "", "really": False},
    ]
