"""Who may look on, for how long, and what they cannot do to the others who do."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from fedcomm import accounts
from fedcomm.app import App
from storage.connect import execute
from tests import build
from tests.people import person
from tests.web.client import whichever_database
from tests.web.live import HOST, Place, event, heard, listening, listening_apart, said, subscribe
from tests.web.mastodon.member import Member
from web import auth
from web.streaming import channels, hub, onlooker

pytestmark = [pytest.mark.anyio]


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    """The app as a server."""
    async with listening(app) as found:
        yield found


def token(member: Member) -> str:
    """What their program has."""
    return member.headers["authorization"].removeprefix("Bearer ")


async def closed(socket: object, seconds: float = 5.0) -> int | None:
    """The code with which the server ends it."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await socket.recv()  # type: ignore[attr-defined]
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


@whichever_database
async def test_the_token_may_come_in_three_ways(place: Place, alice: Member) -> None:
    secret = token(alice)
    async with place.socket(secret) as offered:
        assert offered.subprotocol == secret
        await heard(offered)
    async with place.socket("", f"?access_token={secret}") as in_query:
        assert in_query.subprotocol is None
        await heard(in_query)
    async with place.socket("", additional_headers={"Authorization": f"Bearer {secret}"}) as in_header:
        await heard(in_header)
    async with place.source(f"user?access_token={secret}", "") as source:
        assert source.status == 200
    async with place.source(f"user?access_token={secret}", "bad") as source:
        assert source.status == 401  # a bad header is not made good by the address
    for path, status in (("hashtag", 400), ("list?list=x", 400), ("list?list=1", 404), ("nothing", 404), ("", 404)):
        async with place.source(path, secret) as source:
            assert source.status == status, path
            assert set(json.loads(await source.body())) == {"error"}


@whichever_database
@pytest.mark.attack("OAU-19")
async def test_nobody_looks_on_without_a_good_token(place: Place, alice: Member) -> None:
    revoked = await build.token(alice.actor, "read")
    await execute("UPDATE oauth_token SET revoked_at = 1 WHERE id = (SELECT MAX(id) FROM oauth_token)")
    of_nobody = await build.token(None, "read")

    for bad, status in (("", 401), ("x" * 43, 401), (revoked, 401), (of_nobody, 403)):
        with pytest.raises(InvalidStatus) as refused:
            async with place.socket(bad):
                pass
        assert refused.value.response.status_code == status
        assert set(json.loads(refused.value.response.body or b"")) == {"error"}
        for path in ("user", "public"):
            async with place.source(path, bad) as source:
                assert source.status == status
    assert place.application.onlookers.size == 0


# What a token with one scope may look at, besides what is for everybody: `read:lists` opens no stream on Mastodon.
_POSTS = frozenset({"user", "list", "direct"})
_OPENED = {
    "read": _POSTS | {"user:notification"},
    "read:statuses": _POSTS,
    "read:notifications": frozenset({"user:notification"}),
    "read:lists": frozenset[str](),
    "write": frozenset[str](),
}


@whichever_database
@pytest.mark.attack("OAU-19")
async def test_each_stream_needs_the_scope_that_it_needs_on_mastodon(place: Place, alice: Member) -> None:
    own = (await alice.do("lists", title="Friends"))["id"]
    for scope, opened in _OPENED.items():
        secret = await build.token(alice.actor, scope)
        async with place.socket(secret) as socket:
            for stream in (*channels.PUBLIC, *channels.TAGS, *sorted(_OPENED["read"])):
                await socket.send(json.dumps({"type": "subscribe", "stream": stream, "tag": "rye", "list": own}))
                if stream in opened | {*channels.PUBLIC, *channels.TAGS}:
                    await heard(socket)  # without a refusal before it
                else:
                    assert await said(socket) == {"error": auth.OUTSIDE, "status": 403}, (scope, stream)
        for stream in ("public", "hashtag?tag=rye", *sorted(_OPENED["read"] - {"list"}), f"list?list={own}"):
            name = stream.partition("?")[0]
            async with place.source(stream.replace(":", "/"), secret) as source:
                assert source.status == (200 if name in opened | {"public", "hashtag"} else 403), (scope, stream)


@whichever_database
@pytest.mark.attack("OAU-19")
async def test_pages_of_other_origins_get_nothing_but_what_their_token_opens(place: Place, alice: Member) -> None:
    cookies = {"Cookie": "__Host-session=anything; session=anything"}

    async with place.socket(token(alice), origin="https://elk.example") as socket:  # clients in browsers live there
        await heard(socket)
    with pytest.raises(InvalidStatus):
        async with place.socket("", origin="https://evil.example", additional_headers=cookies):
            pass


@pytest.mark.attack("OAU-07", "OAU-19", "PRI-22")
async def test_streams_end_when_the_token_is_revoked_or_its_holder_suspended(
    app: App, alice: Member, bob: Member
) -> None:
    eve = await Member.of(alice.client, await person(app, "eve"))
    async with listening_apart(app) as place, AsyncExitStack() as stack:
        place.application.onlookers.rhythm = hub.Rhythm(check=0.1)
        hers, his, other = [await stack.enter_async_context(place.socket(token(who))) for who in (alice, bob, eve)]
        source = await stack.enter_async_context(place.source("user", token(bob)))
        await source.piece()
        assert hub.Rhythm().check <= 2  # seconds

        await asyncio.sleep(0.3)
        assert place.application.onlookers.size == 4
        await accounts.set_password(app, "alice", "another horse battery")  # which ends every token
        assert await closed(hers) == onlooker.NOT_ALLOWED
        await accounts.set_suspended(app, "bob", True)
        assert await closed(his) == onlooker.NOT_ALLOWED
        assert await source.piece() == ""
        await heard(other)
        assert place.application.onlookers.size == 1


