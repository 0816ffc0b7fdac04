"""`/api/v1/streaming`: what happens while a client looks on, by WebSocket or as an event source."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from fedcomm.errors import AppError, NotFound
from web import auth, errors, params, refusals
from web.auth import Viewer
from web.errors import Refusal
from web.languages import later
from web.mastodon.lists import opened
from web.streaming import channels, onlooker
from web.streaming.channels import LIST, Channel, Wish
from web.streaming.hub import Hub, hub_of
from web.streaming.onlooker import Onlooker

PATH = "/api/v1/streaming"
MOST_MESSAGES = 120  # of a client in one minute
_CLOSE_SECONDS = 1.0  # for a client to take the word that the stream ends

NOT_UNDERSTOOD = later("A message is a JSON object with type and stream.")
NO_TYPE = later("The type of a message is subscribe or unsubscribe.")
TOO_MANY = later("This connection looks at too many streams.")
UPGRADE = later("This address speaks WebSocket; the streams below it can be read as event sources.")

_encode = msgspec.json.Encoder().encode


class Order(msgspec.Struct, frozen=True):
    """What a client says in a WebSocket."""

    type: str = ""
    stream: str | tuple[str, ...] = ""
    tag: str | tuple[str, ...] = ""
    list: str | int | tuple[str, ...] = ""
    only_media: bool = False


class Token(msgspec.Struct, frozen=True):
    """The token in an address: browsers cannot put it anywhere else for an event source."""

    access_token: str = ""


_order = msgspec.json.Decoder(Order).decode


class EventSource(Response):
    """An answer that goes on until one of the two sides ends it."""

    def __init__(self, hub: Hub, who: Onlooker) -> None:
        super().__init__(b"", 200, {"cache-control": "no-store", "x-accel-buffering": "no"}, "text/event-stream")
        self.raw_headers = [field for field in self.raw_headers if field[0] != b"content-length"]
        self._hub = hub
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is put to the onlooker."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b":)\n", "more_body": True})
            await _until_one_ends(self._write(send), _left(receive), self._who)
            if self._who.code != onlooker.TOO_SLOW:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._hub.remove(self._who)

    async def _write(self, send: Send) -> None:
        while frame := await self._who.next():
            await send({"type": "http.response.body", "body": frame, "more_body": True})


def _source(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        wish = msgspec.structs.replace(params.query(request, Wish), stream=name)
        viewer = await _viewer(request)
        auth.check_scope(viewer, Channel(name).scope)
        channel, names = channels.channel(wish)
        hub = hub_of(request)
        await _check(hub, viewer, channel)
        if request.method == "HEAD":
            return Response(b"", 200, media_type="text/event-stream")
        who = Onlooker(viewer, request.client.host if request.client else "", event_source=True)
        hub.add(who)
        hub.subscribe(who, channel, names)
        return EventSource(hub, who)

    return endpoint


async def plain(request: Request) -> Response:
    """`GET /api/v1/streaming` by somebody who does not speak WebSocket."""
    await _viewer(request)
    raise NotFound(UPGRADE)


async def _viewer(request: Request) -> Viewer:
    token = params.query(request, Token).access_token
    if token and "authorization" not in request.headers:
        return await auth.by_token(token)
    return await auth.require(request)


async def _check(hub: Hub, viewer: Viewer, channel: Channel) -> None:
    """Whether the viewer may look at it.

    Raises:
        Refusal, NotFound: their program has no right to, or the list is not theirs (attack OAU-19).
    """
    auth.check_scope(viewer, channel.scope)
    if channel.name == LIST:
        await opened(hub.app, viewer, int(channel.about))


async def socket(hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
    """A WebSocket, from the request for it to its end."""
    await receive()
    try:
        if scope["path"].rstrip("/") != PATH:
            raise Refusal(404, errors.NOT_FOUND)
        first = params.filled(_query(scope), Wish)
        viewer = await auth.by_token(_token(scope))
        who = Onlooker(viewer, scope["client"][0] if scope["client"] else "", event_source=False)
        hub.add(who)
    except Refusal as error:
        headers = tuple((name.encode(), value.encode()) for name, value in error.headers.items())
        await refusals.answer_upgrade(refusals.Refusal(error.status, str(error), headers=headers), send)
        return
    try:
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        if first.stream:
            await _subscribe(hub, who, first)
        await _until_one_ends(_write(who, send), _listen(hub, who, receive), who)
        if who.code and who.code != onlooker.TOO_SLOW:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await send({"type": "websocket.close", "code": who.code})
    finally:
        hub.remove(who)


def _token(scope: Scope) -> str:
    """The token, in one of the three places where clients put it."""
    headers = Headers(scope=scope)
    offered = next(iter(scope["subprotocols"]), "")
    return (
        auth.bearer(headers.get("authorization", ""))
        or params.filled(_query(scope), Token).access_token
        or offered
    )  # fmt: skip


def _query(scope: Scope) -> dict[str, object]:
    return params.nested(scope["query_string"])


async def _write(who: Onlooker, send: Send) -> None:
    while frame := await who.next():
        await send({"type": "websocket.send", "text": frame.decode()})


async def _listen(hub: Hub, who: Onlooker, receive: Receive) -> None:
    """Do what the client says, as long as it does not say too much (attack NET-42)."""
    minute, said = monotonic(), 0
    while (message := await receive())["type"] == "websocket.receive":
        if monotonic() - minute > 60:
            minute, said = monotonic(), 0
        said += 1
        if said > MOST_MESSAGES or message.get("text") is None:
            who.end(onlooker.NOT_ALLOWED)
            return
        try:
            order = _order(message["text"])
        except (msgspec.MsgspecError, RecursionError):
            _say(who, 400, NOT_UNDERSTOOD)
            continue
        wish = Wish(_first(order.stream), _first(order.tag), _first(order.list), order.only_media)
        if order.type == "subscribe":
            await _subscribe(hub, who, wish)
        elif order.type == "unsubscribe":
            _unsubscribe(hub, who, wish)
        else:
            _say(who, 400, NO_TYPE)


async def _subscribe(hub: Hub, who: Onlooker, wish: Wish) -> None:
    try:
        channel, names = channels.channel(wish)
        await _check(hub, who.viewer, channel)
    except Refusal as error:
        _say(who, error.status, str(error))
        return
    except AppError as error:
        _say(who, errors.status_of(error), str(error))
        return
    if len(who.channels) >= onlooker.MOST_CHANNELS:
        _say(who, 429, TOO_MANY)
    elif not who.code:
        hub.subscribe(who, channel, names)


def _unsubscribe(hub: Hub, who: Onlooker, wish: Wish) -> None:
    try:
        hub.unsubscribe(who, channels.channel(wish)[0])
    except Refusal as error:
        _say(who, error.status, str(error))


def _say(who: Onlooker, status: int, sentence: str) -> None:
    who.put(_encode({"error": sentence, "status": status}))


def _first(value: str | int | tuple[str, ...]) -> str:
    """Parameters of a query may come several times, and so may those of a message."""
    if isinstance(value, tuple):
        return value[0] if value else ""
    return str(value)


async def _left(receive: Receive) -> None:
    """Until the other side of an event source is gone."""
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _until_one_ends(writing: Awaitable[None], reading: Awaitable[None], who: Onlooker) -> None:
    """Write and read until either has an end; a client that does not take what is written holds nobody up."""
    tasks = [asyncio.ensure_future(each) for each in (writing, reading, who.ended())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


routes = [
    Route(PATH, plain),
    Route(f"{PATH}/user", _source("user")),
    Route(f"{PATH}/user/notification", _source("user:notification")),
    Route(f"{PATH}/public", _source("public")),
    Route(f"{PATH}/public/local", _source("public:local")),
    Route(f"{PATH}/public/remote", _source("public:remote")),
    Route(f"{PATH}/hashtag", _source("hashtag")),
    Route(f"{PATH}/hashtag/local", _source("hashtag:local")),
    Route(f"{PATH}/list", _source("list")),
    Route(f"{PATH}/direct", _source("direct")),
]
