"""Where a request begins and ends, and how large it may be."""

import asyncio
import time

import pytest

from fedcomm.protocol import Limits
from tests.server.wire import HOST, ask, get, guarded, parse, post, send, served
from web.guard import Caps

pytestmark = pytest.mark.anyio

CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


def head(*fields: bytes) -> bytes:
    return b"POST /first HTTP/1.1\r\n" + HOST + b"".join(fields) + b"\r\n"


@pytest.mark.attack("NET-31")
@pytest.mark.parametrize(
    "request_",
    [
        head(b"Content-Length: 6\r\n", CHUNKED) + b"0\r\n\r\n",
        head(CHUNKED, b"Content-Length: 6\r\n") + b"0\r\n\r\n",
        head(b"Content-Length: 3\r\nContent-Length: 3\r\n") + b"abc",
        head(b"Content-Length: 3\r\nContent-Length: 0\r\n") + b"abc",
        head(b"Content-Length: 3, 3\r\n") + b"abc",
        head(b"Content-Length: +3\r\n") + b"abc",
        head(b"Content-Length: -3\r\n") + b"abc",
        head(b"Content-Length: 0x3\r\n") + b"abc",
        head(b"Content-Length: 3 \x0b\r\n") + b"abc",
        head(b"Content-Length: \r\n") + b"abc",
        head(b"Content-Length : 3\r\n") + b"abc",
        head(b"Transfer-Encoding : chunked\r\n") + b"0\r\n\r\n",
        head(b"Transfer-Encoding: xchunked\r\n") + b"0\r\n\r\n",
        head(b"Transfer-Encoding: chunked, identity\r\n") + b"0\r\n\r\n",
        head(b"Transfer-Encoding: gzip, chunked\r\n") + b"0\r\n\r\n",
        head(b"Transfer-Encoding: identity\r\n") + b"abc",
        head(CHUNKED, CHUNKED) + b"0\r\n\r\n",
        head(b"Transfer-Encoding:\x0bchunked\r\n") + b"0\r\n\r\n",
        head(b"Transfer-Encoding: chunked\r\n folded\r\n") + b"0\r\n\r\n",
        b"POST /first HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n0\r\n\r\n",
        b"POST /first HTTP/1.1\n" + HOST + b"Content-Length: 0\n\n",
        b"POST /first HTTP/1.1\r\nHost: groups.example\nContent-Length: 0\r\n\r\n",
        head(CHUNKED) + b"3\nabc\n0\n\n",
        head(CHUNKED) + b"3;x=y\nabc\r\n0\r\n\r\n",
        head(CHUNKED) + b"3 \r\nabc\r\n0\r\n\r\n",
        head(CHUNKED) + b"0x3\r\nabc\r\n0\r\n\r\n",
        head(CHUNKED) + b"-3\r\nabc\r\n0\r\n\r\n",
        head(CHUNKED) + b"3\r\nabcd\r\n0\r\n\r\n",
        head(CHUNKED) + b"3\r\nab\r\n0\r\n\r\n",
        head(CHUNKED) + b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        b"POST /first HTTP/2.0\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
        b"POST /first\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    ],
)
async def test_a_body_of_unclear_length_is_refused_and_nothing_after_it_is_read(request_: bytes) -> None:
    async with served() as port:
        answers = await send(port, request_ + SMUGGLED, seconds=2)

    assert [answer.status for answer in answers] in ([400], [505])
    assert "error" in answers[0].json


@pytest.mark.attack("NET-31")
async def test_chunk_extensions_and_trailers_mean_nothing() -> None:
    body = b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nHost: evil.example\r\nX-Admin: yes\r\n\r\n"
    async with served() as port:
        first, second = await send(port, head(CHUNKED) + body + SMUGGLED, seconds=1)

    assert first.json["body"] == 5
    assert [name for name, _ in first.json["headers"]] == ["host", "transfer-encoding"]
    assert second.json["path"] == "/smuggled"


@pytest.mark.attack("NET-31")
async def test_trailers_that_come_before_the_body_is_read_reach_nobody() -> None:
    body = b"3\r\nabc\r\n0\r\nX-Admin: yes\r\n\r\n"
    request = b"POST /slow?0.2 HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n"
    async with served() as port:
        (answer,) = await send(port, request + body, seconds=1)

    assert "x-admin" not in dict(answer.json["headers"])


@pytest.mark.attack("NET-31")
async def test_an_endless_chunk_extension_is_refused() -> None:
    async with served() as port:
        (answer,) = await send(port, head(CHUNKED) + b"3;", *[b"x" * 65536] * 40, seconds=5)

    assert answer.status == 400


@pytest.mark.attack("NET-31")
async def test_endless_trailers_are_refused() -> None:
    async with served() as port:
        (answer,) = await send(port, head(CHUNKED) + b"0\r\n", *[b"X: y\r\n" * 8192] * 40, seconds=5)

    assert answer.status == 400


@pytest.mark.attack("NET-31")
async def test_a_request_for_another_protocol_cannot_hide_a_second_request_in_its_body() -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    hidden = head(upgrade, b"Content-Length: %d\r\n" % len(SMUGGLED)) + SMUGGLED
    async with served() as port:
        together = await send(port, hidden, seconds=2)
        apart = await send(port, hidden[: -len(SMUGGLED)], SMUGGLED, pause=0.2, seconds=2)
        after = await send(port, b"GET /first HTTP/1.1\r\n" + HOST + upgrade + b"\r\n", SMUGGLED, seconds=2)

    assert [answer.status for answer in together] == [answer.status for answer in apart] == [400]
    assert [answer.json["path"] for answer in after] == ["/first"]


async def test_only_a_get_can_ask_for_websockets() -> None:
    fields = (b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    request = get("/", *fields).replace(b"Connection: close", b"Connection: Upgrade").replace(b"GET /", b"DELETE /")
    async with served() as port:
        answer = await ask(port, request)

    assert answer.status == 200


@pytest.mark.attack("NET-31")
async def test_a_bad_request_is_answered_after_the_good_one_before_it() -> None:
    slow = b"GET /slow?0.3 HTTP/1.1\r\n" + HOST + b"\r\n"
    async with served() as port:
        answers = await send(port, slow + b"GET / HTTP/1.1\r\nHost : x\r\n\r\n" + SMUGGLED, seconds=3)
        unread = await send(port, slow + SMUGGLED + head(CHUNKED) + b"zz\r\n", seconds=3)

    assert [answer.status for answer in answers] == [200, 400]
    assert [answer.status for answer in unread] == [200, 200, 400]


async def test_too_many_requests_in_a_row_are_not_kept_waiting() -> None:
    slow = b"GET /slow?0.2 HTTP/1.1\r\n" + HOST + b"\r\n"
    async with served(limits=Limits(pipelined=3)) as port:
        answers = await send(port, slow + SMUGGLED * 50, seconds=3)

    assert [answer.status for answer in answers] == [200, 200, 200, 200, 400]


@pytest.mark.attack("NET-32")
async def test_a_hundred_fields_are_enough() -> None:
    async with served() as port:
        enough = await ask(port, get("/", *[b"X-%d: y" % number for number in range(98)]))
        many = await ask(port, get("/", *[b"X-%d: y" % number for number in range(99)]))
        flood = await ask(port, get("/", *[b"X: y"] * 5000))

    assert enough.status == 200
    assert many.status == flood.status == 431
    assert "error" in flood.json


@pytest.mark.attack("NET-32")
async def test_a_head_of_eight_megabytes_is_refused_early() -> None:
    sent = 0

    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"X: ")
        try:
            for _ in range(1024):  # of 8 KiB
                writer.write(b"a" * 8192)
                await writer.drain()
                sent += 8192
                await asyncio.sleep(0)
                if reader._buffer:  # type: ignore[attr-defined]
                    break
        except ConnectionError:
            pass
        (answer,) = parse(await asyncio.wait_for(reader.read(65536), 5))
        writer.close()

    assert answer.status == 431
    assert sent < 1_000_000


@pytest.mark.attack("NET-32")
@pytest.mark.parametrize(
    "request_",
    [
        get("/", b"X: " + b"a" * 32_768),
        get("/" + "a" * 32_768),
        get("/?" + "a" * 32_768),
        get("/", b"a" * 32_768 + b": b"),
        get("/", *[b"X-%d: " % number + b"a" * 400 for number in range(90)]),
        get("/", b"X: " + b"a" * 8_000_000),
        b"A" * 8_000_000,
        SMUGGLED.replace(b"smuggled", b"slow?0.1") + get("/", b"X: " + b"a" * 33_000),
    ],
)
async def test_a_head_of_more_than_32_kilobytes_is_refused(request_: bytes) -> None:
    async with served() as port:
        answers = await send(port, request_, seconds=3)

    assert answers[-1].status in (431, 400)


async def test_a_head_of_almost_32_kilobytes_is_read_in_whatever_pieces() -> None:
    whole = get("/", b"X: " + b"a" * 32_000)
    pieces = [whole[at : at + 5000] for at in range(0, len(whole), 5000)]
    async with served() as port:
        (answer,) = await send(port, *pieces, pause=0.01)
        (uploaded,) = await send(port, post("/", b"b" * 900_000, b"X: " + b"a" * 31_000))

    assert answer.status == 200
    assert uploaded.json["body"] == 900_000


@pytest.mark.attack("NET-13")
async def test_a_body_that_is_announced_too_long_is_refused_before_it_is_read() -> None:
    began = time.monotonic()
    announced = b"POST /inbox HTTP/1.1\r\n" + HOST + b"Content-Length: 2097152\r\n\r\n"
    async with served() as port:
        answer = await ask(port, announced)
        (sent,) = await send(port, post("/inbox", bytes(2_097_152)))

    assert answer.status == sent.status == 413
    assert answer.headers["access-control-allow-origin"] == sent.headers["access-control-allow-origin"] == "*"
    assert answer.headers["connection"] == "close"
    assert "error" in answer.json
    assert time.monotonic() - began < 4


@pytest.mark.attack("NET-13")
async def test_a_body_without_end_is_refused_at_the_cap() -> None:
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    async with served() as port:
        answers = await send(port, head(CHUNKED), *[chunk] * 400, seconds=5)

    assert [answer.status for answer in answers] == [413]


@pytest.mark.attack("NET-13")
@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"identity, gzip", b"x-gzip"])
async def test_a_compressed_body_is_refused(coding: bytes) -> None:
    async with served() as port:
        answer = await ask(port, post("/inbox", b"\x1f\x8b", b"Content-Encoding: " + coding))

    assert answer.status == 415
    assert answer.headers["accept-encoding"] == "identity"


