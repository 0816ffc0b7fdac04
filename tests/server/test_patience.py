"""How long the server waits for whom: silent, slow and greedy clients do not keep the others waiting."""

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from fedcomm.protocol import Limits
from tests.server.wire import HOST, ask, get, guarded, post, send, served
from web.guard import Caps
from web.refusals import Receive, Scope, Send

pytestmark = pytest.mark.anyio

SLOW_BODY = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n"
HASTY = Limits(silent=0.6, head=0.6, idle=0.6, leftover=0.6, unread=0.6, closing=0.6)


@pytest.fixture
def plenty_of_files() -> Iterator[None]:
    """Both ends of a thousand connections live in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def crowd(port: int, number: int, greeting: bytes) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many clients that say one thing and then nothing more."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    for _, writer in streams:
        writer.write(greeting)
    try:
        yield [reader for reader, _ in streams]
    finally:
        for _, writer in streams:
            writer.close()


async def closed(readers: list[asyncio.StreamReader], seconds: float) -> int:
    """How many of them the server closes in this time."""
    waiting = [asyncio.create_task(reader.read()) for reader in readers]
    done, rest = await asyncio.wait(waiting, timeout=seconds)
    for task in rest:
        task.cancel()
    return len(done)


def test_nobody_may_be_idle_for_more_than_half_a_minute() -> None:
    limits, caps = Limits(), Caps()

    assert max(limits.silent, limits.head, limits.idle, limits.leftover) + 1 <= 30
    assert caps.body_seconds <= 30


@pytest.mark.attack("NET-33")
async def test_a_thousand_who_say_nothing_do_not_keep_others_waiting(plenty_of_files: None) -> None:
    guard = guarded(caps=Caps(body_seconds=2.0))
    limits = Limits(silent=2.0, head=2.0, leftover=1.0)
    async with served(guard, limits) as port:
        async with (
            crowd(port, 400, b"") as silent,
            crowd(port, 300, b"GET / HTTP/1.1\r\nHost: groups.exam") as half,
            crowd(port, 300, SLOW_BODY + b"x") as slow,
        ):
            waits = []
            for _ in range(50):
                began = time.monotonic()
                assert (await ask(port, get("/livez"))).status == 200
                assert (await ask(port, post("/", bytes(1000)))).status == 200
                waits.append(time.monotonic() - began)
            gone = await closed(silent + half + slow, 10)

    assert sorted(waits)[25] < 0.1 and max(waits) < 1.0
    assert gone == 1000


@pytest.mark.attack("NET-33")
@pytest.mark.parametrize("greeting", [b"", b"\r\n", b"G", b"GET / HTTP/1.1\r\n", get("/")[:-2]])
async def test_a_head_that_never_ends_is_not_waited_for(greeting: bytes) -> None:
    async with served(limits=HASTY) as port, crowd(port, 1, greeting) as readers:
        assert await closed(readers, 1.5) == 1


@pytest.mark.attack("NET-33")
@pytest.mark.parametrize("drop", [b"X: y\r\n", b"\r\n", b"x"])
async def test_a_head_that_comes_drop_by_drop_is_not_waited_for(drop: bytes) -> None:
    start = b"" if drop == b"\r\n" else b"GET / HTTP/1.1\r\n"
    began = time.monotonic()
    async with served(limits=HASTY) as port:
        await send(port, start, *[drop] * 100, pause=0.1, seconds=5)

    assert time.monotonic() - began < 3


@pytest.mark.attack("NET-33")
@pytest.mark.parametrize("path", [b"/", b"/api/v2/media"])
async def test_a_body_that_comes_drop_by_drop_is_not_waited_for(path: bytes) -> None:
    guard = guarded(caps=Caps(body_seconds=0.6))
    async with served(guard) as port:
        answers = await send(port, SLOW_BODY.replace(b" / ", b" %b " % path), *[b"x"] * 50, pause=0.1, seconds=6)

    assert [answer.status for answer in answers] == [408]
    assert answers[0].headers["connection"] == "close"


async def test_an_upload_may_take_longer_as_long_as_it_moves() -> None:
    guard = guarded(caps=Caps(body_seconds=0.6, upload_rate=1000.0))
    head = b"POST /api/v2/media HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 200000\r\n\r\n"
    async with served(guard) as port:
        (answer,) = await send(port, head, *[bytes(10_000)] * 20, pause=0.15, seconds=6)

    assert answer.json["body"] == 200_000


async def test_a_connection_between_two_requests_is_closed_after_a_while() -> None:
    request = get("/").replace(b"Connection: close\r\n", b"")
    async with served(limits=HASTY) as port:
        began = time.monotonic()
        first = await send(port, request, seconds=5)
        kept = await send(port, request, request, request, pause=0.4, seconds=5)

    assert [answer.status for answer in first] == [200]
    assert [answer.status for answer in kept] == [200, 200, 200]
    assert time.monotonic() - began < 5


@pytest.mark.attack("NET-33")
async def test_the_rest_of_a_body_nobody_reads_is_not_waited_for() -> None:
    early = b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n"
    began = time.monotonic()
    async with served(limits=HASTY) as port:
        answers = await send(port, early, *[b"x"] * 100, pause=0.1, seconds=8)

    assert [answer.status for answer in answers] == [200]
    assert time.monotonic() - began < 4


@pytest.mark.attack("NET-33")
async def test_who_does_not_read_the_answer_is_cut_off() -> None:
    left = asyncio.Event()

    async def generous(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(1000):
                await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
            message = await receive()
            assert message["type"] == "http.disconnect"
        finally:
            left.set()

    async with served(guarded(generous), HASTY) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        client.send(get("/"))
        await asyncio.wait_for(left.wait(), 5)
        client.close()


@pytest.mark.attack("NET-33")
async def test_who_does_not_read_the_end_of_the_answer_is_cut_off() -> None:
    async def generous(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(32_000_000)})

    began = time.monotonic()
    async with served(guarded(generous), HASTY, drain=10) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        client.send(get("/"))
        await asyncio.sleep(0.2)
    client.close()

    assert time.monotonic() - began < 4


async def test_a_handler_that_hangs_is_stopped() -> None:
    async with served(guarded(caps=Caps(handler_seconds=0.5))) as port:
        answer = await ask(port, get("/slow"))
        after = await ask(port, get("/"))

    assert answer.status == 503
    assert "retry-after" in answer.headers
    assert after.status == 200


async def test_an_answer_that_has_begun_may_go_on_for_long() -> None:
    async def ticking(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(25):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with served(guarded(ticking, Caps(handler_seconds=0.5, body_seconds=0.5)), HASTY) as port:
        answer = await ask(port, get("/"))

    assert answer.body == b"tick" * 25


@pytest.mark.attack("NET-33")
async def test_when_there_are_too_many_connections_the_silent_ones_go_first() -> None:
    async with served(limits=Limits(connections=50)) as port, crowd(port, 60, b"") as silent:
        answers = [await ask(port, get("/")) for _ in range(20)]
        gone = await closed(silent, 0.5)

    assert all(answer.status == 200 for answer in answers)
    assert gone >= 11


async def test_what_has_begun_comes_to_its_end_when_the_server_stops() -> None:
    async with served(drain=5) as port:
        asking = asyncio.create_task(send(port, get("/slow?0.5")))
        sending = asyncio.create_task(send(port, SLOW_BODY, bytes(1000), pause=0.5))
        idle = asyncio.create_task(send(port, get("/").replace(b"Connection: close\r\n", b"")))
        half = asyncio.create_task(send(port, b"GET / HTT"))
        await asyncio.sleep(0.2)

    answers = await asyncio.gather(asking, sending, idle, half)
    assert [[answer.status for answer in each] for each in answers] == [[200], [200], [200], []]
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_what_does_not_end_cannot_keep_the_server_from_stopping() -> None:
    async with served(drain=1) as port:
        asking = asyncio.create_task(send(port, get("/slow")))
        sending = asyncio.create_task(send(port, SLOW_BODY, *[b"x"] * 100, pause=0.1))
        await asyncio.sleep(0.2)
        began = time.monotonic()

    assert time.monotonic() - began < 2
    for task in (asking, sending):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_an_application_that_is_refused_in_the_middle_sees_its_client_leave() -> None:
    seen: list[str] = []

    async def reader(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (message := await receive())["type"] == "http.request":
                seen.append("body")
        finally:
            seen.append(message["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"never seen"})

    broken = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    async with served(guarded(reader)) as port:
        answers = await send(port, broken, b"zz\r\n", pause=0.1, seconds=2)

    assert [answer.status for answer in answers] == [400]
    assert seen == ["body", "http.disconnect"]


async def test_a_body_too_long_is_answered_although_the_application_fails_on_it() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass
        raise RuntimeError("the client has left")

    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    async with served(guarded(fails)) as port:
        answers = await send(port, head, *[chunk] * 20, seconds=3)

    assert [answer.status for answer in answers] == [413]


async def test_refusals_of_the_connection_itself_look_like_those_of_the_guard() -> None:
    async with served() as port:
        (answer,) = await send(port, b"nonsense\r\n\r\n")

    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json == {"error": "This is not a valid HTTP request."}
