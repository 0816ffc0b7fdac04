"""What `test_internet` runs inside its namespace: public and private servers, names that lie, and the guard between."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from activitypub.client import ACTIVITY, Client
from activitypub.errors import Forbidden, Malformed, Unreachable
from activitypub.transport import GuardedTransport, Policy, Refused
from tests.activitypub.test_ssrf_vectors import cases
from tests.netns.certificates import Authority
from tests.netns.internet import GOOD, NAME_SERVER, PRIVATE, REMOTE, SILENT_SIX, SIX, UNROUTED_SIX
from tests.netns.listening import Asked, Listener, answer, listening
from tests.netns.names import AAAA, A, NameServer

pytestmark = pytest.mark.anyio

WRONG = {"expired.example": {"expired": True}, "self-signed.example": {"self_signed": True}}


class Internet:
    """The servers that may be asked, those that must not, and the name server."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.names = NameServer()
        self.public: list[Listener] = []
        self.private: list[Listener] = []
        self.redirect: tuple[int, str] | None = None
        self._clients: dict[object, Client] = {}

    def say(self, asked: Asked) -> bytes:
        """What the public servers serve: at each URL the document of that name, or one redirect."""
        if self.redirect is not None:
            status, target = self.redirect
            return answer(status, Location=target)
        url = f"https://{asked.header('host')}{asked.target}"
        return answer(200, json.dumps({"id": url, "type": "Note"}).encode(), Content_Type=ACTIVITY, Connection="close")

    def client(self, **changes: Any) -> Client:
        """One like on a real server: nothing is allowed that is not by default."""
        key = tuple(sorted(changes.items()))
        if key not in self._clients:
            policy = Policy(own_hosts=frozenset({"groups.example"}), extra_ca_file=str(self.authority.file), **changes)
            self._clients[key] = Client(GuardedTransport(policy), "test", policy)
        return self._clients[key]

    def reset(self) -> None:
        """As it was at the beginning."""
        self.redirect = None
        self.names.delay = 0.0
        self.names.lookups.clear()
        self.names.zone = {
            "good.example": [[GOOD]],
            "groups.example": [[GOOD]],
            "remote.example": [[REMOTE]],
            "xn--bcher-kva.example": [[GOOD]],
            "sub_domain.remote.example": [[GOOD]],
            **{name: [[GOOD]] for name in WRONG},
        }
        for listener in self.public + self.private:
            listener.asked.clear()
            listener.connections = 0

    async def disturbed(self) -> int:
        """How often somebody connected to a private address."""
        await asyncio.sleep(0.002)  # until those who did have been let in
        return sum(listener.connections for listener in self.private)


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def built(anyio_backend: object, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Internet]:
    internet = Internet(Authority(tmp_path_factory.mktemp("authority")))
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: internet.names, (NAME_SERVER, 53))
    valid = internet.authority.serves(
        "good.example", "groups.example", "remote.example", "*.remote.example", "rebind.example", "alias.example",
        "six.example", "xn--bcher-kva.example", "sub_domain.remote.example", REMOTE, SIX,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        for address, port in ((GOOD, 443), (GOOD, 6379), (GOOD, 22), (REMOTE, 443), (REMOTE, 8443), (SIX, 443)):
            internet.public.append(await stack.enter_async_context(listening(internet.say, address, port, valid)))
        internet.public.append(await stack.enter_async_context(listening(internet.say, GOOD, 80)))
        for address in PRIVATE:
            for port in (80, 443, 6379):
                internet.private.append(await stack.enter_async_context(listening(internet.say, address, port)))
        for number, (name, wrong) in enumerate(WRONG.items()):
            context = internet.authority.serves(name, **wrong)
            internet.public.append(
                await stack.enter_async_context(listening(internet.say, GOOD, 8444 + number, context))
            )
        yield internet


@pytest.fixture
def internet(built: Internet) -> Internet:
    built.reset()
    return built


async def test_a_peer_is_reached_by_its_name(internet: Internet) -> None:
    found = await internet.client().get_document("https://good.example/1")

    assert found.raw["id"] == "https://good.example/1"
    assert internet.names.lookups == {("good.example", A): 1, ("good.example", AAAA): 1}


async def test_the_private_servers_are_there_to_be_found(internet: Internet) -> None:
    for address in PRIVATE:
        _, writer = await asyncio.open_connection(address, 443)
        writer.close()

    assert await internet.disturbed() == len(PRIVATE)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['url']} {case.get('dns', case.get('redirect', ''))}")
