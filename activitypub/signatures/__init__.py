"""Signed requests, out and in, in both schemes of the Fediverse: draft-cavage and RFC 9421."""

from functools import lru_cache

import httpx

from activitypub.errors import BadSignature, Malformed
from activitypub.keys import PrivateKey, PublicKey
from activitypub.origins import origin
from activitypub.signatures import cavage, rfc9421
from activitypub.signatures.claim import Claim, Request, Scheme, fields, write_date
from activitypub.signatures.digest import as_content_digest
from activitypub.signatures.digest import digest as digest_of

__all__ = ["Claim", "Request", "Scheme", "check", "parse", "sign"]

_KEY_OF = {"rsa-sha256": "rsa", "rsa-sha512": "rsa", "rsa-v1_5-sha256": "rsa", "ed25519": "ed25519"}


def sign(
    scheme: Scheme,
    key: PrivateKey,
    key_id: str,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    now: float,
    digest: str | None = None,
) -> dict[str, str]:
    """The headers to add to a request so that the receiver can tell whose it is.

    Host, Date, the digest of the body, if there is one, and the signature. A Date in `headers` is kept. `digest` is
    what `digest.digest` gave for the body: for an activity that goes to many servers it is worth computing it once.

    Raises:
        Malformed: no URL that a request could be made to.
    """
    host, target, whole = _address(url)
    date = headers.get("Date") or write_date(int(now))
    added = {"Host": host, "Date": date}
    if body is not None and digest is None:
        digest = digest_of(body)
    if scheme == "cavage":
        if digest is not None:
            added["Digest"] = digest
        added["Signature"] = cavage.sign(key, key_id, method, host, target, date, digest)
        return added
    if digest is not None:
        added["Content-Digest"] = digest = as_content_digest(digest)
    described, signature = rfc9421.sign(key, key_id, method, whole, int(now), digest)
    added["Signature-Input"], added["Signature"] = described, signature
    return added


def parse(request: Request, *, host: str, now: float, scheme: str = "https") -> Claim:
    """Who claims to have signed the request; everything is checked that takes no key.

    `host` is our authority and `scheme` ours, from the configuration: nothing in the request is asked for them.
    With a `Signature-Input` the request is taken to be signed by RFC 9421 and nothing else.

    Raises:
        BadSignature: unsigned, or what is signed is too little, too old, for another server or another body.
        Malformed: it cannot be read.
    """
    found = fields(request.headers)
    if b"signature" not in found:
        raise BadSignature("The request is not signed.")
    read = rfc9421.claim if b"signature-input" in found else cavage.claim
    return read(request, found, host=host, scheme=scheme, now=now)


def check(claim: Claim, key: PublicKey) -> None:
    """That this key made the signature.

    Raises:
        BadSignature: it did not, or is of another kind than the algorithm that the request names.
    """
    if _KEY_OF.get(claim.algorithm, key.algorithm) != key.algorithm:
        raise BadSignature("The key does not fit the signature algorithm.")
    sha512 = claim.algorithm == "rsa-sha512"
    for message in claim.messages:
        if key.verify(claim.signature, message, sha512=sha512):
            return
    raise BadSignature("The signature is not by this key.")


@lru_cache(maxsize=8192)
def _address(url: str) -> tuple[str, str, str]:
    """Host, target and whole URL, from the parsers whose results the transport puts on the wire."""
    found = origin(url)
    try:
        target = httpx.URL(url).raw_path.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise Malformed("The URL cannot be read.") from None
    return found.authority, target, f"{found}{target}"
