"""`/metrics`, for a Prometheus on the same machine and for nobody else."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from web.proxies import FORWARDED, plain
from web.refusals import App, Receive, Scope, Send

PATH = "/metrics"
_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Metrics:
    """An ASGI application around another one, outside of all others: it must see who really asks.

    Who comes from elsewhere, through a proxy, or with another name of this machine (a page in a browser here may have
    one that leads to it) finds what the other application has at this address: nothing.
    """

    def __init__(self, app: App, figures: Callable[[], Awaitable[str]], content_type: str) -> None:
        self._app = app
        self._figures = figures
        self._type = content_type.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope.get("path") != PATH or scope["type"] != "http" or scope["method"] != "GET" or not _near(scope):
            await self._app(scope, receive, send)
            return
        body = (await self._figures()).encode()
        headers = [
            (b"content-type", self._type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _near(scope: Scope) -> bool:
    address = plain(scope["client"][0]) if scope.get("client") else None
    if address is None or not ip_address(address).is_loopback:
        return False
    fields = [(name.lower(), value) for name, value in scope["headers"]]
    if any(name in FORWARDED or name == b"via" for name, _ in fields):
        return False
    hosts = [value.decode("latin-1").lower() for name, value in fields if name == b"host"]
    return len(hosts) == 1 and _without_port(hosts[0]) in _NAMES


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
