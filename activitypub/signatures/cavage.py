"""Signatures by draft-cavage-http-signatures-12, as nearly everybody in the Fediverse sends and expects them."""

import binascii
import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec

from activitypub.errors import BadSignature, Malformed
from activitypub.keys import PrivateKey
from activitypub.signatures.claim import (
    MAX_COMPONENTS,
    MAX_HEADER,
    TOKEN,
    Claim,
    Request,
    check_expiry,
    check_host,
    check_key_id,
    check_lines,
    check_target,
    check_time,
    read_date,
    takes_body,
)
from activitypub.signatures.digest import check_digest

_ALGORITHMS = {"rsa": "rsa-sha256", "ed25519": "hs2019"}  # how our own signatures are labelled
_ACCEPTED = frozenset(("", "hs2019", "rsa-sha256", "rsa-sha512", "ed25519"))
_TIMED = frozenset(("", "hs2019"))  # the only ones with which (created) and (expires) may be used (draft-cavage §2.3)
_TARGET, _CREATED, _EXPIRES = b"(request-target)", b"(created)", b"(expires)"
_TIMES = frozenset((_CREATED, _EXPIRES))
_PSEUDO = _TIMES | {_TARGET}
_USUAL_NAMES = ("keyId", "algorithm", "headers", "signature")  # what nearly everybody sends, in this order
_USUAL = re.compile(",".join(f'{name}="[^"]*"' for name in _USUAL_NAMES).encode())
_UNREADABLE = "The Signature header cannot be read."


class Plan(msgspec.Struct, frozen=True):
    """How a signed message is put together. Peers use a handful of header lists, so plans are kept."""

    names: frozenset[bytes]
    lines: int
    template: bytes
    pick: Callable[[dict[bytes, bytes]], Any]  # values by name -> their tuple, in the order of the template


def claim(request: Request, found: dict[bytes, bytes], *, host: str, scheme: str, now: float) -> Claim:
    """What the `Signature` header of a request claims; everything is checked that takes no key.

    It must cover (request-target), host, date or (created), and digest when there can be a body. `found` are the header
    fields, and no longer the caller's: the pseudo-headers are put beside them.

    Raises:
        BadSignature: it covers too little, is out of time, was made for another host or body, or with an algorithm
            that nobody should use.
        Malformed: it cannot be read.
    """
    parameters = read(found[b"signature"])
    algorithm = parameters.get("algorithm", "").lower()
    if algorithm not in _ACCEPTED:
        raise BadSignature("The signature algorithm is not accepted.")
    plan = plan_of(parameters.get("headers", "(created)"))
    names = plan.names
    _check_cover(names, takes_body(request))
    check_target(request)
    check_host(found.get(b"host"), host, scheme)
    if b"date" in names:
        check_time(read_date(_value(found, b"date")), now)
    _put_times(names, parameters, algorithm, found, now)
    if b"digest" in names:
        check_digest(_value(found, b"digest"), request.body)
    messages = _messages(plan, request, found)
    signature = _signature(parameters["signature"])
    return Claim(check_key_id(parameters["keyId"]), "cavage", algorithm, signature, messages, now)


def sign(key: PrivateKey, key_id: str, method: str, host: str, target: str, date: str, digest: str | None) -> str:
    """The `Signature` header of a request with exactly these headers (`digest`: of `Digest`, None without a body)."""
    message = f"(request-target): {method.lower()} {target}\nhost: {host}\ndate: {date}"
    covered = "(request-target) host date"
    if digest is not None:
        message = f"{message}\ndigest: {digest}"
        covered = "(request-target) host date digest"
    signature = binascii.b2a_base64(key.sign(message.encode()), newline=False).decode()
    return f'keyId="{key_id}",algorithm="{_ALGORITHMS[key.algorithm]}",headers="{covered}",signature="{signature}"'


