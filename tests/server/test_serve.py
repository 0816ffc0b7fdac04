"""`fedcomm serve`: started, used, asked to stop, killed and started again."""

import concurrent.futures
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import ROOT, Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance that does not run yet."""
    made = Instance(tmp_path)
    yield made
    made.kill()


def setup_link(said: str) -> str:
    found = re.findall(r"http://[^ ]+/setup/[\w-]+", said)
    assert found, said
    return str(found[-1])


def test_one_command_starts_an_instance_and_a_signal_ends_it(instance: Instance) -> None:
    instance.start()

    first = instance.greeting()
    assert f"http://{instance.host}/" in first
    assert "THIS IS A TRY-OUT" in first
    assert instance.get(setup_link(first).removeprefix(f"http://{instance.host}")).status == 200
    assert instance.get("/.well-known/nodeinfo").status == 200
    assert instance.stop() == 0

    stopped = len(instance.said())
    again = instance.start().greeting(after=stopped)
    assert setup_link(again) != setup_link(first)
    assert instance.stop(signal.SIGINT) == 0


def test_the_address_is_said_when_somebody_is_admin_but_no_link(instance: Instance) -> None:
    instance.command("account", "create", "anna", "--role", "admin", "--password-stdin", given="pass word pass word\n")

    instance.start()

    assert f"http://{instance.host}/" in instance.greeting()
    assert "/setup/" not in instance.said()


@pytest.mark.attack("FLT-27")
def test_a_second_server_in_one_data_directory_is_refused(instance: Instance) -> None:
    instance.start()
    assert instance.process is not None

    refused = instance.command("serve")

    assert refused.returncode == 2
    assert f"process {instance.process.pid}" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("fix: ")
    assert instance.get("/readyz").status == 200


def test_an_address_that_is_taken_is_said_in_a_sentence(instance: Instance) -> None:
    with socket.create_server(("127.0.0.1", instance.port)):
        refused = instance.command("serve")

    assert refused.returncode == 2
    assert "another program listens on" in refused.stderr
    assert "Traceback" not in refused.stderr
    instance.start()


@pytest.mark.parametrize("database", ["", "sqlite:///nowhere/x.db"])
def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(instance: Instance, database: str) -> None:
    instance.data.mkdir()
    (instance.data / "fedcomm.db").write_text("a letter to my aunt\n" * 1000)
    instance.settings["DATABASE_URL"] = database

    refused = instance.command("serve")

    assert refused.returncode == 2
    assert "the database cannot be opened: cannot open" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("fix: see that its folder is there")
    assert "Traceback" not in refused.stderr
    assert (instance.data / "fedcomm.db").read_text().startswith("a letter")


@pytest.mark.parametrize("blocks", [32, 48])
def test_a_disk_without_room_is_told_in_a_sentence_and_changes_nothing(instance: Instance, blocks: int) -> None:
    instance.command("account", "create", "anna", "--password-stdin", given="pass word pass word\n")
    before = (instance.data / "fedcomm.db").read_bytes()

    def full(*arguments: str) -> subprocess.CompletedProcess[str]:
        limited = f'ulimit -f {blocks}; exec "$@"'  # blocks of 512 or 1024 bytes, of any file that is written
        command = ["sh", "-c", limited, "sh", sys.executable, "-m", "fedcomm", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=instance.environment(), input="pass word pass word\n", text=True,
            capture_output=True, timeout=30,
        )  # fmt: skip

    for refused in (full("account", "create", "bob", "--password-stdin"), full("serve")):
        assert refused.returncode == 2
        assert "database cannot" in refused.stderr
        assert refused.stderr.splitlines()[-1].startswith("fix: see that")
        assert "Traceback" not in refused.stderr

    assert (instance.data / "fedcomm.db").read_bytes() == before
    assert instance.command("account", "token", "bob").returncode == 2
    assert instance.command("account", "token", "anna").returncode == 0


def test_several_addresses_are_served(instance: Instance) -> None:
    instance.settings["LISTEN"] += f",127.0.0.2:{instance.port}"
    instance.start()

    with socket.create_connection(("127.0.0.2", instance.port), 5) as connection:
        connection.sendall(f"GET /livez HTTP/1.1\r\nHost: 127.0.0.2:{instance.port}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_commands_work_while_the_server_runs_and_after_it_was_killed(instance: Instance) -> None:
    instance.start()
    token = instance.person("anna")
    who = instance.get("/api/v1/accounts/verify_credentials", authorization=f"Bearer {token}")
    assert who.json["username"] == "anna"

    instance.kill()
    assert instance.person("bob")
    instance.start()

    who = instance.get("/api/v1/accounts/verify_credentials", authorization=f"Bearer {token}")
    assert who.json["username"] == "anna"
    assert instance.person("carol")
    assert instance.stop() == 0


@pytest.mark.attack("FLT-29")
def test_what_was_answered_under_load_is_there_after_the_server_was_asked_to_stop(instance: Instance) -> None:
    instance.settings["RATE_LIMITS"] = "off"
    instance.start()
    token = f"Bearer {instance.person('anna')}"
    kept: list[str] = []
    refused: list[int] = []
    enough = threading.Event()

    def write(number: int) -> None:
        for count in range(2000):
            body = f"status=post+{number}+{count}".encode()
            form = "application/x-www-form-urlencoded"
            try:
                answer = instance.ask("POST", "/api/v1/statuses", body, 40, authorization=token, content_type=form)
            except (OSError, EOFError, ValueError):
                return
            if answer.status == 200:
                kept.append(answer.json["id"])
            else:
                refused.append(answer.status)
                return
            if len(kept) >= 60:
                enough.set()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, number) for number in range(8)]
        assert enough.wait(60)
        began = time.monotonic()
        assert instance.stop() == 0
        took = time.monotonic() - began
        concurrent.futures.wait(writers)

    assert took < 30
    assert refused == []
    instance.start()
    for one in kept:
        assert instance.get(f"/api/v1/statuses/{one}", authorization=token).status == 200
    assert len(set(kept)) == len(kept)


def test_a_second_signal_ends_the_server_at_once(instance: Instance) -> None:
    instance.start()
    with socket.create_connection(("127.0.0.1", instance.port), 5) as connection:
        head = f"POST /oauth/token HTTP/1.1\r\nHost: {instance.host}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode())
        time.sleep(0.2)
        assert instance.process is not None
        instance.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        instance.process.send_signal(signal.SIGTERM)  # the same wish once more: systemd and make pass it on both
        time.sleep(1.2)
        assert instance.process.poll() is None

        began = time.monotonic()
        assert instance.stop() == 128 + signal.SIGTERM
        assert time.monotonic() - began < 1
    instance.start()


@pytest.mark.attack("FLT-30")
@pytest.mark.parametrize("redirection", [">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_a_server_whose_output_nobody_takes_goes_on(instance: Instance, redirection: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    command = [*shell, sys.executable, "-m", "fedcomm", "serve"]
    instance.process = subprocess.Popen(command, cwd=Path(__file__).parent.parent.parent, env=instance.environment())
    instance.log.touch()
    instance.wait()

    assert instance.get("/broken?\xff".replace("\xff", "%ff")).status == 404
    assert instance.person("anna")
    assert instance.stop() == 0


@pytest.mark.attack("FLT-30")
def test_a_log_that_nobody_reads_does_not_hold_the_server_up(instance: Instance) -> None:
    instance.settings["LOG_LEVEL"] = "debug"
    instance.start(ready=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    instance.log.touch()
    instance.wait()

    for number in range(3000):
        if instance.get(f"/nothing/{number}/{'x' * 200}").status not in (404, 429):
            raise AssertionError
    assert instance.get("/readyz").status == 200
    assert instance.process is not None
    instance.process.stdout.close()  # type: ignore[union-attr]
    assert instance.stop() == 0


def test_an_idle_server_needs_little_memory(instance: Instance) -> None:
    instance.start()
    for path in ("/", "/about", "/api/v2/instance", "/actor", "/.well-known/nodeinfo"):
        instance.get(path)

    assert instance.memory <= 120 * 1024 * 1024


@pytest.mark.attack("ADM-19")
@pytest.mark.parametrize(
    "settings",
    [
        {"BASE_URL": "http://groups.example"},
        {"BASE_URL": "https://groups.example", "TEST_MODE": "1"},
        {"BASE_URL": "https://groups.example", "ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8"},
        {"LISTEN": "0.0.0.0:8420"},
    ],
)
def test_settings_that_are_not_safe_start_nothing(instance: Instance, settings: dict[str, str]) -> None:
    instance.settings.update(settings)

    refused = instance.command("serve")

    assert refused.returncode == 2
    assert "fix: " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not instance.data.exists()


@pytest.mark.attack("ADM-16")
def test_what_the_server_keeps_is_for_its_owner_alone(instance: Instance) -> None:
    instance.start()
    modes = {path.name: path.lstat().st_mode & 0o777 for path in instance.data.rglob("*")}
    instance.stop()

    assert instance.data.stat().st_mode & 0o777 == 0o700
    assert {name for name, mode in modes.items() if mode & 0o077} == set()
    assert "admin.sock" in modes and "fedcomm.db" in modes
