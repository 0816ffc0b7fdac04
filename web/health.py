"""Whether the process lives and whether it can work: for monitors, load balancers and start scripts."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import msgspec

from web.refusals import OPEN, App, Receive, Scope, Send

Checks = Callable[[], Awaitable[dict[str, str]]]

# All but the first are Mastodon's, whose client API takes a slash at the end.
_LIVE = frozenset({"/livez", "/health", "/api/v1/streaming/health", "/api/v1/streaming/health/"})
_READY = "/readyz"
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_JSON = (b"content-type", b"application/json; charset=utf-8")


class Health:
    """An ASGI application around another one that answers the monitors itself.

    `checks` says what is not ready, by name, with a short sentence each; nothing when all is well. However many ask,
    it is called once in `every` seconds at most.
    """

    def __init__(self, app: App, checks: Checks, every: float = 1.0) -> None:
        self._app = app
        self._checks = checks
        self._every = every
        self._lock = asyncio.Lock()
        self._wrong: dict[str, str] = {}
        self._checked = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if scope["type"] != "http" or (path not in _LIVE and path != _READY):
            await self._app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"GET only", _TEXT, (b"allow", b"GET, HEAD"))
        elif path in _LIVE:
            await _answer(send, 200, b"OK", _TEXT)
        else:
            wrong = await self._check()
            body = msgspec.json.encode({"ready": not wrong, "wrong": wrong})
            await _answer(send, 503 if wrong else 200, body, _JSON)

    async def _check(self) -> dict[str, str]:
        async with self._lock:
            if monotonic() - self._checked >= self._every:
                self._wrong = await self._checks()
                self._checked = monotonic()
            return self._wrong


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", b"%d" % len(body))
    all_headers = [*headers, length, (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), OPEN]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
