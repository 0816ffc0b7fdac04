"""How long a stream waits for whom: who is silent or takes nothing is cut off, and the others never notice."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from fedcomm.app import App
from fedcomm.protocol import Limits
from fedcomm.upgrade import Patience
from tests.web.client import whichever_database
from tests.web.live import HOST, Place, event, heard, listening, subscribe
from tests.web.mastodon.member import Member
from web.streaming.hub import Hub, Rhythm
from web.streaming.onlooker import TOO_SLOW, Onlooker

pytestmark = [pytest.mark.anyio, whichever_database]

HASTY = Limits(silent=0.4, idle=0.4, unread=0.4, closing=0.4, sockets=Patience(ping=0.5, unread=0.4, closing=0.4))
CROWD = 20
SOON = 1.0  # seconds: twenty times what a post takes to those who look on


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    """The app as a server that waits for nobody."""
    async with listening(app, HASTY) as found:
        found.application.onlookers.rhythm = Rhythm(check=0.05, beat=0.1)
        yield found


def token(member: Member) -> str:
    """What their program has."""
    return member.headers["authorization"].removeprefix("Bearer ")


@contextmanager
def deaf(place: Place, member: Member, *, upgrade: bool) -> Iterator[socket.socket]:
    """A client that asks for public posts, as a WebSocket or an event source, and does nothing more."""
    fields = [f"Host: {HOST}", f"Authorization: Bearer {token(member)}"]
    path = "/api/v1/streaming?stream=public" if upgrade else "/api/v1/streaming/public"
    if upgrade:
        fields += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        fields += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", place.port))
        connection.sendall("\r\n".join([f"GET {path} HTTP/1.1", *fields, "", ""]).encode())
        yield connection


async def until(hub: Hub, number: int, seconds: float) -> float:
    """The seconds until so many look on."""
    begun = time.monotonic()
    while hub.size != number:
        assert time.monotonic() - begun < seconds, f"{hub.size} still look on"
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


async def stuffed(who: Onlooker) -> None:
    """Put so much to a client that takes nothing that the sockets between the two are full, and some waits here."""
    for _ in range(2000):
        if who._size > 65_536:
            return
        who.put(b"x" * 16_384)
        await asyncio.sleep(0)
    raise AssertionError("the sockets between the two hold everything")


@asynccontextmanager
async def crowd(place: Place, member: Member, number: int) -> AsyncIterator[list[Onlooker]]:
    """So many who take nothing, half of them of each kind, stuffed."""
    hub = place.application.onlookers
    before = set(hub._all)
    contexts = [deaf(place, member, upgrade=bool(at % 2)) for at in range(number)]
    for each in contexts:
        each.__enter__()
    await until(hub, len(before) + number, 5)
    slow = list(hub._all - before)
    for who in slow:
        await stuffed(who)
    try:
        yield slow
    finally:
        for each in contexts:
            each.__exit__(None, None, None)


async def test_who_answers_no_ping_is_cut_off_and_who_answers_stays(place: Place, alice: Member, bob: Member) -> None:
    hub = place.application.onlookers
    async with place.socket(token(alice)) as good:
        await heard(good)
        with deaf(place, bob, upgrade=True):
            await until(hub, 2, 2)

            assert await until(hub, 1, 5) > 0.8  # a ping, and the time to answer it
        await asyncio.sleep(1.1)
        await heard(good)


async def test_who_takes_nothing_for_too_long_is_cut_off(place: Place, alice: Member) -> None:
    hub = place.application.onlookers
    async with crowd(place, alice, 2) as slow:
        assert {who.event_source for who in slow} == {True, False}

        await until(hub, 0, 5)

        assert all(who.code != TOO_SLOW for who in slow)  # it was not what waited for them, but the time


async def test_an_event_source_hears_that_the_server_is_there(place: Place, alice: Member) -> None:
    async with place.source("user", token(alice)) as source:
        assert [await source.piece() for _ in range(3)] == [":)\n", ":thump\n", ":thump\n"]


async def test_clients_that_take_nothing_slow_nobody(app: App, alice: Member, bob: Member) -> None:
    async with listening(app) as place, place.socket(token(alice)) as good:
        await subscribe(good, "public")
        async with crowd(place, bob, CROWD) as slow:
            seconds = []
            for number in range(5):
                begun = time.monotonic()
                await alice.post(f"Number {number}")
                assert (await event(good))[1] == "update"
                seconds.append(time.monotonic() - begun)
            for who in slow:  # and one that is dropped meanwhile
                who.put(b"x" * 262_144)
            begun = time.monotonic()
            await alice.post("After them")
            assert (await event(good))[1] == "update"
            seconds.append(time.monotonic() - begun)

            assert max(seconds) < SOON, seconds
            assert {who.code for who in slow} == {TOO_SLOW}
            await until(place.application.onlookers, 1, 5)
