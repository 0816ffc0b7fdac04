"""The outermost layer: keeps out what is ambiguous, too large, too slow or meant for another host."""

import asyncio
import logging
import re
from asyncio import CancelledError, current_task, get_running_loop
from collections.abc import Awaitable, Collection, Mapping
from time import monotonic
from typing import cast

import msgspec

from web.proxies import FORWARDED, Headers, Network, Proxies, without_forwarded
from web.refusals import App, Message, Receive, Refusal, Scope, Send, answer, answer_upgrade

Fields = Mapping[bytes, bytes]


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """What one request, and all of them together, may take: bytes, seconds and numbers."""

    fields: int = 100
    head_bytes: int = 32_768
    body: int = 1_048_576
    upload: int = 41_943_040
    upload_paths: tuple[str, ...] = (
        "/api/v1/media", "/api/v2/media", "/api/v1/accounts/update_credentials", "/write", "/settings/profile"
    )  # fmt: skip
    upload_ends: tuple[str, ...] = ("/pictures",)  # of paths of groups
    in_flight: int = 134_217_728  # bytes of bodies held for all requests at once
    body_seconds: float = 30.0
    upload_rate: float = 65_536.0  # bytes a second an upload has to keep to after `body_seconds`
    handler_seconds: float = 60.0  # from the last byte of the body to the first of the answer
    slow_seconds: float = 1.0  # an answer that takes longer is logged
    log_every: int = 100  # one in so many of the others is


_HEALTH = frozenset({"/livez", "/readyz"})
_TARGET = re.compile(rb"/[!\"$-~]*")  # origin-form without `#` (RFC 9112 §3.2.1)
_QUERY = re.compile(rb"[!\"$-~]*")
_CONTROL = re.compile("[\x00-\x1f\x7f\ufffd]")  # U+FFFD stands for what was no UTF-8
_DIGITS = re.compile(rb"[0-9]{1,15}")
_ONCE = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-encoding", b"content-type", b"authorization"}
)
_USUAL_PORT = {"http": b"80", "https": b"443"}

_BAD_TARGET = Refusal(400, "The target of the request must be a plain path.")
_NO_HOST = Refusal(400, "The request must have exactly one Host field.")
_TWICE = Refusal(400, "The request has a field twice that may stand once only.")
_LARGE_HEAD = Refusal(431, "The head of the request is too large.")
_BAD_FRAMING = Refusal(400, "The length of the request's body is not clear.")
_TOO_LARGE = Refusal(413, "The body of the request is too large.")
_ENCODED = Refusal(415, "The body of a request must not be compressed.", headers=((b"accept-encoding", b"identity"),))
_SLOW_BODY = Refusal(408, "The body of the request did not arrive in time.")
_SLOW_ANSWER = Refusal(503, "The answer took too long.", headers=((b"retry-after", b"30"),))
_FULL = Refusal(503, "Too much is being sent to this server at the moment.", headers=((b"retry-after", b"10"),))

_log = logging.getLogger("fedcomm.requests")