@whichever_database
@pytest.mark.attack("NET-42")
async def test_messages_are_bounded_and_typed(place: Place, alice: Member) -> None:
    odd = ("", "[]", "null", "{", '{"type":7}', '{"type":"subscribe"}', '{"type":"subscribe","stream":{}}', "[" * 5000)
    async with place.socket(token(alice)) as socket:
        for text in odd:
            await socket.send(text)
            assert (await said(socket))["status"] == 400, text
        await subscribe(socket, "user")

        await alice.post("Still there")
        assert (await event(socket))[1] == "update"
    async with place.socket(token(alice)) as large:
        with pytest.raises(ConnectionClosed):
            await large.send("x" * 10_000_000)
            await large.recv()
    async with place.socket(token(alice)) as binary:
        await binary.send(b"\0\1")
        assert await closed(binary) == onlooker.NOT_ALLOWED
    async with place.socket(token(alice)) as fragments:
        with pytest.raises(ConnectionClosed):
            await fragments.send("" for _ in range(1000))
            await fragments.recv()


@whichever_database
@pytest.mark.attack("NET-42")
async def test_a_connection_looks_at_so_much_and_says_so_much(place: Place, alice: Member) -> None:
    async with place.socket(token(alice)) as socket:
        for number in range(onlooker.MOST_CHANNELS + 1):
            await socket.send(json.dumps({"type": "subscribe", "stream": "hashtag", "tag": f"tag{number}"}))
        assert (await said(socket))["status"] == 429
        for _ in range(30):
            await socket.send("{}")
        assert await closed(socket) == onlooker.NOT_ALLOWED


@whichever_database
@pytest.mark.attack("NET-42")
async def test_one_member_has_so_many_streams(place: Place, alice: Member, bob: Member) -> None:
    held = [await place.socket(token(alice)) for _ in range(hub.MOST_OF_MEMBER)]

    with pytest.raises(InvalidStatus) as refused:
        async with place.socket(token(alice)):
            pass
    async with place.source("user", token(alice)) as source:
        assert source.status == 429
    async with place.socket(token(bob)) as socket:
        await heard(socket)
    await held[0].close()
    async with place.socket(token(alice)) as again:
        await heard(again)

    assert refused.value.response.status_code == 429
    for each in held:
        await each.close()


@whichever_database
async def test_a_client_that_reads_nothing_is_dropped_and_slows_nobody(place: Place, alice: Member) -> None:
    onlookers = place.application.onlookers
    async with place.source("public", token(alice)), place.socket(token(alice)) as good:
        await subscribe(good, "public")
        slow = next(each for each in onlookers._all if each.event_source)
        big = b"x" * 65_536

        for _ in range(400):  # more than the sockets between the two hold
            slow.put(big)
            await asyncio.sleep(0)
        await alice.post("Does it come?")

        assert (await event(good))[1] == "update"
        assert slow.code == onlooker.TOO_SLOW
        await asyncio.sleep(0.05)
        assert onlookers.size == 1


@whichever_database
async def test_a_server_that_stops_says_so_at_once(place: Place, alice: Member) -> None:
    async with place.socket(token(alice)) as socket, place.source("user", token(alice)) as source:
        await source.piece()
        begun = time.monotonic()

        await place.application.close()

        assert await closed(socket) == onlooker.GOING_AWAY == 1001
        assert await source.piece() == ""
        assert time.monotonic() - begun < 2
        with pytest.raises(InvalidStatus) as refused:
            async with place.socket(token(alice)):
                pass
        assert refused.value.response.status_code == 503


@whichever_database
async def test_the_outermost_layer_guards_the_handshake_too(
    place: Place, alice: Member, caplog: pytest.LogCaptureFixture
) -> None:
    secret = token(alice)

    async def refused(**changes: object) -> int:
        with pytest.raises(InvalidStatus) as answer:
            async with place.socket(secret, **changes):  # type: ignore[arg-type]
                pass
        return int(answer.value.response.status_code)

    many = [(f"X-{number}", "y") for number in range(101)]
    assert await refused(additional_headers=many) == 431
    assert await refused(additional_headers={"X": "y" * 7200}) == 431
    assert await refused(additional_headers=[("Authorization", "Bearer a"), ("Authorization", "Bearer b")]) == 400
    raw = (
        f"GET /api/v1/streaming HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: {secret}\r\n\r\n"
    )
    assert await answered(place, raw) == 421
    good = raw.replace("evil.example", HOST)
    assert await answered(place, good) == 101
    assert await answered(place, good.replace("Version: 13", "Version: 7")) == 400
    assert await answered(place, good.replace("AAAA==", "=")) == 400
    assert await answered(place, good.replace("/api/v1/streaming", "/api/v1/statuses")) == 404
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]  # strangers write no logs


async def test_a_client_that_leaves_is_forgotten(place: Place, alice: Member) -> None:
    async with place.socket(token(alice), "?stream=user"), place.source("user", token(alice)) as source:
        await source.piece()
        assert place.application.onlookers.size == 2
    for _ in range(100):
        if not place.application.onlookers.size:
            break
        await asyncio.sleep(0.02)
    assert place.application.onlookers.size == 0
    assert place.application.onlookers.occupied() == []


async def answered(place: Place, request: str) -> int:
    """The status of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(request.encode())
    async with asyncio.timeout(5):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1])
