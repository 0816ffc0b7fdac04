"""What every answer carries besides its content: security headers, CORS for programs in browsers, a request id."""

import random

from starlette.responses import Response

Fields = list[tuple[bytes, bytes]]

# A page may load what this server serves and nothing else; nothing is inline, nobody frames it.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none';"
    " form-action 'self'"
)
# Browsers hold a redirect after a form against `form-action`, and the one after consent leads to the application.
CONSENT_POLICY = PAGE_POLICY.replace("; form-action 'self'", "")
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_OPEN = ("/api/", "/.well-known/", "/nodeinfo", "/oauth/token", "/oauth/revoke", "/oauth/userinfo")
_EXPOSED = b"Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, Mastodon-Async-Refresh"
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_EVERYWHERE: Fields = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
_PAGE: Fields = [(b"content-security-policy", PAGE_POLICY.encode())]
_DATA: Fields = [(b"content-security-policy", DATA_POLICY.encode())]
_CORS: Fields = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
_PRIVATE: Fields = [(b"cache-control", b"private, no-store")]
_TAKEN = 202  # what it is answered with is to come
_VARY: Fields = [(b"vary", b"Accept, Authorization, Cookie, Signature")]


def request_id() -> str:
    """A new name for a request, for the log and whoever reports a problem."""
    return f"{random.getrandbits(64):016x}"  # names, and proves nothing


def open_to_browsers(path: str) -> bool:
    """Whether programs of other origins may read the answer; never with credentials, so cookies mean nothing there."""
    return path.startswith(_OPEN)


def preflight(path: str, allowed: str) -> Response:
    """The answer to OPTIONS: to CORS pre-flight requests, and to who asks which methods there are."""
    response = Response(b"", 204, {"allow": allowed})
    if open_to_browsers(path):
        response.raw_headers += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, *"),
            (b"access-control-max-age", b"86400"),
        ]
    return response


def complete(response: Response, path: str, identity: str) -> None:
    """Add what the response does not say itself. What is not marked as for everybody is kept by no cache.

    The 202 for an activity has no content that a browser could misuse or a cache keep, and is sent more often than all
    else: it carries its id only (each field more costs 1 µs).
    """
    fields = response.raw_headers
    if response.status_code == _TAKEN and not response.body:
        fields.append((b"x-request-id", identity.encode()))
        return
    said = {name for name, _ in fields}
    fields += _EVERYWHERE
    if b"content-security-policy" not in said:
        html = any(name == b"content-type" and value.startswith(b"text/html") for name, value in fields)
        fields += _PAGE if html else _DATA
    if b"cache-control" not in said:
        fields += _PRIVATE
    if b"vary" not in said:
        fields += _VARY
    if open_to_browsers(path):
        fields += _CORS
    fields.append((b"x-request-id", identity.encode()))
