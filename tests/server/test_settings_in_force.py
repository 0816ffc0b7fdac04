"""Each setting has its effect on the server as it runs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.netns.certificates import Authority
from tests.netns.listening import answer, listening
from tests.server.forking import ForkedInstance
from tests.server.running import Instance, Reply, free_port

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
TEST = {"BASE_URL": "https://a.test", "TEST_MODE": "1"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance that does not run yet."""
    made = ForkedInstance(tmp_path)
    yield made
    made.kill()


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    """A TLS server called b.test that knows nobody: its port, and the file of the authority that certifies it."""
    authority = Authority(tmp_path)
    async with listening(answer(404), tls=authority.serves("b.test")) as made:
        yield made.port, authority.file


def register(instance: Instance, **fields: str) -> Reply:
    """A program introduces itself."""
    body = json.dumps({"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"})
    return instance.ask("POST", "/api/v1/apps", body.encode(), content_type="application/json", **fields)


async def followed(instance: Instance, **settings: Any) -> str:
    """What is said when somebody wants to follow @bob@b.test under these settings."""
    instance.settings = {name: value for name, value in (instance.settings | settings).items() if value is not None}
    asked = await asyncio.to_thread(instance.command, "follow", "anna", "@bob@b.test")
    assert asked.returncode == 2
    return asked.stderr


async def test_a_test_reaches_the_hosts_it_names_where_they_are_and_trusts_their_authority(
    instance: Instance, peer: tuple[int, Path]
) -> None:
    port, authority = peer
    instance.settings |= TEST
    await asyncio.to_thread(instance.person, "anna")
    there = {"TEST_HOSTS": f"b.test=127.0.0.1:{port}"}

    nowhere = await followed(instance)
    untrusted = await followed(instance, **there)
    found = await followed(instance, **there, EXTRA_CA_FILE=str(authority))

    assert "b.test has no address" in nowhere
    assert "b.test has no valid certificate" in untrusted
    assert "@bob@b.test was not found" in found


async def test_an_address_of_a_private_network_is_reached_where_it_is_allowed_and_nowhere_else(
    instance: Instance, peer: tuple[int, Path]
) -> None:
    port, authority = peer
    instance.settings |= TEST | {"EXTRA_CA_FILE": str(authority)}
    await asyncio.to_thread(instance.person, "anna")

    async def asked(**settings: str) -> str:
        instance.settings |= settings
        answer = await asyncio.to_thread(instance.command, "follow", "anna", f"@bob@127.0.0.1:{port}")
        return answer.stderr

    assert "127.0.0.1 leads to an address that is" in await asked()
    assert "127.0.0.1 leads to an address that is" in await asked(ALLOWED_PRIVATE_NETWORKS="10.0.0.0/8")
    assert "no valid certificate" in await asked(ALLOWED_PRIVATE_NETWORKS="127.0.0.0/8")  # it is one for b.test


def test_a_try_out_speaks_to_no_public_address_and_asks_about_none(instance: Instance) -> None:
    instance.person("anna")

    for whom in ("@bob@peer.example", "https://peer.example/users/bob", "@bob@93.184.216.34"):
        refused = instance.command("follow", "anna", whom)
        assert refused.returncode == 2
        assert "A try-out speaks to this machine only" in refused.stderr, whom