class Guard:
    """An ASGI application around another one.

    `base_url` is the only name under which the instance answers; `trusted` are the networks of its own proxies.
    """

    def __init__(self, app: App, base_url: str, trusted: Collection[Network] = (), caps: Caps = Caps()) -> None:
        self._app = app
        self._scheme, _, authority = base_url.partition("://")
        name = authority.lower().encode("ascii")
        self._hosts = frozenset({name} if b":" in name else {name, name + b":" + _USUAL_PORT[self._scheme]})
        self._base_url = base_url
        self._elsewhere = Refusal(421, "This server answers under another name only.", link=base_url)
        self._proxies = Proxies(trusted)
        self.caps = caps
        self.held = 0  # bytes of bodies
        self._running: set[_Exchange] = set()
        self._answered = 0
        self._hinted = False
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        fields = dict(headers)
        accept = fields.get(b"accept", b"")
        refusal = self._objection(scope, headers, fields) or self._to_body(scope, fields)
        if refusal is not None:
            self._note(scope, refusal.status, 0.0)
            if refusal is self._elsewhere and not self._hinted:
                self._hint(scope, fields[b"host"])
            await answer(refusal, accept, receive, send)
            return
        self._name_client(scope, headers, fields)
        exchange = _Exchange(self, scope, accept, receive, send)
        if b"content-length" in fields or b"transfer-encoding" in fields:
            exchange.whole = False
            receive = exchange.receive
        begun = exchange.since
        self._running.add(exchange)
        if self._timer is None:
            self._timer = get_running_loop().call_later(1.0, self._sweep)
        try:
            await self._app(scope, receive, exchange.send)
        except CancelledError:
            if exchange.overdue is None or exchange.status:
                raise
            exchange.task.uncancel()
            await exchange.refuse(exchange.overdue)
        except Exception:
            if not exchange.refused:
                raise
        finally:
            self._running.discard(exchange)
            self.held -= exchange.received
            self._note(scope, exchange.status, monotonic() - begun)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = dict(scope["headers"])
        refusal = self._objection(scope, scope["headers"], fields)
        if refusal is not None:
            await receive()
            await answer_upgrade(refusal, send)
            return
        self._name_client(scope, scope["headers"], fields, "wss" if self._scheme == "https" else "ws")
        await self._app(scope, receive, send)

    def _objection(self, scope: Scope, headers: Headers, fields: Fields) -> Refusal | None:
        """What is wrong with the target and the fields."""
        raw, path = scope["raw_path"], scope["path"]
        query = scope["query_string"]
        if not _TARGET.fullmatch(raw) or (query and not _QUERY.fullmatch(query)):
            return _BAD_TARGET
        if raw.startswith(b"//") or (b"%" in raw and _CONTROL.search(path)) or ("/.." in path and _climbs(path)):
            return _BAD_TARGET
        caps = self.caps
        if len(headers) > caps.fields:
            return _LARGE_HEAD
        if len(b"".join(fields)) + len(b"".join(fields.values())) + len(raw) > caps.head_bytes:
            return _LARGE_HEAD
        if len(fields) != len(headers):
            refusal = _repeated(headers, caps)
            if refusal is not None:
                return refusal
        host = fields.get(b"host")
        if host is None:
            return _NO_HOST
        if host in self._hosts or host.lower() in self._hosts or (path in _HEALTH and _is_local(host, scope)):
            return None
        return self._elsewhere

    def _to_body(self, scope: Scope, fields: Fields) -> Refusal | None:
        """What is wrong with the body as it is announced (RFC 9112 §6.3)."""
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        if fields.get(b"content-encoding", b"identity").lower() != b"identity":
            return _ENCODED
        if coding is not None:
            chunked = coding.lower() == b"chunked" and length is None and scope["http_version"] != "1.0"
            return None if chunked else _BAD_FRAMING
        if length is None:
            return None
        if not _DIGITS.fullmatch(length):
            return _TOO_LARGE if length.isdigit() else _BAD_FRAMING
        size = int(length)
        return _TOO_LARGE if size > self.caps.body and size > self.cap(scope["path"]) else None

    def cap(self, path: str) -> int:
        """How long the body of a request to this path may be, in bytes."""
        of_group = path.startswith("/c/") and path.endswith(self.caps.upload_ends)
        return self.caps.upload if of_group or path.startswith(self.caps.upload_paths) else self.caps.body

    def _name_client(self, scope: Scope, headers: Headers, fields: Fields, scheme: str = "") -> None:
        """Say who asks, and let nothing else that stands in between be seen: URLs are made of the base URL alone."""
        scope["scheme"] = scheme or self._scheme
        client = scope["client"]
        if not FORWARDED.isdisjoint(fields):
            scope["headers"] = without_forwarded(headers)
            if client is not None:
                scope["client"] = (self._proxies.client(client[0], headers), 0)
        elif client is not None and ":" in client[0]:
            scope["client"] = (self._proxies.client(client[0], ()), client[1])

    def _sweep(self) -> None:
        now = monotonic()
        for exchange in self._running:
            exchange.sweep(now)
        self._timer = get_running_loop().call_later(1.0, self._sweep) if self._running else None

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """One line for what is slow or failed, and a sample of the rest; never the query, which may hold tokens."""
        self._answered += 1
        if seconds > self.caps.slow_seconds or status >= 500 or self._answered % self.caps.log_every == 0:
            told = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1)}
            _log.info("request answered", extra=told)

    def _hint(self, scope: Scope, host: bytes) -> None:
        """Say once how a proxy is set up that asks us by our address, as nginx does when it is not told otherwise."""
        if _is_local(host, scope):
            self._hinted = True
            told = f"open {self._base_url}; a proxy in front must pass the Host field on, see README.md"
            _log.warning("request under another name refused", extra={"host": host.decode("latin-1"), "fix": told})