def read(header: bytes) -> dict[str, str]:
    """The parameters of a `Signature` header (draft-cavage §2.1), numbers as they were written.

    Raises:
        Malformed: another form, a parameter twice, no keyId, no signature.
    """
    if len(header) > MAX_HEADER or not header.isascii() or b"\\" in header:
        raise Malformed(_UNREADABLE)
    usual = _USUAL.fullmatch(header)
    if usual is not None:
        return dict(zip(_USUAL_NAMES, usual[0].decode().split('"')[1::2], strict=True))
    # Inside the quotes are the values, outside them the names: `keyId=`, `,algorithm=`, `,created=1,headers=`.
    pieces = header.decode().split('"')
    values = pieces[1::2]
    if len(pieces) == 2 * len(values):
        raise Malformed(_UNREADABLE)
    found: dict[str, str] = {}
    for index, outside in enumerate(pieces[::2]):
        segments = outside.split(",")
        if index and segments.pop(0).strip():
            raise Malformed(_UNREADABLE)
        if index < len(values):
            if not segments:
                raise Malformed(_UNREADABLE)
            _add(found, segments.pop(), values[index])
        for segment in segments:
            name, _, number = segment.partition("=")
            if not number.strip().isdigit():
                raise Malformed(_UNREADABLE)
            _add(found, name + "=", number.strip())
    if "keyId" not in found or "signature" not in found:
        raise Malformed("The Signature header needs keyId and signature.")
    return found


@lru_cache(maxsize=256)
def plan_of(covered: str) -> Plan:
    """How to build the message of a `headers` parameter (draft-cavage §2.3).

    Raises:
        Malformed: no list of different header names.
    """
    names = tuple(name.encode() for name in covered.lower().split(" "))
    if len(names) > MAX_COMPONENTS or len(set(names)) != len(names):
        raise Malformed("The signature must cover each header once.")
    if not all(name and (name in _PSEUDO or TOKEN.issuperset(name)) for name in names):
        raise Malformed("The signature names what is no header.")
    template = b"\n".join(name.replace(b"%", b"%%") + b": %s" for name in names)
    if len(names) == 1:
        return Plan(frozenset(names), 1, template, lambda values: (values[names[0]],))
    return Plan(frozenset(names), len(names), template, itemgetter(*names))


def message(plan: Plan, values: dict[bytes, bytes]) -> bytes:
    """The bytes that are signed (draft-cavage §2.3).

    Raises:
        BadSignature: a covered header is not there.
        Malformed: a line break or NUL in one of them.
    """
    try:
        return check_lines(plan.template % plan.pick(values), plan.lines)
    except KeyError:
        raise BadSignature("The signature covers a header that is not there.") from None


def _check_cover(names: frozenset[bytes], body: bool) -> None:
    if _TARGET not in names:
        raise BadSignature("The signature must cover the request target.")
    if b"host" not in names:
        raise BadSignature("The signature must cover the Host.")
    if b"date" not in names and _CREATED not in names:
        raise BadSignature("The signature must cover the Date or (created).")
    if body and b"digest" not in names:
        raise BadSignature("The signature must cover the Digest.")


def _put_times(
    names: frozenset[bytes], parameters: dict[str, str], algorithm: str, values: dict[bytes, bytes], now: float
) -> None:
    if "created" not in parameters and "expires" not in parameters and names.isdisjoint(_TIMES):
        return
    for name, parameter, check in ((_CREATED, "created", check_time), (_EXPIRES, "expires", check_expiry)):
        values.pop(name, None)  # a header of that name would stand in for the parameter
        written = parameters.get(parameter)
        if written is not None:
            if len(written) > 15 or not written.isdigit():
                raise Malformed("created and expires must be seconds.")
            check(int(written), now)
            values[name] = written.encode()
        if name in names and algorithm not in _TIMED:
            raise BadSignature("(created) and (expires) are for hs2019 only.")


def _messages(plan: Plan, request: Request, values: dict[bytes, bytes]) -> tuple[bytes, ...]:
    method, target = request.method.lower(), request.target
    values[_TARGET] = f"{method} {target}".encode()
    signed = message(plan, values)
    path, query, _ = target.partition("?")
    if not query or takes_body(request):
        return (signed,)
    # Older Mastodon leaves the query out of what it signs.
    values[_TARGET] = f"{method} {path}".encode()
    return (signed, message(plan, values))


def _value(found: dict[bytes, bytes], name: bytes) -> bytes:
    value = found.get(name)
    if value is None:
        raise BadSignature("The signature covers a header that is not there.")
    return value


def _signature(coded: str) -> bytes:
    try:
        return binascii.a2b_base64(coded, strict_mode=True)
    except binascii.Error:
        raise Malformed("The signature is not base64.") from None


def _add(found: dict[str, str], name: str, value: str) -> None:
    name = name.strip()
    if name[-1:] != "=":
        raise Malformed(_UNREADABLE)
    if name[:-1] in found:
        raise Malformed("The Signature header has a parameter twice.")
    found[name[:-1]] = value
