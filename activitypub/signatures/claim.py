"""What a signed request claims before any key is looked at, and the rules both signature schemes share."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Literal

import msgspec

from activitypub.errors import BadSignature, Malformed

Scheme = Literal["cavage", "rfc9421"]

MAX_AGE = 3600  # seconds a request may have been under way; Lemmy and Fedify wait as long
MAX_SKEW = 3600  # seconds a peer's clock may be ahead of ours, or its `expires` behind
MAX_HEADER = 8192  # bytes of a Signature or Signature-Input
MAX_COMPONENTS = 32  # covered headers
MAX_KEY_ID = 2048  # characters
TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # bytes of a lower-case header name

# Sent twice, each of these has two readings, one to verify and one to act on.
_SINGLE = frozenset(
    b"host date digest content-digest content-length content-type signature signature-input authorization".split()
)
_DATE = re.compile(rb"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_CREATED = re.compile(rb"[;,]\s*created=(\d{1,12})")
_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


class Request(msgspec.Struct, frozen=True):
    """A request as it arrived, before anything was unescaped, joined or cleaned."""

    method: str
    target: str  # path?query, raw
    headers: Sequence[tuple[bytes, bytes]]  # lower-case names
    body: bytes = b""


class Claim(msgspec.Struct, frozen=True):
    """`key_id` signed one of `messages`, says the request. Only the key can tell (`verify.confirm`)."""

    key_id: str
    scheme: Scheme
    algorithm: str  # as the request names it, lower-case; "" when it does not
    signature: bytes
    messages: tuple[bytes, ...]
    at: float  # when it was looked at, seconds since 1970


def fields(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header values by name; what was sent several times is joined (RFC 9110 §5.2).

    Raises:
        Malformed: sent twice what must be there once.
    """
    found = dict(headers)
    if len(found) == len(headers):
        return found
    found.clear()
    for name, value in headers:
        if name not in found:
            found[name] = value
        elif name in _SINGLE:
            raise Malformed(f"The header {name.decode('ascii', 'replace')} must not be sent twice.")
        else:
            found[name] += b", " + value
    return found


def check_host(value: bytes | None, host: str, scheme: str) -> None:
    """That the request was made to us; nothing a proxy adds (X-Forwarded-Host, Forwarded) is asked.

    Raises:
        BadSignature: no Host, or another server's: somebody replays here what was signed for it.
    """
    if value is None:
        raise BadSignature("The request has no Host.")
    ours = host.encode()
    if value == ours:
        return
    port = b":443" if scheme == "https" else b":80"
    if value.lower().removesuffix(port) != ours.removesuffix(port):
        raise BadSignature("The request was made to another host.")


def check_time(at: float, now: float) -> None:
    """That something was signed not longer than `MAX_AGE` ago, and not more than `MAX_SKEW` ahead.

    Raises:
        BadSignature: outside the window.
    """
    if not -MAX_AGE <= at - now <= MAX_SKEW:
        raise BadSignature("The signature is too old, or from the future.")


def signed_at(request: Request) -> float | None:
    """When a request says to have been signed, in seconds since 1970; not checked, for who looks at old ones."""
    found = dict(request.headers)
    created = _CREATED.search(found.get(b"signature-input", b"") or found.get(b"signature", b""))
    if created is not None:
        return float(created[1])
    try:
        return read_date(found[b"date"])
    except (KeyError, Malformed):
        return None


def check_expiry(expires: float, now: float) -> None:
    """That the signature has not run out; clocks differ, so it may have by `MAX_SKEW`.

    Raises:
        BadSignature: it has.
    """
    if expires < now - MAX_SKEW:
        raise BadSignature("The signature has expired.")


def check_key_id(key_id: str) -> str:
    """The key id, when it can name a key; whether it may be fetched is the transport's question.

    Raises:
        Malformed: no plain http or https URL.
    """
    if (
        len(key_id) > MAX_KEY_ID
        or not key_id.startswith(("https://", "http://"))
        or not key_id.isprintable()
        or " " in key_id
    ):
        raise Malformed("The key id must be a URL.")
    return key_id


def check_target(request: Request) -> None:
    """That method and target can stand in a signed line.

    Raises:
        Malformed: anything but an origin-form target (RFC 9112 §3.2.1) and a plain method.
    """
    target = request.target
    if not target.startswith("/") or not (target.isascii() and target.isprintable()) or " " in target:
        raise Malformed("The request target must be a plain path.")
    if not (request.method.isascii() and request.method.isalpha()):
        raise Malformed("The method is unknown.")


def takes_body(request: Request) -> bool:
    """Whether the signature must cover a digest. What comes with a GET is never read."""
    return request.method not in ("GET", "HEAD") and (bool(request.body) or request.method not in ("DELETE", "OPTIONS"))


def check_lines(message: bytes, lines: int) -> bytes:
    """The message, when nothing in it can pass for another line of it.

    Raises:
        Malformed: a line break or NUL in what is covered.
    """
    if message.count(b"\n") != lines - 1 or b"\r" in message or b"\0" in message:
        raise Malformed("A covered header contains a control character.")
    return message


@lru_cache(maxsize=256)
def read_date(value: bytes) -> float:
    """Seconds since 1970 of an IMF-fixdate (RFC 9110 §5.6.7), the only form seen in the Fediverse.

    Raises:
        Malformed: any other form, or no such day.
    """
    match = _DATE.fullmatch(value)
    month = _MONTHS.get(match[2]) if match is not None else None
    if match is None or month is None:
        raise Malformed("The Date is not one of HTTP.")
    try:
        moment = datetime(int(match[3]), month, int(match[1]), int(match[4]), int(match[5]), int(match[6]), tzinfo=UTC)
    except ValueError:
        raise Malformed("The Date is no day and time.") from None
    return moment.timestamp()


@lru_cache(maxsize=16)
def write_date(now: int) -> str:
    """The `Date` header of a second: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(now, usegmt=True)