def test_the_clock_of_a_test_is_read_again_when_it_is_changed(instance: Instance, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    instance.settings |= {"TEST_CLOCK": str(clock)}
    instance.start()
    token = instance.person("anna")

    def written() -> float:
        body = json.dumps({"status": "Hello"}).encode()
        fields = {"authorization": f"Bearer {token}", "content_type": "application/json"}
        post = instance.ask("POST", "/api/v1/statuses", body, **fields).json
        return datetime.fromisoformat(post["created_at"]).timestamp() - time.time()

    now = written()
    clock.write_text("86400")
    time.sleep(0.3)
    tomorrow = written()
    clock.write_text("-3600\n")
    time.sleep(0.3)
    earlier = written()

    assert abs(now) < 60 and abs(tomorrow - 86_400) < 60 and abs(earlier + 3600) < 60


def test_requests_are_limited_in_number_unless_a_test_says_otherwise(instance: Instance) -> None:
    limited = instance.start()
    counted = [register(limited).status for _ in range(7)]
    assert instance.stop() == 0
    instance.settings["RATE_LIMITS"] = "off"
    instance.start()
    uncounted = [register(instance).status for _ in range(7)]

    assert counted == [200] * 5 + [429] * 2
    assert uncounted == [200] * 7


@pytest.mark.attack("SIG-29")
def test_what_proxies_say_is_believed_from_those_that_are_trusted_only(instance: Instance) -> None:
    instance.start()
    believed = [register(instance, x_forwarded_for=f"203.0.113.{number}").status for number in range(7)]
    assert instance.stop() == 0
    instance.settings["TRUSTED_PROXIES"] = "10.0.0.1"
    instance.start()
    ignored = [register(instance, x_forwarded_for=f"203.0.113.{number}").status for number in range(7)]
    urls = instance.get("/.well-known/nodeinfo", x_forwarded_host="evil.example", x_forwarded_proto="https").body

    assert believed == [200] * 7
    assert ignored == [200] * 5 + [429] * 2
    assert b"evil.example" not in urls and b"https://127" not in urls


def test_who_signs_up_is_let_in_at_once_when_a_test_says_so(instance: Instance) -> None:
    def sign_up(name: str) -> Reply:
        program = register(instance).json
        wanted = {
            "grant_type": "client_credentials", "client_id": program["client_id"],
            "client_secret": program["client_secret"], "scope": "read write",
        }  # fmt: skip
        json_ = {"content_type": "application/json"}
        token = instance.ask("POST", "/oauth/token", json.dumps(wanted).encode(), **json_).json["access_token"]
        person = {
            "username": name,
            "password": PASSWORD,
            "email": f"{name}@x.test",
            "agreement": True,
            "reason": "Bread",
        }
        body = json.dumps(person).encode()
        return instance.ask("POST", "/api/v1/accounts", body, authorization=f"Bearer {token}", **json_)

    instance.start()
    waits = sign_up("bob")
    assert instance.stop() == 0
    instance.settings["TEST_CONFIRM_SIGNUPS"] = "1"
    instance.start()
    comes_in = sign_up("carol")

    assert (waits.status, "approved" in waits.json["error"]) == (403, True)
    who = instance.get("/api/v1/accounts/verify_credentials", authorization=f"Bearer {comes_in.json['access_token']}")
    assert who.json["username"] == "carol"


def test_the_database_is_where_the_file_of_the_secret_says_and_the_secret_is_written_nowhere(
    instance: Instance, tmp_path: Path
) -> None:
    place = tmp_path / "elsewhere.db"
    (tmp_path / "secret").write_text(f"sqlite://{place}\n")
    instance.settings["DATABASE_URL_FILE"] = str(tmp_path / "secret")
    instance.start()
    shown = instance.command("config", "show", "--effective").stdout

    assert place.exists() and not (instance.data / "fedcomm.db").exists()
    assert str(place) not in shown + (instance.data / "config.toml").read_text() + instance.said()
    assert instance.person("anna")


def test_the_settings_come_from_the_file_that_is_named(instance: Instance, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "my.toml").write_text(
        f'data_dir = "there"\nlisten = ["127.0.0.1:{port}", "[::1]:{port}", "127.0.0.3:{port}"]\n'
        '[limits]\npost_characters = 12\n[log]\nformat = "json"\nlevel = "info"\n'
    )
    instance.settings = {"CONFIG": str(tmp_path / "my.toml")}
    instance.port = port
    instance.start()
    token = instance.person("anna")

    def write(text: str) -> int:
        body, fields = json.dumps({"status": text}).encode(), {"content_type": "application/json"}
        return instance.ask("POST", "/api/v1/statuses", body, authorization=f"Bearer {token}", **fields).status

    assert (write("x" * 12), write("x" * 13)) == (200, 422)
    assert (tmp_path / "there" / "fedcomm.db").exists()
    lines = [line for line in instance.greeting().splitlines() if line.startswith("{")]
    assert {json.loads(line)["event"] for line in lines} >= {"server started", "database migrated"}


def test_where_only_allowed_servers_are_let_in_others_are_not_spoken_to(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = ForkedInstance(tmp_path / "other").start()
    try:
        other.person("bob")
        instance.settings["FEDERATION_ALLOW_LIST_MODE"] = "1"
        instance.start()
        instance.person("anna")

        refused = instance.command("follow", "anna", f"@bob@{other.host}")
        allowed = instance.command("peer", "allow", other.host)
        followed = instance.command("follow", "anna", f"@bob@{other.host}")
    finally:
        other.kill()

    assert (refused.returncode, allowed.returncode, followed.returncode) == (2, 0, 0)


@pytest.mark.attack("ADM-19")
def test_test_mode_is_loud_at_the_start_and_on_every_page(instance: Instance) -> None:
    instance.start()
    tried = instance.greeting()
    pages = [instance.get(path, accept="text/html").body.decode() for path in ("/", "/about", "/sign_in", "/nothing")]
    assert instance.stop() == 0
    stopped = len(instance.said())
    instance.data = instance.data.with_name("tested")
    instance.settings |= TEST | {"DATA_DIR": str(instance.data)}
    instance.start()
    tests = [instance.get(path, host="a.test", accept="text/html").body.decode() for path in ("/", "/nothing")]

    assert "THIS IS A TRY-OUT" in tried
    assert all("try-out" in page for page in pages)
    assert "TEST MODE" in instance.greeting(after=stopped)
    assert all("test mode" in page.lower() for page in tests)
