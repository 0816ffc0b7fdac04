"""Digests of bodies: `Digest` (RFC 3230, with draft-cavage) and `Content-Digest` (RFC 9530, with RFC 9421)."""

import binascii
from hashlib import sha256, sha512
from typing import Any

import http_sf

from activitypub.errors import BadSignature, Malformed

_HASHES = {"sha-256": sha256, "sha-512": sha512}
_MAX_HEADER = 1024  # bytes


def digest(body: bytes) -> str:
    """The `Digest` header of a body; the same for every receiver, so computed once per activity."""
    return "SHA-256=" + _base64(sha256(body).digest())


def as_content_digest(value: str) -> str:
    """What `digest` gave, as the `Content-Digest` header has it."""
    return f"sha-256=:{value.removeprefix('SHA-256=')}:"


def check_digest(value: bytes, body: bytes) -> None:
    """That the body is the one of a `Digest` header; each SHA-256 and SHA-512 in it must be right, and one be there.

    Raises:
        BadSignature: another body, or only algorithms that we do not know.
        Malformed: no such header.
    """
    if value[:8].lower() == b"sha-256=" and value[8:] == binascii.b2a_base64(sha256(body).digest(), newline=False):
        return
    if len(value) > _MAX_HEADER:
        raise Malformed("The Digest is too long.")
    found: dict[str, bytes] = {}
    for part in value.decode("latin-1").split(","):
        name, equals, coded = part.strip().partition("=")
        if not equals or name.lower() in found:
            raise Malformed("The Digest cannot be read.")
        found[name.lower()] = coded.encode("latin-1")
    _check({name: _bytes(coded) for name, coded in found.items() if name in _HASHES}, body)


def check_content_digest(value: bytes, body: bytes) -> None:
    """That the body is the one of a `Content-Digest` header; rules and errors as `check_digest`."""
    if value[:9] == b"sha-256=:" and value[9:] == binascii.b2a_base64(sha256(body).digest(), newline=False) + b":":
        return
    if len(value) > _MAX_HEADER:
        raise Malformed("The Content-Digest is too long.")
    try:
        found: Any = http_sf.parse(value, tltype="dictionary", on_duplicate_key=_twice)
    except http_sf.StructuredFieldError:
        raise Malformed("The Content-Digest cannot be read.") from None
    known = {name: member[0] for name, member in found.items() if name in _HASHES}
    if not all(isinstance(hashed, bytes) for hashed in known.values()):
        raise Malformed("The Content-Digest cannot be read.")
    _check(known, body)


def _check(found: dict[str, bytes], body: bytes) -> None:
    if not found:
        raise BadSignature("The digest must be SHA-256 or SHA-512.")
    for name, value in found.items():
        if _HASHES[name](body).digest() != value:
            raise BadSignature("The digest is that of another body.")


def _base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()


def _bytes(coded: bytes) -> bytes:
    try:
        return binascii.a2b_base64(coded, strict_mode=True)
    except binascii.Error:
        raise Malformed("The Digest cannot be read.") from None


def _twice(name: str, _where: str) -> None:
    raise Malformed(f"{name} must not be there twice.")
