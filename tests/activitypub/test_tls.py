"""Peers prove who they are by a valid certificate, always."""

import asyncio
import ssl
import time
from pathlib import Path

import httpx
import pytest

from activitypub.connection import tls_context
from activitypub.errors import Unreachable
from activitypub.transport import GuardedTransport, Policy
from tests.netns.certificates import Authority
from tests.netns.listening import Listener, answer, listening

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def get(peer: Listener, extra_ca_file: Path | None, **changes: float) -> httpx.Response:
    file = None if extra_ca_file is None else str(extra_ca_file)
    hosts = {"good.test": ("127.0.0.1", peer.port)}
    transport = GuardedTransport(Policy(extra_ca_file=file, test_hosts=hosts, **changes))
    try:
        return await transport.handle_async_request(httpx.Request("GET", "https://good.test/"))
    finally:
        await transport.aclose()


async def test_a_certificate_of_an_extra_authority_is_taken(authority: Authority) -> None:
    async with listening(answer(200), tls=authority.serves("good.test")) as peer:
        assert (await get(peer, authority.file)).status_code == 200


async def test_the_extra_authority_adds_to_the_others(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))  # what the system trusts
    tls_context.cache_clear()  # as a new process

    for each in (authority, other):
        async with listening(answer(200), tls=each.serves("good.test")) as peer:
            assert (await get(peer, authority.file)).status_code == 200


def test_a_missing_authority_file_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        GuardedTransport(Policy(extra_ca_file=str(tmp_path / "absent.pem")))


@pytest.mark.attack("NET-12")
@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"expired": True}, ["good.test"]),
        ({"self_signed": True}, ["good.test"]),
        ({}, ["evil.test", "test", "*.good.test", "127.0.0.1"]),
    ],
)
async def test_an_invalid_certificate_ends_it_without_a_word_over_http(
    authority: Authority, wrong: dict[str, bool], names: list[str]
) -> None:
    async with listening(answer(200), tls=authority.serves(*names, **wrong)) as peer:
        with pytest.raises(Unreachable, match="certificate"):
            await get(peer, authority.file)

    assert peer.asked == []


@pytest.mark.attack("NET-12")
async def test_an_unknown_authority_is_not_trusted(authority: Authority) -> None:
    async with listening(answer(200), tls=authority.serves("good.test")) as peer:
        with pytest.raises(Unreachable, match="certificate"):
            await get(peer, None)

    assert peer.asked == []


@pytest.mark.attack("NET-12")
def test_the_context_of_all_connections_verifies(authority: Authority) -> None:
    context = tls_context(str(authority.file))

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.attack("NET-12")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_tls_is_refused(authority: Authority) -> None:
    old = authority.serves("good.test")
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(answer(200), tls=old) as peer:
        with pytest.raises(Unreachable):
            await get(peer, authority.file)

    assert peer.asked == []


@pytest.mark.attack("NET-12")
async def test_a_peer_without_tls_is_not_asked_over_http(authority: Authority) -> None:
    async with listening(answer(200)) as peer:
        with pytest.raises(Unreachable):
            await get(peer, authority.file, tls_seconds=0.3)

    assert peer.asked == []


@pytest.mark.attack("NET-11")
async def test_a_handshake_that_does_not_go_on_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    peer = Listener()
    peer.port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match="too long"):
        await get(peer, None, tls_seconds=0.2)
    server.close()

    assert time.monotonic() - began < 1
