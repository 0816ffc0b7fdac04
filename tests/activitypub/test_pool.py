"""Connections are kept for the next request, within bounds, and never trusted to be still alive."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from activitypub.errors import Unreachable
from activitypub.transport import GuardedTransport, Policy
from tests.netns.listening import Asked, Listener, answer, listening

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}


OK = answer(200, b"whole")
Make = Callable[..., GuardedTransport]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made = []

    def one(**changes: Any) -> GuardedTransport:
        settings = {"allowed_networks": (ip_network("127.0.0.0/8"),), "allow_http": True, **changes}
        made.append(GuardedTransport(Policy(**settings)))
        return made[-1]

    yield one
    for transport in made:
        await transport.aclose()


async def get(transport: GuardedTransport, peer: Listener, host: str = "127.0.0.1") -> int:
    request = httpx.Request("GET", f"http://{host}:{peer.port}/")
    return (await transport.handle_async_request(request)).status_code


async def settled(fact: Callable[[], bool]) -> bool:
    for _ in range(100):
        if fact():
            return True
        await asyncio.sleep(0.01)
    return False


def slow_counting(seconds: float, most: list[int]):
    now = 0

    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal now
        now += 1
        most.append(now)
        await asyncio.sleep(seconds)
        now -= 1
        writer.write(OK)

    return speak


async def test_a_connection_serves_one_request_after_the_other(make: Make) -> None:
    transport = make()
    async with listening(OK) as peer:
        assert [await get(transport, peer) for _ in range(5)] == [200] * 5

    assert (peer.connections, len(peer.asked)) == (1, 5)


async def test_a_connection_that_the_peer_has_closed_is_not_used_again(make: Make) -> None:
    transport = make()
    async with listening(OK) as peer:
        await get(transport, peer)
        peer.writers[0].close()
        await asyncio.sleep(0.05)

        assert await get(transport, peer) == 200

    assert len(peer.asked) == 2


async def test_a_kept_connection_that_ends_without_an_answer_is_replaced_once(make: Make) -> None:
    transport = make()
    said: list[bytes | None] = [OK, None, OK]
    async with listening(lambda _: said.pop(0)) as peer:
        assert [await get(transport, peer) for _ in range(2)] == [200, 200]

    assert (peer.connections, len(peer.asked)) == (2, 3)


async def test_a_request_is_repeated_no_more_than_once(make: Make) -> None:
    transport = make()
    said: list[bytes | None] = [OK, None, None]
    async with listening(lambda _: said.pop(0)) as peer:
        await get(transport, peer)
        with pytest.raises(Unreachable, match="without an answer"):
            await get(transport, peer)

    assert len(peer.asked) == 3


async def test_a_request_that_was_answered_in_part_is_not_repeated(make: Make) -> None:
    async def speak(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if len(peer.asked) == 1 else OK[:20])
        if len(peer.asked) > 1:
            writer.write_eof()

    transport = make()
    async with listening(speak) as peer:
        await get(transport, peer)
        with pytest.raises(Unreachable, match="broke off"):
            await get(transport, peer)

    assert len(peer.asked) == 2


async def test_a_fresh_connection_that_ends_without_an_answer_is_not_replaced(make: Make) -> None:
    async with listening(lambda _: None) as peer:
        with pytest.raises(Unreachable):
            await get(make(), peer)

    assert len(peer.asked) == 1


async def test_a_connection_that_nobody_uses_is_closed(make: Make) -> None:
    transport = make(idle_seconds=0.1)
    async with listening(OK) as peer:
        await get(transport, peer)
        assert peer.open == 1

        assert await settled(lambda: peer.open == 0)


async def test_a_used_connection_lives_longer_than_the_idle_time(make: Make) -> None:
    transport = make(idle_seconds=0.2, first_byte_seconds=0.2)
    async with listening(OK) as peer:
        for _ in range(5):
            await get(transport, peer)
            await asyncio.sleep(0.1)

    assert peer.connections == 1


@pytest.mark.parametrize("bound", ["connections_per_peer", "connections"])
async def test_no_more_requests_than_allowed_are_under_way(make: Make, bound: str) -> None:
    most: list[int] = []
    transport = make(**{bound: 2})
    async with listening(slow_counting(0.05, most)) as peer:
        assert await asyncio.gather(*(get(transport, peer) for _ in range(6))) == [200] * 6

    assert max(most) == 2
    assert peer.connections == 2


async def test_waiting_for_a_turn_counts_as_waiting(make: Make) -> None:
    transport = make(connections_per_peer=1, total_seconds=0.3)
    async with listening(slow_counting(0.2, [])) as peer:
        began = time.monotonic()
        asking = [asyncio.create_task(get(transport, peer)) for _ in range(4)]
        results = await asyncio.gather(*asking, return_exceptions=True)

    assert results[0] == 200
    assert all(isinstance(result, Unreachable) for result in results[1:])
    assert time.monotonic() - began < 0.6


async def test_beyond_the_most_the_longest_unused_connection_is_closed(make: Make) -> None:
    transport = make(idle_connections=2)
    hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    async with listening(OK, host="0.0.0.0") as peer:
        for host in hosts:
            await get(transport, peer, host)
        assert await settled(lambda: peer.open == 2)
        await get(transport, peer, hosts[1])
        await get(transport, peer, hosts[2])

        assert peer.connections == 3
        await get(transport, peer, hosts[0])
        assert peer.connections == 4


async def test_hosts_that_are_not_in_use_take_no_memory(make: Make) -> None:
    transport = make(idle_seconds=0.1)
    async with listening(OK, host="0.0.0.0") as peer:
        for last in range(1, 20):
            await get(transport, peer, f"127.0.0.{last}")

        assert await settled(lambda: not transport._peers and not transport._idle and not transport._open)


async def test_closing_ends_all_connections_and_what_is_under_way(make: Make) -> None:
    transport = make()
    async with listening(slow_counting(10, [])) as peer:
        asking = asyncio.create_task(get(transport, peer))
        assert await settled(lambda: bool(peer.asked))
        await transport.aclose()

        with pytest.raises(Unreachable):
            await asking
        with pytest.raises(Unreachable, match="stopping"):
            await get(transport, peer)

    assert peer.connections == 1


async def test_a_cancelled_request_takes_its_connection_with_it(make: Make) -> None:
    async with listening(slow_counting(0.3, [])) as peer:
        transport = make()
        asking = asyncio.create_task(get(transport, peer))
        assert await settled(lambda: bool(peer.asked))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await get(transport, peer) == 200

    assert peer.connections == 2