async def test_the_cap_itself_is_let_through() -> None:
    async with served() as port:
        answer = await ask(port, post("/inbox", bytes(1_048_576)))
        more = await ask(port, post("/inbox", bytes(1_048_577)))

    assert answer.json["body"] == 1_048_576
    assert more.status == 413


async def test_only_uploads_may_be_longer() -> None:
    async with served(guarded(caps=Caps(upload=3_000_000))) as port:
        media = await ask(port, post("/api/v2/media", bytes(2_000_000)))
        other = await ask(port, post("/api/v2/search", bytes(2_000_000)))
        large = await ask(port, post("/api/v2/media", bytes(3_000_001)))

    assert media.json["body"] == 2_000_000
    assert other.status == large.status == 413


@pytest.mark.attack("NET-13")
async def test_many_bodies_at_once_cannot_fill_the_memory() -> None:
    guard = guarded(caps=Caps(in_flight=2_000_000))
    half = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n" + bytes(600_000)
    async with served(guard) as port:
        waiting = [asyncio.create_task(send(port, half, seconds=1.5)) for _ in range(5)]
        refused = [answer.status for answers in await asyncio.gather(*waiting) for answer in answers]
        await asyncio.sleep(0.1)
        later = await ask(port, post("/", bytes(1_000_000)))

    assert refused == [503, 503]
    assert later.status == 200
    assert guard.held == 0


async def test_a_body_nobody_reads_does_not_spoil_the_connection() -> None:
    early = post("/early", bytes(200_000)).replace(b"Connection: close\r\n", b"")
    async with served() as port:
        answers = await send(port, early + SMUGGLED, seconds=1)

    assert [answer.json["path"] for answer in answers] == ["/early", "/smuggled"]


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on_or_not_to() -> None:
    fields = b"Expect: 100-continue\r\nConnection: close\r\n"
    async with served() as port:
        large = await send(port, head(fields, b"Content-Length: 5000000\r\n"), seconds=3)
        small = await send(port, head(fields, b"Content-Length: 3\r\n"), b"abc", pause=0.1, seconds=3)

    assert [answer.status for answer in large] == [413]
    assert [answer.status for answer in small] == [100, 200]
