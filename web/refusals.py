"""What is answered to a request that never reaches the application."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Programs of other origins may read it: it says the same to everybody, and browsers would call it a failed network.
OPEN = (b"access-control-allow-origin", b"*")

_DRAINED_BYTES = 4_194_304  # of a refused body that are still taken, so that the other side can read the answer
_DRAINED_SECONDS = 1.0

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><h1>{title}</h1><p>{sentence}</p>{link}</html>"
)


class Refusal(msgspec.Struct, frozen=True):
    """A status and a short sentence that says what was expected; `link` is where to go instead."""

    status: int
    sentence: str
    link: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def answer(refusal: Refusal, accept: bytes, receive: Receive, send: Send) -> None:
    """Send the refusal, as a page to browsers and as JSON to all others, and have the connection closed.

    What comes in of the body is thrown away for a moment: closing a connection with unread bytes would destroy the
    answer on its way (RFC 9112 §9.6).
    """
    html = b"text/html" in accept and b"json" not in accept.split(b"text/html")[0]
    body = page(refusal) if html else msgspec.json.encode({"error": refusal.sentence})
    headers = [
        (b"content-type", b"text/html; charset=utf-8" if html else b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        OPEN,
        (b"connection", b"close"),
        *refusal.headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await _drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answer_upgrade(refusal: Refusal, send: Send) -> None:
    """Answer a WebSocket handshake with the refusal, as JSON; the connection is closed."""
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *refusal.headers,
    ]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    body = msgspec.json.encode({"error": refusal.sentence})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


def page(refusal: Refusal) -> bytes:
    """The refusal as a page that needs nothing else."""
    title = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    link = f'<p><a href="{escape(refusal.link)}">{escape(refusal.link)}</a></p>' if refusal.link else ""
    return _PAGE.format(title=escape(title), sentence=escape(refusal.sentence), link=link).encode()


async def _drain(receive: Receive) -> None:
    taken = 0
    try:
        async with asyncio.timeout(_DRAINED_SECONDS):
            while taken <= _DRAINED_BYTES:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
