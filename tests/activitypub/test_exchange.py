"""Answers of peers that lie about their length, never end, or are none: each is cut off, none confuses the next."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx
import msgspec
import pytest

from activitypub.errors import Malformed, Unreachable
from activitypub.transport import GuardedTransport, Policy
from tests.netns.listening import Asked, Listener, answer, listening

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PATIENCE = Policy(
    allowed_networks=(ip_network("127.0.0.0/8"),), allow_http=True, first_byte_seconds=0.3, total_seconds=0.6
)


@pytest.fixture
async def transport() -> AsyncIterator[GuardedTransport]:
    guarded = GuardedTransport(PATIENCE)
    yield guarded
    await guarded.aclose()


@pytest.fixture
async def patient() -> AsyncIterator[GuardedTransport]:
    """What is cut here is cut for how much it is, also on a machine that takes seconds to send that."""
    guarded = GuardedTransport(msgspec.structs.replace(PATIENCE, first_byte_seconds=20.0, total_seconds=20.0))
    yield guarded
    await guarded.aclose()


async def ask(
    transport: GuardedTransport, to: Listener, method: str = "GET", limit: int | None = None
) -> httpx.Response:
    extensions = {} if limit is None else {"limit": limit}
    request = httpx.Request(method, f"http://127.0.0.1:{to.port}/path", extensions=extensions)
    response = await transport.handle_async_request(request)
    await response.aread()
    return response


def endless(start: bytes, again: bytes, sent: list[int]):
    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            sent.append(len(again))
            await writer.drain()

    return speak


def dripping(start: bytes, drop: bytes):
    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(drop)

    return speak


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b"whole"),
        CHUNKED + b"2\r\nwh\r\n3;x=y\r\nole\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(200, b"whole"),
        answer(200, b"whole", Content_Encoding="identity"),
    ],
)
async def test_an_answer_is_read_and_its_connection_kept(transport: GuardedTransport, said: bytes) -> None:
    async with listening(said) as peer:
        responses = [await ask(transport, peer) for _ in range(3)]

    assert [(response.status_code, response.content) for response in responses] == [(200, b"whole")] * 3
    assert "link" not in responses[0].headers and "trailer" not in responses[0].headers
    assert peer.connections == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"])
async def test_a_body_without_length_ends_with_the_connection(transport: GuardedTransport, head: bytes) -> None:
    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"whole")
        writer.write_eof()

    async with listening(speak) as peer:
        assert (await ask(transport, peer)).content == b"whole"
        assert (await ask(transport, peer)).content == b"whole"

    assert peer.connections == 2


async def test_a_peer_that_says_close_is_connected_to_again(transport: GuardedTransport) -> None:
    async with listening(answer(204, Connection="close")) as peer:
        assert [(await ask(transport, peer)).status_code for _ in range(2)] == [204, 204]

    assert peer.connections == 2


@pytest.mark.attack("NET-09")
async def test_a_body_that_is_announced_too_long_is_not_read(patient: GuardedTransport) -> None:
    sent: list[int] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    async with listening(endless(head, b"x" * 65_536, sent)) as peer:
        with pytest.raises(Malformed, match="1048576"):
            await ask(patient, peer)

    assert sum(sent) < 20_000_000


@pytest.mark.attack("NET-09")
async def test_an_endless_body_is_cut_at_the_limit_in_little_memory(patient: GuardedTransport) -> None:
    sent: list[int] = []
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    tracemalloc.start()
    async with listening(endless(CHUNKED, chunk, sent)) as peer:
        with pytest.raises(Malformed, match="1048576"):
            await ask(patient, peer)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sum(sent) < 20_000_000
    assert peak < 12_000_000


async def test_a_request_may_name_its_own_limit(transport: GuardedTransport) -> None:
    async with listening(answer(200, b"x" * 2_000_000)) as peer:
        assert len((await ask(transport, peer, limit=2_000_000)).content) == 2_000_000
        with pytest.raises(Malformed):
            await ask(transport, peer, limit=1_999_999)


@pytest.mark.attack("NET-09")
@pytest.mark.parametrize(("method", "status", "kept"), [("POST", 202, 65_536), ("GET", 404, 1_048_576)])
async def test_a_body_nobody_asked_for_is_cut_off_and_the_status_counts(
    transport: GuardedTransport, method: str, status: int, kept: int
) -> None:
    async with listening(answer(status, b"x" * 3_000_000)) as peer:
        response = await ask(transport, peer, method)

    assert (response.status_code, len(response.content)) == (status, kept)


@pytest.mark.attack("NET-10")
@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, gzip", "GZIP", "identity, gzip", "x"])
async def test_an_encoded_body_is_refused(transport: GuardedTransport, encoding: str) -> None:
    async with listening(answer(200, b"\x1f\x8b\x08bomb", Content_Encoding=encoding)) as peer:
        with pytest.raises(Malformed, match="encoding"):
            await ask(transport, peer)
        posted = await ask(transport, peer, "POST")

    assert peer.asked[0].header("accept-encoding") == "identity"
    assert (posted.status_code, posted.content) == (200, b"")


@pytest.mark.attack("NET-09")
async def test_a_body_shorter_than_its_length_is_no_answer(transport: GuardedTransport) -> None:
    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
        writer.write_eof()

    async with listening(speak) as peer:
        with pytest.raises(Unreachable, match="broke off"):
            await ask(transport, peer)


@pytest.mark.attack("NET-09")
@pytest.mark.parametrize(
    "excess", [b"more", answer(200, b"forged"), b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"]
)
async def test_what_comes_after_an_answer_never_answers_the_next_request(
    transport: GuardedTransport, excess: bytes
) -> None:
    async with listening(answer(200, b"whole") + excess) as peer:
        contents = [(await ask(transport, peer)).content for _ in range(2)]

    assert contents == [b"whole", b"whole"]
    assert peer.connections == 2


@pytest.mark.attack("NET-09")
async def test_bytes_that_come_while_nothing_is_asked_end_the_connection(transport: GuardedTransport) -> None:
    async with listening(answer(200, b"whole")) as peer:
        await ask(transport, peer)
        peer.writers[0].write(answer(200, b"forged"))
        await asyncio.sleep(0.05)

        assert (await ask(transport, peer)).content == b"whole"

    assert peer.connections == 2


@pytest.mark.attack("NET-09")
@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"+PONG\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nxxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxxx",
        CHUNKED + b"zz\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad\0Name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer_in_http_is_refused(transport: GuardedTransport, said: bytes) -> None:
    async with listening(said) as peer:
        with pytest.raises(Malformed):
            await ask(transport, peer)


@pytest.mark.attack("NET-09")
@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 10_000),
        (b"HTTP/1.1 200 ", b"O" * 10_000),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (CHUNKED + b"0\r\nX: ", b"y" * 10_000),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
        (CHUNKED + b"1;x=", b"y" * 10_000),
        (CHUNKED, b"1\r\nx\r\n" * 1000),
    ],
)
async def test_heads_trailers_and_chunks_without_end_are_cut(
    patient: GuardedTransport, start: bytes, again: bytes
) -> None:
    sent: list[int] = []
    async with listening(endless(start, again, sent)) as peer:
        with pytest.raises(Malformed):
            await ask(patient, peer)

    assert sum(sent) < 30_000_000


@pytest.mark.attack("NET-11")
@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
)
async def test_a_byte_now_and_then_does_not_hold_a_request_beyond_its_deadline(
    transport: GuardedTransport, start: bytes, drop: bytes
) -> None:
    began = time.monotonic()
    async with listening(dripping(start, drop)) as peer:
        with pytest.raises((Unreachable, Malformed)):
            await ask(transport, peer)

    assert time.monotonic() - began < 0.9


@pytest.mark.attack("NET-11")
async def test_silence_is_waited_for_until_the_first_byte_is_due(transport: GuardedTransport) -> None:
    async def silence(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)

    began = time.monotonic()
    async with listening(silence) as peer:
        with pytest.raises(Unreachable, match="too long"):
            await ask(transport, peer)

    assert 0.25 < time.monotonic() - began < 0.5


async def test_a_slow_answer_within_the_deadline_is_taken(transport: GuardedTransport) -> None:
    async def slowly(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        for byte in answer(200, b"x"):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.005)

    async with listening(slowly) as peer:
        assert (await ask(transport, peer)).content == b"x"
