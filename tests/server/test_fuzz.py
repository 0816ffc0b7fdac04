"""Requests that were damaged at random: every one has an end, and none breaks anything."""

import asyncio
import logging
import random

import pytest

from fedcomm.protocol import Limits
from tests.server.wire import HOST, get, guarded, post, send, served
from web.guard import Caps

pytestmark = pytest.mark.anyio

CHUNKED = b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
SEEDS = (
    get("/a?b=c", b"Accept: text/html", b"Cookie: a=b"),
    post("/inbox", b'{"a": 1}', b"Content-Type: application/activity+json"),
    CHUNKED,
    CHUNKED + get("/second"),
    get("/early") + post("/third", b"abc"),
    post("/x", b"abc", b"Expect: 100-continue"),
    get("/", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
)
BITS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"\xff", b"%", b"%00", b"//", b"/..", b"\r\n\r\n",
    b"Host: evil.example\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"X-Forwarded-Host: evil.example\r\n",
    b"fffffffffffffff\r\n", b"http://evil.example", b"a" * 40_000, b"X: y\r\n" * 200, b"Upgrade: h2c\r\n",
    b"Connection: close, keep-alive\r\n", b"HTTP/1.0", b"HTTP/9.9",
)  # fmt: skip
HASTY = Limits(silent=0.6, head=0.6, idle=0.6, leftover=0.4, closing=0.6, unread=0.6)
AT_ONCE = 60


def damaged(chance: random.Random) -> list[bytes]:
    """A request in which something is cut out, put in, doubled or changed; in some pieces."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                del data[at : at + chance.randint(1, 8)]
            case 1:
                data[at:at] = chance.choice(BITS)
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 30)]
            case _:
                data[at : at + 1] = bytes([chance.randrange(256)])
    cut = chance.randrange(len(data) + 1)
    return [bytes(data[:cut]), bytes(data[cut:])] if chance.random() < 0.5 else [bytes(data)]


@pytest.mark.attack("NET-31", "NET-33")
@pytest.mark.parametrize("seed", range(3))
async def test_a_damaged_request_is_answered_or_cut_off_and_breaks_nothing(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)
    statuses: dict[int, int] = {}

    async def one(port: int) -> None:
        for answer in await send(port, *damaged(chance), seconds=4, pause=0.001):
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            assert "evil.example" not in str(answer.headers)

    with caplog.at_level(logging.WARNING):
        guard = guarded(caps=Caps(body_seconds=0.6))
        async with served(guard, limits=HASTY) as port:
            for _ in range(3):
                async with asyncio.timeout(10), asyncio.TaskGroup() as group:
                    for _ in range(AT_ONCE):
                        group.create_task(one(port))
            (well,) = await send(port, get("/"))

    assert well.status == 200
    assert guard.held == 0
    assert {status // 100 for status in statuses} <= {1, 2, 4, 5} and 500 not in statuses
    assert statuses[400] > 20 and statuses[200] > 20
    assert caplog.records == []