class _Exchange:
    """One request on its way: counts what comes in and knows whether an answer has begun."""

    __slots__ = ("_accept", "_guard", "_receive", "_send", "overdue", "received", "refused", "scope", "since", "status",
                 "task", "whole")  # fmt: skip

    def __init__(self, guard: Guard, scope: Scope, accept: bytes, receive: Receive, send: Send) -> None:
        self._guard = guard
        self.scope = scope
        self._accept = accept
        self._receive = receive
        self._send = send
        self.task = cast("asyncio.Task[object]", current_task())
        self.since = monotonic()  # of the request, then of the whole body
        self.received = 0  # bytes of the body
        self.whole = True  # whether all of the body is here
        self.status = 0  # of the answer, once it has begun
        self.refused = False  # the application is not asked any more
        self.overdue: Refusal | None = None

    async def receive(self) -> Message:
        """What the application reads of the body; it sees a client that went away when the body is refused."""
        if self.refused:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        guard = self._guard
        size = len(message.get("body", b""))
        self.received += size
        guard.held += size
        if self.received > guard.caps.body and self.received > guard.cap(self.scope["path"]):
            return await self._give_up(_TOO_LARGE)
        if guard.held > guard.caps.in_flight:
            return await self._give_up(_FULL)
        if not message.get("more_body", False):
            self.whole = True
            self.since = monotonic()
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """What the application answers; a plain function, which is cheaper than a coroutine around a coroutine."""
        if self.refused:
            return _nothing()
        if not self.status:
            self.status = message.get("status", 0)
        return self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer in the application's place."""
        self.refused = True
        self.status = refusal.status
        await answer(refusal, self._accept, self._receive, self._send)

    def sweep(self, now: float) -> None:
        """Stop the handler when its time, or that of the body, is over."""
        if self.status or self.overdue is not None:
            return
        caps, waited = self._guard.caps, now - self.since
        if self.whole:
            if waited > caps.handler_seconds:
                self._stop(_SLOW_ANSWER)
            return
        uploading = self._guard.cap(self.scope["path"]) != caps.body
        if waited > caps.body_seconds + (self.received / caps.upload_rate if uploading else 0.0):
            self._stop(_SLOW_BODY)

    def _stop(self, refusal: Refusal) -> None:
        self.overdue = refusal
        self.task.cancel()

    async def _give_up(self, refusal: Refusal) -> Message:
        if not self.status:
            self._guard.held -= self.received
            self.received = 0
            await self.refuse(refusal)
        self.refused = True
        return {"type": "http.disconnect"}


def _repeated(headers: Headers, caps: Caps) -> Refusal | None:
    names = [name for name, _ in headers]
    if sum(len(name) + len(value) for name, value in headers) > caps.head_bytes:
        return _LARGE_HEAD
    if names.count(b"host") > 1:
        return _NO_HOST
    return _TWICE if any(names.count(name) > 1 for name in _ONCE) else None


async def _nothing() -> None:
    return


def _climbs(path: str) -> bool:
    return "/../" in path or path.endswith("/..")


def _is_local(host: bytes, scope: Scope) -> bool:
    """Whether the host is the very address that was connected to, as a monitor on this machine writes it."""
    server = scope.get("server")
    if server is None:
        return False
    address, port = server
    literal = f"[{address}]" if ":" in address else address
    return host.decode("latin-1").lower() in (f"{literal}:{port}", f"localhost:{port}", literal)