async def test_a_fetch_reaches_peers_only(internet: Internet, case: dict[str, Any]) -> None:
    host = "rebind.example" if "rebind" in case["url"] else "remote.example"
    if "dns" in case:
        internet.names.zone[host] = case["dns"] if case["dns"] and isinstance(case["dns"][0], list) else [case["dns"]]
    if "redirect" in case:
        internet.names.zone["rebind.example"] = [["127.0.0.1"]]
        status, target = case["redirect"]
        internet.redirect = (status, case["url"] if target == "self" else target)

    if case["expect"] == "allow":
        assert (await internet.client().get_document(case["url"])).raw["type"] == "Note"
    else:
        with pytest.raises((Forbidden, Malformed, Unreachable)):
            await internet.client().get_document(case["url"])
        assert sum(len(listener.asked) for listener in internet.public) == ("redirect" in case)
    assert await internet.disturbed() == 0


@pytest.mark.parametrize("bad", [*PRIVATE, "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0", "::"])
@pytest.mark.parametrize("beside", [[], [GOOD], [SIX]])
async def test_a_name_that_leads_inside_is_not_followed(internet: Internet, bad: str, beside: list[str]) -> None:
    internet.names.zone["rebind.example"] = [[*beside, bad]]

    with pytest.raises(Refused):
        await internet.client().get_document("https://rebind.example/")
    assert await internet.disturbed() == 0
    assert internet.public[0].connections == 0


async def test_a_name_that_changes_after_it_was_looked_at_gains_nothing(internet: Internet) -> None:
    internet.names.zone["rebind.example"] = [[GOOD], ["127.0.0.1"]]
    client = internet.client()

    await client.get_document("https://rebind.example/1")
    assert internet.names.lookups["rebind.example", A] == 1
    with pytest.raises(Refused):
        await client.get_document("https://rebind.example/2")
    assert await internet.disturbed() == 0


async def test_an_alias_is_followed_to_its_addresses_and_those_are_looked_at(internet: Internet) -> None:
    internet.names.zone["alias.example"] = [["second.example"]]
    internet.names.zone["second.example"] = [["third.example"]]
    internet.names.zone["third.example"] = [[GOOD], ["127.0.0.1"]]
    client = internet.client()

    await client.get_document("https://alias.example/1")
    internet.names.zone["third.example"] = [["127.0.0.1"]]
    with pytest.raises(Refused):
        await client.get_document("https://alias.example/2")
    assert await internet.disturbed() == 0


async def test_a_slow_or_silent_name_server_costs_no_more_than_its_deadline(internet: Internet) -> None:
    for delay in (10.0, None):
        internet.names.delay = delay
        began = time.monotonic()
        with pytest.raises(Unreachable):
            await internet.client(dns_seconds=0.5).get_document("https://good.example/")
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("dead", [SILENT_SIX, UNROUTED_SIX])
async def test_a_broken_ipv6_falls_back_to_ipv4_within_a_second(internet: Internet, dead: str) -> None:
    internet.names.zone["good.example"] = [[dead, GOOD]]

    began = time.monotonic()
    await internet.client().get_document("https://good.example/")

    assert time.monotonic() - began < 1


async def test_a_peer_with_ipv6_only_is_reached(internet: Internet) -> None:
    internet.names.zone["six.example"] = [[SIX]]

    assert (await internet.client().get_document("https://six.example/")).url == "https://six.example/"


async def test_an_address_that_keeps_silent_costs_no_more_than_the_connect_deadline(internet: Internet) -> None:
    internet.names.zone["six.example"] = [[SILENT_SIX]]

    began = time.monotonic()
    with pytest.raises(Unreachable):
        await internet.client(connect_seconds=0.5).get_document("https://six.example/")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("name", "port"), [("expired.example", 8444), ("self-signed.example", 8445), ("unlisted.example", 443)]
)
async def test_a_peer_without_a_valid_certificate_is_told_nothing(internet: Internet, name: str, port: int) -> None:
    internet.names.zone[name] = [[GOOD]]

    with pytest.raises(Unreachable, match="certificate"):
        await internet.client().get_document(f"https://{name}:{port}/")
    assert not any(listener.asked for listener in internet.public)


@pytest.mark.parametrize("port", [22, 80, 6379])
async def test_other_services_of_a_peer_are_left_alone(internet: Internet, port: int) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(Refused):
            await internet.client().get_document(f"{scheme}://good.example:{port}/")
    assert not any(listener.connections for listener in internet.public)


async def test_a_proxy_from_the_environment_is_not_used(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:80")

    await internet.client().get_document("https://good.example/")

    assert await internet.disturbed() == 0


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://localhost/"])
async def test_deliveries_do_not_go_inside_either(internet: Internet, url: str) -> None:
    policy = Policy(extra_ca_file=str(internet.authority.file))
    transport = GuardedTransport(policy)

    with pytest.raises(Refused):
        await transport.post(httpx.URL(url), [], b"{}")
    with pytest.raises(Refused):
        await transport.handle_async_request(httpx.Request("POST", url, content=b"{}"))
    with pytest.raises(Refused):
        await internet.client().post(url, b"{}", {})
    assert await internet.disturbed() == 0
